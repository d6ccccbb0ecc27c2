"""A small model, and bars on which its edge turns round."""

from functools import cache

from benchmarks.drift_markets import BREAKS, EDGE, made
from bt_fusion import Ensemble, SignalModel

NAMES = ["wick_balance", "return_1", "rsi_14"]
TRAIN, BREAK, BARS = 4_000, 5_000, 8_000


@cache
def bars(broken=True):
    """Return bars of an edge that turns round at `BREAK`, or of one that lasts."""
    after = BREAKS["edge turns round"] if broken else None
    return made(EDGE, BARS, 3, after, BREAK)


@cache
def model():
    """Return a model that was fitted before the break."""
    return SignalModel(NAMES, ensemble=Ensemble(["lgb"])).fit(bars()[:TRAIN])
