"""Figures of a classifier: scores, a report by class, the confusion matrix."""

from typing import Any

import numpy as np

from bt_fusion.labels import Labels
from bt_fusion.models.predictions import Predictions

__all__ = [
    "FIGURES",
    "class_report",
    "classification_figures",
    "confusion",
    "figures_of",
    "log_loss_of",
]

FIGURES = ("auc", "brier", "log_loss", "accuracy", "precision", "recall", "f1")


def classification_figures(predictions: Predictions, labels: Labels) -> dict[str, Any]:
    """Score predictions by the actual labels.

    Parameters
    ----------
    predictions : Predictions
    labels : Labels
        Of the same bars.

    Returns
    -------
    dict
        rows (predicted bars whose label is known), and on them `figures_of`.
    """
    rows = predictions.known & np.isfinite(labels.y)
    found = figures_of(labels.y[rows], predictions.proba[rows], predictions.classes)
    return {"rows": int(rows.sum()), **found}


def figures_of(
    actual: np.ndarray, proba: np.ndarray, classes: tuple[int, ...]
) -> dict[str, float | None]:
    """Score probabilities by the actual classes.

    Parameters
    ----------
    actual : ndarray, shape (n_rows,)
    proba : ndarray, shape (n_rows, n_classes)
    classes : tuple of int

    Returns
    -------
    dict
        For class 1 against the rest: auc, brier, log_loss (of all classes), accuracy, precision,
        recall, f1 (at probability 1/2, or the most likely class with three). None if undefined.

    Examples
    --------
    >>> proba = np.array([[0.2, 0.8], [0.4, 0.6], [0.9, 0.1]])
    >>> found = figures_of(np.array([1, 0, 0]), proba, (0, 1))
    >>> found["auc"], found["precision"], found["recall"]
    (1.0, 0.5, 1.0)
    """
    from sklearn import metrics

    if not len(actual):
        return dict.fromkeys(FIGURES)
    predicted = np.asarray(classes)[proba.argmax(axis=1)]
    up, predicted_up = actual == 1, predicted == 1
    score = proba[:, classes.index(1)]
    both = 0 < up.sum() < len(up)
    hits = int((up & predicted_up).sum())
    values = (
        float(metrics.roc_auc_score(up, score)) if both else None,
        float(metrics.brier_score_loss(up, score)),
        log_loss_of(actual, proba, classes),
        float((predicted == actual).mean()),
        hits / int(predicted_up.sum()) if predicted_up.any() else None,
        hits / int(up.sum()) if up.any() else None,
        2 * hits / int(up.sum() + predicted_up.sum()) if (up | predicted_up).any() else None,
    )
    return dict(zip(FIGURES, values, strict=True))


def log_loss_of(actual: np.ndarray, proba: np.ndarray, classes: tuple[int, ...]) -> float:
    """Return the mean of -log of the probability given to the actual class.

    Rows are first normalised to 1: boosters return float32, whose sums are off by 1e-7.

    >>> round(log_loss_of(np.array([1, 0]), np.array([[0.5, 0.5], [0.5, 0.5]]), (0, 1)), 4)
    0.6931
    """
    from sklearn.metrics import log_loss

    shares = proba / proba.sum(axis=1, keepdims=True)
    return float(log_loss(actual, shares, labels=list(classes)))


def class_report(
    actual: np.ndarray,
    predicted: np.ndarray,
    classes: tuple[int, ...],
    names: tuple[str, ...],
) -> dict[str, dict[str, float]]:
    """Return precision, recall, f1 and rows by class, and their means.

    Parameters
    ----------
    actual, predicted : ndarray, shape (n_rows,)
        Classes.
    classes : tuple of int
    names : tuple of str
        Of the classes.

    Returns
    -------
    dict
        By class name, "macro avg" (every class counts the same) and "weighted avg" (by
        rows): precision, recall, f1, rows. 0 where undefined.
    """
    from sklearn.metrics import classification_report

    report = classification_report(
        actual.astype(int),
        predicted.astype(int),
        labels=list(classes),
        target_names=names,
        output_dict=True,
        zero_division=0.0,
    )
    wanted = (*names, "macro avg", "weighted avg")
    columns = {"precision": "precision", "recall": "recall", "f1": "f1-score", "rows": "support"}
    return {key: {new: report[key][old] for new, old in columns.items()} for key in wanted}


def confusion(
    actual: np.ndarray, predicted: np.ndarray, classes: tuple[int, ...]
) -> list[list[int]]:
    """Return the confusion matrix: a row for each actual class, a column for each predicted one.

    >>> confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), (0, 1))
    [[1, 1], [0, 1]]
    """
    from sklearn.metrics import confusion_matrix

    rows, columns = actual.astype(int), predicted.astype(int)
    return confusion_matrix(rows, columns, labels=list(classes)).tolist()
