"""HybridScoring: nine technical points plus ML points, on any number of symbols (system C)."""

from warnings import warn

import numpy as np

from bt_fusion.errors import BtFusionWarning, OptionError
from bt_fusion.indicators import HybridScore, TechnicalScore
from bt_fusion.indicators.line_arrays import stamps
from bt_fusion.strategies.entry_text import entry_text
from bt_fusion.strategies.one_position import OnePosition
from bt_fusion.strategies.parameters import check_numbers
from bt_fusion.strategies.sizers import EquityShare
from bt_fusion.strategies.symbol import Symbol
from bt_fusion.strategies.thresholds import Threshold
from bt_fusion.technical.entry_measures import Periods
from bt_fusion.technical.entry_score import EntryRule, MLPoints, TechnicalPoints

__all__ = ["CryptoScalping", "HybridScoring"]

RENAMED = ("score", "state")  # the total is what counts as an entry's score


class HybridScoring(OnePosition):
    '''
    Buys an oversold price when technical and ML points reach a minimum score. RSI below its limit
    is mandatory, also with ML. Without a usable model it continues with technical points and their
    own minimum score, and warns once. It trades every data feed, each with its own ensemble; the
    account is split between them. Long only.

    Params:
      - ``model`` (default None): what ``MLEnsemble`` takes, for all feeds, or a dictionary of
        them by feed name
      - ``ml`` (default True): False trades the technical points alone
      - ``ml_entry_threshold``, ``ml_strong_threshold`` (default 0.60, 0.70): probabilities worth
        1 and 2 points
      - ``ml_half_threshold``, ``ml_low_threshold`` (default 0.50, 0.45): probability worth half a
        point, and the probability below which a point is subtracted
      - ``min_entry_score`` (default 6): minimum total with ML
      - ``min_entry_score_technical`` (default 4): minimum total without ML: 6 minus the strong
        bonus, so ML can only veto
      - ``points``, ``periods``: a ``bt_fusion.technical.entry_score.TechnicalPoints`` and a
        ``bt_fusion.technical.entry_measures.Periods``;
        ``points.rsi_limit`` is also the mandatory filter's limit
      - ``atr_stop`` (default 2.0): distance of the stop from the entry price, in ATR units; None
        for none
      - ``target`` (default 0.005): gain at which to exit, a fraction, that of the label; None for
        none
      - ``stop``, ``atr_target`` (default None): the same in the other unit, instead
      - ``atr_period`` (default 14): period of the ATR, if other than that of ``periods``
      - ``exit_rsi`` (default 50): exit when RSI is at or above it; None for never
      - ``exit_middle`` (default True): exit when the close is at or above the middle band
      - ``hold_bars`` (default 5): exit after this many bars, the label's horizon; None for never
      - ``log_entries`` (default True): print every entry with its facts
      - ``on_missing`` (default warn): without a usable model, ``warn`` and go on, or ``raise``
      - ``on_drift`` (default ignore): a model that has drifted, see ``ModelHealth``: ``ignore``,
        ``warn``, or ``stop`` using it from that bar on, until it is replaced

    Note:
      Without your own sizer, ``EquityShare`` splits the account.
    '''

    params = (
        ("ml_entry_threshold", 0.60),
        ("ml_strong_threshold", 0.70),
        ("ml_half_threshold", 0.50),
        ("ml_low_threshold", 0.45),
        ("min_entry_score", 6.0),
        ("min_entry_score_technical", 4.0),
        ("points", TechnicalPoints()),
        ("periods", Periods()),
        ("atr_stop", 2.0),
        ("target", 0.005),
        ("exit_rsi", 50.0),
        ("exit_middle", True),
        ("log_entries", True),
    )
    ml_only = (
        *OnePosition.ml_only,
        "ml_entry_threshold",
        "ml_strong_threshold",
        "ml_half_threshold",
        "ml_low_threshold",
        "min_entry_score",
    )

    def __init__(self):
        names = [f"ml_{step}_threshold" for step in ("low", "half", "entry", "strong")]
        check_numbers(self.p, *names, most=1)
        steps = tuple(getattr(self.p, name) for name in names)
        if list(steps) != sorted(steps):
            raise OptionError(f"ML thresholds must rise from low to strong; they are {steps}")
        self.warned = set()  # model failures already warned about
        self.setsizer(EquityShare())  # a sizer of Cerebro replaces it
        self.watch(*(self.symbol(data) for data in self.datas))

    def symbol(self, data):
        '''Put the indicators on a feed'''
        p = self.p
        rule = EntryRule(p.points.rsi_limit, p.min_entry_score, p.min_entry_score_technical)
        technical = TechnicalScore(data, points=p.points, periods=p.periods, rule=rule)
        points = MLPoints(
            p.ml_strong_threshold, p.ml_entry_threshold, p.ml_half_threshold, p.ml_low_threshold
        )
        ml = self.ensemble(data) if p.ml else None
        inputs = (technical,) if ml is None else (technical, ml)
        score = HybridScore(*inputs, points=points, rule=rule)
        usual = type(self).params.atr_period
        atr = technical.atr if p.atr_period in (usual, p.periods.atr) else None
        symbol = Symbol(data, technical, score.enter, ml, atr)
        symbol.score = score
        return symbol

    def ensemble(self, data, **params):
        quiet = {"on_missing": "quiet"} if self.p.on_missing == "warn" else {}  # see warn_once
        entry, strong = self.p.ml_entry_threshold, self.p.ml_strong_threshold
        return super().ensemble(data, entry=entry, strong=strong, **quiet, **params)

    def act(self, symbol):
        if symbol.ml is not None and not symbol.ml.usable:
            self.warn_once(symbol)
        return super().act(symbol)

    def warn_once(self, symbol):
        '''Warn that a model cannot be used, once per reason'''
        reason = str(symbol.ml.failure)
        if reason not in self.warned:
            self.warned.add(reason)
            name = type(self).__name__
            warn(f"{name} goes on with technical points alone: {reason}", BtFusionWarning, 2)

    def enter(self, symbol, side):
        outcome = super().enter(symbol, side)
        if outcome == "ordered" and self.p.log_entries:
            time, name = stamps(symbol.data.datetime[0])[()], "long" if side > 0 else "short"
            print(entry_text({"time": time, "side": name, **self.entry_facts(symbol)}))
        return outcome

    def exit_reason(self, symbol):
        technical, close = symbol.technical, symbol.data.close[0]
        if self.p.exit_rsi is not None and technical.rsi[0] >= self.p.exit_rsi:
            return "rsi"
        if self.p.exit_middle and close >= technical.middle_band[0]:
            return "middle band"
        return super().exit_reason(symbol) if self.p.hold_bars is not None else None

    def losses(self, symbol, read):
        technical, limit = symbol.technical, self.p.points.rsi_limit
        score, rsi = read(technical.lines.score), read(technical.lines.rsi)
        rule, points = symbol.score.p.rule, symbol.score.p.points
        with_ml = symbol.ml is not None and symbol.ml.usable
        # minimum technical points that ML can still lift to the minimum total
        least = rule.least - max(points.points) if with_ml else rule.least_technical
        high = np.logical_not(rsi < limit)
        yield "mandatory", (("warming up", score != score), (f"RSI not below {limit:g}", high))
        low = np.logical_not(score >= least)
        yield "technical", ((f"technical score below {least:g}", low),)
        if with_ml:
            yield "agreed", tuple(self.missing_points(symbol, read))

    def missing_points(self, symbol, read):
        '''Return why a total with ML points is too low: its points'''
        probability, given = read.ensemble(symbol.ml)[0], read(symbol.score.lines.ml_points)
        low, least = np.logical_not(read(self.signal_line(symbol)) > 0), symbol.score.p.rule.least
        short = f"total below {least:g}: "
        yield short + "no prediction", low & (probability != probability)
        for points in np.unique(given):
            yield short + f"{points:+g} ML points", low & (given == points)

    def thresholds(self, symbol):
        rule, points = symbol.score.p.rule, symbol.score.p.points
        with_ml = symbol.ml is not None and symbol.ml.usable
        yield Threshold("RSI, mandatory", symbol.technical.rsi[0], rule.rsi_limit, "<")
        least = rule.least if with_ml else rule.least_technical
        yield Threshold("total score", symbol.score.total[0], least)
        if with_ml and symbol.ml.voting == "majority":
            strong, entry, _, low = points.points
            for limit, worth in ((2, strong), (1, entry), (0, low)):
                rule = "<" if worth < 0 else ">="
                yield Threshold(f"vote for {worth:+g} points", symbol.ml.signal[0], limit, rule)
        elif with_ml:
            p = symbol.ml.probability[0]
            limits = (points.strong, points.entry, points.half, points.low)
            for limit, worth in zip(limits, points.points, strict=True):
                yield Threshold(f"P for {worth:+g} points", p, limit, "<" if worth < 0 else ">=")

    def entry_facts(self, symbol):
        technical, score = symbol.technical, symbol.score
        lines = technical.getlinealiases()
        facts = {"symbol": symbol.name, "score": score.total[0], "price": symbol.data.close[0]}
        facts |= {name: getattr(technical.lines, name)[0] for name in lines if name not in RENAMED}
        facts |= {"technical_score": technical.score[0], "pattern": technical.pattern_name()}
        if symbol.ml is not None:
            facts |= super().entry_facts(symbol) | {"ml_points": score.ml_points[0]}
        return facts


CryptoScalping = HybridScoring
