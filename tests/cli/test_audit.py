"""`bt-fusion audit`: the table, the JSON and the picture."""

import json

import pandas as pd
import pytest

from bt_fusion.data.samples import random_walk
from tests.audit.own_parts import OWN as OWN_PARTS
from tests.cli.running import command


@pytest.fixture
def holed(tmp_path):
    """A file of 500 minutes, five of them missing in two places."""
    bars = random_walk(500).drop(pd.date_range("2024-01-01 02:00", periods=4, freq="min"))
    path = tmp_path / "holed.csv"
    bars.drop(pd.Timestamp("2024-01-01 05:00")).to_csv(path)
    return path


def test_it_names_what_it_found_and_what_to_do(holed, capsys):
    assert command("audit", "--data", holed) == 0
    shown = capsys.readouterr().out
    row = next(line for line in shown.splitlines() if "Gaps" in line)
    assert [cell.strip() for cell in row.split("│")][1:5] == [
        "Gaps",
        "2",
        "5",
        "2024-01-01 02:04, 2024-01-01 05:01",
    ]
    assert "To do: get the missing bars" in shown
    assert "bars of 1m; stamps are of the open or the close" in shown


def test_it_says_so_where_there_is_nothing(capsys):
    assert command("audit", "--data", "random-walk:500") == 0
    assert "500 bars, 2024-01-01 to 2024-01-01 08:19: nothing found" in capsys.readouterr().out


def test_the_tables_as_json_and_the_picture(holed, tmp_path, capsys):
    table, picture = tmp_path / "audit.json", tmp_path / "audit.png"
    assert command("audit", "--data", holed, "--json", table, "--png", picture, "--quiet") == 0
    assert capsys.readouterr().out == ""
    found = json.loads(table.read_text())["data"]
    assert (found["name"], found["bars"]) == ("holed", 495)
    assert [(each["kind"], each["bars"]) for each in found["findings"]] == [("gaps", 5)]
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("option", "file", "message"),
    [
        ("--json", "holed.csv", "holds the bars that are read"),
        ("--png", "holed.csv", "is not a PNG file"),
        ("--png", "audit.svg", "give a name that ends in .png"),
    ],
)
def test_a_file_that_must_not_be_written(holed, tmp_path, capsys, option, file, message):
    before = holed.read_bytes()
    assert command("audit", "--data", holed, option, tmp_path / file) == 2
    assert message in capsys.readouterr().err
    assert holed.read_bytes() == before


OWN = """
import backtrader as bt


class Honest(bt.Strategy):
    params = (("period", 20),)

    def __init__(self):
        self.average = bt.ind.SMA(period=self.p.period)

    def next(self):
        if not self.position and self.data.close[0] > self.average[0]:
            self.buy()
        elif self.position and self.data.close[0] < self.average[0]:
            self.close()


class Peeks(Honest):
    def next(self):
        if len(self) == self.data.buflen():
            return
        if not self.position and self.data.close[1] > self.data.close[0]:
            self.buy()
        elif self.position and self.data.close[1] < self.data.close[0]:
            self.close()


class Later(bt.Indicator):
    lines = ("x",)

    def __init__(self):
        self.lines.x = self.data.close(1)
"""


@pytest.fixture
def own(tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    return f"{tmp_path}/own.py"


def test_a_strategy_that_looks_ahead_is_named(own, tmp_path, capsys):
    table = tmp_path / "audit.json"
    options = ("--data", "random-walk:400", "--cuts", 6, "--json", table)
    assert command("audit", "--strategy", f"{own}:Peeks", *options) == 0
    assert "Audit      orders look ahead, first at 2024-01-01" in capsys.readouterr().out
    found = json.loads(table.read_text())["strategy"]
    assert found["findings"][0]["kind"] == "look-ahead" and not found["passed"]
    options = (*options[:4], "--param", "period=10")
    assert command("audit", "--strategy", f"{own}:Honest", *options) == 0
    assert "nothing looks ahead" in capsys.readouterr().out


def test_no_cut_is_an_error(own, capsys):
    options = ("--data", "random-walk:400", "--cuts", 0)
    assert command("audit", "--strategy", f"{own}:Honest", *options) == 2
    assert "greater than or equal to 1" in " ".join(capsys.readouterr().err.split())


def test_an_indicator_that_looks_ahead_is_named(own, capsys):
    options = ("--data", "random-walk:400", "--cuts", 6)
    assert command("audit", "--indicator", f"{own}:Later", *options) == 0
    assert "indicator looks ahead" in capsys.readouterr().out
    assert command("audit", "--indicator", "backtrader.indicators:EMA", *options) == 0
    assert "nothing looks ahead" in capsys.readouterr().out


@pytest.mark.slow
def test_a_backtest_of_a_strategy_that_looks_ahead_is_not_judged(own, tmp_path, capsys):
    out = tmp_path / "run"
    options = ("--data", "planted-edge:1500", "--features", "wick_balance,gap", "--members", "lr")
    strategy = ("--strategy", f"{own}:Peeks")
    assert command("backtest", *options, *strategy, "--out", out, "--train-bars", 600) == 0
    shown = capsys.readouterr().out
    assert "Verdict    not judged: orders look ahead" in " ".join(shown.split("\n"))
    summary = json.loads((out / "summary.json").read_text())
    assert summary["comparison"]["verdict"] == "not judged"
    assert summary["audit"]["strategy"]["findings"][0]["where"] == "orders"
    assert "Does the strategy look ahead?" in (out / "report.html").read_text()
    assert command("backtest", *options, *strategy, "--out", out, "--no-audit") == 0
    assert json.loads((out / "summary.json").read_text()).get("audit") is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--strategy", "fusion", "--indicator", "a:B"), "give either --strategy or --indicator"),
        (("--strategy", "fusion", "--png", "a.png"), "draws what is found in bars"),
        (("--strategy", "fusion", "--features", "gap"), "audit one at a time"),
        (("--indicator", "a:B", "--model", "m"), "give either --indicator or --model"),
        (("--features", "gap", "--param", "a=1"), "of a strategy or an indicator"),
        (("--indicator", "EMA"), "is neither module:Class nor file.py:Class"),
    ],
)
def test_options_that_do_not_go_together(options, message, capsys):
    assert command("audit", "--data", "random-walk:400", *options) == 2
    assert message in capsys.readouterr().err


@pytest.mark.slow
def test_all_of_a_plug_in_is_audited(tmp_path, registers, capsys):
    plugin, table = tmp_path / "own_parts_of_a_user.py", tmp_path / "audit.json"
    plugin.write_text(OWN_PARTS)
    options = ("--data", "random-walk:900", "--plugin", plugin)
    assert command("audit", *options, "--json", table) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Audit 4 of 12 look ahead: feature own_centred, feature own_next" in shown
    assert "Not verified feature own_random: is random" in shown
    found = json.loads(table.read_text())["parts"]
    assert len(found["findings"]) == 8 and not found["passed"]
    assert command("audit", *options, "--features", "own_honest,gap", "--label", "gain") == 0
    assert "nothing looks ahead: " in capsys.readouterr().out
    assert command("audit", *options, "--strategy", "fusion", "--cuts", 4) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Not audited what --plugin registers: audit it alone, without --strategy" in shown


@pytest.mark.slow
def test_a_saved_model_is_audited(data, trained, tmp_path, capsys):
    table = tmp_path / "audit.json"
    options = ("--data", data, "--model", trained, "--json", table)
    assert command("audit", *options) == 0
    assert "in-sample" in capsys.readouterr().out
    kinds = [each["kind"] for each in json.loads(table.read_text())["model"]["findings"]]
    assert kinds == ["in-sample", "in-sample"]
    assert command("audit", *options, "--fromdate", "2024-01-01 08:00") == 0
    assert "Audit      nothing looks ahead: " in capsys.readouterr().out


@pytest.mark.slow
def test_a_strategy_with_ml_is_audited(data, trained, own, capsys):
    """With the model an honest strategy of ours and one of a user's pass on bars it never saw."""
    options = ("--data", data, "--model", trained, "--fromdate", "2024-01-01 08:00", "--cuts", 6)
    for strategy, param in (("fusion", "ml_threshold=0.5"), (f"{own}:Honest", "period=5")):
        assert command("audit", "--strategy", strategy, *options, "--param", param) == 0
        shown = capsys.readouterr().out
        assert "Audit      nothing looks ahead: " in shown and "in-sample" not in shown
    assert command("audit", "--strategy", "fusion", *options[:4]) == 0
    assert "in-sample" in capsys.readouterr().out


def test_bars_of_several_symbols_are_audited(tmp_path, capsys):
    table = tmp_path / "audit.json"
    both = ("--data", "A=random-walk:300", "--data", "B=random-walk:400")
    assert command("audit", *both, "--json", table) == 0
    assert [each["name"] for each in json.loads(table.read_text())["data"]] == ["A", "B"]
    assert command("audit", *both, "--features", "gap") == 2
    assert "audited on one symbol" in capsys.readouterr().err


PAIRS = """
import backtrader as bt


class Pairs(bt.Strategy):
    def __init__(self):
        self.spread = self.data0.close - self.data1.close

    def next(self):
        if not self.position and self.spread[0] > 0:
            self.buy()
"""


@pytest.mark.slow
def test_feeds_that_are_paired_by_place_are_named(tmp_path, capsys):
    (tmp_path / "pairs.py").write_text(PAIRS)
    both = ("--data", "A=random-walk:300", "--data", "B=random-walk:300", "--cuts", 4)
    assert command("audit", *both, "--strategy", f"{tmp_path}/pairs.py:Pairs") == 0
    shown = capsys.readouterr().out
    assert (
        "nothing looks ahead, but see the findings (pairs feeds by place)" in shown
        and "spread" in shown
    )
    assert command("audit", *both, "--strategy", "fusion") == 0
    assert "pairs" not in capsys.readouterr().out
