"""The ensembles of an analyzer: its own, or the strategy's."""

from bt_fusion.indicators import MLEnsemble, find_ensembles
from bt_fusion.indicators.line_arrays import keep_bar_before

__all__ = ["ensembles_of", "own_ensembles"]


class WatchingEnsemble(MLEnsemble):
    '''An ``MLEnsemble`` of an analyzer, invisible to the strategy.'''

    of_strategy = False


def own_ensembles(datas, model):
    """Return an ``MLEnsemble`` per feed, none without a model.

    Call it in an analyzer's ``__init__``: Backtrader then runs them as indicators of the strategy.
    They never delay it.
    """
    if model is None:
        return {}
    return {data: WatchingEnsemble(data, model=model, plot=False) for data in datas}


def ensembles_of(strategy, own):
    """Return the ensembles by data feed: an analyzer's own, else the strategy's."""
    found = own or find_ensembles(strategy)
    for ml in found.values():
        keep_bar_before(*ml.lines)
    return found
