"""FusionStrategy: EMA cross and ML ensemble, traded where they agree (system A)."""

from bt_fusion.errors import unknown_name
from bt_fusion.indicators import EMACross, FusedSignal
from bt_fusion.models.agreement import DEFAULT_THRESHOLD, check_threshold
from bt_fusion.strategies.one_position import OnePosition
from bt_fusion.strategies.parameters import check_numbers
from bt_fusion.strategies.symbol import Symbol
from bt_fusion.strategies.thresholds import Threshold

__all__ = ["FusionStrategy", "check_fusion"]

EXITS = ("renew", "horizon", "flip", "both")


class FusionStrategy(OnePosition):
    '''
    Trades the state of an EMA cross; with ML on, only where the ensemble agrees. Entries are market
    orders, filled at the next open. The exit rule is the same with and without ML; without ML, the
    exit ``renew`` holds the position until the EMA cross flips. It trades every data feed;
    ``EquityShare`` splits the account between them.

    Params:
      - ``model`` (default None): what ``MLEnsemble`` takes, for all feeds, or a dictionary of
        them by feed name
      - ``ml`` (default True): False trades the technical state alone
      - ``ema_fast``, ``ema_slow`` (default 12, 26)
      - ``ml_threshold`` (default auto): lowest probability that counts as agreement; with majority
        voting the lowest share of votes, in addition to the signal. ``auto`` is the lowest
        probability that covers the broker's costs on that bar, see ``MLEnsemble.threshold``
      - ``exit`` (default renew): ``renew`` exits when the state leaves the position's side, or
        ``hold_bars`` bars after the last bar with an entry signal of that side; after a stop or
        target it waits until the state has changed. ``horizon`` exits ``hold_bars`` bars after the
        entry; ``flip`` when the state turns against the position; ``both`` at the first of these
        two
      - ``hold_bars`` (default 5): the horizon of the model's label
      - ``stop``, ``target`` (default None): distances of stop and target orders from the entry
        price, fractions
      - ``atr_stop``, ``atr_target`` (default None): the same in ATR units
      - ``atr_period`` (default 14)
      - ``long_only`` (default False)
      - ``on_missing`` (default warn): without a usable model, ``warn`` and go on with the
        technical state alone, or ``raise``
      - ``on_drift`` (default ignore): a model that has drifted, see ``ModelHealth``: ``ignore``,
        ``warn``, or ``stop`` using it from that bar on, until it is replaced
    '''

    params = (
        ("ema_fast", 12),
        ("ema_slow", 26),
        ("ml_threshold", DEFAULT_THRESHOLD),
        ("exit", "renew"),
    )
    ml_only = (*OnePosition.ml_only, "ml_threshold")
    aliases = OnePosition.aliases | {"ml_entry_threshold": "ml_threshold"}

    def __init__(self):
        check_fusion(self.p)
        self.watch(*(self.symbol(data) for data in self.datas))

    def symbol(self, data):
        '''Put the indicators on a feed'''
        technical = EMACross(data, fast=self.p.ema_fast, slow=self.p.ema_slow)
        signal, ml = technical.state, None
        if self.p.ml:
            ml = self.ensemble(data)
            signal = FusedSignal(technical.state, ml, ml_threshold=self.p.ml_threshold).fused
        return Symbol(data, technical, signal, ml)

    def act(self, symbol):
        if self.p.exit != "renew":
            return super().act(symbol)
        if symbol.stopped and self.has_turned(symbol, symbol.stopped):
            symbol.stopped = 0
        renewed = self.side(symbol) == symbol.side
        if renewed:
            symbol.last = len(symbol.data)
        outcome = super().act(symbol)
        return "renews the open trade" if renewed and outcome == "position open" else outcome

    def enter(self, symbol, side):
        if side == symbol.stopped:
            return "stopped out"
        symbol.side, symbol.last = side, len(symbol.data)
        return super().enter(symbol, side)

    def stopped_out(self, symbol):
        if self.p.exit == "renew":
            symbol.stopped = symbol.side

    def exit_reason(self, symbol):
        if self.p.exit == "renew":
            return self.renewing_exit(symbol)
        if self.p.exit != "flip" and self.held(symbol) >= self.p.hold_bars:
            return "horizon"
        size = self.getposition(symbol.data).size
        if self.p.exit != "horizon" and symbol.technical.state[0] * size < 0:
            return "flip"
        return None

    def renewing_exit(self, symbol):
        '''Return the exit reason of a position that signals of its side renew, or None'''
        if self.has_turned(symbol, symbol.side):
            return "flip"
        return "expired" if len(symbol.data) - symbol.last >= self.p.hold_bars else None

    def has_turned(self, symbol, side):
        '''Return whether the state has left a side, or a subclass's own line signals the other'''
        if self.signal_line(symbol) is symbol.signal:
            return not symbol.technical.state[0] * side > 0  # NaN has left it as well
        return self.side(symbol) * side < 0

    def thresholds(self, symbol):
        technical = symbol.technical
        rule = "<" if technical.state[0] < 0 else ">"
        distance = technical.fast[0] - technical.slow[0]
        yield Threshold(f"EMA {self.p.ema_fast} - EMA {self.p.ema_slow}", distance, 0.0, rule)
        yield from super().thresholds(symbol)

    def ml_thresholds(self, symbol, side):
        yield from super().ml_thresholds(symbol, side)
        if symbol.ml.voting == "soft":
            name, value = "up" if side > 0 else "down", symbol.ml.side_probability(side)
            yield Threshold(f"P({name}) to be strong", value, symbol.ml.p.strong)

    def entry_facts(self, symbol):
        technical = symbol.technical
        state = {"state": technical.state[0]}
        emas = {"ema_fast": technical.fast[0], "ema_slow": technical.slow[0]}
        return super().entry_facts(symbol) | state | emas


def check_fusion(params):
    """Raise OptionError for invalid parameters of ``FusionStrategy``, except stop and target"""
    if params.exit not in EXITS:
        raise unknown_name("exit", params.exit, EXITS)
    check_numbers(params, "ema_fast", "ema_slow", "hold_bars", least=1, whole=True)
    check_threshold(params.ml_threshold)
