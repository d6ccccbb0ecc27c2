"""SignalDiscovery: confident longs and shorts inside regimes (system B)."""

from bt_fusion.indicators import DiscoverySignal, Regime
from bt_fusion.strategies.one_position import OnePosition
from bt_fusion.strategies.parameters import check_numbers
from bt_fusion.strategies.symbol import Symbol
from bt_fusion.technical.regimes import Regime as Market

__all__ = ["SignalDiscovery"]


class SignalDiscovery(OnePosition):
    '''
    Trades the long and short classes of a three-class model above a confidence threshold: longs
    only in uptrends, shorts only in downtrends. Stop, target and horizon are those of the label
    ``profit_before_stop``. With ML off it trades the regime alone. It trades every data feed;
    ``EquityShare`` splits the account between them.

    Params:
      - ``model`` (default None): what ``MLEnsemble`` takes, with a label of three classes, for
        all feeds, or a dictionary of them by feed name
      - ``ml`` (default True): False trades the regime alone
      - ``probability_threshold`` (default 0.60): probability that a class must exceed; with
        majority voting the lowest share of votes, in addition to the signal
      - ``regime_filter`` (default True): longs only in uptrends, shorts only in downtrends
      - ``regime_threshold``, ``regime_confirm`` (default 20, 3): ADX from which a market trends,
        and bars a trend must have lasted
      - ``stop``, ``target`` (default 0.010, 0.015): distances from the entry price, fractions;
        None for none
      - ``atr_stop``, ``atr_target`` (default None): the same in ATR units, instead
      - ``atr_period`` (default 14)
      - ``hold_bars`` (default 24): exit after this many bars, the label's horizon
      - ``long_only`` (default False)
      - ``on_missing`` (default warn): without a usable model, ``warn`` and go on with the
        regime alone, or ``raise``
      - ``on_drift`` (default ignore): a model that has drifted, see ``ModelHealth``: ``ignore``,
        ``warn``, or ``stop`` using it from that bar on, until it is replaced
    '''

    params = (
        ("probability_threshold", 0.60),
        ("regime_filter", True),
        ("regime_threshold", 20.0),
        ("regime_confirm", 3),
        ("stop", 0.010),
        ("target", 0.015),
        ("hold_bars", 24),
    )
    ml_only = (*OnePosition.ml_only, "probability_threshold", "regime_filter")
    aliases = OnePosition.aliases | {"ml_entry_threshold": "probability_threshold"}

    def __init__(self):
        check_numbers(self.p, "probability_threshold", most=1)
        self.watch(*(self.symbol(data) for data in self.datas))

    def symbol(self, data):
        '''Put the indicators on a feed'''
        regime = Regime(data, threshold=self.p.regime_threshold, confirm=self.p.regime_confirm)
        signal, ml = regime.state, None
        if self.p.ml:
            ml = self.ensemble(data)
            signal = DiscoverySignal(
                regime.state,
                ml,
                ml_threshold=self.p.probability_threshold,
                regime_filter=self.p.regime_filter,
            ).fused
        return Symbol(data, regime, signal, ml)

    def thresholds(self, symbol):
        return super().thresholds(symbol, both=not self.p.regime_filter)

    def entry_facts(self, symbol):
        regime = symbol.technical.regime[0]
        known = regime == regime
        return super().entry_facts(symbol) | {"regime": Market(int(regime)).name if known else None}

    def losses(self, symbol, read):
        unfiltered = symbol.ml is not None and symbol.ml.usable and not self.p.regime_filter
        for stage, losses in super().losses(symbol, read):
            if stage != "technical" or not unfiltered:  # otherwise the regime has no effect
                yield stage, losses
