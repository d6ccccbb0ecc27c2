"""A kill at every change of the file system: the model loads, and the next run goes on."""

import os
import shutil

import pytest

from bt_fusion import Retrainer, SignalModel
from bt_fusion.bundle import describe
from bt_fusion.retraining.history import History, append_whole
from tests.retraining.killing import in_a_child

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def checked(folder, allowed):
    """Check that the model and all earlier ones load; return the model's digest."""
    history = History.of(folder)
    for path in (folder, *history.earlier(), *history.rolled_back()):
        SignalModel.load(path)
    digest = describe(folder)["digest"]
    assert not allowed or digest in allowed
    assert all(line["number"] for line in history.decisions())
    return digest


def hidden(folder):
    root = History.of(folder).root
    return [path.name for path in root.glob(".*")] if root.is_dir() else []


@pytest.fixture
def work(bars, folder):
    def retrain():
        assert Retrainer(folder, keep=2).run(bars[:2_161]).action == "replaced"

    return retrain


@pytest.mark.slow
def test_a_retraining_killed_at_every_step(bars, folder, tmp_path, work):
    whole = tmp_path / "whole"
    shutil.copytree(folder, whole)
    changes, killed = in_a_child(work)
    assert not killed and changes > 20
    until = describe(folder)["trained"]["trained_until"]
    for number in range(1, changes + 1):
        for path in (folder, History.of(folder).root):
            shutil.rmtree(path)
        shutil.copytree(whole, folder)
        before = describe(folder)["digest"]
        assert in_a_child(work, number)[1], number
        found = checked(folder, ())
        again = Retrainer(folder, keep=2).run(bars[:2_161])
        assert again.action == ("replaced" if again.old.digest == before else "not due")
        if found != before:
            assert again.action == "not due" and describe(folder)["digest"] == found
        history = History.of(folder)
        assert describe(folder)["trained"]["trained_until"] == until
        assert [each["number"] for each in history.decisions()] == [1]
        assert history.log.read_text().count("#1 replaced") == 1
        assert [path.name for path in history.earlier()] == ["0001-20230314"]
        assert describe(history.earlier()[0])["digest"] == before
        assert hidden(folder) == []
        checked(folder, ())


@pytest.mark.slow
def test_a_rollback_killed_at_every_step(bars, folder, tmp_path, work):
    work()
    for name in ("model", "model.history"):
        shutil.copytree(folder.with_name(name), tmp_path / f"whole-{name}")
    retrained = describe(folder)["digest"]
    first = describe(History.of(folder).earlier()[0])["digest"]

    def back():
        assert Retrainer(folder).rollback().action == "rolled back"

    changes, killed = in_a_child(back)
    assert not killed and changes > 10
    for number in range(1, changes + 1):
        for name in ("model", "model.history"):
            shutil.rmtree(folder.with_name(name))
            shutil.copytree(tmp_path / f"whole-{name}", folder.with_name(name))
        assert in_a_child(back, number)[1], number
        checked(folder, (retrained, first))
        assert Retrainer(folder).run(bars[:2_161]).action == "not due"  # finishes it, or nothing
        if History.of(folder).earlier():
            back()
        history = History.of(folder)
        assert describe(folder)["digest"] == first and hidden(folder) == []
        assert [each["number"] for each in history.decisions()] == [1, 2]
        assert history.log.read_text().count("#2 rolled back") == 1
        assert [describe(path)["digest"] for path in history.rolled_back()] == [retrained]


def test_a_decision_is_dropped_where_another_model_came_meanwhile(bars, folder, trained, work):
    """Killed just before the new model's place is taken; then the user trains another."""
    changes = copied_changes(folder, work)
    for number in range(changes, 0, -1):
        reset(folder)
        in_a_child(work, number)
        history = History.of(folder)
        if history.pending.exists() and describe(folder)["digest"] == digest_before(folder):
            break
    trained.save(folder, symbol="MINE")
    mine = describe(folder)["digest"]
    assert Retrainer(folder).run(bars[:1_780]).action == "not due"
    assert describe(folder)["digest"] == mine and history.decisions() == []
    assert not history.pending.exists()


def copied_changes(folder, work):
    shutil.copytree(folder, folder.with_name("whole"))
    changes, _ = in_a_child(work)
    reset(folder)
    return changes


def reset(folder):
    shutil.rmtree(folder)
    shutil.rmtree(History(folder).root, ignore_errors=True)
    shutil.copytree(folder.with_name("whole"), folder)


def digest_before(folder):
    return describe(folder.with_name("whole"))["digest"]


def test_a_torn_line_is_cut_off(tmp_path):
    log = tmp_path / "log.txt"
    append_whole(log, "one")
    with log.open("a") as file:
        file.write("tw")
    append_whole(log, "three\n  four")
    assert log.read_text() == "one\nthree\n  four\n"
