"""Commands run as a test runs them, and what several modules of tests share."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bt_fusion.cli import main as cli

ROOT = Path(cli.__file__).resolve().parents[2]

QUICK = ["--features", "wick_balance,gap", "--members", "lgb", "--train-bars", "400", "--jobs", "1"]
MINE = """
import backtrader as bt


class Reversal(bt.Strategy):
    params = (("period", 5), ("fail_at", None))

    def __init__(self):
        self.average = bt.ind.SMA(period=self.p.period)

    def next(self):
        if len(self) == self.p.fail_at:
            raise ValueError("no such luck")
        side = 1 if self.data.close[0] < self.average[0] else -1
        if side * self.position.size < 0:
            self.close()
        if side * self.position.size <= 0:
            (self.buy if side > 0 else self.sell)()


class Tenth(bt.Sizer):
    def _getsizing(self, comminfo, cash, data, isbuy):
        return cash / 10 / data.close[0]
"""
FILES = {
    "summary.json",
    "trades.csv",
    "entries.csv",
    "predictions.parquet",
    "bars.parquet",
    "equity.parquet",
    "comparison.png",
    "report.html",
    "ledger.jsonl",
}


def run(*argv, expect=0):
    """Run the backtest; it must end with the given exit code."""
    with pytest.raises(SystemExit) as ended:
        cli.run_backtest([str(part) for part in argv])
    assert (ended.value.code or 0) == expect


def written(folder):
    """Return the names of what a command left in a folder, lock files aside."""
    return {path.name for path in folder.iterdir() if path.suffix != ".lock"}


def in_a_process(*argv, cwd, **environment):
    """Run Python in a process of its own; returns its exit code and what it wrote."""
    return subprocess.run(
        [sys.executable, *argv],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def command(*words):
    """Run a command of bt-fusion; returns its exit code."""
    with pytest.raises(SystemExit) as end:
        cli.main([str(word) for word in words])
    return end.value.code or 0
