"""The printed form of predictions."""

from typing import Any

import numpy as np

from bt_fusion.described import listed, when

__all__ = ["predictions_rows", "predictions_title"]


def predictions_title(predictions: Any) -> str:
    """Return the number of bars, and their first and last stamp."""
    index = predictions.index
    span = f", {when(index[0])} to {when(index[-1])}" if len(index) else ""
    return f"{type(predictions).__name__} of {len(index):,} bars{span}"


def predictions_rows(predictions: Any) -> dict[str, str]:
    """Return the label, the members, the number of bars and the signals."""
    known = predictions.known
    models = len(np.unique(predictions.model[known]))
    rows = {} if predictions.label is None else {"label": str(predictions.label)}
    rows |= {
        "classes": ", ".join(predictions.class_names),
        "members": f"{listed(predictions.members)}; {predictions.voting} voting",
        "predicted": f"{known.sum():,} of {len(predictions):,} bars, by "
        f"{models} model{'' if models == 1 else 's'}",
    }
    if known.any():
        return rows | _known_rows(predictions, known)
    why = "a bar needs the earlier bars that its features read, and a model trained before it"
    return rows | {"not predicted": why}


def _known_rows(predictions: Any, known: np.ndarray) -> dict[str, str]:
    up, side = predictions.probability_up[known], predictions.class_names[-1]
    return {
        "first": when(predictions.index[int(known.argmax())]),
        f"P({side.lower()})": f"median {np.median(up):.2f}, {up.min():.2f} to {up.max():.2f}",
        "signals": signals_text(predictions.signal()[known]),
    }


def signals_text(signals: np.ndarray) -> str:
    """Return how many bars have each signal.

    >>> signals_text(np.array([-1.0, 0.0, 0.0, 2.0]))
    '0 strong sell, 1 sell, 2 hold, 0 buy, 1 strong buy'
    """
    names = {-2: "strong sell", -1: "sell", 0: "hold", 1: "buy", 2: "strong buy"}
    return ", ".join(f"{(signals == value).sum():,} {name}" for value, name in names.items())
