"""Whole sweeps: figures of single backtests, ML paid once, nothing done twice, and luck."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bt_fusion import Backtest, Direction, Ensemble, OptionError, SignalModel, WalkForward
from bt_fusion.cli import main as cli
from bt_fusion.data.samples import planted_edge, random_walk
from bt_fusion.engine.account import Account
from bt_fusion.files import write_json
from bt_fusion.labels import Labels
from bt_fusion.sweep.sweep import Sweep

ROOT = Path(cli.__file__).resolve().parents[2]
GRID = {"ml_threshold": [0.5, 0.55, 0.6], "ema_fast": [8, 12]}


class Counting(WalkForward):
    """A walk-forward that counts how often it predicts."""

    times = 0

    def predict(self, bars, on_refit=None):
        type(self).times += 1
        return super().predict(bars, on_refit)


@dataclass(frozen=True)
class Rises:
    """Whether the close is higher five bars on, as a label of one's own says it."""

    horizon = 5
    classes = (0, 1)
    two_sided = False

    def __call__(self, bars):
        ahead = bars.close[5:] > bars.close[:-5]
        known = np.arange(5, len(bars.close))
        return Labels(np.append(ahead, np.full(5, np.nan)), np.append(known, np.full(5, -1)))


def job(cache=None, **options):
    model = SignalModel(["wick_balance", "gap"], Direction(5), Ensemble(("lgb",)))
    return Backtest(Counting(model, 600, 300, cache=cache), **options)


@pytest.fixture(scope="module")
def swept(edge, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    Counting.times = 0
    found = Sweep(job(), GRID, jobs=1).run(edge, "edge", out=folder)
    return found, folder


@pytest.mark.slow
def test_ml_is_paid_once_and_ml_off_once_for_all_thresholds(swept):
    found, _ = swept
    assert Counting.times == 1
    assert found.summary["variants"] == len(found.table) == 6
    assert found.summary["runs"]["total"] == found.summary["runs"]["made"] == 6 + 2
    assert found.summary["model"]["refits"] == 3


def test_a_value_that_cannot_be_fails_alone(edge, tmp_path):
    found = Sweep(job(), {"ema_fast": [0, 8]}, jobs=1).run(edge, out=tmp_path)
    assert found.table.error[0] == "ema_fast 0 must be a whole number of at least 1"
    assert found.table.error.isna().tolist() == [False, True] and found.summary["failed"] == 1
    with pytest.raises(OptionError, match="jobs 0 must be"):
        Sweep(job(), {"ema_fast": [8]}, jobs=0).run(edge, out=tmp_path)


@pytest.mark.slow
def test_every_variant_has_the_figures_of_its_own_backtest(swept, edge):
    found, _ = swept
    for _, row in found.table.iloc[[0, 3]].iterrows():
        params = {name: row[name] for name in GRID}
        alone = job(params=params).run(edge).summary
        for run in ("off", "on"):
            figures = {key: row[f"{run}_{key}"] for key in alone[f"ml_{run}"]}
            assert figures.pop("sharpe") and alone[f"ml_{run}"].pop("sharpe") is None  # of minutes
            assert figures == pytest.approx(alone[f"ml_{run}"])
        delta = alone["comparison"]["profit_factor"]["delta"]
        assert row.delta_profit_factor == pytest.approx(delta)


def test_the_best_is_the_highest_sharpe_with_its_parameters(swept):
    found, _ = swept
    best = found.summary["best"]
    row = found.table.loc[found.table.on_sharpe.idxmax()]
    assert best["on"]["sharpe"] == row.on_sharpe and best["off"]["sharpe"] == row.off_sharpe
    assert best["params"] == {name: row[name] for name in GRID}
    assert best["delta"]["sharpe"] == pytest.approx(row.on_sharpe - row.off_sharpe)


@pytest.mark.slow
def test_again_does_nothing_and_more_values_only_what_is_new(swept, edge):
    found, folder = swept
    again = Sweep(job(), GRID, jobs=1).run(edge, "edge", out=folder)
    assert again.summary["runs"]["kept"] == 8 and again.summary["runs"]["made"] == 0
    pd.testing.assert_frame_equal(again.table, found.table)
    lately = {**GRID, "ema_fast": [8, 12, 16]}
    more = Sweep(job(), lately, jobs=1).run(edge, "edge", out=folder)
    assert more.summary["runs"]["kept"] == 8 and more.summary["runs"]["made"] == 3 + 1
    assert more.summary["trials"] == 9  # the six of before are the same trials
    costlier = Sweep(job(account=Account(commission=0.001)), GRID, jobs=1).run(
        edge, "edge", out=folder
    )
    assert costlier.summary["runs"]["kept"] == 0
    assert costlier.summary["trials"] == 15


def test_variants_that_cannot_run_are_listed(edge, tmp_path):
    grid = {"ema_slow": [26, 5_000]}
    found = Sweep(job(), grid, jobs=1).run(edge, out=tmp_path)
    assert found.summary["failed"] == 1 and found.summary["best"]["params"] == {"ema_slow": 26}
    assert found.table.error.isna().tolist() == [True, False]
    assert "fewer than the indicators" in found.table.error[1]
    with pytest.raises(OptionError, match=r"none of 1 variants can be run: 900 bars are fewer"):
        Sweep(job(), {"ema_slow": [5_000]}, jobs=1).run(edge, out=tmp_path)


def test_variants_that_never_trade_have_no_best(edge, tmp_path):
    found = Sweep(job(), {"ml_threshold": [0.99, 1.0]}, jobs=1).run(edge, out=tmp_path)
    write_json(tmp_path / "sweep.json", found.summary)
    s = json.loads((tmp_path / "sweep.json").read_text())
    assert (s["best"], s["dsr"], s["luck"], s["trials"]) == (None, None, None, 2)
    assert found.table.on_trades.tolist() == [0, 0]


def test_an_unknown_parameter_is_refused_before_any_work(edge, tmp_path):
    before = Counting.times
    with pytest.raises(OptionError, match="did you mean 'ml_threshold'"):
        Sweep(job(), {"ml_treshold": [0.5]}, jobs=1).run(edge, out=tmp_path / "out")
    assert Counting.times == before and not (tmp_path / "out").exists()


def test_a_grid_of_the_threshold_s_other_name_needs_no_other(edge, tmp_path):
    up = SignalModel(["wick_balance", "gap"], Rises(), Ensemble(("lgb",)))  # tells no payoff
    grid = {"ml_entry_threshold": [0.5, 0.55]}
    walk_forward = WalkForward(up, 600, 300, cache=None)
    found = Sweep(Backtest(walk_forward), grid, jobs=1).run(edge, out=tmp_path)
    assert found.summary["failed"] == 0 and len(found.table) == 2


@pytest.mark.slow
def test_several_symbols(edge, tmp_path):
    bars = {"A": edge, "B": planted_edge(1_300, seed=4, auc=0.75)}
    found = Sweep(job(), {"ml_threshold": [0.5, 0.6]}, jobs=1).run(bars, out=tmp_path)
    alone = job(params={"ml_threshold": 0.6}).run(bars).summary
    assert found.table.on_net_profit[1] == pytest.approx(alone["ml_on"]["net_profit"])
    assert found.summary["data"] == alone["data"]


def swept_summary(bars, folder, thresholds):
    grid = {"ml_threshold": thresholds, "ema_fast": [4, 16]}
    free = job(account=Account(commission=0.0))
    return Sweep(free, grid, jobs=1).run(bars, out=folder).summary


def test_an_edge_carries_over_and_is_more_than_luck(tmp_path):
    bars = planted_edge(1_500, seed=3, auc=0.8)
    found = swept_summary(bars, tmp_path, [0.3, 0.4, 0.5, 0.6])
    assert found["pbo"] < 0.2 and found["dsr"] > 0.95 and found["spa_p"] < 0.01
    assert found["best"]["on"]["sharpe"] > found["luck"] > 0


@pytest.mark.slow
def test_the_best_on_random_walks_is_luck(tmp_path):
    thresholds = [
        0.5,
        0.52,
        0.54,
        0.56,
    ]  # below .5 ML agrees with all, and equals are no overfitting
    bars = [random_walk(1_500, seed=seed) for seed in range(8)]
    walks = [swept_summary(each, tmp_path / f"{n}", thresholds) for n, each in enumerate(bars)]
    assert 0.3 < np.mean([walk["pbo"] for walk in walks]) < 0.7
    assert max(walk["dsr"] for walk in walks) < 0.95
    assert 0.2 < np.mean([walk["spa_p"] for walk in walks]) < 0.8


COUNTED = """
import os
import time

import backtrader as bt


class Counted(bt.Strategy):
    params = (("period", 5),)

    def __init__(self):
        self.average = bt.ind.SMA(period=self.p.period)

    def next(self):
        side = 1 if self.data.close[0] < self.average[0] else -1
        if side * self.position.size < 0:
            self.close()
        if side * self.position.size <= 0:
            (self.buy if side > 0 else self.sell)()

    def stop(self):
        time.sleep(0.2)
        run = "on" if hasattr(self, "ml_filter") else "off"
        with open(os.environ["RUNS_MADE"], "a") as file:
            file.write(f"{run} {self.p.period} {getattr(self.p, 'ml_threshold', None)}\\n")


class Half(bt.Sizer):
    def _getsizing(self, comminfo, cash, data, isbuy):
        return cash / 2 / data.close[0]
"""


@pytest.fixture
def command(tmp_path):
    """A sweep of 8 + 4 slow runs by strategy and sizer of one's own, in two processes."""
    planted_edge(900, seed=1).to_csv(tmp_path / "edge.csv")
    (tmp_path / "mine.py").write_text(COUNTED)
    code = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from bt_fusion.cli.main import main\n"
        "main(sys.argv[1:])"
    )
    options = "sweep --data edge.csv -q --no-report --out out --jobs 2 --members lgb"
    options += " --features wick_balance,gap --train-bars 400 --cache cache"
    options += " --strategy mine.py:Counted --sizer mine.py:Half"
    options += " --param ml_threshold=0.5,0.55 --param period=3:6:1"
    return [sys.executable, "-c", code, *options.split()]


def start(command, folder):
    environment = {**os.environ, "RUNS_MADE": str(folder / "made.txt"), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finished(folder):
    return [path for path in (folder / "out").glob("sweep_parts/*.parquet") if path.name[0] != "."]


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def alive(group):
    """Tell whether a process of the group is still at work."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_stopped_in_the_middle_and_resumed_does_nothing_twice(how, command, tmp_path):
    process = start(command, tmp_path)
    wait_for(lambda: len(finished(tmp_path)) >= 3)
    if how == signal.SIGKILL:
        process.kill()
    else:
        os.killpg(process.pid, how)
    errors = process.communicate(timeout=30)[1]
    if how == signal.SIGINT:
        assert process.returncode == 130 and errors.startswith("interrupted; finished runs")
    wait_for(lambda: not alive(process.pid))  # a killed sweep's workers leave, too
    kept = len(finished(tmp_path))
    assert 3 <= kept < 12
    made_before = (tmp_path / "made.txt").read_text().splitlines()
    again = start(command, tmp_path)
    assert again.communicate(timeout=90)[1] == "" and again.returncode == 0
    runs = json.loads((tmp_path / "out" / "sweep.json").read_text())["runs"]
    assert (runs["total"], runs["kept"], runs["made"]) == (12, kept, 12 - kept)
    made = Counter((tmp_path / "made.txt").read_text().splitlines())
    assert len(made) == 12
    assert sum(made.values()) - 12 == len(made_before) - kept  # only what was cut off is remade
    assert not (tmp_path / "out" / "sweep_parts").exists()
    assert json.loads((tmp_path / "out" / "sweep.json").read_text())["trials"] == 8


@pytest.mark.slow
def test_processes_make_the_same_as_one(command, tmp_path):
    once = start([part if part != "2" else "1" for part in command], tmp_path)
    assert once.communicate(timeout=90)[1] == ""
    table = pd.read_parquet(tmp_path / "out" / "sweep.parquet")
    twice = start([part if part != "out" else "two" for part in command], tmp_path)
    assert twice.communicate(timeout=90)[1] == ""
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "two" / "sweep.parquet"), table)


def run(*argv, expect=0):
    with pytest.raises(SystemExit) as ended:
        cli.main([str(part) for part in argv])
    assert (ended.value.code or 0) == expect


QUICK = ["--features", "wick_balance,gap", "--members", "lgb", "--train-bars", "900", "--jobs", "1"]


@pytest.mark.slow
def test_the_command_writes_table_picture_and_summary(tmp_path, edge, capsys):
    edge.to_csv(tmp_path / "edge.csv")
    out = tmp_path / "out"
    grid = [
        "--param",
        "ml_threshold=0.5:0.6:0.05",
        "--param",
        "ema_fast=8,12",
        "--param",
        "exit=flip",
    ]
    run("sweep", "--data", tmp_path / "edge.csv", "--out", out, "--long-only", *grid, *QUICK)
    shown = capsys.readouterr()
    for word in (
        "best of 6 variants",
        "the best of 6 variants, Sharpe ratio",
        "without skill",
        "DSR",
        "PBO",
    ):
        assert word in shown.out
    assert shown.err == ""
    files = {path.name for path in out.iterdir() if path.name[0] != "."}
    assert files == {
        "ledger.jsonl",
        "sweep.json",
        "sweep.parquet",
        "sweep.png",
        "sweep_runs.parquet",
    }
    table = pd.read_parquet(out / "sweep.parquet")
    assert table.ml_threshold.tolist() == [0.5, 0.5, 0.55, 0.55, 0.6, 0.6]
    assert set(table.exit) == {"flip"} and table.long_only.all()
    s = json.loads((out / "sweep.json").read_text())
    assert set(s) == {
        "schema",
        "data",
        "window",
        "in_sample",
        "config",
        "notes",
        "model",
        "grid",
        "maximize",
        "variants",
        "failed",
        "runs",
        "best",
        "pbo",
        "trials",
        "luck",
        "dsr",
        "spa_p",
        "timing",
    }
    assert s["grid"]["ml_threshold"] == [0.5, 0.55, 0.6] and s["trials"] == 6
    assert len((out / "ledger.jsonl").read_text().splitlines()) == 6


@pytest.mark.slow
def test_a_backtest_of_the_best_is_the_same_trial(tmp_path, edge):
    edge.to_csv(tmp_path / "edge.csv")
    same = ["--data", tmp_path / "edge.csv", "--out", tmp_path, "-q", "--no-report", *QUICK]
    run("sweep", *same, "--param", "ml_threshold=0.5:0.59:0.01", "--param", "ema_fast=8")
    s = json.loads((tmp_path / "sweep.json").read_text())
    chosen = [f"--param={name}={value}" for name, value in s["best"]["params"].items()]
    run("backtest", *same, "--placebo", "none", *chosen)
    alone = json.loads((tmp_path / "summary.json").read_text())
    assert alone["ml_on"]["net_profit"] == s["best"]["on"]["net_profit"]
    assert alone["statistics"]["trials"] == s["trials"] == 10
    assert alone["statistics"]["dsr"] == pytest.approx(s["dsr"], abs=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--param", "ml_treshold=0.5,0.6"], "did you mean 'ml_threshold'?"),
        (["--param", "ml_threshold=0.7:0.5:0.1"], "is empty"),
        (["--param", "ema_fast=1:50:1", "--param", "ema_slow=1:50:1"], "more than --max 1,000"),
        (["--param", "ema_fast=8,12", "--max", "1"], "2 combinations are more than --max 1"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_2(options, message, tmp_path, capsys):
    run("sweep", "--out", tmp_path / "out", *options, *QUICK, expect=2)
    shown = capsys.readouterr().err
    assert shown.startswith("error: ") and shown.count("\n") == 1 and message in shown
    assert not (tmp_path / "out").exists()
