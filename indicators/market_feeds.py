"""Data feeds of other markets beside an indicator's own: whole, or bar by bar."""

from copy import copy

from backtrader.resamplerfilter import _BaseResampler as Resampling

from bt_fusion.errors import OptionError
from bt_fusion.indicators.line_arrays import bar_values, preloaded
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.walk_forward import WalkForward

__all__ = ["MarketFeeds"]


class MarketFeeds:
    """Other markets' data feeds by the names that a model's features have for them.

    Parameters
    ----------
    feeds : mapping of str to data feed
    """

    def __init__(self, feeds):
        self.feeds = dict(feeds or {})
        self._seen = {}  # of each feed its last bar: number, stamp and values

    def given_to(self, model, data):
        """Return a model that sees all bars of the feeds; the one that is given stays as it is.

        Raises
        ------
        OptionError
            For what is neither a SignalModel nor a WalkForward.
        """
        self.check(model, data)
        others = {name: preloaded(feed) for name, feed in self.feeds.items()}
        return with_others(model, others) if others else model

    def check(self, model, data=None):
        """Raise OptionError for what others cannot be given to, and feeds stamped by closes."""
        for feed in (*self.feeds.values(), *([data] if data is not None and views(model) else ())):
            if stamped_by_closes(feed):
                raise OptionError(
                    f"the feed {feed._name or 'resampled by Backtrader'} has its bars stamped by "
                    "their closes, and longer timeframes and other markets go by opens: give "
                    "cerebro.resampledata(..., rightedge=False)"
                )
        if self.feeds and not isinstance(model, SignalModel | WalkForward):
            raise OptionError(
                f"others are bars for a SignalModel or a WalkForward, not {type(model).__name__}: "
                "predictions that are made already need none; leave others out"
            )

    def told_to(self, stream):
        """Tell a stream the bars that have come since it was told last, and the open one anew."""
        if not self.feeds:
            return
        stream.expect(*self.feeds)
        for name, feed in self.feeds.items():
            number, known = self._seen.get(name, (0, None))
            for ago in range(number - len(feed) + 1, 1):
                bar = bar_values(feed, ago)
                stream.hear(name, *bar)
                known = bar
            if number == len(feed) and number and bar_values(feed, 0) != known:
                known = bar_values(feed, 0)
                stream.hear(name, *known, still_open=True)
            self._seen[name] = len(feed), known


def views(model):
    """Tell whether a model's features see longer timeframes or other markets."""
    if isinstance(model, WalkForward):
        model = model.signal_model()
    return isinstance(model, SignalModel) and model.feature_set().has_views


def stamped_by_closes(feed):
    """Tell whether Backtrader makes the bars of a feed and stamps them by their closes."""
    made = (each[0] for each in getattr(feed, "_filters", ()))
    return any(isinstance(each, Resampling) and each.p.rightedge for each in made)


def with_others(model, others):
    """Return a copy of a model, or of a walk-forward's, with the bars of other markets."""
    if isinstance(model, WalkForward):
        again = copy(model)
        again.model = with_others(model.signal_model(), others)
        return again
    return copy(model).with_others(others)
