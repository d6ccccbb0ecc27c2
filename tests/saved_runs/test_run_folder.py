"""The folder of a run as it is written: whole, and safe to open in a spreadsheet."""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

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


class Killed(BaseException):
    """What stands for a kill: nothing of ours catches it."""


def steps_killed_at(number, work):
    """Do a piece of work that dies before its n-th rename or removal; tell whether it did."""
    seen = 0

    def count(event, arguments):
        nonlocal seen
        committing = seen or ".finished" in str(arguments)
        if event in ("os.rename", "os.remove", "os.rmdir") and committing:
            seen += 1
            if seen == number:
                raise Killed

    HOOKS.append(count)
    try:
        work()
    except Killed:
        return True
    finally:
        HOOKS.remove(count)
    return False


HOOKS = []
sys.addaudithook(lambda event, arguments: [hook(event, arguments) for hook in HOOKS] and None)


def test_killed_at_any_step_the_old_run_stands_or_the_new_one(run_folder, tmp_path):
    old, new = SavedRun.read(run_folder), SavedRun.read(run_folder)
    new.summary["command"], new.trades["size"] = "the new one", 2.0
    for number in range(1, 40):
        folder = tmp_path / str(number)
        write_run(folder, old)
        (folder / "report.html").write_text("of the old one")
        killed = steps_killed_at(
            number, lambda folder=folder: write_run(folder, new, ["report.html"])
        )
        found = SavedRun.read(folder)
        is_new = found.summary.get("command") == "the new one"
        assert (found.trades["size"] == 2.0).all() == is_new == (number > 1)
        assert (folder / "report.html").exists() != is_new
        assert not [path for path in folder.iterdir() if path.name == ".finished"]
        if not killed:
            break
    assert 10 < number < 39


def test_two_writers_at_once_leave_one_run_whole(run_folder, tmp_path):
    runs = [SavedRun.read(run_folder) for _ in range(4)]
    for number, run in enumerate(runs):
        run.summary["command"], run.trades["size"] = str(number), float(number)
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            list(pool.map(lambda run: write_run(tmp_path, run), runs))
            found = SavedRun.read(tmp_path)
            assert (found.trades["size"] == float(found.summary.get("command"))).all()
