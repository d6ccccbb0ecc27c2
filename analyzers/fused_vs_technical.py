"""FusedVsTechnical: results of a strategy's entries, by whether ML agreed with them."""

import backtrader as bt
import numpy as np
import pandas as pd

from bt_fusion.analyzers.ensembles import ensembles_of, own_ensembles
from bt_fusion.analyzers.entries import Entries, drop_references
from bt_fusion.analyzers.trade_stats import TradeStats
from bt_fusion.models.agreement import Agreement
from bt_fusion.statistics.agreement_groups import GROUPS, agreement_groups, group_of
from bt_fusion.statistics.bootstrap import Bootstrap

__all__ = ["FusedVsTechnical"]

FIGURES = ("trades", "won", "lost", "win_rate", "profit_factor", "expectancy", "net_profit")


class FusedVsTechnical(Entries):
    '''
    Every trade of a strategy, whether ML agreed with its entry, and its result. For a strategy
    without ML it shows which trades ML would have kept and which it would have vetoed; if ML
    already vetoes entries, only agreed trades remain.

    Params:
      - ``model`` (default None): what ``MLEnsemble`` takes; None for the strategy's own
        ``MLEnsemble`` or that of ``with_ml``. Without either, ML's prediction is unknown.
      - ``ml_threshold`` (default None): lowest probability of its side, or share of votes with
        majority voting, that counts as agreement; None for the strategy's own threshold, or else
        the ``entry`` of its ``MLEnsemble``, 0.60
      - ``draws``, ``seed`` (default 1000, 0): of the intervals

    Methods:
      - ``get_analysis``: for ``agreed``, ``disagreed`` and ``unknown`` (no prediction) trades, won,
        lost, win_rate, profit_factor, expectancy (mean return), net_profit (cash) and ``ci95``, the
        95 % intervals; and ``difference``, agreed minus disagreed with its intervals. None if
        undefined, such as intervals of fewer than ten trades.
      - ``groups``: the figures as a DataFrame, one row per group
      - ``entries``: a DataFrame, one row per trade, in order of entry: symbol, time of the signal,
        side, probability of its side, group, return (after commission, as a fraction of the
        entry's value; NaN while open)

    Note:
      ML's prediction is the one known when the order was placed. A trade runs from flat to flat,
      see ``TradeStats``, and belongs to the order that opened it.
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
        self._agreements = {}  # number of an order -> probability of its side, whether ML agreed

    def ordered(self, order, bars):
        ml, side = self._ensembles.get(order.data), 1 if order.created.size > 0 else -1
        if ml is not None:
            agreed = ml.agrees(self._agreement(ml), side, bars)
            self._agreements[order.ref] = ml.side_probability(side, bars), agreed

    def stop(self):
        super().stop()
        self._entries = self._with_agreements()
        self._own = self._ensembles = self._agreements = None
        drop_references(self.stats)
        closed = self._entries.dropna(subset="return")
        values = (closed[name].to_numpy() for name in ("pnl", "return", "group"))
        self.rets.update(agreement_groups(*values, Bootstrap(self.p.draws, self.p.seed)))
        self.rets._close()

    def entries(self):
        '''Return one row per entry, in order'''
        return self._entries.drop(columns="pnl")

    def groups(self):
        '''Return the figures of each group as a table'''
        rows = {name: {key: self.rets[name][key] for key in FIGURES} for name in GROUPS}
        return pd.DataFrame(rows).T

    def _agreement(self, ml):
        given = self.p.ml_threshold
        params = self.strategy.p._getkwargs() if given is None else {"ml_threshold": given}
        own_threshold = ml.of_strategy and ml.voting == "soft"
        return Agreement.of(params, ml.voting, ml.p.entry if own_threshold else Agreement.threshold)

    def _with_agreements(self):
        trades = self.stats.trades().assign(order=self.stats.opened_by())
        trades = trades.sort_values("entry_time", kind="stable")
        still_open = (trades.exit_reason == "open").to_numpy()
        pnl = np.where(still_open, np.nan, trades.pnl.to_numpy(dtype=float))
        found = [self._agreements.get(number, (np.nan, False)) for number in trades.order]
        probability, agreed = np.array(found, dtype=float).reshape(-1, 2).T
        return pd.DataFrame(
            {
                "symbol": trades.symbol.to_numpy(),
                "time": trades.signal_time.to_numpy(),
                "side": trades.side.to_numpy(),
                "probability": probability,
                "group": group_of(probability, agreed > 0),
                "return": pnl / trades.value.to_numpy(dtype=float),
                "pnl": pnl,
            }
        )
