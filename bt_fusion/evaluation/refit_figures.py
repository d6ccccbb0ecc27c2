"""AUC of each refit for the summary, and notes on it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.evaluation.grade import chance_auc
from bt_fusion.evaluation.refit_auc import RefitAucs
from bt_fusion.labels import Direction, Label, Labels
from bt_fusion.models.predictions import Predictions

__all__ = ["refit_figures", "refit_notes", "too_good_note"]

# No market gives an AUC above these. Direction is hard to predict; other labels also depend on the
# size of a move, and volatility can be predicted.
MOST_OF_DIRECTION = 0.75
MOST_OF_OTHERS = 0.90


def refit_figures(parts: Mapping[str, tuple[Predictions, Labels]], horizon: int) -> dict[str, Any]:
    """Return the AUC within refits, and that of each.

    Parameters
    ----------
    parts : dict
        Predictions and labels of the same bars, by symbol; each symbol has its own refits.
    horizon : int
        Bars the label looks ahead.

    Returns
    -------
    dict
        within, lowest and highest (None if no refit has an AUC), refits (number with an AUC),
        differs (see `RefitAucs.differs`), and each: a dict for each refit with symbol, refit
        (its number), start, end (stamps of its first and last labelled bar), rows and auc (None
        with too few rows, see `RefitAucs.of`).
    """
    rows, found = rows_and_aucs(parts, horizon)
    spans = rows.groupby("number").agg(
        symbol=("symbol", "first"),
        refit=("refit", "first"),
        start=("time", "min"),
        end=("time", "max"),
    )
    aucs = [None if np.isnan(auc) else float(auc) for auc in found.auc]
    spans = spans.assign(rows=found.rows, auc=pd.Series(aucs, dtype=object))
    some = len(found.known) > 0
    return {
        "within": found.within if some else None,
        "lowest": float(found.known.min()) if some else None,
        "highest": float(found.known.max()) if some else None,
        "refits": len(found.known),
        "differs": found.differs,
        "each": spans.to_dict("records"),
    }


def refit_notes(
    predictions: Predictions, labels: Labels, label: Label, of: str = " within refits"
) -> list[str]:
    """Return notes if the pooled AUC differs from that within refits, or an AUC is too good.

    Parameters
    ----------
    predictions : Predictions
    labels : Labels
        Of the same bars.
    label : Label
    of : str
        Text after "AUC" in the note; empty for the predictions of a saved model.
    """
    rows, found = rows_and_aucs({"": (predictions, labels)}, label.horizon)
    notes = []
    if found.differs:
        why = (
            "each refit has its own scale of probabilities, and pooling hides how they rank bars"
            if found.within > found.pooled
            else "the pooled AUC comes more from differences between refits than from ranking bars"
        )
        notes.append(
            f"AUC {found.pooled:.3f} pooled but {found.within:.3f} within refits, more than chance "
            f"explains: {why}; trust the AUC within refits"
        )
    ups = int(rows.up.sum())
    notes.append(too_good_note(found.within, ups, len(rows) - ups, label, of))
    return [note for note in notes if note]


def too_good_note(auc: float | None, of_class: int, others: int, label: Label, of: str = "") -> str:
    """Return a note if an AUC is too good to be true without look-ahead, else "".

    Parameters
    ----------
    auc : float or None
        NaN or None if unknown.
    of_class, others : int
        Rows of class 1, and others.
    label : Label
    of : str
        See `refit_notes`.

    Examples
    --------
    >>> too_good_note(0.7, 1_000, 1_000, Direction(5))
    ''
    """
    most = MOST_OF_DIRECTION if isinstance(label, Direction) else MOST_OF_OTHERS
    if (
        auc is None
        or not auc > most
        or auc <= chance_auc(of_class / label.horizon, others / label.horizon)
    ):
        return ""
    return (
        f"AUC{of} {auc:.3f}: too good for a market. A feature, the label or the bars probably look "
        "ahead; check them with bt-fusion audit --data, with and without --features and --label"
    )


def rows_and_aucs(
    parts: Mapping[str, tuple[Predictions, Labels]], horizon: int
) -> tuple[pd.DataFrame, RefitAucs]:
    """Return the labelled rows (symbol, refit, number, time, up, score), and their AUCs."""
    tables = []
    for symbol, (predictions, labels) in parts.items():
        rows = predictions.known & np.isfinite(labels.y)
        columns = {
            "symbol": symbol,
            "refit": predictions.model[rows],
            "time": predictions.index[rows],
            "up": labels.y[rows] == 1,
            "score": predictions.probability_up[rows],
        }
        tables.append(pd.DataFrame(columns))
    table = pd.concat(tables, ignore_index=True)
    table["number"] = table.groupby(["symbol", "refit"], sort=False).ngroup()
    number, up, score = (table[name].to_numpy() for name in ("number", "up", "score"))
    return table, RefitAucs.of(number, up, score, horizon)
