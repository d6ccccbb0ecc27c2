"""docs/timeframes.md: what it shows runs."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

import bt_fusion
from benchmarks.timeframes import random_bars
from bt_fusion import FeatureSet
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import planted_edge
from tests.cli.running import command

PAGE = (Path(bt_fusion.__file__).resolve().parent.parent / "docs" / "timeframes.md").read_text()
SMALL = ("--members", "lgb", "--features", "fusion")


def test_its_python_runs():
    first, second = re.findall(r"```python\n(.*?)```", PAGE, flags=re.S)
    known: dict[str, object] = {}
    exec(first, known)
    names = known["model"].feature_set().names
    assert names[0] == "return_1" and {"return_1@1w", "return_1:NDX"} <= set(names)
    exec(second, known)
    ml = known["strategy"].ml
    assert ml.usable and len(known["strategy"].data) > 5_000


def test_its_commands_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, seed in (("btc", 1), ("eth", 2)):
        bars = planted_edge(3_000, seed=seed, auc=0.75)
        bars.set_axis(bars.index[0] + (bars.index - bars.index[0]) * 60).to_csv(f"{name}_1h.csv")
    block = PAGE.split("```\n")[1]
    lines = [line.removeprefix("bt-fusion ").split() for line in block.splitlines()]
    assert [line[0] for line in lines] == ["backtest", "backtest", "train", "predict"]
    for line in lines:
        extra = () if line[0] == "predict" else SMALL
        extra += ("--no-report",) if line[0] == "backtest" else ()
        assert command(*line, *extra) == 0


def test_the_warm_up_is_as_long_as_it_says():
    index = pd.date_range("2024-01-01", periods=200, freq="h")
    arrays = BarArrays.of(random_bars(index, np.random.default_rng(0)))
    assert FeatureSet("default", ["1d"]).on(arrays).lookback == 2_448
    assert "2,448 bars of `1h`" in PAGE
