"""The trades of both runs as columns of the page."""

from base64 import b64decode
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bt_fusion.report.html.columns.trade_columns import ENTRY, VETOED, trade_columns
from bt_fusion.saved_runs.saved_run import SavedRun


@pytest.fixture(scope="module")
def run(run_folder):
    return SavedRun.read(run_folder)


def decoded(run):
    found = trade_columns(run)
    columns = {key: column for key, column in found.items() if key != "reasons"}
    return {
        key: np.frombuffer(b64decode(column["data"]), dtype=column["dtype"])
        for key, column in columns.items()
    } | {"reasons": found["reasons"]}


def test_every_trade_is_there_in_order_of_entry(run):
    found = decoded(run)
    trades = run.trades.sort_values("entry_time", kind="stable")
    assert (pd.to_datetime(found["time"], unit="ms") == trades.entry_time).all()
    assert [run.runs[place] for place in found["run"]] == trades.run.tolist()
    assert [found["reasons"][place] for place in found["reason"]] == trades.exit_reason.tolist()
    np.testing.assert_allclose(found["pnl"], trades.pnl, rtol=1e-6)
    np.testing.assert_allclose(
        found["gain"], trades.pnl / (trades.entry_price * trades["size"]), rtol=1e-5
    )


def test_vetoed_are_the_entries_of_ml_off_alone(run):
    found = decoded(run)
    on, off = (run.trades[run.trades.run == name] for name in ("on", "off"))
    assert (found["drawn"] == ENTRY).sum() == len(on)
    taken = set(zip(on.entry_time, on.side, strict=True))
    alone = [pair for pair in zip(off.entry_time, off.side, strict=True) if pair not in taken]
    rows = found["drawn"] == VETOED
    sides = ["long" if side > 0 else "short" for side in found["side"][rows]]
    times = pd.to_datetime(found["time"][rows], unit="ms")
    assert set(zip(times, sides, strict=True)) == set(alone) and len(alone) == len(sides) > 10


def test_one_run_alone_has_no_vetoed_entries(run):
    off = replace(run, summary=run.summary | {"ml_on": None, "comparison": None})
    alone = replace(off, trades=run.trades[run.trades.run == "off"])
    assert set(decoded(alone)["drawn"]) == {ENTRY}


def test_an_open_trade_has_no_exit(run):
    trades = run.trades.copy()
    trades.loc[trades.index[-1], "exit_reason"] = "open"
    still_open = (trades.exit_reason == "open").sum()
    assert np.isnan(decoded(replace(run, trades=trades))["exit_time"]).sum() == still_open > 0


def test_older_folders_tell_neither_bars_nor_the_bar_of_the_signal(run):
    older = replace(run, trades=run.trades.drop(columns=["bars", "signal_time"]))
    found = decoded(older)
    assert np.isnan(found["bars"]).all()
    np.testing.assert_allclose(found["probability"], decoded(run)["probability"])
