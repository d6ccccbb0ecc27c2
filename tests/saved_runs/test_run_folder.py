"""The folder of a run as it is written: whole, and safe to open in a spreadsheet."""

import os
import time

import pandas as pd
import pytest

from bt_fusion.saved_runs.run_folder import write_run
from bt_fusion.saved_runs.saved_run import SavedRun


@pytest.mark.parametrize("symbol", ["=1+1", "@SUM(A1)", "+x", "-x", "'=x", "ES=F", "007"])
def test_a_symbol_is_no_formula_and_comes_back(symbol, run_folder, tmp_path):
    run = SavedRun.read(run_folder)
    for table in (run.trades, run.entries):
        table["symbol"] = symbol
    write_run(tmp_path, run)
    for name in ("trades.csv", "entries.csv"):
        kept = pd.read_csv(tmp_path / name, dtype=str, keep_default_na=False)
        assert not kept.symbol.str.match(r"[=+@-]").any() and (kept.symbol != "").all()
    again = SavedRun.read(tmp_path)
    assert set(again.trades.symbol) == set(again.entries.symbol) == {symbol}
    pd.testing.assert_frame_equal(again.trades, run.trades)


def test_folders_an_interruption_left_go_when_they_are_old(run_folder, tmp_path):
    old, new = tmp_path / ".new-abcd1234", tmp_path / ".new-bcde2345"
    for folder in (old, new):
        folder.mkdir()
        (folder / "trades.csv").write_text("half")
    os.utime(old, (time.time() - 100_000,) * 2)
    write_run(tmp_path, SavedRun.read(run_folder))
    assert not old.exists() and new.exists()
