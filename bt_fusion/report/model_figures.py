"""The model on the bars of a saved run: reliability, confusion, each refit's AUC, thresholds."""

from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.evaluation.classification import confusion
from bt_fusion.evaluation.reliability import reliability_table
from bt_fusion.labels import class_names
from bt_fusion.models.agreement import Agreement
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = [
    "MOST_FEATURES",
    "agreement_of_run",
    "changes_threshold",
    "class_names_of",
    "confusion_of",
    "labelled",
    "mirrored",
    "one_sided",
    "refit_aucs",
    "reliability_of",
    "thresholds",
]

MOST_FEATURES = 25  # in a chart of importances


def labelled(run: SavedRun) -> pd.DataFrame:
    """Return the predicted bars whose class is known.

    Returns
    -------
    DataFrame
        datetime, model, label, up and down: P(class 1) and P(class -1 or 0).
    """
    keys = ["symbol", "datetime"] if "symbol" in run.bars else ["datetime"]
    table = run.bars[[*keys, "label"]].merge(run.predictions, on=keys)
    table = table.rename(columns={"probability_up": "up", "probability_down": "down"})
    return table[table.label.notna() & table.up.notna()].reset_index(drop=True)


def reliability_of(run: SavedRun, bins: int = 20) -> list[dict[str, float]]:
    """Return actual against predicted shares, by bins of P(up).

    Parameters
    ----------
    run : SavedRun
    bins : int
        Of equal width over 0..1; empty ones are left out.

    Returns
    -------
    list of dict
        predicted, actual (fractions), low, high (95 % Wilson interval of `actual`), count.

    Notes
    -----
    Labels of neighbouring bars overlap: with a horizon of h bars, about h rows share one outcome,
    so the interval uses rows / h.

    References
    ----------
    Wilson, Probable inference, the law of succession, and statistical inference (1927).
    """
    from statsmodels.stats.proportion import proportion_confint

    rows = labelled(run)
    if rows.empty:
        return []
    horizon = run.summary["config"]["label_parameters"].get("horizon", 1)
    table = reliability_table((rows.label == 1).to_numpy(), rows.up.to_numpy(), bins)
    table.columns = pd.Index(["predicted", "actual", "count"])
    outcomes = table["count"].to_numpy() / horizon
    low, high = proportion_confint(table.actual.to_numpy() * outcomes, outcomes, method="wilson")
    lines = table.assign(low=low, high=high).to_dict("records")
    return [{str(name): value for name, value in line.items()} for line in lines]


def confusion_of(run: SavedRun) -> list[list[int]]:
    """Return the confusion matrix: a row for each actual class."""
    rows, classes = labelled(run), run.summary["model"]["classes"]
    if rows.empty:
        return [[0 for _ in classes] for _ in classes]
    sides = [rows.down, 1 - rows.down - rows.up, rows.up]
    proba = np.column_stack(sides if len(classes) == 3 else [1 - rows.up, rows.up])
    chosen = np.asarray(classes)[proba.argmax(axis=1)]
    return confusion(rows.label.to_numpy(), chosen, tuple(classes))


def class_names_of(run: SavedRun) -> tuple[str, ...]:
    """Return the class names of a run's model."""
    return class_names(run.summary["model"]["classes"], not one_sided(run.predictions))


def refit_aucs(run: SavedRun) -> list[dict[str, Any]]:
    """Return the AUC of each refit on the bars it predicted.

    Returns
    -------
    list of dict
        symbol (empty where there is one), start, end (stamps of its first and last bar),
        trained_until, rows, payoff (see `models.payoff.Payoff`; None where the folder does not tell
        it), auc (None with too few rows; in older folders with one class alone). Each symbol has
        refits of its own, and its own numbers for them.
    """
    found, table, saved = [], labelled(run), aucs_in_summary(run)
    if "symbol" not in table:
        table = table.assign(symbol="")
    for (symbol, _), rows in table.groupby(["symbol", "model"], sort=False):
        key = str(symbol), int(rows.model.iloc[0])
        found.append(
            {
                "symbol": str(symbol),
                "start": rows.datetime.min(),
                "end": rows.datetime.max(),
                "trained_until": rows.trained_until.max(),
                "rows": len(rows),
                "payoff": payoff_of(run, *key),
                "auc": saved[key] if key in saved else auc_of(rows),
            }
        )
    return found


def aucs_in_summary(run: SavedRun) -> dict[tuple[str, int], float | None]:
    """Return the AUC of each symbol's refits from the summary; empty for older folders."""
    each = (run.summary["model"].get("refit_auc") or {}).get("each", ())
    several = "symbol" in run.bars
    return {(own["symbol"] if several else "", own["refit"]): own["auc"] for own in each}


def auc_of(rows: pd.DataFrame) -> float | None:
    """Return the AUC of `labelled` rows, None with a single class."""
    from sklearn.metrics import roc_auc_score

    both = (rows.label == 1).nunique() == 2
    return float(roc_auc_score(rows.label == 1, rows.up)) if both else None


def payoff_of(run: SavedRun, symbol: str, refit: int) -> dict[str, Any] | None:
    """Return the payoffs of a symbol's refit as text; None in older folders."""
    part = (run.summary.get("symbols") or {}).get(symbol) if symbol else run.summary
    found = part["model"].get("payoffs") or [] if part else []
    return found[refit] if 0 <= refit < len(found) else None


def thresholds(run: SavedRun) -> list[float]:
    """Return the levels of P(up) from which an entry passes, mirrored where two-sided.

    None with majority voting, which goes by the vote. Of "auto" the median of all bars.
    """
    if run.majority:
        return []
    agreement = agreement_of_run(run)
    level = float(run.predictions.threshold.median()) if agreement.auto else agreement.number
    if np.isnan(level):
        return []
    two_sided = len(run.summary["model"]["classes"]) == 2 and not one_sided(run.predictions)
    return mirrored(level) if two_sided else [level]


def changes_threshold(run: SavedRun) -> bool:
    """Return whether the threshold differs by bar: "auto", and known."""
    if run.majority or not agreement_of_run(run).auto or "threshold" not in run.predictions:
        return False
    return bool(run.predictions.threshold.notna().any())


def agreement_of_run(run: SavedRun) -> Agreement:
    """Return the agreement the run's strategy requires of ML."""
    found = run.summary.get("fused_vs_technical") or {}  # it knows the default of the strategy
    own = found.get("threshold", 0.60)
    return Agreement.of(run.summary["config"]["params"], default=own)


def mirrored(level: float) -> list[float]:
    """Return a threshold, and the P(up) at which P(down) of a two-class label reaches it.

    >>> mirrored(0.6), mirrored(0.5)
    ([0.6, 0.4], [0.5])
    """
    return list(dict.fromkeys([level, round(1 - level, 12)]))


def one_sided(predictions: pd.DataFrame) -> bool:
    """Return whether there is no P(down)."""
    return bool(predictions.probability_down.isna().all())
