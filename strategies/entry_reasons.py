"""EntryReasons: a strategy's reasons why a bar was an entry or not."""

import numpy as np

from bt_fusion.indicators.line_arrays import whole
from bt_fusion.models.agreement import Agreement
from bt_fusion.models.predictions import Signal
from bt_fusion.strategies.thresholds import Threshold

__all__ = ["CurrentBar", "EntryReasons", "WholeRun", "ml_facts", "ml_thresholds"]


class CurrentBar:
    """Reads the current bar: a line's value, and an ``MLEnsemble``'s."""

    def __call__(self, line):
        return line[0]

    def ensemble(self, ml):
        return ml.known()


class WholeRun:
    """Reads all bars at once, if Backtrader filled the lines before the first."""

    def __init__(self, bars):
        self.bars = bars

    def __call__(self, line):
        return whole(line, self.bars)

    def ensemble(self, ml):
        return tuple(self(line) for line in ml.lines)


class EntryReasons:
    """
    The path of a feed's bar to an entry: its stages, its thresholds and the facts of the entry.
    Part of ``OnePosition``.
    """

    def stages(self, symbol):
        '''Return pairs of stage and the reason the bar is lost there'''
        for stage, losses in self.losses(symbol, CurrentBar()):
            yield stage, next((why for why, lost in losses if lost), "")

    def losses(self, symbol, read):
        '''Return pairs of stage and its losses: the reason, and whether it applies to the bar

        ``read`` returns a line's value on the current bar, or its values on all bars. The first
        reason that applies counts.
        '''
        state = read(symbol.technical.lines.state)
        yield "technical", (("warming up", state != state), ("no state", state == 0))
        if symbol.ml is not None and symbol.ml.usable:
            yield from self.ml_losses(symbol, read)

    def ml_losses(self, symbol, read):
        '''Return the stages of ML: confident in a side, and in agreement with the technical side'''
        known, signal = read.ensemble(symbol.ml), read(self.signal_line(symbol))
        long, short = symbol.ml.sides_of(
            self.agreement(symbol), known, read(symbol.data.lines.close)
        )
        other = np.logical_not((signal > 0) | (signal < 0))
        unsure = other & np.logical_not(long | short)
        yield "confident", (("no prediction", known[0] != known[0]), ("not confident", unsure))
        yield "agreed", (("ML takes the other side", other),)

    def agreement(self, symbol):
        '''Return the ``Agreement`` required of a feed's ensemble, once its model is loaded'''
        if symbol.agreement is None:
            symbol.agreement = Agreement.of(self.p._getkwargs(), symbol.ml.voting)
        return symbol.agreement

    def thresholds(self, symbol, both=False):
        '''Return a ``Threshold`` for each value an entry of this bar depends on'''
        state = symbol.technical.state[0]
        if symbol.ml is not None and symbol.ml.usable:
            for side in (1, -1):
                if both or state * side >= 0:
                    yield from self.ml_thresholds(symbol, side)

    def ml_thresholds(self, symbol, side):
        '''Return the thresholds for ML's agreement with a side'''
        return ml_thresholds(symbol.ml, self.agreement(symbol), side)

    def entry_facts(self, symbol):
        '''Return the facts of an entry by name'''
        facts = {"symbol": symbol.name, "price": symbol.data.close[0]}
        if symbol.ml is not None:
            facts |= ml_facts(symbol.ml, self.side(symbol))
        return facts


def ml_thresholds(ml, agreement, side):
    """Yield a ``Threshold`` for each value of this bar an ``Agreement`` to a side depends on"""
    name, (_, _, signal, confidence) = "up" if side > 0 else "down", ml.values()
    if agreement.voting == "majority":
        yield Threshold(f"vote {name} to agree", side * signal, 1)
        yield Threshold("share of votes to agree", confidence, agreement.number)
    elif agreement.auto:
        break_even, value = ml.break_even(), ml.side_probability(side)
        limit = ml.threshold(side)
        yield Threshold(
            f"P({name}) to break even", value, limit, break_even.rule, break_even_text(break_even)
        )
    else:
        rule = ">" if agreement.above else ">="
        yield Threshold(f"P({name}) to agree", ml.side_probability(side), agreement.number, rule)


def break_even_text(break_even):
    """Return the inputs of a bar's break-even probability as text"""
    b = break_even
    costs, win, loss = (100 * float(part) for part in (b.costs, b.win, -b.loss))
    payoff = f"a right prediction is worth {win:+.3f} %, a wrong one {loss:+.3f} %"
    known = win == win and loss == loss
    return f"costs {costs:.3f} % of the price, {payoff if known else 'payoff unknown'}"


def ml_facts(ml, side, bars=None):
    """Return an ``MLEnsemble``'s probability of a side, its class and its level at this bar"""
    up, down, signal, confidence = ml.values(bars)
    known = signal == signal
    return {
        "probability": up if side >= 0 else down,
        "class": Signal(int(signal)).name if known else None,
        "level": str(ml.level(confidence)) if known else None,
    }
