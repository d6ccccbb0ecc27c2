"""why: the reasons of a trade or a bar, from the files of a finished run."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bt_fusion import Backtest, Direction, Ensemble, SignalModel, WalkForward
from bt_fusion.cli import main as cli
from bt_fusion.data.samples import planted_edge
from bt_fusion.errors import BarsError, OptionError, RunError
from bt_fusion.models.presets import make_preset
from bt_fusion.saved_runs.saved_run import SavedRun
from bt_fusion.why.why import explain_entry

BARS = planted_edge(1_200, seed=1, auc=0.8)
MODEL = ["--features", "wick_balance,gap,rsi_14", "--members", "rf,lgb", "--train-bars", "400"]
AT_60 = ["--param", "ml_threshold=0.6"]
MINE = """
import datetime

import backtrader as bt

DAY = datetime.timedelta(days=1)


class Mine(bt.Strategy):
    def __init__(self):
        self.average = bt.ind.SMA(period=10)

    def next(self):
        if not self.position and self.data.close[0] > self.average[0]:
            self.buy()
        elif self.position and self.data.close[0] < self.average[0]:
            self.close()


class Waits(bt.Strategy):
    def next(self):
        if not self.position and len(self) % 20 == 0:
            price, end = self.data.close[0] * 0.998, self.data.datetime.datetime(0) + DAY
            self.buy(exectype=bt.Order.Limit, price=price, valid=end)
        elif self.position and len(self) % 20 == 15:
            self.close()


class Bracket(bt.Strategy):
    def next(self):
        price = self.data.close[0]
        if not self.position and len(self) % 20 == 0:
            exits = {"limitprice": price * 1.01, "stopprice": price * 0.99}
            self.buy_bracket(exectype=bt.Order.Market, **exits)
"""


def command(*argv, expect=0):
    with pytest.raises(SystemExit) as ended:
        cli.main([str(part) for part in argv])
    assert (ended.value.code or 0) == expect


@pytest.fixture(scope="module")
def csv(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "edge.csv"
    BARS.to_csv(path)
    return path


@pytest.fixture(scope="module")
def folder(csv, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    command("backtest", "--data", csv, "--out", out, "--no-report", "-q", *AT_60, *MODEL)
    return out


def run_of(folder, csv, predictor, strategy, preset=None, **params):
    """Make a run in Python, and write its folder."""
    source = {"data": str(csv), "preset": preset}
    job = Backtest(predictor, strategy, params=params, source=source, draws=10)
    job.run(BARS, "edge").write(folder)
    return folder


def trades(folder, run="on"):
    return SavedRun.read(folder, tables=()).trades_of(run)


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("run", ["on", "off"])
def test_a_trade_and_the_model_of_its_time(folder, run):
    listed = trades(folder, run)
    table = pd.read_parquet(folder / "predictions.parquet").set_index("datetime")
    for number in (1, len(listed)):
        found, row = explain_entry(folder, trade=number, run=run), listed.loc[number]
        assert found.trade["entry_price"] == row.entry_price and found.side == row.side
        assert found.bar == BARS.index[BARS.index.get_loc(row.entry_time) - 1]
        assert found.technical.outcome == "ordered"
        assert found.close == BARS.close[found.bar]
        model, stored = found.model, table.loc[found.bar]
        assert model.same and model.probability_up == stored.probability_up
        assert (model.refit, model.trained_until) == (stored.model, stored.trained_until)
        assert model.trained_until < found.bar
        mean = np.mean([vote["Up"] for vote in model.votes.values()])
        assert list(model.votes) == ["rf", "lgb"] and mean == pytest.approx(stored.probability_up)


def test_the_technical_side_is_the_strategys(folder):
    found = explain_entry(folder, trade=1)
    window = pd.read_parquet(folder / "predictions.parquet").datetime
    close = BARS.close[window.iloc[0] : found.bar]
    emas = []
    for period in (12, 26):  # Backtrader's begins with a plain mean
        value = close.iloc[:period].mean()
        for price in close.iloc[period:]:
            value += 2 / (period + 1) * (price - value)
        emas.append(value)
    facts = found.technical.facts
    assert [facts["ema_fast"], facts["ema_slow"]] == pytest.approx(emas)
    assert facts["state"] == np.sign(emas[0] - emas[1]) == {"long": 1, "short": -1}[found.side]
    assert found.technical.stages == (("technical", ""), ("confident", ""), ("agreed", ""))


def test_margins_say_how_far_from_a_veto_and_from_strong(folder):
    found = explain_entry(folder, trade=1)
    up = found.model.probability_up
    p, name = (up, "P(up)") if found.side == "long" else (1 - up, "P(down)")
    agree, strong = found.technical.thresholds[1:]
    assert (agree.name, strong.name) == (f"{name} to agree", f"{name} to be strong")
    assert agree.passed and agree.margin == pytest.approx(p - 0.6)
    assert strong.margin == pytest.approx(p - 0.7) and strong.passed == (p >= 0.7)


def test_contributions_add_up_to_the_probability_of_the_side(folder):
    pytest.importorskip("shap")
    model = explain_entry(folder, trade=1).model
    predicted = {"Up": model.probability_up, "Down": model.probability_down}[model.explained]
    by = model.contributions
    assert by.method == "SHAP" and by.members == ("rf", "lgb")
    assert by.base + by.values.sum() == pytest.approx(predicted, abs=1e-6)  # rf is float32
    ranked = model.ranked()
    assert len(ranked) == 3 and ranked[0]["feature"] == "wick_balance"  # the edge was planted there


def test_a_bar_that_ML_vetoed_says_so(folder):
    table = pd.read_parquet(folder / "predictions.parquet")
    entered = BARS.index[BARS.index.get_indexer(trades(folder, "off").entry_time) - 1]
    unsure = table[table.datetime.isin(entered) & table.probability_up.between(0.45, 0.55)]
    found = explain_entry(folder, bar=str(unsure.datetime.iloc[0]))
    assert found.trade is None and found.side in ("long", "short")
    way = (("technical", ""), ("confident", "not confident"))
    assert found.technical.stages == way and found.technical.outcome == ""
    assert not found.technical.thresholds[1].passed


def test_a_bar_in_the_warm_up_of_the_indicators(folder):
    first = pd.read_parquet(folder / "predictions.parquet").datetime.iloc[2]
    found = explain_entry(folder, bar=first)
    assert found.technical.stages[0][1] == "warming up" and found.model.same
    assert found.technical.facts == {} and found.technical.thresholds == ()


@pytest.mark.slow
def test_a_saved_model_is_asked_as_it_was(csv, tmp_path):
    model = SignalModel(["wick_balance", "gap"], Direction(5), Ensemble(["lgb"])).fit(BARS[:700])
    model.save(tmp_path / "model")
    options = ["--model", tmp_path / "model", "--no-report", "-q"]
    command("backtest", "--data", csv, "--out", tmp_path / "run", *options)
    found = explain_entry(tmp_path / "run", trade=1)
    assert found.model.same and found.model.rows == model.n_rows_
    model.fit(BARS[:600]).save(tmp_path / "other")
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    summary["config"]["source"]["model"] = str(tmp_path / "other")
    (tmp_path / "run" / "summary.json").write_text(json.dumps(summary))
    with pytest.raises(OptionError, match=r"trained until .* it has been replaced"):
        explain_entry(tmp_path / "run", trade=1)


@pytest.mark.slow
def test_a_strategy_that_knows_nothing_of_ML(csv, tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    out, named = tmp_path / "run", f"{tmp_path / 'mine.py'}:Mine"
    options = ["--strategy", named, "--param", "ml_threshold=0.5", "--no-report", "-q", *MODEL]
    command("backtest", "--data", csv, "--out", out, *options)
    passed = explain_entry(out, trade=1)
    assert (passed.technical.outcome, passed.side) == ("ordered", "long")
    assert passed.technical.thresholds[0].passed and passed.technical.stages == ()
    seen = BARS.close[: passed.bar].iloc[-10:]
    assert passed.technical.facts["average"] == pytest.approx(seen.mean())
    held = explain_entry(out, bar=passed.trade["entry_time"]).technical
    assert held.facts["entered at"] == passed.trade["entry_price"] and not held.side
    assert [row.name for row in held.thresholds] == ["P(up) to agree", "P(down) to agree"]
    vetoed = off_only(out)
    found = explain_entry(out, bar=vetoed)
    assert (found.technical.outcome, found.side) == ("vetoed", "long")
    (limit,) = found.technical.thresholds
    assert limit.value == found.model.probability_up and not limit.passed
    assert explain_entry(out, bar=vetoed, run="off").technical.outcome == "ordered"


def test_an_entry_that_waited_for_its_price_is_explained_where_it_was_ordered(csv, tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    out, named = tmp_path / "run", f"{tmp_path / 'mine.py'}:Waits"
    vote = ["--voting", "majority", "--param", "ml_threshold=0.5"]
    options = ["--strategy", named, "--no-report", "-q", *vote, *MODEL]
    command("backtest", "--data", csv, "--out", out, *options)
    table = trades(out)
    waited = BARS.index.get_indexer(table.entry_time) - BARS.index.get_indexer(table.signal_time)
    number = int(np.argmax(waited > 2))
    found = explain_entry(out, trade=number + 1)
    assert found.bar == table.signal_time.iloc[number]
    assert (found.technical.outcome, found.side) == ("ordered", "long")
    assert [limit.name for limit in found.technical.thresholds] == [
        "vote up to agree",
        "share of votes to agree",
    ]
    assert all(limit.passed for limit in found.technical.thresholds)


@pytest.mark.slow
def test_an_exit_is_no_entry(csv, tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    out, mine = tmp_path / "run", tmp_path / "mine.py"
    options = ["--ml", "off", "--no-report", "-q", *MODEL]
    command("backtest", "--data", csv, "--out", out, "--strategy", f"{mine}:Mine", *options)
    left = trades(out, "off").exit_time.iloc[0]
    found = explain_entry(out, bar=BARS.index[BARS.index.get_loc(left) - 1], run="off")
    assert (found.technical.outcome, found.side) == ("", "")
    command("backtest", "--data", csv, "--out", out, "--strategy", f"{mine}:Bracket", *options)
    found = explain_entry(
        out, trade=1, run="off"
    )  # its stop and its target, two sales, came after it
    assert (found.technical.outcome, found.technical.side) == ("ordered", "long")


def off_only(folder):
    """Return the signal bar of the first ML-off trade that came before any of ML-on."""
    first = trades(folder, "off").entry_time.iloc[0]
    assert first < trades(folder).entry_time.min()
    return BARS.index[BARS.index.get_loc(first) - 1]


def test_the_points_of_hybrid_scoring(csv, tmp_path):
    gain = SignalModel(["wick_balance", "gap"], "gain", Ensemble(["lgb"]))
    walk = WalkForward(gain, train_bars=400, cache=None)
    easy = {"min_entry_score": 2, "min_entry_score_technical": 1, "log_entries": False}
    out = run_of(tmp_path, csv, walk, "hybrid", **easy)
    found = explain_entry(out, trade=1)
    rsi, total, *points = found.technical.thresholds
    assert (rsi.name, rsi.limit, rsi.rule, rsi.passed) == ("RSI, mandatory", 30, "<", True)
    facts = found.technical.facts
    assert total.value == facts["score"] == facts["technical_score"] + facts["ml_points"] >= 2
    assert [row.limit for row in points] == [0.70, 0.60, 0.50, 0.45]
    assert points[-1].name == "P for -1 points" and points[-1].rule == "<"
    assert found.model.explained == "Yes" and found.model.same


@pytest.mark.slow
def test_the_regime_of_signal_discovery(csv, tmp_path):
    label = "profit_before_stop"
    model = SignalModel(["wick_balance", "gap"], label, Ensemble(["lgb"]))
    walk = WalkForward(model, train_bars=400, cache=None)
    out = run_of(tmp_path, csv, walk, "discovery", probability_threshold=0.34)
    found = explain_entry(out, trade=1)
    assert found.technical.facts["regime"] == {"long": "UP", "short": "DOWN"}[found.side]
    assert set(found.model.votes["lgb"]) == {"Short", "No trade", "Long"}
    assert found.model.explained == found.side.capitalize() and found.model.same
    (limit,) = found.technical.thresholds  # of the regime's side alone
    assert limit.rule == ">" and limit.passed
    free = {"probability_threshold": 0.34, "regime_filter": False}
    found = explain_entry(run_of(tmp_path / "free", csv, walk, "discovery", **free), trade=1)
    names = [limit.name for limit in found.technical.thresholds]
    assert names == ["P(up) to agree", "P(down) to agree"]


@pytest.mark.slow
def test_a_preset_whose_members_are_objects(csv, tmp_path):
    walk = WalkForward(make_preset("fusion"), train_bars=500, refit_bars=700, cache=None)
    out = run_of(tmp_path / "named", csv, walk, "fusion", preset="fusion", ml_threshold=0.52)
    assert explain_entry(out, trade=1).model.same
    out = run_of(tmp_path / "unnamed", csv, walk, "fusion", ml_threshold=0.52)
    with pytest.raises(OptionError, match="members rf were given as objects"):
        explain_entry(out, trade=1)


def test_bars_that_have_changed_are_refused(folder, tmp_path):
    other = BARS.copy()
    other.iloc[3, 4] += 1e-9  # a volume
    other.to_csv(tmp_path / "other.csv")
    with pytest.raises(BarsError, match=r"other bars of edge than the run was made of.*run again"):
        explain_entry(folder, trade=1, data=[str(tmp_path / "other.csv")])
    BARS.to_csv(tmp_path / "moved.csv")
    assert explain_entry(folder, trade=1, data=[str(tmp_path / "moved.csv")]).model.same


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"trade": 0}, r"trade 0: ML on has \d+; .* --run on lists them"),
        ({"trade": 9_999}, "trade 9999: ML o[nf]+ has"),
        ({"bar": "2020-01-01"}, "not among those the run traded"),
        ({"bar": "tomorrow-ish"}, "is no ISO date"),
        ({"bar": "12/03/2012"}, "is no ISO date"),
        ({"trade": 1, "bar": "2020-01-01"}, "give either a trade or a bar"),
        ({"trade": 1, "run": "of"}, "did you mean 'off'"),
        ({"trade": 1, "data": ["planted-edge"]}, "other bars"),
    ],
)
def test_what_is_not_there_is_reported(folder, options, message):
    with pytest.raises((OptionError, BarsError), match=message):
        explain_entry(folder, **options)


def test_a_file_that_has_moved_is_asked_for(folder, csv, tmp_path):
    moved = csv.rename(tmp_path / "elsewhere.csv")
    try:
        with pytest.raises(BarsError, match=r"no file .*edge\.csv.* give --data, where it is now"):
            explain_entry(folder, trade=1)
        assert explain_entry(folder, trade=1, data=[str(moved)]).model.same
    finally:
        moved.rename(csv)


def test_a_time_between_two_bars_names_them(folder):
    between = trades(folder).entry_time.iloc[0] + pd.Timedelta(seconds=30)
    with pytest.raises(OptionError, match="nearest are"):
        explain_entry(folder, bar=between)


def test_a_folder_of_something_else(tmp_path):
    with pytest.raises(RunError, match=r"no summary.json: it is not the folder of a finished back"):
        explain_entry(tmp_path, trade=1)


def test_the_command_lists_says_and_writes(folder, tmp_path, capsys):
    command("why", folder)
    shown = capsys.readouterr().out
    numbers = [line.strip("│ ").split()[0] for line in shown.splitlines() if line.strip("│ ")]
    assert str(len(trades(folder))) in numbers and "Trades with ML on" in shown
    command("why", folder, "--run", "off")
    shown = capsys.readouterr().out
    assert "ML on" in shown and "P(side)" in shown
    command("why", folder, "--trade", 2, "--json", tmp_path / "why.json")
    shown = capsys.readouterr().out
    for word in ("Trade 2", "Thresholds", "Nearest", "Votes", "Vote ", "Features", "fitted again"):
        assert word in shown
    found = json.loads((tmp_path / "why.json").read_text())
    assert (
        found["opinion"]["difference"] == 0
        and found["opinion"]["same"]
        and found["trade"]["number"] == 2
    )
    assert found["technical"]["thresholds"][1]["passed"] is True
    listed = found["opinion"]["contributions"]["features"]
    assert {row["feature"] for row in listed} == {"wick_balance", "gap", "rsi_14"}
    command("why", folder, "--trade", 1, "--run", "both", expect=2)
    assert "--run on or --run off" in capsys.readouterr().err


def test_without_shap_the_command_says_how_to_get_it(folder, monkeypatch, capsys):
    monkeypatch.setattr("bt_fusion.evaluation.contributions.find_spec", lambda name: None)
    command("why", folder, "--trade", 1, "--run", "off")
    shown = " ".join(capsys.readouterr().out.split())
    assert "Occlusion" in shown and "pip install 'bt-fusion[explain]'" in shown
    assert "ML was not asked" in shown


@pytest.mark.slow
def test_each_of_several_symbols(csv, tmp_path):
    late = planted_edge(900, seed=4, auc=0.8).set_index(BARS.index[-900:])
    late.to_csv(tmp_path / "late.csv")
    data = ["--data", f"A={csv}", "--data", f"B={tmp_path / 'late.csv'}"]
    data += ["--param", "ml_threshold=0.55"]
    command("backtest", *data, "--out", tmp_path / "run", "--no-report", "-q", *MODEL)
    listed = trades(tmp_path / "run")
    for symbol, bars in (("A", BARS), ("B", late)):
        number = int(listed.index[listed.symbol == symbol][-1])
        found = explain_entry(tmp_path / "run", trade=number)
        assert (found.symbol, found.technical.outcome) == (symbol, "ordered")
        assert found.model.same and found.close == bars.close[found.bar]
    early = BARS.index[450]  # B has no bar of its window yet
    assert explain_entry(tmp_path / "run", bar=early, symbol="A").model.same
    stored = pd.read_parquet(tmp_path / "run" / "predictions.parquet")
    begun = stored[stored.symbol == "B"].datetime.iloc[5]  # B's indicators warm up, not A's
    states = [
        explain_entry(tmp_path / "run", bar=begun, symbol=name).technical.facts for name in "AB"
    ]
    assert abs(states[0]["state"]) == 1 and not states[1]
    with pytest.raises(OptionError, match="several symbols; give one of A, B"):
        explain_entry(tmp_path / "run", bar=early)
    with pytest.raises(OptionError, match="the run had A, B"):
        explain_entry(tmp_path / "run", bar=early, symbol="A", data=[str(csv)])


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("several", [False, True])
def test_a_symbol_of_digits(csv, tmp_path, several):
    data = [f"000001={csv}", f"000002={csv}"][: 1 + several]
    data = [part for each in data for part in ("--data", each)]
    out = tmp_path / "run"
    command("backtest", *data, "--ml", "off", "--out", out, "--no-report", "-q", *MODEL)
    found = explain_entry(out, trade=1, run="off")
    assert found.symbol == found.trade["symbol"] == "000001" and found.model.same


def test_a_folder_without_the_tables_of_a_report(folder, tmp_path):
    older = shutil.copytree(folder, tmp_path / "older")
    (older / "bars.parquet").unlink()
    (older / "equity.parquet").unlink()
    assert explain_entry(older, trade=1).model.same


def test_a_run_that_was_not_made(csv, tmp_path):
    command("backtest", "--data", csv, "--out", tmp_path, "--ml", "on", "--no-report", "-q", *MODEL)
    with pytest.raises(OptionError, match="holds no run with ML off"):
        explain_entry(Path(tmp_path), trade=1, run="off")


@pytest.mark.parametrize("label", ["direction", "triple_barrier"])
def test_the_break_even_of_auto_is_explained(csv, tmp_path, label, capsys):
    model = SignalModel(["wick_balance", "gap"], label, Ensemble(["lr"]))
    walk = WalkForward(model, train_bars=500, refit_bars=700, cache=None)
    params, source = {"ml_threshold": "auto"}, {"data": str(csv)}
    job = Backtest(walk, params=params, source=source, draws=10, placebo="none")
    job.run(BARS, "edge").write(out := tmp_path / "run")
    found = explain_entry(out, trade=1)
    limit = found.technical.thresholds[1]
    assert limit.name == f"P({'up' if found.side == 'long' else 'down'}) to break even"
    assert limit.passed and limit.rule == (">" if label == "triple_barrier" else ">=")
    assert limit.basis.startswith("costs 0.100 % of the price, a right prediction is worth +")
    stored = pd.read_parquet(out / "predictions.parquet").set_index("datetime").loc[found.bar]
    if label == "direction":
        assert limit.limit == stored.threshold == pytest.approx(0.5 + 0.001 / (2 * stored.win))
    payoffs = SavedRun.read(out).summary["model"]["payoffs"]
    assert payoffs[found.model.refit] == asdict(found.model.payoff)
    command("why", out, "--trade", 1)
    shown = " ".join(capsys.readouterr().out.split())
    assert "Limit costs 0.100 % of the price" in shown and "Payoff right +" in shown
