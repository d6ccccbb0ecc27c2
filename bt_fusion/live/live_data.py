"""LiveData: a Backtrader feed of bars that arrive one by one."""

from collections import deque

import backtrader as bt
import numpy as np

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.indicators.line_arrays import float_days
from bt_fusion.live.arrivals import Arrivals

__all__ = ["LiveData"]

DAYS = bt.TimeFrame.Days


class LiveData(bt.feed.DataBase):
    '''
    A live data feed. The history of its source comes first, bar by bar, then each bar as it
    arrives: repeated bars are left out, broken ones too, missed ones come in their order. An
    indicator or a strategy sees the same bars, in the same order, as a backtest over them.

    Params:
      - ``dataname``: a source, such as ``PolledMarket`` or ``ReplayedBars``: ``history()`` gives
        the bars known at the start, ``arriving(last)`` waits for bars after a stamp
      - ``say`` (default print): takes a line about bars that were left out
      - ``timeframe``, ``compression``: by default those of the source's bars

    Note:
      - ``notify_data`` of the strategy is told ``DELAYED`` before the history and ``LIVE`` with
        the first bar that arrives.
      - Ctrl-C while it waits ends the run: no further bar, ``stop`` of the strategy and of the
        analyzers is called, and ``cerebro.run()`` returns.
    '''

    params = (("say", print),)

    def __init__(self):
        super().__init__()
        length = getattr(self.p.dataname, "length", None)
        if length is not None and (self.p.timeframe, self.p.compression) == (DAYS, 1):
            self.p.timeframe, self.p.compression = as_timeframe(length.total_seconds())

    def islive(self):
        return True

    def start(self):
        super().start()
        self.arrivals = Arrivals(self.p.say)
        self._waiting: deque[list[float]] = deque()  # received bars that are not loaded yet
        self._is_live = False
        self.put_notification(self.DELAYED)
        self._take(self.p.dataname.history())

    def _load(self):
        while not self._waiting:
            if self._env._event_stop:  # another feed was interrupted
                return False
            try:
                bars = self.p.dataname.arriving(self.arrivals.last)
            except KeyboardInterrupt:
                self._env.runstop()
                return False
            if bars is None:
                return False
            self._take(bars)
            if self._waiting and not self._is_live:
                self._is_live = True
                self.put_notification(self.LIVE)
        row = self._waiting.popleft()
        self.lines.datetime[0] = row[0]
        for name, value in zip(COLUMNS, row[1:], strict=True):
            getattr(self.lines, name)[0] = value
        return True

    def _take(self, bars):
        if not len(bars):
            return
        new = self.arrivals.new(bars)
        days = float_days(new.index.to_numpy().astype("datetime64[ns]"))
        self._waiting.extend(np.column_stack([days, new[list(COLUMNS)].to_numpy()]).tolist())


def as_timeframe(seconds):
    """Return the length of a bar as Backtrader's timeframe and compression.

    >>> as_timeframe(3_600) == (bt.TimeFrame.Minutes, 60)
    True
    """
    for timeframe, unit in ((DAYS, 86_400), (bt.TimeFrame.Minutes, 60)):
        if seconds >= unit:
            return timeframe, round(seconds / unit)
    return bt.TimeFrame.Seconds, max(1, round(seconds))
