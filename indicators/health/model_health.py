"""ModelHealth: whether a model still does what its training promised, as Backtrader lines."""

import backtrader as bt

from bt_fusion.errors import OptionError
from bt_fusion.indicators.line_arrays import fill
from bt_fusion.indicators.ml_ensemble import MLEnsemble

__all__ = ["ModelHealth"]


class ModelHealth(bt.Indicator):
    '''
    What is known on each bar of the health of a model, from bars up to it alone: bar by bar and
    for all bars at once alike.

    Formula:
      - hit_rate = share of the last 100 counted predictions whose likeliest class came; labels
        that overlap are not counted twice
      - expected = what the training promised of predictions like these, on rows the model had not
        learnt from
      - evidence = capital of the test nearest to its alarm, as a share of what raises it: 1 is
        the alarm
      - psi = the largest population stability index of any feature, over the last full window
      - calibration = observed less promised share of class 1, over the same predictions
      - drifted = 0, or the ``Drift`` that raised the alarm: 1 hit rate, 2 calibration,
        3 features; it stays until there is another model

    Params:
      - ``model`` (default None): what ``MLEnsemble`` takes, where a data feed is given instead
        of an ``MLEnsemble``

    Note:
      A model that does not drift raises an alarm in at most 5 of 100 cases, however long it
      lives and however often one looks. Lines are NaN before the first prediction. The minimum
      period is 1.

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
        self.ml = self.data if given else watching(self.data, self.p.model)
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


def watching(data, model):
    """Return an ``MLEnsemble`` that the strategy knows nothing of"""
    if model is None:
        raise OptionError("ModelHealth needs an MLEnsemble, or a data feed and model=...")
    ml = MLEnsemble(data, model=model, plot=False)
    ml.of_strategy = False
    return ml
