"""Symbol: what a strategy keeps of each data feed it trades."""

from functools import partial

__all__ = ["Symbol", "awaiting", "keep_apart"]


class Symbol:
    """One data feed of a strategy: its lines, its orders, and what became of its last signal.

    ``technical`` and ``ml`` are indicators (``ml`` None without ML), ``signal`` is the line that
    enters: 1 long, -1 short. ``outcome`` is what the last bar's signal led to: empty without one,
    ``ordered``, or why it was not.
    """

    def __init__(self, data, technical, signal, ml=None, atr=None):
        self.data, self.technical, self.signal, self.ml = data, technical, signal, ml
        self.atr = atr  # the line of the average true range, where stop or target need it
        self.asked = None  # the Agreement that is asked of ML, known once the model is there
        self.order = None  # the pending entry or exit
        self.exit_orders = []  # stop and target of the open position
        self.entered = 0  # length of the data at the signal of the open position
        self.side = self.last = 0  # of the last entry: its side, and the last bar with its signal
        self.stopped = 0  # side that a stop or target has left and that may not be entered again
        self.outcome = ""
        self.needed = None  # bars the indicators of the feed need, known once the run has begun
        self.ready = False  # whether it has had that many
        self._bar = None

    @property
    def name(self):
        return self.data._name

    def has_new_bar(self):
        """Tell whether the feed has moved since the last call; feeds of other stamps call, too"""
        bar, self._bar = self._bar, bar_of(self.data)
        return len(self.data) > 0 and bar != self._bar


def bar_of(data):
    """Return what tells one bar of a feed from the next, also while it grows on replay"""
    if not len(data):
        return None
    return len(data), data.datetime[0], data.close[0], data.volume[0]


def awaiting(order):
    """Keep the broker from filling an order before its feed has a new bar.

    Backtrader tries pending stop and limit orders whenever any feed moves, also against the
    range of a bar that was over when the order was given.
    """
    if order:
        given = bar_of(order.data)
        order.active = lambda: bar_of(order.data) != given
    return order


def keep_apart(entry, levels):
    """Keep stop and target behind an entry from being filled where they must not be.

    Backtrader tries them whenever any feed moves, also against the bar that filled the entry; and
    it fills one of them in whole after the other was filled in part.
    """
    for level in levels:
        others = [each for each in levels if each is not level]
        level.active = partial(is_live, level.active, level.data, entry, others)


def is_live(activated, data, entry, others):
    """Tell whether a level behind an entry may be filled on the current bar of its feed"""
    started = any(other.executed.size for other in others)
    return activated() and not started and data.datetime[0] > entry.executed.dt
