"""ModelHealth: whether a model still performs as in training, as Backtrader lines."""

import backtrader as bt

from bt_fusion.errors import OptionError
from bt_fusion.indicators.line_arrays import fill
from bt_fusion.indicators.ml_ensemble import MLEnsemble

__all__ = ["ModelHealth"]


class ModelHealth(bt.Indicator):
    '''
    Health of a model on each bar, from bars up to it only. Live and preloaded bars give the same
    lines.

    Formula:
      - hit_rate = share of the last 100 counted predictions that were right; overlapping labels are
        not counted twice
      - expected = hit rate of such predictions in training, on out-of-sample rows
      - evidence = capital of the test closest to its alarm, as a share of the alarm level: 1 is the
        alarm
      - psi = the largest population stability index of any feature, over the last full window
      - calibration = observed minus expected share of class 1, over the same predictions
      - drifted = 0, or the ``Drift`` that raised the alarm: 1 hit rate, 2 calibration,
        3 features; it stays until the model is replaced

    Params:
      - ``model`` (default None): as in ``MLEnsemble``, if the input is a data feed instead of an
        ``MLEnsemble``

    Note:
      A model that does not drift raises an alarm in at most 5 of 100 cases, for any lifetime and
      any number of checks. Lines are NaN before the first prediction. The minimum period is 1.

    See:
      - docs/drift.md
    '''

    lines = ("hit_rate", "expected", "evidence", "psi", "calibration", "drifted")
    params = (("model", None),)
    plotinfo = dict(plotyhlines=[1.0])
    plotlines = dict(
        psi=dict(_plotskip=True),
        calibration=dict(_plotskip=True),
        drifted=dict(_plotskip=True),
    )

    def __init__(self):
        given = isinstance(self.data, MLEnsemble)
        if given and self.p.model is not None:
            raise OptionError("ModelHealth takes an MLEnsemble, or a data feed and model; not both")
        self.ml = self.data if given else ensemble_beside(self.data, self.p.model)
        self.ml.watch_health()

    def oncestart(self, start, end):
        '''Does nothing: ``once`` fills every bar'''

    def once(self, start, end):
        for line, values in zip(self.lines, self.ml.health_columns(), strict=True):
            fill(line, values)

    def prenext(self):
        self.next()

    def next(self):
        for line, value in zip(self.lines, self.ml.health(), strict=True):
            line[0] = value


def ensemble_beside(data, model):
    """Return an ``MLEnsemble`` that the strategy does not see"""
    if model is None:
        raise OptionError("ModelHealth needs an MLEnsemble, or a data feed and model=...")
    ml = MLEnsemble(data, model=model, plot=False)
    ml.of_strategy = False
    return ml
