"""Notes: left-out bars, bars of another length, and bars that the tuning of a recipe had seen."""

import backtrader as bt
import pytest

from bt_fusion import Account, Backtest, Direction, Ensemble, SignalModel, WalkForward
from bt_fusion.backtest.notes import notes_of, slippage_note
from bt_fusion.backtest.out_of_sample import predict_each
from bt_fusion.data.samples import planted_edge

BARS = planted_edge(500, seed=1, auc=0.65)
HOURLY = BARS.set_axis(BARS.index[0] + (BARS.index - BARS.index[0]) * 60)


@pytest.fixture
def model():
    """A model of the first 200 bars, until 03:19."""
    return SignalModel(["wick_balance", "gap"], Direction(5), Ensemble(["lr"])).fit(BARS[:200])


def notes(predictor, *symbols, bars=BARS, **options):
    each = {symbol: bars for symbol in symbols or ("A",)}
    return notes_of(predictor, predict_each(predictor, each, **options))


def test_bars_the_model_knows_are_left_out(model):
    left = "200 of 500 bars are left out: the model was trained until 2024-01-01 03:19"
    assert notes(model) == [left]
    assert notes(model, bars=BARS[200:]) == []
    assert notes(model, allow_in_sample=True) == []  # they are traded, and marked


def test_bars_of_another_length_are_said(model):
    assert notes(model, bars=HOURLY[200:]) == [
        "the model was trained on bars of 1m, these are bars of 1h"
    ]


def test_of_several_each_note_names_its_symbol(model):
    found = notes(model, "A", "B")
    assert [note[:20] for note in found] == ["A: 200 of 500 bars a", "B: 200 of 500 bars a"]
    later = SignalModel(["gap"], Direction(5), Ensemble(["lr"])).fit(BARS[:300])
    found = notes({"A": model, "B": later}, "A", "B")
    assert [note.rsplit(" ", 1)[1] for note in found] == ["03:19", "04:59"]


def test_slippage_beyond_the_bar_is_said(model):
    (part,) = predict_each(model, {"A": BARS}, fromdate=BARS.index[200]).values()
    above, below = part.bars.high / part.bars.open - 1, 1 - part.bars.low / part.bars.open
    slip = float(above.quantile(0.9))
    share = ((above < slip).mean() + (below < slip).mean()) / 2
    note = slippage_note(Account(slippage=slip), {"A": part})
    assert f"beyond the bar on {100 * share:.0f} % of the opens" in note and share > 0.5
    assert slippage_note(Account(slippage=0.0), {"A": part}) == ""
    assert slippage_note(Account(slippage=1e-9), {"A": part}) == ""


def test_a_walk_forward_has_nothing_to_note(model):
    assert notes(WalkForward(SignalModel(["gap"]), 200, 200, cache=None)) == []
    assert notes(WalkForward(model, 100, 200, cache=None)) == []  # settings that nobody tuned


def test_traded_bars_that_a_tuning_had_seen_are_said(model):
    model.trials_ = 20
    assert notes(WalkForward(model, 100, 200, cache=None)) == [
        "100 of 400 traded bars lie before the end of the recipe's tuning, 2024-01-01 03:19: its "
        "settings were chosen on them"
    ]
    assert notes(WalkForward(model, 200, 200, cache=None)) == []


def test_a_backtest_keeps_its_own_notes_first(model):
    found = Backtest(model, draws=10, notes=("asked for so",)).run(BARS).summary["notes"]
    assert found[0] == "asked for so" and found[1].startswith("200 of 500 bars are left out")


class FirstFeed(bt.Strategy):
    def next(self):
        if not self.position:
            self.buy()
        elif len(self) % 5 == 0:
            self.close()


def test_symbols_that_nothing_trades_are_named(model):
    bars = {"one": BARS, "two": planted_edge(500, seed=2)}
    made = Backtest(model, strategy=FirstFeed, placebo="none", audit=False)
    told = [note for note in made.run(bars).summary["notes"] if "no run trades two" in note]
    assert len(told) == 1 and "the first symbol, one" in told[0]
    ours = Backtest(model, params={"ml_threshold": 0.99}, placebo="none", audit=False)
    for result in (made.run(BARS, "one"), ours.run(bars)):
        assert not any("no run trades" in note for note in result.summary["notes"])


class EveryFeed(bt.Strategy):
    def next(self):
        for data in self.datas:
            if not self.getposition(data):
                self.buy(data=data)
            elif len(data) % 5 == 0:
                self.close(data=data)


class FromTheFirstBar(EveryFeed):
    def prenext(self):
        started = [data for data in self.datas if len(data)]
        for data in started:
            if not self.getposition(data):
                self.buy(data=data, size=1)


@pytest.mark.parametrize(("late", "ended"), [(250, False), (600, True)])
def test_a_user_learns_that_next_waits_for_every_symbol(model, late, ended):
    other = planted_edge(500, seed=2)
    bars = {
        "one": BARS,
        "two": other.set_axis(other.index + late * (other.index[1] - other.index[0])),
    }
    start = bars["two"].index[0]

    def told(strategy):
        made = Backtest(model, strategy=strategy, placebo="none", audit=False)
        result = made.run(bars)
        return result, [note for note in result.summary["notes"] if "only once" in note]

    result, notes = told(EveryFeed)
    assert len(notes) == 1 and "two starts at " in notes[0]
    assert ("one had ended by then" in notes[0]) is ended
    assert (result.trades.entry_time >= start).all()
    assert set(result.trades.symbol) == ({"two"} if ended else {"one", "two"})
    assert told(FromTheFirstBar)[1] == []
