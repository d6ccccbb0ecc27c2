"""Match the trades of ML-off and ML-on."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.engine.runner import Run

__all__ = ["CATEGORIES", "attribute_trades", "entry_keys"]

SAME_SHARE = 0.01  # entries whose share of the account differs by less have the same size
CATEGORIES = ("kept", "resized", "retimed", "vetoed", "added", "open")


def attribute_trades(off: Run, on: Run) -> pd.DataFrame:
    """Match the trades of two runs and categorise each match.

    Returns
    -------
    DataFrame
        One row per match, within a symbol: category, and the positions of its trades in
        `off.trades` and `on.trades` (-1 for none). kept: same entry bar and side; resized: the
        same, but a different share of the account; retimed: another bar of the same technical
        episode (an unbroken run of one state), nearest first, or for strategies without a technical
        state, entered while the off trade was open; vetoed: only off; added: only on; open: not
        closed at the end.
    """
    matches: list[tuple[str, int, int]] = []
    rest_off, rest_on = _keyed(off), _keyed(on)
    shares = [run.trades.share.tolist() for run in (off, on)]
    for key in [key for key in rest_off if key in rest_on]:
        a, b = rest_off.pop(key), rest_on.pop(key)
        resized = abs(shares[0][a] - shares[1][b]) > SAME_SHARE
        matches.append(("resized" if resized else "kept", a, b))
    symbols = {symbol for _, symbol, *_ in (*rest_off, *rest_on)}
    episode = {symbol: _episodes(off, symbol) for symbol in symbols}
    entered, entered_on = (
        run.trades.entry_time.to_numpy().astype("datetime64[ns]").astype(np.int64).tolist()
        for run in (off, on)
    )
    waiting: dict[Any, list[int]] = {}
    for (time, symbol, side, _), a in rest_off.items():
        waiting.setdefault((symbol, episode[symbol](time), side), []).append(a)
    for (time, symbol, side, _), b in rest_on.items():
        same = waiting.get((symbol, episode[symbol](time), side))
        if not same:
            matches.append(("added", -1, b))
            continue
        own = entered_on[b]
        a = min(same, key=lambda row: abs(entered[row] - own))
        same.remove(a)
        matches.append(("retimed", a, b))
    matches += [("vetoed", a, -1) for left in waiting.values() for a in left]
    table = pd.DataFrame(matches, columns=["category", "off", "on"])
    unfinished = _is_open(off, table.off) | _is_open(on, table.on)
    table.loc[unfinished, "category"] = "open"
    return table


def _keyed(run: Run) -> dict[tuple[Any, ...], int]:
    keys = entry_keys(run.trades).itertuples(index=False, name=None)
    return {key: row for row, key in enumerate(keys)}


def entry_keys(trades: pd.DataFrame) -> pd.DataFrame:
    """Return a unique key per entry: bar, symbol, side, and a number among equal ones."""
    columns = ["entry_time", "symbol", "side"]
    return trades[columns].assign(number=trades.groupby(columns).cumcount())


def _is_open(run: Run, rows: pd.Series) -> np.ndarray:
    still = np.append((run.trades.exit_reason == "open").to_numpy(dtype=bool), False)
    return still[rows.to_numpy(dtype=int)]  # -1 (no trade) selects the False at the end


def _episodes(run: Run, symbol: str) -> Callable[[pd.Timestamp], int | None]:
    """Return what tells an entry's episode: a technical state's, else the run's trade then open."""
    if run.technical is None:
        return _open_trades(run.trades[run.trades.symbol == symbol])
    known, index = run.technical, run.equity.index
    if isinstance(known, pd.Series):  # of several symbols
        known, index = known[symbol].to_numpy(), known[symbol].index
    state = np.nan_to_num(known)
    number = np.cumsum(np.r_[True, state[1:] != state[:-1]])
    # an entry is filled on the bar after its state's
    return dict(zip(index[1:], number[:-1].tolist(), strict=True)).get


def _open_trades(trades: pd.DataFrame) -> Callable[[pd.Timestamp], int | None]:
    """Return what tells which of a symbol's trades is open at a time: the last one entered.

    Each trade is open at its entry, also if it leaves on that bar; None where none is.
    """
    trades = trades.sort_values("entry_time", kind="stable")
    entered = pd.DatetimeIndex(trades.entry_time)
    left = trades.exit_time.tolist()

    def trade(time: pd.Timestamp) -> int | None:
        at = int(entered.searchsorted(time, side="right")) - 1
        if at < 0 or (left[at] <= time and entered[at] != time):  # NaT: open at the end
            return None
        return at

    return trade
