"""Text of a saved model's parity certificate, from its card."""

from collections.abc import Sequence
from typing import Any

from bt_fusion.report.figures import count

__all__ = ["parity_lines", "parity_text"]

NAMED = 6


def parity_lines(parity: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return a line for each way to predict that a certificate names.

    >>> parity_lines([])
    {'parity': 'not compared (saved by an earlier version)'}
    """
    if not parity:
        return {"parity": "not compared (saved by an earlier version)"}
    return {f"parity {line['way']}": parity_text(line) for line in parity}


def parity_text(line: dict[str, Any]) -> str:
    """Return how one prediction path compares with the batch."""
    if line["agrees"] is None:
        return f"not compared: {line['reason']}"
    if line["probability"] is None:
        return f"DIFFERS: on the bar {line['first']} it {line['reason']}"
    if line["agrees"]:
        text = f"agrees on {count(line['bars'])} training bars"
    else:
        text = (
            f"DIFFERS on {count(line['differing'])} of {count(line['bars'])} training bars, the "
            f"first {line['first']}"
        )
    parts = [text, *_parts(line)]
    return "; ".join(parts)


def _parts(line: dict[str, Any]) -> list[str]:
    size = (
        f"largest difference {line['probability']:.1e} ({line['tolerance']:.0e} allowed)"
        if line["probability"]
        else "the same probabilities"
    )
    signals = f"{count(line['signals'])} signals differ" if line["signals"] else "the same signals"
    parts = [f"{size}, {signals}"]
    if line["unknown"]:
        parts[0] += f", {count(line['unknown'])} bars without a prediction"
    if line["last_digit"]:
        parts.append(f"{count(line['last_digit'])} more differ only by the last digit of a feature")
    for what in ("features", "members"):
        if line[what]:
            parts.append(f"{what} {', '.join(line[what][:NAMED])}")
    if line["reason"]:
        parts.append(line["reason"])
    return parts
