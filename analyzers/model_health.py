"""ModelHealth: whether a strategy's model still performs as in training."""

import backtrader as bt
import pandas as pd

from bt_fusion.analyzers.ensembles import ensembles_of, own_ensembles
from bt_fusion.evaluation.drift import Drift, State
from bt_fusion.indicators.line_arrays import feed_names, stamps

__all__ = ["ModelHealth"]


class ModelHealth(bt.Analyzer):
    '''
    Health of the model of any strategy with an ``MLEnsemble``, its own or that of ``with_ml``: hit
    rate and calibration compared with its out-of-sample training results, the drift of its
    features, and the alarms. See the indicator of the same name.

    Params:
      - ``model`` (default None): what ``MLEnsemble`` takes; None for the strategy's own

    Methods:
      - ``get_analysis``: a dictionary, with several feeds one per feed name: bars (with a
        prediction), hit_rate, expected, evidence, psi, calibration, drifted (True or False),
        alarms (a list of time and part, one per drifted model); None where unknown
      - ``over_time``: a DataFrame, one row per bar with a change

    Note:
      Expected values are available from the first bar for a fitted ``SignalModel`` or the folder of
      a saved one, from the second refit for a ``WalkForward``.
    '''

    params = (("model", None),)

    def __init__(self):
        self._own = own_ensembles(self.datas, self.p.model)

    def create_analysis(self):
        self.rets = bt.AutoOrderedDict()

    def start(self):
        self._ensembles = ensembles_of(self.strategy, self._own)
        for ml in self._ensembles.values():
            ml.watch_health()
        names = feed_names(self.strategy.datas)
        self._names = {data: names[data] for data in self._ensembles}
        self._rows = {data: [] for data in self._ensembles}
        self._bars = dict.fromkeys(self._ensembles, 0)
        self._seen = dict.fromkeys(self._ensembles, 0)

    def prenext(self):
        self.next()

    def next(self):
        for data, ml in self._ensembles.items():
            if len(data) == self._seen[data]:  # other feeds cause calls as well
                continue
            self._seen[data] = len(data)
            state = State(*map(float, ml.health()))
            self._bars[data] += state.drifted == state.drifted
            rows = self._rows[data]
            if not rows or not same(rows[-1][1], state):
                rows.append((data.datetime[0], state))

    def stop(self):
        tables = [self._table(data) for data in self._rows]
        nothing = pd.DataFrame(columns=["datetime", "symbol", *State._fields])
        self._over_time = pd.concat(tables, ignore_index=True) if tables else nothing
        found = {self._names[data]: self._figures(data) for data in self._rows}
        one = next(iter(found.values())) if len(found) == 1 else found
        # a result from another process must not carry feeds along
        self._ensembles = self._own = self._names = self._rows = self._bars = self._seen = None
        self.rets.update(one)
        self.rets._close()

    def over_time(self):
        '''Return datetime, symbol and the lines of ``ModelHealth``, one row per change'''
        return self._over_time

    def _table(self, data):
        rows = self._rows[data]
        table = pd.DataFrame([state for _, state in rows], columns=State._fields)
        table.insert(0, "datetime", stamps([time for time, _ in rows]))
        table.insert(1, "symbol", self._names[data])
        return table

    def _figures(self, data):
        rows = self._rows[data]
        last = rows[-1][1] if rows else State()
        known = {key: None if value != value else value for key, value in last._asdict().items()}
        return {
            "bars": int(self._bars[data]),
            **known,
            "drifted": None if known["drifted"] is None else known["drifted"] > 0,
            "alarms": list(alarms_in(rows)),
        }


def alarms_in(rows):
    """Yield time and part of each alarm among changes of the state"""
    before = 0.0
    for time, state in rows:
        if state.drifted > 0 and not before > 0:
            yield {"time": pd.Timestamp(stamps(time)[()]), "part": Drift(int(state.drifted)).words}
        before = state.drifted


def same(one, other):
    """Return whether two states are equal; NaN equals NaN"""
    return all(a == b or (a != a and b != b) for a, b in zip(one, other, strict=True))
