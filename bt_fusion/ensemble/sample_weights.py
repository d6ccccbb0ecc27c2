"""Weights of training rows: by the uniqueness of each label's span, and by age."""

import numpy as np

from bt_fusion.errors import unknown_name

__all__ = ["SAMPLE_WEIGHTS", "average_uniqueness", "sample_weights", "time_decay"]

SAMPLE_WEIGHTS = ("uniqueness", "decay")


def average_uniqueness(rows: np.ndarray, t1: np.ndarray) -> np.ndarray:
    """Return the uniqueness of each label's span, 0 to 1.

    A label spans the bars from its row to its `t1`, inclusive. Its share of a bar is one over the
    number of labels that span the bar; its uniqueness is the mean of these shares.

    Parameters
    ----------
    rows, t1 : ndarray of int, shape (n_rows,)
        Positions of each row's bar and of the bar at which its label is known.

    Returns
    -------
    ndarray of float64, shape (n_rows,)

    References
    ----------
    Lopez de Prado, Advances in Financial Machine Learning (2018), 4.3 and 4.4.

    Examples
    --------
    Bars 0..3 are spanned by 1, 2, 2 and 1 labels.

    >>> average_uniqueness(np.array([0, 1]), np.array([2, 3])).round(4)
    array([0.6667, 0.6667])
    """
    if not len(rows):
        return np.empty(0)
    first = int(np.min(rows))
    begin, end = np.asarray(rows) - first, np.asarray(t1) - first + 1
    length = int(end.max()) + 1
    steps = np.bincount(begin, minlength=length) - np.bincount(end, minlength=length)
    labels = np.cumsum(steps)
    share = np.divide(1.0, labels, out=np.zeros(length), where=labels > 0)
    total = np.r_[0.0, np.cumsum(share)]
    return (total[end] - total[begin]) / (end - begin)


def time_decay(uniqueness: np.ndarray, oldest: float = 0.5) -> np.ndarray:
    """Return weights that grow linearly from the oldest row to 1 at the newest.

    Age is counted in uniqueness: many overlapping labels age as little as the few independent
    outcomes they represent.

    Parameters
    ----------
    uniqueness : ndarray of float64, shape (n_rows,)
        In time order.
    oldest : float
        Weight at the start of the line, 0 to 1; 1 is no decay.

    References
    ----------
    Lopez de Prado, Advances in Financial Machine Learning (2018), 4.7.

    Examples
    --------
    >>> time_decay(np.array([0.5, 0.5, 1.0]), oldest=0.5)
    array([0.625, 0.75 , 1.   ])
    """
    age = np.cumsum(uniqueness)
    return oldest + (1 - oldest) * age / age[-1]


def sample_weights(name: str, rows: np.ndarray, t1: np.ndarray) -> np.ndarray:
    """Return the weights called `name`, with mean 1.

    Raises
    ------
    OptionError
        For a name that is not in `SAMPLE_WEIGHTS`.
    """
    if name not in SAMPLE_WEIGHTS:
        raise unknown_name("sample_weights", name, SAMPLE_WEIGHTS)
    weight = average_uniqueness(rows, t1)
    if name == "decay":
        weight = time_decay(weight)
    return weight / weight.mean()
