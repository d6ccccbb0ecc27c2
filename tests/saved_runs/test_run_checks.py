"""Broken folders of runs: one error that names file and place, for `why` and `report` alike."""

import json
import shutil

import pandas as pd
import pytest

from bt_fusion.errors import RunError
from bt_fusion.report.draw import redraw
from bt_fusion.saved_runs.saved_run import SavedRun
from bt_fusion.why.why import explain_entry

TABLES = ["trades.csv", "entries.csv", "predictions.parquet", "bars.parquet", "equity.parquet"]


@pytest.fixture
def folder(run_folder, tmp_path):
    return shutil.copytree(run_folder, tmp_path / "run")


def rewrite(path, change):
    csv = path.suffix == ".csv"
    table = change(pd.read_csv(path) if csv else pd.read_parquet(path))
    (table.to_csv if csv else table.to_parquet)(path, index=False)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_other_columns_is_named(name, folder):
    rewrite(folder / name, lambda table: table.iloc[:, :1].rename(columns=lambda _: "other"))
    with pytest.raises(RunError, match=rf"{name} cannot be read: .*(lacks the column|Missing)"):
        SavedRun.read(folder)


@pytest.mark.parametrize(
    ("name", "column", "kind"),
    [
        ("trades.csv", "pnl", "numbers"),
        ("predictions.parquet", "datetime", "times"),
        ("bars.parquet", "close", "numbers"),
    ],
)
def test_a_column_of_another_kind_is_named(name, column, kind, folder):
    rewrite(folder / name, lambda table: table.assign(**{column: "x"}))
    with pytest.raises(RunError, match=rf"{name} cannot be read: column {column} holds no {kind}"):
        redraw(folder)


def test_a_table_without_rows_is_named_and_a_run_without_trades_is_none(folder):
    rewrite(folder / "trades.csv", lambda table: table[:0])
    assert len(SavedRun.read(folder).trades) == 0
    rewrite(folder / "predictions.parquet", lambda table: table[:0])
    with pytest.raises(RunError, match=r"predictions\.parquet cannot be read: it has no rows"):
        SavedRun.read(folder)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (["config"], [], "config is"),
        (["config", "account"], "rich", "config.account is 'rich'"),
        (["config", "account", "cash"], None, "config.account.cash is 'None'"),
        (["config", "strategy"], 5, "config.strategy is '5'"),
        (["config", "refit_bars"], 1e308, "config.refit_bars is"),
        (["config", "ensemble", "vote_threshold"], {}, "config.ensemble.vote_threshold is"),
        (["config", "seed"], True, "config.seed is 'True'"),
        (["data", "sha256"], ..., "data.sha256 is missing"),
        (["window", "start"], ..., "window.start is missing"),
        (["config", "label"], ..., "config.label is missing"),
    ],
)
def test_a_summary_of_other_kinds_says_where(place, value, message, folder):
    path = folder / "summary.json"
    summary = json.loads(path.read_text())
    part = summary
    for name in place[:-1]:
        part = part[name]
    if value is ...:
        del part[place[-1]]
    else:
        part[place[-1]] = value
    path.write_text(json.dumps(summary))
    with pytest.raises(
        RunError, match=r"summary\.json is broken: .*run the backtest again"
    ) as error:
        explain_entry(folder, trade=1)
    assert message in str(error.value)


def test_json_that_nests_without_end_is_named(folder):
    (folder / "summary.json").write_text("[" * 100_000)
    with pytest.raises(RunError, match=r"summary\.json cannot be read"):
        SavedRun.read(folder)
