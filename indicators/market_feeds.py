"""Data feeds of other markets beside an indicator's own: whole, or bar by bar."""

from copy import copy

from backtrader.resamplerfilter import _BaseResampler as Resampling

from bt_fusion.errors import OptionError
from bt_fusion.indicators.line_arrays import bar_values, preloaded
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.walk_forward import WalkForward

__all__ = ["MarketFeeds"]


class MarketFeeds:
    """Data feeds of other markets, by the names used in a model's features.

    Parameters
    ----------
    feeds : mapping of str to data feed
    """

    def __init__(self, feeds):
        self.feeds = dict(feeds or {})
        self._seen = {}  # last bar of each feed: number, timestamp and values

    def given_to(self, model, data):
        """Return a copy of a model that sees all bars of the feeds.

        Raises
        ------
        OptionError
            For anything but a SignalModel or a WalkForward.
        """
        self.check(model, data)
        others = {name: preloaded(feed) for name, feed in self.feeds.items()}
        return with_others(model, others) if others else model

    def check(self, model, data=None):
        """Raise OptionError for a model without other markets, and for feeds stamped at closes."""
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

    def send_to(self, stream):
        """Send a stream the bars since the last call, and the open bar again."""
        if not self.feeds:
            return
        stream.expect(*self.feeds)
        for name, feed in self.feeds.items():
            number, known = self._seen.get(name, (0, None))
            for ago in range(number - len(feed) + 1, 1):
                bar = bar_values(feed, ago)
                stream.push_other(name, *bar)
                known = bar
            if number == len(feed) and number and bar_values(feed, 0) != known:
                known = bar_values(feed, 0)
                stream.push_other(name, *known, still_open=True)
            self._seen[name] = len(feed), known


def views(model):
    """Return whether a model's features use longer timeframes or other markets."""
    if isinstance(model, WalkForward):
        model = model.signal_model()
    return isinstance(model, SignalModel) and model.feature_set().has_views


def stamped_by_closes(feed):
    """Return whether Backtrader builds the feed's bars and stamps them at their closes."""
    made = (each[0] for each in getattr(feed, "_filters", ()))
    return any(isinstance(each, Resampling) and each.p.rightedge for each in made)


def with_others(model, others):
    """Return a copy of a model, or of a walk-forward's, with the bars of other markets."""
    if isinstance(model, WalkForward):
        again = copy(model)
        again.model = with_others(model.signal_model(), others)
        return again
    return copy(model).with_others(others)
