"""Find the volume column if no column, or several, have that name."""

import re

import numpy as np
import pandas as pd

from bt_fusion.errors import BarsError

__all__ = ["VOLUME_NAMES", "volume_name"]

REAL = ("vol", "real_volume", "realvolume")  # MetaTrader's, zero if the broker does not know it
TICKS = ("tickvol", "tick_volume", "tickvolume")
OTHERS = ("vol", "vol.", "base_volume", "volumefrom", "real_volume")
UNIT = re.compile(r"volume[ _]\(?(\w+)\)?")  # `Volume BTC`, `Volume_(BTC)`: volume in a currency
VOLUME_NAMES = re.compile(
    "|".join([*map(re.escape, ("volume", *REAL, *TICKS, *OTHERS)), UNIT.pattern])
)
QUOTE = ("currency", "quote", "usd", "usdt", "eur")  # the other side's amount, not the volume
SYMBOLS = ("symbol", "ticker", "pair")


def volume_name(frame: pd.DataFrame, assumed: list[str]) -> str | None:
    """Return the plain name of the volume column, None if there is none.

    Parameters
    ----------
    frame : DataFrame
        Without a column `volume`.
    assumed : list of str
        Receives a line on the column chosen as the volume.

    Raises
    ------
    BarsError
        If several columns may be the volume.
    """
    names = [str(name) for name in frame.columns]
    ticks = next((name for name in TICKS if name in names), None)
    real = next((name for name in REAL if name in names), None)
    if ticks is not None:
        if real is not None and _trades(frame[real]):
            return real
        zero = f", as {real} is 0 throughout" if real else ""
        assumed.append(f"volume counts price changes ({ticks}){zero}")
        return ticks
    plain = next((name for name in OTHERS if name in names), None)
    return plain or _of_unit(frame, names)


def _trades(volume: pd.Series) -> bool:
    return bool(np.nanmax(pd.to_numeric(volume, errors="coerce").to_numpy(float), initial=0) > 0)


def _of_unit(frame: pd.DataFrame, names: list[str]) -> str | None:
    """Choose between `volume btc` and `volume usd` the one with the symbol's first currency."""
    units = {name: found[1] for name in names if (found := UNIT.fullmatch(name))}
    if len(units) < 2:
        return next(iter(units), None)
    symbols = [str(frame[name].iloc[0]).lower() for name in SYMBOLS if name in names and len(frame)]
    fit = [name for name, unit in units.items() if symbols and symbols[0].startswith(unit)]
    if not symbols:
        fit = [name for name, unit in units.items() if unit not in QUOTE]
    if len(fit) != 1:
        raise BarsError(
            f"{len(units)} columns may be the volume ({', '.join(units)}); call one of them volume"
        )
    return fit[0]
