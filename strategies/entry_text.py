"""The entry log as text: the facts of each entry, with a mark for each condition met."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

__all__ = ["NAMES", "entry_lines", "entry_text"]

# names of the points, and their conditions
CONDITIONS = (
    ("rsi_points", "RSI {rsi:.1f} (mandatory)"),
    ("band_points", "lower band {lower_band:g}"),
    ("volume_points", "volume {volume_ratio:.2f}x its mean"),
    ("pattern_points", "pattern {pattern}"),
    ("macd_points", "MACD {macd:.4g}, signal {macd_signal:.4g}"),
    ("stochastic_points", "stochastic K {stochastic_k:.1f}, D {stochastic_d:.1f}"),
    ("support_points", "support {support:g}"),
)
HEAD = ("time", "run", "symbol", "side", "price", "score", "order")
OF_ML = ("probability", "class", "level", "ml_points")
# facts with a meaning here
NAMES = frozenset((*HEAD, *OF_ML, *(name for name, _ in CONDITIONS)))
SHOWN = 20


def entry_text(facts: Mapping[str, Any]) -> str:
    """Return the facts of an entry as lines of text.

    Parameters
    ----------
    facts : mapping
        Of one entry, as listed by `EntryLog`: time, side, symbol, price and any others; for scored
        entries see `HybridScoring`.

    Examples
    --------
    >>> facts = {"time": "2024-01-01 09:00", "side": "long", "symbol": "A", "price": 10.0}
    >>> print(entry_text(facts | {"state": 1.0, "probability": 0.64, "class": "BUY"}))
    2024-01-01 09:00  long A at 10
        state 1
        ML P(long) 0.640, BUY
    """
    f = {name: value for name, value in facts.items() if known(value)}
    scored = [name for name, _ in CONDITIONS if name in f]
    return "\n    ".join([head(f), *(conditions(f) if scored else others(f)), *ml_line(f)])


def head(f: Mapping[str, Any]) -> str:
    """Return time, symbol, side and score of the entry."""
    text = f"{moment(f['time'])}  {f['side']} {f.get('symbol', '')} at {f['price']:g}"
    kind = f"  {f['order']} order" if "order" in f else ""
    return text + kind + (f"  score {f['score']:g}" if "score" in f else "")


def conditions(f: Mapping[str, Any]) -> list[str]:
    """Return the conditions of a score, marked if they gave points."""
    names = {"pattern": "none", "support": float("nan")} | {k: v for k, v in f.items() if v != ""}
    if f.get("pattern") and not f.get("bullish", 1):
        names["pattern"] = f"{f['pattern']}, bearish"
    texts = (template.format_map(names).replace("nan", "none") for _, template in CONDITIONS)
    points = (f.get(name, 0.0) for name, _ in CONDITIONS)
    return [marked(text, given) for text, given in zip(texts, points, strict=True)]


def others(f: Mapping[str, Any]) -> list[str]:
    """Return every other fact in one line."""
    parts = [
        f"{name.replace('_', ' ')} {value:.6g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in f.items()
        if name not in HEAD and name not in OF_ML
    ]
    return [", ".join(parts)] if parts else []


def ml_line(f: Mapping[str, Any]) -> list[str]:
    """Return ML's prediction; empty for an entry without ML."""
    if not any(name in f for name in OF_ML):
        return []
    p = f"P({f['side']}) {f['probability']:.3f}" if "probability" in f else "no prediction"
    text = ", ".join(["ML " + p, *(str(f[name]) for name in ("class", "level") if name in f)])
    return [marked(text, f["ml_points"]) if "ml_points" in f else text]


def marked(text: str, points: float) -> str:
    """Return a condition with its mark and its points.

    >>> marked("RSI 27.3", 1.0)
    '[X] RSI 27.3                                   1'
    """
    return f"[{'X' if points > 0 else ' '}] {text:<40} {points:>3g}".rstrip()


def moment(time: Any) -> str:
    """Format a time to the second, midnight as the date alone."""
    return f"{pd.Timestamp(time):%Y-%m-%d %H:%M:%S}".removesuffix(":00").removesuffix(" 00:00")


def known(value: Any) -> bool:
    """Return whether a fact is neither None nor NaN."""
    return value is not None and value == value


def entry_lines(entries: pd.DataFrame, run: str) -> list[str]:
    """Return the last entries of a run as text, at most `SHOWN`, and their number."""
    own = entries[entries.run == run] if len(entries) else entries
    rows = own.tail(SHOWN).to_dict("records")
    rest = len(own) - len(rows)
    more = [f"{rest:,} earlier entries stand in entries.csv"] if rest else []
    title = f"Entries with ML {run} ({len(own):,})"
    return [title, *more, *(entry_text({str(k): v for k, v in row.items()}) for row in rows)]
