"""A kill at every change of the file system: the model loads, and the next run finishes."""

import os
import shutil
from dataclasses import asdict, replace

import pytest

from bt_fusion import Retrainer, SignalModel
from bt_fusion.bundle import describe
from bt_fusion.files import write_json
from bt_fusion.retraining.change import Change, carry_out, recover
from bt_fusion.retraining.history import CANDIDATE, History, append_whole
from tests.retraining.killing import in_a_child

TEXT = "2023-04-01 00:00 UTC  #{number} {action}\n  because   it is a test"
STRIDES = pytest.mark.parametrize("stride", [7, pytest.param(1, marks=pytest.mark.slow)])
FORK = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.fixture(scope="module")
def newer(bars, trained, tmp_path_factory):
    """Another saved model of the same recipe."""
    model = SignalModel(["wick_balance", "return_5"], ensemble=trained.new_ensemble())
    return model.fit(bars[500:2_000]).save(tmp_path_factory.mktemp("newer") / "model")


def change(number, action, old, new, source, earlier):
    decision = {"number": number, "action": action, "earlier": earlier, "digest": new}
    text = TEXT.format(number=number, action=action)
    return Change(decision, text, old, new, source, keep=2)


@pytest.fixture
def replacement(folder, newer):
    """A decision to replace the model, whose new one is ready."""
    shutil.copytree(newer, History.of(folder).root / CANDIDATE)
    old, new = describe(folder)["digest"], describe(newer)["digest"]
    return change(1, "replaced", old, new, CANDIDATE, "0001-20230314")


def loadable(folder):
    """Check that the model and all earlier ones load; return the model's digest."""
    history = History.of(folder)
    for path in (folder, *history.earlier(), *history.rolled_back()):
        SignalModel.load(path)
    return describe(folder)["digest"]


def check_finished(folder, change, earlier, rolled_back=()):
    history = History.of(folder)
    assert loadable(folder) == change.new
    assert history.decisions()[-1] == change.decision
    numbers = [each["number"] for each in history.decisions()]
    assert numbers == sorted(set(numbers))
    assert history.log.read_text().count(change.text) == 1
    assert [describe(path)["digest"] for path in history.earlier()] == list(earlier)
    assert [describe(path)["digest"] for path in history.rolled_back()] == list(rolled_back)
    assert list(history.root.glob(".*")) == []


def killed_at_every(stride, folder, change, finished):
    """Carry a change out, killed before every n-th step in turn, from the same start."""
    history, whole = History.of(folder), folder.with_name("whole")
    shutil.copytree(folder.parent, whole)

    def reset():
        for path in (folder, history.root):
            shutil.rmtree(path)
            shutil.copytree(whole / path.name, path)

    steps, killed = in_a_child(lambda: carry_out(history, change))
    assert steps > 25 and not killed
    finished()
    begun = 0
    for number in range(1, steps, stride):
        reset()
        assert in_a_child(lambda: carry_out(history, change), number) == (0, True)
        assert loadable(folder) in (change.old, change.new)
        begun += history.pending.exists()
        if not history.pending.exists() and history.decisions()[-1:] != [change.decision]:
            assert describe(folder)["digest"] == change.old
            carry_out(history, change)
        recover(history)
        finished()
    assert begun > 20 / stride


@pytest.mark.slow
@FORK
@STRIDES
def test_a_replacement(stride, folder, replacement):
    def finished():
        check_finished(folder, replacement, [replacement.old])

    killed_at_every(stride, folder, replacement, finished)


@pytest.mark.slow
@FORK
@STRIDES
def test_a_rollback(stride, folder, replacement):
    history, first, second = History.of(folder), replacement.old, replacement.new
    carry_out(history, replacement)
    back = change(2, "rolled back", second, first, "0001-20230314", "0002-20230325-rolled-back")
    killed_at_every(stride, folder, back, lambda: check_finished(folder, back, [], [second]))


@FORK
def test_a_kill_while_it_is_recovered(folder, replacement):
    history = History.of(folder)
    write_json(history.pending, asdict(replacement))
    for number in (9, 7, 5, 3, 1):
        assert in_a_child(lambda: recover(history), number) == (0, True)
        loadable(folder)
    recover(history)
    check_finished(folder, replacement, [replacement.old])


def test_a_decision_is_dropped_where_another_model_came_meanwhile(bars, folder, replacement):
    history = History.of(folder)
    write_json(history.pending, asdict(replacement))
    SignalModel(["wick_balance"]).set_params(ensemble=SignalModel.load(folder).new_ensemble()).fit(
        bars[:1_600]
    ).save(folder)
    mine = describe(folder)["digest"]
    recover(history)
    assert describe(folder)["digest"] == mine and history.decisions() == []
    assert list(history.root.iterdir()) == []


def test_a_decision_is_dropped_where_its_model_is_gone(folder, replacement):
    history = History.of(folder)
    write_json(history.pending, asdict(replacement))
    shutil.rmtree(history.root / CANDIDATE)
    recover(history)
    assert describe(folder)["digest"] == replacement.old and history.decisions() == []


def test_the_next_run_finishes_what_was_decided(bars, folder, replacement):
    """Also a run that is not due."""
    decision = {**replacement.decision, "bars_until": "2023-04-01T00:00:00"}
    pending = replace(replacement, decision=decision)
    write_json(History.of(folder).pending, asdict(pending))
    assert Retrainer(folder).run(bars[:2_300]).action == "not due"
    check_finished(folder, pending, [pending.old])


def test_a_torn_line_is_cut_off(tmp_path):
    log = tmp_path / "log.txt"
    append_whole(log, "one")
    with log.open("a") as file:
        file.write("tw")
    append_whole(log, "three\n  four")
    assert log.read_text() == "one\nthree\n  four\n"
