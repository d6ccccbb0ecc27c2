"""docs/live.md and examples/paper_trading.py: the page's lines run, the example trades a replay."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bt_fusion import Ensemble, SignalModel
from bt_fusion.data.samples import planted_edge
from bt_fusion.live import LiveData, PolledMarket, ReplayedBars

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "live.md").read_text()
BARS = planted_edge(1_400)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("live") / "model"
    SignalModel("fusion", ensemble=Ensemble(["lgb"])).fit(BARS[:900]).save(folder)
    return folder


@pytest.fixture(scope="module")
def candles(tmp_path_factory):
    path = tmp_path_factory.mktemp("live") / "candles.csv"
    BARS[900:].to_csv(path)
    return path


def example(*given):
    command = [sys.executable, str(ROOT / "examples" / "paper_trading.py"), *map(str, given)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


def test_the_example_prints_a_line_for_each_live_bar_and_the_account(model, candles):
    done = example("--model", model, "--data", candles, "--known", 300)
    assert done.returncode == 0, done.stderr
    bars = re.findall(r"^\d{4}-\d\d-\d\d \d\d:\d\d  .*P\(up\) 0\.\d{3}", done.stdout, re.MULTILINE)
    assert len(bars) == 200
    assert re.search(
        r"^Account    [\d,]+\.\d\d, 10,000\.00 at the start$", done.stdout, re.MULTILINE
    )


def test_the_example_refuses_a_damaged_model_before_the_first_bar(model, candles, tmp_path):
    damaged = tmp_path / "model"
    damaged.mkdir()
    for path in model.iterdir():
        (damaged / path.name).write_bytes(path.read_bytes()[:-1])
    done = example("--model", damaged, "--data", candles)
    assert done.returncode == 1 and "PartError: " in done.stderr
    assert "P(up)" not in done.stdout


def test_the_lines_of_the_page_run(model):
    code, _ = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    markets = []

    def market(text):
        markets.append(PolledMarket(text))
        return ReplayedBars(BARS[900:], known=300)

    strategy = "class MyStrategy(bt.Strategy):\n    pass\n\n\ncerebro = "
    code = code.replace("cerebro = ", strategy, 1).replace("models/btc", str(model))
    code = code.replace("PolledMarket(", "market(")
    names = {"market": market}
    exec(code, names)
    (feed,) = names["cerebro"].datas
    assert isinstance(feed, LiveData) and len(markets) == 1
    assert feed.arrivals.last == BARS.index[-1]
