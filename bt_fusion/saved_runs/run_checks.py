"""Check the files of a run: columns of its tables and entries of its config.

A folder may have been edited, truncated or made by another program. These checks raise one clear
error before a chart or a rerun begins.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

__all__ = ["check_config", "check_table"]

TEXT, NUMBER, TIME = "text", "numbers", "times"
COLUMNS = {
    "trades.csv": {
        **dict.fromkeys(("run", "symbol", "side", "exit_reason"), TEXT),
        **dict.fromkeys(("entry_price", "exit_price", "size", "pnl"), NUMBER),
        **dict.fromkeys(("entry_time", "exit_time"), TIME),
    },
    "entries.csv": {"run": TEXT, "symbol": TEXT, "time": TIME},
    "predictions.parquet": {
        **dict.fromkeys(("probability_up", "probability_down", "model"), NUMBER),
        **dict.fromkeys(("datetime", "trained_until"), TIME),
    },
    "bars.parquet": {
        **dict.fromkeys(("open", "high", "low", "close", "volume"), NUMBER),
        "datetime": TIME,
    },
    "equity.parquet": {"datetime": TIME},
}
NEVER_EMPTY = ("predictions.parquet", "bars.parquet", "equity.parquet")
NUMBERS, NONE = (int, float), type(None)
CONFIG: dict[str, tuple[type, ...]] = {
    "strategy": (str,),
    "params": (dict,),
    "label": (str,),
    "label_parameters": (dict,),
    "features": (str, list, dict),
    "ensemble": (dict,),
    "account": (dict,),
    "seed": (int,),
}
ACCOUNT: dict[str, tuple[type, ...]] = dict.fromkeys(
    ("cash", "commission", "slippage", "share"), NUMBERS
)
SOURCE: dict[str, tuple[type, ...]] = {
    "folder": (str, NONE),
    "sizer": (str, NONE),
    "plugins": (list,),
    "data": (str, dict),
    "model": (str, dict, NONE),
    "preset": (str, NONE),
    "recipe": (str, NONE),
    "members": (str, NONE),
}
ENSEMBLE: dict[str, tuple[type, ...]] = {
    "members": (str, list, dict),
    "voting": (str,),
    "vote_threshold": NUMBERS,
    "seed": (int,),
}
WALK: dict[str, tuple[type, ...]] = {
    "train_bars": (int, dict),
    "refit_bars": (int, dict),
    "window": (str,),
    "embargo_bars": (int,),
}


def check_table(name: str, table: pd.DataFrame) -> None:
    """Raise ValueError if a table of a run lacks columns, or has wrong types in them.

    Parameters
    ----------
    name : str
        File name.
    table : DataFrame
    """
    columns = COLUMNS.get(name, {})
    missing = [column for column in columns if column not in table]
    if missing:
        raise ValueError(f"it lacks the column(s) {', '.join(missing)}")
    if not len(table):
        if name in NEVER_EMPTY:
            raise ValueError("it has no rows")
        return
    for column, kind in columns.items():
        values = table[column]
        right = {
            TEXT: not is_numeric_dtype(values) or column == "symbol",
            NUMBER: is_numeric_dtype(values),
            TIME: is_datetime64_any_dtype(values),
        }
        if not right[kind]:
            raise ValueError(f"column {column} holds no {kind}")


def check_config(summary: Mapping[str, Any]) -> None:
    """Raise ValueError if a summary lacks what a rerun needs, or has wrong types.

    Parameters
    ----------
    summary : mapping
        The content of summary.json.
    """
    check_kinds(summary, {"data": (dict,), "window": (dict,), "config": (dict,)}, "", True)
    config = summary["config"]
    for symbol, part in (summary.get("symbols") or {"": summary}).items():
        where = f"symbols.{symbol}." if symbol else ""
        check_kinds(part, {"data": (dict,), "window": (dict,)}, where, True)
        texts = {"start": (str,), "end": (str,)}
        check_kinds(part["window"], texts, f"{where}window.", True)
        data: dict[str, tuple[type, ...]] = {**texts, "bars": (int,), "sha256": (str,)}
        check_kinds(part["data"], data | {"name": (str,)}, f"{where}data.", True)
    check_kinds(config, CONFIG, "config.", True)
    check_kinds(config, {"code_sha256": (dict,), "plugins": (dict,), "source": (dict,)}, "config.")
    check_kinds(config["account"], ACCOUNT, "config.account.", True)
    check_kinds(config.get("source", {}), SOURCE, "config.source.")
    by_symbol = isinstance(config.get("trained_until"), dict)
    ensembles = config["ensemble"].values() if by_symbol else [config["ensemble"]]
    for ensemble in ensembles:
        check_kinds(ensemble, ENSEMBLE, "config.ensemble.", True)
    if "trained_until" not in config:
        check_kinds(config, WALK, "config.", True)


def check_kinds(
    part: Any, kinds: Mapping[str, tuple[type, ...]], where: str, required: bool = False
) -> None:
    """Raise ValueError for a missing value or one of the wrong type."""
    if not isinstance(part, Mapping):
        raise ValueError(f"{where.rstrip('.')} is no object")
    for name, kind in kinds.items():
        if name not in part and required:
            raise ValueError(f"{where}{name} is missing")
        value = part.get(name)
        wrong_flag = isinstance(value, bool) and bool not in kind
        if name in part and (wrong_flag or not isinstance(value, kind)):
            raise ValueError(f"{where}{name} is {str(value)[:40]!r}")
