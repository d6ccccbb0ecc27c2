"""Symbol: a strategy's state for each data feed it trades."""

from functools import partial

__all__ = ["Symbol", "awaiting", "keep_apart"]


class Symbol:
    """One data feed of a strategy: its lines, its orders, and the outcome of its last signal.

    ``technical`` and ``ml`` are indicators (``ml`` None without ML), ``signal`` is the line that
    enters: 1 long, -1 short. ``outcome`` is the outcome of the last bar's signal: empty without
    one, ``ordered``, or why there was no order.
    """

    def __init__(self, data, technical, signal, ml=None, atr=None):
        self.data, self.technical, self.signal, self.ml = data, technical, signal, ml
        self.atr = atr  # the average true range line, if stop or target need it
        self.agreement = None  # the Agreement required of ML, once the model is loaded
        self.order = None  # the pending entry or exit
        self.exit_orders = []  # stop and target of the open position
        self.entered = 0  # length of the data at the signal of the open position
        self.side = self.last = 0  # of the last entry: side, and last bar with its signal
        self.stopped = 0  # side closed by a stop or target, not to be entered again yet
        self.outcome = ""
        self.needed = None  # bars the feed's indicators need, known once the run has begun
        self.ready = False  # whether it has had them
        self._bar = None

    @property
    def name(self):
        return self.data._name

    def has_new_bar(self):
        """Return whether the feed has moved since the last call; other feeds cause calls as well"""
        bar, self._bar = self._bar, bar_of(self.data)
        return len(self.data) > 0 and bar != self._bar


def bar_of(data):
    """Return an identifier of a feed's current bar that stays the same while it grows on replay"""
    if not len(data):
        return None
    return len(data), data.datetime[0], data.close[0], data.volume[0]


def awaiting(order):
    """Keep the broker from filling an order before its feed has a new bar.

    Backtrader tries pending stop and limit orders whenever any feed moves, even against the range
    of a bar that ended before the order was placed.
    """
    if order:
        given = bar_of(order.data)
        order.active = lambda: bar_of(order.data) != given
    return order


def keep_apart(entry, levels):
    """Keep an entry's stop and target from being filled too early.

    Backtrader tries them whenever any feed moves, even against the bar that filled the entry; and
    it fills one of them in full after the other was filled in part.
    """
    for level in levels:
        others = [each for each in levels if each is not level]
        level.active = partial(is_live, level.active, level.data, entry, others)


def is_live(activated, data, entry, others):
    """Return whether an entry's stop or target may be filled on the current bar of its feed"""
    started = any(other.executed.size for other in others)
    return activated() and not started and data.datetime[0] > entry.executed.dt
