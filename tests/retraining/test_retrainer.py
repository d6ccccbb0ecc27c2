"""A model retrained, kept, put back; and what is refused."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock

from bt_fusion import BarsError, BundleError, OptionError, Retrainer, SignalModel
from bt_fusion.bundle import describe
from bt_fusion.data.samples import planted_edge
from bt_fusion.retraining.comparison import ModelComparison
from bt_fusion.retraining.history import History
from tests.retraining.conftest import hourly

UNTIL = {"april": 2_161, "may": 2_881, "june": 3_625, "july": 4_345}  # bars to the first of a month


def until(bars, month):
    return bars[: UNTIL[month]]


def names(folder):
    return sorted(path.name for path in folder.with_name("model.history").iterdir())


def turned(bars):
    """Return bars whose wicks foretell the opposite."""
    top, bottom = bars[["open", "close"]].max(axis=1), bars[["open", "close"]].min(axis=1)
    return bars.assign(high=top + (bottom - bars.low), low=bottom - (bars.high - top))


def test_a_model_that_is_not_due_stays(bars, folder):
    before = (folder / "manifest.json").read_bytes()
    found = Retrainer(folder).run(bars[: UNTIL["april"] - 1 - 24 * 15])
    assert found.action == "not due" and "2023-04-01 00:00 UTC" in found.text
    assert (folder / "manifest.json").read_bytes() == before
    assert not folder.with_name("model.history").exists()


def test_a_model_is_replaced_and_told_of(bars, folder):
    old = describe(folder)
    found = Retrainer(folder).run(until(bars, "april"), name="edge.csv")
    card, log = describe(folder), folder.with_name("model.history") / "log.txt"
    assert found.action == "replaced" and found.digest == card["digest"] != old["digest"]
    assert card["trained"]["rows"] == old["trained"]["rows"]
    assert (card["model"]["symbol"], card["trials"]) == ("EDGE", 7)
    assert card["trained"]["test_rows"] == found.judged.rows == 200
    assert card["metrics"]["log_loss"] == found.judged.new["log_loss"]
    assert names(folder) == ["0001-20230314", "log.jsonl", "log.txt"]
    assert describe(folder.with_name("model.history") / "0001-20230314") == old
    assert log.read_text() == found.text + "\n"
    assert "#1 replaced\n  bars      edge.csv, 1h, until 2023-04-01 00:00\n" in found.text
    (line,) = map(json.loads, log.with_suffix(".jsonl").read_text().splitlines())
    assert line == found.to_dict() and line["judged"]["difference"] == found.judged.difference


def test_a_decision_counts_until_the_next_month(bars, folder):
    retrainer = Retrainer(folder)
    assert retrainer.run(until(bars, "april")).number == 1
    late = retrainer.run(bars[: UNTIL["may"] - 1])
    assert late.action == "not due" and "2023-05-01 00:00 UTC" in late.because
    assert retrainer.run(until(bars, "may")).number == 2
    assert retrainer.run(until(bars, "may")).action == "not due"


def test_a_worse_model_is_not_taken_and_not_tried_again_at_once(bars, folder):
    """The market turns for a while: a model of those weeks fails when it turns back."""
    learnt = bars.copy()
    learnt.iloc[800:2_000] = turned(bars)[800:2_000]
    retrainer = Retrainer(folder, train_bars=1_000, judge_bars=160)
    before = describe(folder)
    found = retrainer.run(until(learnt, "april"))
    assert found.action == "kept the old model" and found.judged.difference > 0.05
    assert "higher than the old one's, standard error" in found.text
    assert describe(folder) == before and names(folder) == ["log.jsonl", "log.txt"]
    assert retrainer.run(bars[: UNTIL["april"] + 100]).action == "not due"
    assert retrainer.run(until(bars, "may")).number == 2


@pytest.fixture
def always(monkeypatch):
    """Let every new model be taken: what is tested is what becomes of the old ones."""
    monkeypatch.setattr(ModelComparison, "replaces", True)


@pytest.mark.slow
def test_the_last_ones_are_kept(bars, folder, always):
    retrainer = Retrainer(folder, keep=2)
    for month in UNTIL:
        assert retrainer.run(until(bars, month)).action == "replaced"
    kept = [path.name for path in History.of(folder).earlier()]
    assert [name[:4] for name in kept] == ["0003", "0004"]
    for path in History.of(folder).earlier():
        SignalModel.load(path)


@pytest.mark.slow
def test_a_rollback_puts_one_back_after_the_other(bars, folder, always):
    retrainer, digests = Retrainer(folder), [describe(folder)["digest"]]
    for month in ("april", "may"):
        digests.append(retrainer.run(until(bars, month)).digest)
    for expected in (digests[1], digests[0]):
        assert retrainer.rollback().digest == expected == describe(folder)["digest"]
        SignalModel.load(folder)
    with pytest.raises(OptionError, match="holds no earlier model"):
        retrainer.rollback()
    assert [path.name[:4] for path in History.of(folder).rolled_back()] == ["0003", "0004"]
    again = retrainer.run(until(bars, "may"))
    assert again.action == "not due" and "2023-06-01" in again.because
    assert retrainer.run(until(bars, "june")).number == 5


@pytest.mark.slow
def test_a_model_put_there_by_hand_counts_as_new(bars, folder, trained, always):
    """Its own training tells when it is due, whatever was decided of the one before."""
    retrainer = Retrainer(folder)
    retrainer.run(until(bars, "may"))
    trained.save(folder)
    assert retrainer.run(until(bars, "may")).action == "replaced"
    assert [path.name for path in History.of(folder).earlier()] == [
        "0001-20230314",
        "0002-20230314",
    ]


def test_every_week(bars, folder):
    week = Retrainer(folder, "week")
    assert week.run(bars[: 78 * 24]).action == "not due"  # Sunday's end, 2023-03-19
    assert week.run(bars[: 78 * 24 + 1]).number == 1
    assert "2023-03-27 00:00 UTC" in week.run(bars[: 78 * 24 + 50]).because


def test_bars_that_do_not_go_on_are_refused(bars, folder):
    retrainer = Retrainer(folder)
    with pytest.raises(BarsError, match=r"the bars end 2023-02-11.*trained until 2023-03-14"):
        retrainer.run(bars[:1_000])
    with pytest.raises(BarsError, match="trained on bars of 1h, these are bars of 2h"):
        retrainer.run(bars[::2])
    with pytest.raises(BarsError, match=r"correlation of -?0\.\d\d; give bars of the same market"):
        retrainer.run(hourly(planted_edge(3_000, seed=2)))
    with pytest.raises(BarsError, match="give bars of earlier days"):
        retrainer.run(bars[1_500 : UNTIL["april"]])
    assert describe(folder)["trained"]["trained_until"].startswith("2023-03-14")


def test_prices_of_another_source_or_adjusted_are_the_same_market(bars, folder):
    noise = np.random.default_rng(0).normal(1, 1e-4, len(bars))
    scaled = bars.mul(0.5 * noise, axis=0).assign(volume=bars.volume)
    scaled["high"] = scaled[["open", "high", "low", "close"]].max(axis=1)
    assert Retrainer(folder).run(until(scaled, "april")).number == 1


def test_no_model_no_history(bars, tmp_path):
    with pytest.raises(BundleError, match="give the folder of a saved model"):
        Retrainer(tmp_path / "none").run(bars)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BundleError, match="is missing"):
        Retrainer(tmp_path / "empty").run(bars)
    Retrainer(tmp_path / "empty").note_failure(ValueError("no"))
    assert not (tmp_path / "empty.history").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"every": "day"}, "unknown period 'day'"),
        ({"keep": 0}, "keep 0 must be 1 or more"),
        ({"train_bars": 0}, "train-bars 0 must be 1 or more"),
    ],
)
def test_bad_options(options, message, folder):
    with pytest.raises(OptionError, match=message):
        Retrainer(folder, **options)


def test_two_at_once(bars, folder):
    with FileLock(folder.with_name(".model.retraining.lock")):
        for work in (lambda: Retrainer(folder).run(bars), Retrainer(folder).rollback):
            with pytest.raises(OptionError, match="is being retrained by another process"):
                work()


def test_a_broken_earlier_model_is_not_put_back(bars, folder):
    retrainer = Retrainer(folder)
    digest = retrainer.run(until(bars, "april")).digest
    (part,) = (folder.with_name("model.history") / "0001-20230314").glob("member-*")
    part.write_bytes(part.read_bytes()[:-7])
    with pytest.raises(BundleError, match="cut short"):
        retrainer.rollback()
    assert describe(folder)["digest"] == digest
    assert names(folder) == ["0001-20230314", "log.jsonl", "log.txt"]


@pytest.mark.slow
def test_a_rollback_from_a_broken_model(bars, folder):
    before = describe(folder)["digest"]
    Retrainer(folder).run(until(bars, "april"))
    (part,) = folder.glob("member-*")
    part.write_bytes(part.read_bytes()[:-7])
    with pytest.raises(BundleError, match="cut short"):
        Retrainer(folder).run(until(bars, "may"))
    found = Retrainer(folder).rollback()
    assert found.digest == before and "broken and not kept" in found.text
    SignalModel.load(folder)
    assert names(folder) == ["log.jsonl", "log.txt"]


def test_failures_are_told_once_in_a_row(bars, folder):
    retrainer = Retrainer(folder)
    for _ in range(2):
        retrainer.note_failure(BarsError("no  file\nx.csv"))
    (line,) = (folder.with_name("model.history") / "log.txt").read_text().splitlines()
    assert line.endswith(" UTC  failed: no file x.csv")
    retrainer.run(until(bars, "april"))
    retrainer.note_failure(BarsError("no file x.csv"))
    assert (folder.with_name("model.history") / "log.txt").read_text().count("failed: ") == 2


def test_a_folder_may_be_moved_with_its_history(bars, folder, tmp_path):
    Retrainer(folder).run(until(bars, "april"))
    for name in ("model", "model.history"):
        shutil.move(folder.with_name(name), tmp_path / name.replace("model", "other"))
    assert Retrainer(tmp_path / "other").rollback().action == "rolled back"


def test_stamps_of_the_log_are_those_of_the_bars(bars, folder):
    found = Retrainer(folder).run(until(bars, "april"))
    assert found.bars_until == pd.Timestamp("2023-04-01")
    assert found.judged.start > found.new.trained_until > found.old.trained_until
