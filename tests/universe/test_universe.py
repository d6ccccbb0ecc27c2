"""The comparison over many files: rows, what is kept, the control, and the pooled verdict."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bt_fusion import Account, Ensemble, ManagedModel, OptionError, SignalModel
from bt_fusion.backtest.pooled_runs import pool_runs
from bt_fusion.data.resampling import resample_bars
from bt_fusion.data.samples import planted_edge
from bt_fusion.data.sources import load
from bt_fusion.saved_runs.universe_folder import write_universe
from bt_fusion.universe import one_file
from bt_fusion.universe.universe import Universe, shuffled
from bt_fusion.verdict.placebos.shuffled_labels import ShuffledLabels
from tests.universe.files import job, write_faulty, write_files


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    return write_files(folder) | write_faulty(folder)


def compared(files, folder, **options):
    """Compare files in this process; returns the result, and the rows as reported."""
    rows = []
    universe = Universe(options.pop("job", job()), jobs=1, **options)
    found = universe.run(files, folder, lambda row, done, total: rows.append((row, done, total)))
    return found, rows


@pytest.fixture(scope="module")
def found(files, tmp_path_factory):
    folder = tmp_path_factory.mktemp("universe")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(one_file, "MORE_DRAWS", 1_500)  # 100,000 take half a minute
        return *compared(files, folder, min_bars=200), folder


def row_of(found, symbol):
    return found.table[found.table.symbol == symbol].iloc[0]


def test_every_file_is_a_row_that_says_why_it_was_not_judged(found):
    result, rows, _ = found
    assert [done for _, done, _ in rows] == list(range(1, 8)) and rows[0][2] == 7
    assert {row["symbol"] for row, *_ in rows} == set(result.table.symbol)
    errors = result.table[result.table.error != ""].set_index("symbol").error
    assert errors["short"] == "100 bars, and --min-bars asks for 200"
    assert "no time column" in errors["broken"] and errors["zcopy"] == "the same file as edge0"
    assert errors["gone"].endswith("cannot be read: No such file or directory")
    assert set(errors.index) == {"short", "broken", "zcopy", "gone"}
    assert (result.summary["judged"], result.summary["failed"]) == (3, 4)


@pytest.mark.slow
def test_a_row_is_what_a_backtest_of_its_file_says(found, files):
    bars, _ = load(str(files["walk0"]), 0, False)
    alone = job().run(bars, "walk0").summary
    row = row_of(found[0], "walk0")
    assert row.verdict == alone["comparison"]["verdict"]
    assert row.p_value == alone["comparison"]["chance"]["p_value"]
    assert row.ranking_p == alone["comparison"]["ranking"]["p_value"]
    for run in ("off", "on"):
        assert row[f"{run}_total_return"] == alone[f"ml_{run}"]["total_return"]
        assert row[f"{run}_trades"] == alone[f"ml_{run}"]["trades"]
    assert row.traded == alone["window"]["bars"] and row.auc == alone["model"]["auc"]


@pytest.mark.slow
def test_the_pooled_verdict_is_that_of_the_same_runs(found, files, tmp_path):
    runs = {name: tmp_path / name for name in ("edge0", "edge1", "walk0")}
    for name, folder in runs.items():
        bars, _ = load(str(files[name]), 0, False)
        job().run(bars, name).write(folder)
    pooled, own = pool_runs(list(runs.values())), found[0].summary["pooled"]
    assert own["verdict"] == pooled.verdict.verdict and own["because"] == pooled.verdict.because
    assert own["setting_p"] == pytest.approx(pooled.evidence.setting.p_value)
    assert own["ranking_p"] == pytest.approx(pooled.evidence.ranking.p_value)
    assert own["gain_above_chance"] == pytest.approx(pooled.evidence.expectancy)


@pytest.mark.slow
def test_what_is_true_of_all_files_is_said_once(found, tmp_path, files):
    noted = job(notes=("asked for in haste",))
    result, _ = compared({"walk0": files["walk0"], "edge0": files["edge0"]}, tmp_path, job=noted)
    assert result.summary["notes"][-1] == "asked for in haste"
    assert (result.table.notes.str.contains("in haste")).all()


def test_the_edges_are_found_and_ranked_first(found):
    table = found[0].table
    assert set(table.symbol[:2]) == {"edge0", "edge1"} and table.helped_after[:2].all()
    assert table.p_value[:2].max() < 1 / 1_001  # by more draws than the first thousand
    assert table.q_value[:3].tolist() == sorted(table.q_value[:3])
    assert found[0].summary["helped_after"] == 2 == found[0].summary["helped_before"]


@pytest.mark.slow
def test_again_does_nothing_and_a_changed_file_or_option_is_judged_again(files, tmp_path):
    some = {name: files[name] for name in ("walk0", "edge0")}
    first, _ = compared(some, tmp_path)
    again, rows = compared(some, tmp_path)
    assert again.summary["runs"] == {"kept": 2, "made": 0} and rows == []
    pd.testing.assert_frame_equal(again.table, first.table)
    changed = tmp_path / "changed.csv"
    changed.write_text(files["walk0"].read_text().replace("100.", "101."))
    more, _ = compared({**some, "walk0": changed}, tmp_path)
    assert more.summary["runs"] == {"kept": 1, "made": 1}
    costlier = job(account=Account(commission=0.001))
    other, _ = compared(some, tmp_path, job=costlier)
    assert other.summary["runs"] == {"kept": 0, "made": 2}
    assert other.table.trials.tolist() == [2, 2]
    assert any("2 variants were tried" in note for note in other.summary["notes"])
    later, _ = compared(some, tmp_path)
    assert later.summary["runs"]["made"] == 0 and later.table.trials.tolist() == [2, 2]
    before, after = (row_of(each, "walk0").p_value for each in (first, later))
    assert after == pytest.approx(1 - (1 - before) ** 2)


@pytest.mark.slow
def test_a_control_learns_from_other_rows_and_is_no_trial(files, tmp_path):
    some = {name: files[name] for name in ("edge0", "edge1")}
    control, _ = compared(some, tmp_path, shuffle_labels=True)
    assert control.summary["helped_before"] == 0
    assert "a control" in control.summary["notes"][0]
    real, _ = compared(some, tmp_path)
    assert real.summary["runs"] == {"kept": 0, "made": 2}
    assert real.summary["helped_before"] == 2 and real.table.trials.tolist() == [1, 1]
    assert real.table.auc.min() > control.table.auc.max() + 0.1


def test_the_control_is_the_walk_forward_with_labels_moved(files):
    bars, _ = load(str(files["edge0"]), 0, False)
    walk = job().predictor
    moved = walk.predict(bars, relabel=ShuffledLabels(0)).probability_up
    control = shuffled(walk).predict(bars).probability_up
    assert np.array_equal(control, moved, equal_nan=True)
    assert not np.array_equal(control, walk.predict(bars).probability_up, equal_nan=True)


@pytest.mark.slow
def test_resampled_bars_are_judged(files, tmp_path):
    bars, _ = load(str(files["walk0"]), 0, False)
    walk = job().predictor.set_params(train_bars=200, refit_bars=200)
    found, _ = compared(
        {"walk0": files["walk0"]}, tmp_path, job=replace(job(), model=walk), resample="2h"
    )
    assert found.table.bars.tolist() == [len(resample_bars(bars, "2h"))] == [800]


@pytest.mark.slow
def test_whole_runs_are_kept_where_asked_for(files, tmp_path):
    found, _ = compared({"walk0": files["walk0"]}, tmp_path, keep_runs=True)
    summary = json.loads((tmp_path / "runs" / "walk0.csv" / "summary.json").read_text())
    assert summary["comparison"]["verdict"] == found.table.verdict[0]
    assert "decomposition" in summary["comparison"]


def test_the_files_of_a_universe(found, tmp_path):
    result, *_ = found
    (tmp_path / "universe.png").write_bytes(b"of an earlier one")
    paths = write_universe(tmp_path, result)
    assert [path.name for path in paths] == ["universe.csv", "summary.json"]
    assert not (tmp_path / "universe.png").exists()
    table = pd.read_csv(paths[0])
    assert {"p_value", "q_value", "helped_before", "helped_after"} <= set(table.columns)
    assert len(table) == 7 and table.helped_after.sum() == 2
    summary = json.loads(paths[1].read_text())
    assert summary["schema"] == "universe 1" and summary["grades"]["ML helped"] == 2
    assert summary["config"]["strategy"] == "fusion" and summary["by_chance"] == 0.005 * 3


FITTED = SignalModel(["gap"], ensemble=Ensemble(["lgb"])).fit(planted_edge(400))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"jobs": 0}, "jobs 0 must be 1 or more"),
        ({"min_bars": -1}, "min_bars -1 must be 0 or more"),
        ({"resample": "4x"}, "'4x' is not a length such as"),
        ({"job": replace(job(), horizon="auto")}, "measures the trades of one market"),
        ({"job": job(ml="on")}, "leave ml and placebo away"),
        ({"job": job(params={"ema_fsat": 3})}, "did you mean 'ema_fast'"),
        ({"job": replace(job(), model={"A": FITTED})}, "no model is given for"),
        ({"job": replace(job(), model=FITTED), "shuffle_labels": True}, "not trained"),
    ],
)
def test_what_cannot_be_is_refused_before_any_work(options, message, tmp_path):
    given = {"job": job(), "jobs": 1} | options
    with pytest.raises(OptionError, match=message):
        Universe(given.pop("job"), **given).run({}, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_managed_model_has_no_control(tmp_path):
    managed = job().predictor.set_params(model=ManagedModel(), train_bars=None)
    given = replace(job(), model=managed, strategy="managed")
    with pytest.raises(OptionError, match="a managed model learns three others"):
        Universe(given, shuffle_labels=True).run({}, tmp_path)


@pytest.mark.slow
def test_where_no_file_can_be_judged_the_first_reason_is_told(files, tmp_path):
    with pytest.raises(OptionError, match=r"none of 1 files can be judged: .*no time column"):
        compared({"broken": files["broken"]}, tmp_path)


@pytest.mark.slow
def test_an_unforeseen_error_is_a_row_that_is_judged_again(files, tmp_path, monkeypatch):
    def fail(path, *rest):
        if "walk0" in path:
            raise MemoryError("of one file")
        return load(path, *rest)

    some = {name: files[name] for name in ("walk0", "edge0")}
    with monkeypatch.context() as broken:
        broken.setattr(one_file, "load", fail)
        found, rows = compared(some, tmp_path)
    assert row_of(found, "walk0").error == "MemoryError: of one file"
    assert found.summary["judged"] == 1 and len(rows) == 2
    again, _ = compared(some, tmp_path)
    assert again.summary["runs"] == {"kept": 1, "made": 1} and again.summary["failed"] == 0
