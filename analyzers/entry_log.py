"""EntryLog: the facts behind every entry."""

from math import nan

import backtrader as bt
import pandas as pd

from bt_fusion.analyzers.ensembles import ensembles_of
from bt_fusion.analyzers.entries import Entries
from bt_fusion.indicators import MLEnsemble
from bt_fusion.indicators.fused_signal import feed_of
from bt_fusion.indicators.line_arrays import feed_names, keep_bar_before, stamps
from bt_fusion.strategies import OnePosition
from bt_fusion.strategies.entry_reasons import ml_facts
from bt_fusion.strategies.entry_text import NAMES, entry_text

__all__ = ["EntryLog"]


class EntryLog(Entries):
    '''
    Every entry a strategy ordered, with the facts known at that time. For any strategy: symbol,
    side, price and type of the order, the values of the strategy's indicators on that feed, and
    from its ``MLEnsemble``, or that of ``with_ml``, the probability of the order's side, class and
    level. For ``HybridScoring`` also the score, its parts and their inputs.

    Methods:
      - ``get_analysis``: ``entries``, the rows as dictionaries
      - ``entries``: a DataFrame, one row per entry, in order; ``time`` is the bar of the signal
      - ``text``: the entries as text, with an [X] for each condition met
    '''

    def create_analysis(self):
        self.rets = bt.AutoOrderedDict()

    def start(self):
        super().start()
        self._rows = []
        self._times = []  # of the entries' bars, in Backtrader's days
        self._ensembles = ensembles_of(self.strategy, {})
        self._names = feed_names(self.strategy.datas)
        for data in self.strategy.datas:
            keep_bar_before(data.lines.datetime, data.lines.close)
        ours = isinstance(self.strategy, OnePosition)
        self._symbols = {one.data: one for one in self.strategy.symbols} if ours else {}

    def entry(self, order, bars):
        known = value_of(order.data.datetime, bars)
        self._times.append(order.created.dt if known != known else known)
        side = "long" if order.created.size > 0 else "short"
        symbol = self._symbols.get(order.data)
        facts = self.strategy.entry_facts(symbol) if symbol else self._facts(order, bars)
        ml = symbol.ml if symbol else self._ensembles.get(order.data)
        if ml is not None:
            facts |= ml_facts(ml, order.created.size, bars)
        own = {"side": side, "symbol": self._names[order.data]}  # a trade's state has a side, too
        self._rows.append({"time": None} | own | facts | own)

    def stop(self):
        super().stop()
        self._ensembles = self._symbols = self._names = None
        for row, time in zip(self._rows, stamps(self._times), strict=True):
            row["time"] = time
        self.rets["entries"] = self._rows
        self.rets._close()

    def entries(self):
        '''Return one row per entry, in order'''
        return pd.DataFrame(self._rows)

    def text(self):
        '''Return the entries as text, one block per entry'''
        return "\n".join(map(entry_text, self._rows))

    def _facts(self, order, bars):
        '''Return the facts of an entry of any strategy'''
        facts = {"price": value_of(order.data.close, bars), "order": order.getordername()}
        return facts | own_lines(self.strategy, order.data, bars)


def value_of(line, bars):
    """Return the value of a line at the last of ``bars`` bars, NaN if no longer in memory"""
    buffer, ago = getattr(line, "lines", [line])[0], bars - len(line)
    forgotten = buffer.mode == buffer.QBuffer and buffer.maxlen < 1 - ago  # exactbars=1
    return nan if forgotten or bars < 1 else buffer[ago]


def own_lines(strategy, data, bars):
    """Return the values of a strategy's indicators on a feed, by attribute name

    In a list or dictionary only indicators on the feed count; a single one takes its name.
    """
    found = {}
    public = ((name, value) for name, value in vars(strategy).items() if name[0] != "_")
    for name, value in public:
        parts = {key: part for key, part in parts_of(value, data) if is_own(part, data)}
        for key, part in parts.items():
            whole = name if len(parts) == 1 else f"{name}{key}"
            whole = f"self.{whole}" if whole in NAMES else whole
            lines = part.getlinealiases() if isinstance(part, bt.Indicator) else ()
            for line in lines if len(lines) > 1 else ():
                found[f"{whole}.{line}"] = value_of(getattr(part.lines, line), bars)
            if len(lines) < 2:
                found[whole] = value_of(part, bars)
    return found


def parts_of(value, data):
    """Yield a value, or those inside lists and dictionaries, each with a name suffix

    A feed, or its name, as a dictionary key is not part of the name.
    """
    if not isinstance(value, dict | list | tuple):
        yield "", value
        return
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        keys = key if isinstance(key, tuple) else (key,)
        own = "".join(f"[{each}]" for each in keys if each is not data and each != data._name)
        yield from ((own + name, inner) for name, inner in parts_of(part, data))


def is_own(part, data):
    """Return whether something is an indicator, or an operation on lines, of a feed"""
    kinds = bt.Indicator, bt.linebuffer.LineActions
    return isinstance(part, kinds) and not isinstance(part, MLEnsemble) and feed_of(part) is data
