"""A run's folder as a report reads it."""

import json
import shutil

import pandas as pd
import pytest

from bt_fusion.errors import RunError
from bt_fusion.saved_runs.saved_run import SavedRun


@pytest.fixture
def folder(run_folder, tmp_path):
    return shutil.copytree(run_folder, tmp_path / "run")


def change(folder, **parts):
    path = folder / "summary.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | parts))


def test_it_holds_what_the_backtest_wrote(run_folder):
    run = SavedRun.read(run_folder)
    assert run.runs == ["off", "on"] and run.symbols == ["edge"] and not run.in_sample
    assert len(run.bars) == len(run.predictions) == len(run.equity) == 800
    assert str(run.trades.entry_time.dtype).startswith("datetime64")
    assert run.of_symbol(run.bars, "edge") is run.bars


def test_symbols_are_taken_apart(folder):
    bars = pd.read_parquet(folder / "bars.parquet")
    both = pd.concat([bars.assign(symbol="B"), bars[:300].assign(symbol="A")])
    both.to_parquet(folder / "bars.parquet", index=False)
    run = SavedRun.read(folder)
    assert run.symbols == ["B", "A"]
    assert len(run.of_symbol(run.bars, "A")) == 300
    assert run.of_symbol(run.bars, "A").index[-1] == 299


def test_a_symbol_called_NA_keeps_its_trades(folder):
    trades = pd.read_csv(folder / "trades.csv")
    trades.assign(symbol="NA").to_csv(folder / "trades.csv", index=False)
    bars = pd.read_parquet(folder / "bars.parquet")
    both = pd.concat([bars.assign(symbol="NA"), bars.assign(symbol="B")])
    both.to_parquet(folder / "bars.parquet", index=False)
    run = SavedRun.read(folder)
    assert len(run.of_symbol(run.trades, "NA")) == len(trades) > 0


def test_one_run_alone(folder):
    change(folder, ml_off=None, comparison=None)
    assert SavedRun.read(folder).runs == ["on"]


@pytest.mark.parametrize(
    "name", ["summary.json", "trades.csv", "bars.parquet", "equity.parquet", "predictions.parquet"]
)
def test_a_missing_or_broken_file_is_named(name, folder):
    (folder / name).write_bytes(b"\xff\xfe")
    with pytest.raises(RunError, match=rf"{name} cannot be read"):
        SavedRun.read(folder)
    (folder / name).unlink()
    with pytest.raises(RunError, match=rf"has no {name}.*run the backtest again"):
        SavedRun.read(folder)


@pytest.mark.slow
def test_whatever_a_library_raises_of_a_broken_table_it_is_named(folder):
    path = folder / "bars.parquet"
    whole = path.read_bytes()

    def breaks(at):
        path.write_bytes(whole[:at] + b"p" + whole[at + 1 :])
        try:
            pd.read_parquet(path)
        except Exception as error:
            return not isinstance(error, (OSError, ValueError))
        return False

    # somewhere in the schema at its end stand the types of the columns
    assert any(breaks(at) for at in range(len(whole) - 9, len(whole) - 4_000, -1))
    with pytest.raises(RunError, match=r"bars\.parquet cannot be read: "):
        SavedRun.read(folder)


@pytest.mark.parametrize("schema", [None, 3, "1"])
def test_another_schema_is_refused(schema, folder):
    change(folder, schema=schema)
    with pytest.raises(RunError, match=r"has schema .*, this version reads 1 and 2"):
        SavedRun.read(folder)


def test_no_folder(tmp_path):
    with pytest.raises(RunError, match="is not a folder"):
        SavedRun.read(tmp_path / "nowhere")
