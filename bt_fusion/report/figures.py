"""Names and formats of figures, for the page, the pictures and the terminal."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bt_fusion.described import when

__all__ = [
    "NONE",
    "Writer",
    "account_text",
    "bars_traded",
    "basis",
    "by_signal",
    "cell",
    "count",
    "decimals",
    "difference",
    "interval",
    "money",
    "number",
    "payoff_text",
    "percent",
    "reason",
    "short_percent",
    "signed",
    "signed_percent",
    "threshold_text",
    "when",
]

NONE = "-"
SIDES = {-1: "short", 0: "none", 1: "long"}
STRONG = 2  # size of a strong signal
Writer = Callable[[Any], str]


def cell(value: Any, write: Writer) -> str:
    """Write a value, a dash for none."""
    return NONE if value is None else write(value)


def threshold_text(threshold: float | str) -> str:
    """Write a threshold.

    >>> threshold_text(0.6), threshold_text(0.605), threshold_text("auto")
    ('0.60', '0.605', 'auto')
    """
    if isinstance(threshold, str):
        return threshold
    return max(f"{threshold:.2f}", f"{threshold:g}", key=len)


def payoff_text(payoff: Mapping[str, Any]) -> str:
    """Format the gain of a right and the loss of a wrong prediction.

    >>> payoff_text({"win": 1.5, "loss": 1.5, "atr_period": 14})
    'right +1.5 ATR(14), wrong -1.5 ATR(14)'
    >>> payoff_text({"win": 0.015, "loss": 0.01, "atr_period": None})
    'right +1.500 %, wrong -1.000 %'
    """
    win, loss, period = payoff["win"], payoff["loss"], payoff["atr_period"]
    if win is None or loss is None:
        return "unknown: the training rows do not tell it"
    if period:
        return f"right {win:+.4g} ATR({period}), wrong {-loss:+.4g} ATR({period})"
    return f"right {100 * win:+.3f} %, wrong {-100 * loss:+.3f} %"


def interval(ends: Sequence[float] | None, write: Writer) -> str:
    """Write both ends of an interval, a dash for none.

    >>> interval([0.1, 0.25], percent), interval(None, percent)
    ('10.0 % to 25.0 %', '-')
    """
    return f"{write(ends[0])} to {write(ends[1])}" if ends else NONE


def difference(entry: Any, write: Writer) -> list[str]:
    """Return a difference and its interval as text, empty without a comparison.

    >>> difference({"off": 1, "on": 3, "delta": 2, "ci95": [1, 3]}, str)
    ['+2', '1 to 3']
    >>> difference({"off": 0.5, "on": 0.523, "delta": 0.023, "ci95": [-0.01, 0.05]}, percent)
    ['+2.3 points', '-1.0 to 5.0']
    """
    if not isinstance(entry, dict) or "ci95" not in entry:
        return ["", ""]
    if write is percent:  # 50 % less 45 % is not 5 % of anything
        delta, ends = difference(entry, short_percent)
        return [delta if delta == NONE else f"{delta} points", ends]
    delta = entry["delta"]
    sign = "+" if delta is not None and delta > 0 else ""
    return [sign + cell(delta, write), interval(entry["ci95"], write)]


def bars_traded(summary: dict[str, Any]) -> str:
    """Format the number of traded bars, and whether the model was trained on them.

    >>> bars_traded({"window": {"bars": 1_500}, "in_sample": 0})
    '1,500 unseen bars'
    """
    bars, known = count(summary["window"]["bars"]), int(summary["in_sample"])
    return f"{bars} bars, {count(known)} of them IN-SAMPLE" if known else f"{bars} unseen bars"


def reason(comparison: dict[str, Any]) -> str:
    """Return the reason of a verdict, without repeating its grade.

    >>> reason({"verdict": "no evidence", "because": "no evidence: too few entries"})
    'Too few entries'
    """
    because = str(comparison.get("because") or "").removeprefix(f"{comparison.get('verdict')}: ")
    return because[:1].upper() + because[1:]


def signed(value: float) -> str:
    """Write an amount of cash with its sign, nothing as plain 0.

    >>> signed(1234.5), signed(-0.2)
    ('+1,234', '0')
    """
    sign = "+" if value > 0 else ""
    return sign + money(value) if abs(value) >= 0.5 else "0"


def percent(value: float, digits: int = 1) -> str:
    """Write a fraction as percent.

    >>> percent(0.1234), percent(-1e9)
    ('12.3 %', '-1.0e+11 %')
    """
    return f"{100 * value:.{digits}f} %" if abs(value) < 1e4 else f"{100 * value:.1e} %"


def signed_percent(value: float) -> str:
    """Write a fraction as percent with its sign, nothing as plain 0.

    >>> signed_percent(0.1234), signed_percent(-0.0001)
    ('+12.3 %', '0.0 %')
    """
    return f"{100 * value:+.1f} %" if abs(value) >= 0.0005 else "0.0 %"


def basis(value: float) -> str:
    """Write a small fraction as percent with three digits."""
    return percent(value, 3)


def number(value: float) -> str:
    """Write a ratio."""
    return f"{value:.2f}" if abs(value) < 1e6 else f"{value:.2e}"


def short_percent(value: float) -> str:
    """Write a fraction as percent for a narrow cell, without the unit.

    >>> short_percent(0.1234), short_percent(-0.0001)
    ('12.3', '0.0')
    """
    if abs(value) >= 1e4:
        return f"{100 * value:.1e}"
    return f"{round(100 * value, 1) + 0.0:.1f}"  # + 0.0 takes the sign from a zero


def money(value: float) -> str:
    """Write an amount of cash, a quadrillion and more by its power of ten.

    >>> money(1234.5), money(9.27e139)
    ('1,234', '9.27e+139')
    """
    return f"{value:,.0f}" if abs(value) < 1e15 else f"{value:.2e}"


def count(value: int) -> str:
    """Write a number of things."""
    return f"{value:,}"


def by_signal(counts: Mapping[Any, int]) -> str:
    """Write how many bars have each signal.

    >>> by_signal({"-1": 20, "0": 1_500, "1": 30})
    'short on 20 bars, none on 1,500, long on 30'
    >>> by_signal({"-2": 1, "2": 30})
    'strong short on 1 bar, strong long on 30'
    """
    parts: list[str] = []
    for signal, bars in counts.items():
        size = abs(int(signal))
        side = SIDES[int(signal) // size if size else 0]
        name = f"strong {side}" if size == STRONG else side
        unit = "" if parts else " bar" if bars == 1 else " bars"
        parts.append(f"{name} on {count(bars)}{unit}")
    return ", ".join(parts)


def account_text(account: Mapping[str, Any]) -> str:
    """Write cash and costs of an account.

    >>> account_text({"cash": 1e5, "commission": 0.0005, "slippage": 0.0})
    'cash 100,000, commission 0.05 % a side, slippage 0 %'
    """
    return (
        f"cash {account['cash']:,.0f}, commission {100 * account['commission']:g} % a side, "
        f"slippage {100 * account['slippage']:g} %"
    )


def decimals(digits: int) -> Writer:
    """Return a formatter of a score with a number of digits.

    >>> decimals(4)(0.5)
    '0.5000'
    """
    return lambda value: f"{value:.{digits}f}"
