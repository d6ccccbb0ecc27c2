"""FusedVsTechnical: how the entries of a strategy ended, by whether ML agreed with them."""

import backtrader as bt
import numpy as np
import pandas as pd

from bt_fusion.analyzers.ensembles import ensembles_of, own_ensembles
from bt_fusion.analyzers.entries import Entries, let_go
from bt_fusion.analyzers.trade_stats import TradeStats
from bt_fusion.indicators.line_arrays import stamps
from bt_fusion.models.agreement import Agreement
from bt_fusion.statistics.agreement_groups import GROUPS, agreement_groups, group_of
from bt_fusion.statistics.bootstrap import Bootstrap

__all__ = ["FusedVsTechnical"]

FIGURES = ("trades", "won", "lost", "win_rate", "profit_factor", "expectancy", "net_profit")


class FusedVsTechnical(Entries):
    '''
    Every entry a strategy made, whether ML agreed with it, and how it ended. On a strategy
    without ML it tells what ML would have kept and what it would have vetoed; where ML vetoes
    entries, those that are left agreed, and the others were not made.

    Params:
      - ``model`` (default None): what ``MLEnsemble`` takes; None for the strategy's own
        ``MLEnsemble`` or that of ``with_ml``. Without either ML's answer is unknown.
      - ``ml_threshold`` (default None): least probability of its side, or least share of votes
        of a majority vote, that counts as agreement; None for the strategy's own threshold, 0.60
        where it has none
      - ``draws``, ``seed`` (default 1000, 0): of the intervals

    Methods:
      - ``get_analysis``: for ``agreed``, ``disagreed`` and ``unknown`` (no prediction) trades,
        won, lost, win_rate, profit_factor, expectancy (mean return), net_profit (cash) and
        ``ci95``, the 95 % intervals; and ``difference``, agreed less disagreed with its
        intervals. None where undefined, such as intervals of fewer than ten trades.
      - ``groups``: the figures as a DataFrame, one row a group
      - ``entries``: a DataFrame, one row an entry that was filled, in order of entry: symbol,
        time of the signal, side, probability of its side, group, return (after commission, as a
        fraction of the entry's value; NaN while it is open)

    Note:
      ML is asked on the bar on which the order was given. A trade runs from a flat position to a
      flat one, see ``TradeStats``, and goes by the entry that opened it.
    '''

    params = (("model", None), ("ml_threshold", None), ("draws", 1_000), ("seed", 0))

    def __init__(self):
        self.stats = TradeStats()
        self._own = own_ensembles(self.datas, self.p.model)

    def create_analysis(self):
        self.rets = bt.AutoOrderedDict()

    def start(self):
        super().start()
        self._ensembles = ensembles_of(self.strategy, self._own)
        self._answers = {}  # (feed's name, bar, side) -> probability, whether ML agreed

    def entry(self, order):
        ml, side = self._ensembles.get(order.data), 1 if order.created.size > 0 else -1
        answer = (np.nan, False)
        if ml is not None and len(ml):
            answer = (ml.side_probability(side), ml.agrees(self._asked(ml), side))
        self._answers[order.data._name, order.created.dt, side] = answer

    def stop(self):
        super().stop()
        self._entries = self._listed(self.stats.trades())
        self._own = self._ensembles = self._answers = None
        let_go(self.stats)
        closed = self._entries.dropna(subset="return")
        values = (closed[name].to_numpy() for name in ("pnl", "return", "group"))
        self.rets.update(agreement_groups(*values, Bootstrap(self.p.draws, self.p.seed)))
        self.rets._close()

    def entries(self):
        '''Return one row an entry, in order'''
        return self._entries.drop(columns="pnl")

    def groups(self):
        '''Return the figures of each group as a table'''
        rows = {name: {key: self.rets[name][key] for key in FIGURES} for name in GROUPS}
        return pd.DataFrame(rows).T

    def _asked(self, ml):
        given = self.p.ml_threshold
        params = self.strategy.p._getkwargs() if given is None else {"ml_threshold": given}
        return Agreement.of(params, ml.voting)

    def _listed(self, trades):
        trades = trades.sort_values("entry_time", kind="stable")
        still_open = (trades.exit_reason == "open").to_numpy()
        value = (trades["size"] * trades.entry_price).to_numpy(dtype=float)
        pnl = np.where(still_open, np.nan, trades.pnl.to_numpy(dtype=float))
        answers = {(name, stamp_of(bar), side): a for (name, bar, side), a in self._answers.items()}
        sides = np.where(trades.side == "long", 1, -1).tolist()
        keys = zip(trades.symbol, trades.signal_time, sides, strict=True)
        found = [answers.get(key, (np.nan, False)) for key in keys]
        probability, agreed = np.array(found, dtype=float).reshape(-1, 2).T
        return pd.DataFrame(
            {
                "symbol": trades.symbol.to_numpy(),
                "time": trades.signal_time.to_numpy(),
                "side": trades.side.to_numpy(),
                "probability": probability,
                "group": group_of(probability, agreed > 0),
                "return": pnl / value,
                "pnl": pnl,
            }
        )


def stamp_of(bar):
    """Return a bar's time as the trades have it"""
    return pd.Timestamp(stamps(bar)[()])
