"""AUC within each refit of a walk-forward, and AUC of all its predictions pooled."""

from dataclasses import dataclass

import numpy as np

__all__ = ["LEAST_OF_CLASS", "LEAST_OUTCOMES", "RefitAucs"]

LEAST_OUTCOMES = 10  # horizons a refit's rows must span to have its own AUC
LEAST_OF_CLASS = 10  # its rows of class 1, and its others
LEAST_REFITS = 5  # fewest refits to estimate an error
FALSE_POSITIVE_RATE = 0.003  # of a difference: three standard errors
LEAST_DIFFERENCE = 0.03  # smallest relevant difference of two AUCs


@dataclass(frozen=True, eq=False)
class RefitAucs:
    """AUCs of refits, and of all their rows together.

    Attributes
    ----------
    rows : ndarray of int64, shape (n_refits,)
    auc : ndarray of float64, shape (n_refits,)
        Of each refit's own rows; NaN if they are too few, see `of`.
    within : float
        Of the pairs of a class-1 row and another row *of the same refit*, the share in which the
        class-1 row has the higher probability: the mean of `auc`, weighted by such pairs.
    pooled : float
        The same share of pairs from anywhere among the rows of these refits.
    error : float
        Standard error of pooled - within, by the jackknife over refits.
    overlap : float
        Horizon / mean rows of these refits: how far both may lie apart because outcomes overlap.

    Notes
    -----
    Floats are NaN where no refit has an AUC, `error` with fewer than five of them. Most pairs of a
    pooled AUC lie across two refits, and each refit has a scale of its own: the share of class 1
    that it learnt, its calibration. So `within` tells what a model knows, and the pooled AUC may
    hide it. Over short blocks `within` is biased, since outcomes of the same block overlap: on
    random walks it is 0.51 with refits of 250 bars and 0.52 with 125 (horizon 5, logistic
    regression), while the pooled one is 0.50. Hence the least number of rows, and `overlap`.

    References
    ----------
    Efron and Stein, The jackknife estimate of variance (1981).
    """

    rows: np.ndarray
    auc: np.ndarray
    within: float = np.nan
    pooled: float = np.nan
    error: float = np.nan
    overlap: float = np.nan

    @classmethod
    def of(
        cls, refit: np.ndarray, up: np.ndarray, score: np.ndarray, horizon: int = 1
    ) -> "RefitAucs":
        """Compute them from rows.

        Parameters
        ----------
        refit : ndarray of int64, shape (n_rows,)
            Number of the refit that predicted each row, 0 to n_refits - 1.
        up : ndarray of bool, shape (n_rows,)
            Whether it is of class 1.
        score : ndarray of float64, shape (n_rows,)
            P(class 1).
        horizon : int
            Bars the label looks ahead. To have an AUC of its own a refit needs ten times as many
            rows, and ten rows of each kind.

        Examples
        --------
        Two refits that rank without a mistake, each on a scale of its own:

        >>> refit, up = np.repeat([0, 1], 20), np.tile([True, False], 20)
        >>> found = RefitAucs.of(refit, up, score=0.1 * up + 0.5 * refit)
        >>> found.auc.tolist(), found.within, found.pooled
        ([1.0, 1.0], 1.0, 0.75)
        """
        count = int(refit.max()) + 1 if len(refit) else 0
        rows = np.bincount(refit, minlength=count)
        ups = np.bincount(refit, up, minlength=count)
        measured = (rows >= LEAST_OUTCOMES * horizon) & (
            np.minimum(ups, rows - ups) >= LEAST_OF_CLASS
        )
        auc = np.full(count, np.nan)
        if not measured.any():
            return cls(rows, auc)
        kept = measured[refit]
        number = (np.cumsum(measured) - 1)[refit[kept]]
        pairs = RankedPairs.of(number, up[kept], score[kept])
        auc[measured] = pairs.own / (pairs.ups * pairs.downs)
        within, pooled = pairs.aucs()
        overlap = horizon / float(rows[measured].mean())
        return cls(rows, auc, float(within), float(pooled), pairs.error(), overlap)

    @property
    def known(self) -> np.ndarray:
        """AUCs of the refits that have one, in time order."""
        return self.auc[np.isfinite(self.auc)]

    @property
    def differs(self) -> bool:
        """Whether pooled and within are 0.03 apart, and further than chance and overlap explain."""
        from scipy.stats import t

        if len(self.known) < LEAST_REFITS:
            return False
        reach = t.ppf(1 - FALSE_POSITIVE_RATE / 2, len(self.known) - 1) * self.error
        limit = max(LEAST_DIFFERENCE, reach) + self.overlap
        return bool(abs(self.pooled - self.within) > limit)


@dataclass(frozen=True, eq=False)
class RankedPairs:
    """Pairs of a class-1 row and another row that are ranked right; ties count half.

    Attributes
    ----------
    own : ndarray of float64, shape (n_refits,)
        Pairs whose rows are both of the refit.
    across : ndarray of float64, shape (n_refits,)
        Those of each of its rows with any other row, so that `own` is in it twice.
    ups, downs : ndarray of int64, shape (n_refits,)
        Rows of class 1, and others.
    """

    own: np.ndarray
    across: np.ndarray
    ups: np.ndarray
    downs: np.ndarray

    @classmethod
    def of(cls, refit: np.ndarray, up: np.ndarray, score: np.ndarray) -> "RankedPairs":
        """Count the pairs of rows, see `RefitAucs.of`; each refit has some."""
        ups, downs = (np.bincount(refit[kind]) for kind in (up, ~up))
        across = np.bincount(refit, ranked_right(up, score))
        order = np.argsort(refit, kind="stable")
        parts = np.split(order, np.cumsum(ups + downs)[:-1])
        own = [ranked_right(up[part], score[part]).sum() / 2 for part in parts]
        return cls(np.array(own), across, ups, downs)

    def aucs(self, left_out: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Return the AUC within refits and the pooled one, or those without each refit in turn."""
        own, everywhere = self.own.sum(), self.across.sum() / 2
        inside, ups, downs = (self.ups * self.downs).sum(), self.ups.sum(), self.downs.sum()
        if not left_out:
            return own / inside, everywhere / (ups * downs)
        rest = everywhere - self.across + self.own
        return (
            (own - self.own) / (inside - self.ups * self.downs),
            rest / ((ups - self.ups) * (downs - self.downs)),
        )

    def error(self) -> float:
        """Return the standard error of pooled - within; NaN of fewer than five refits."""
        count = len(self.own)
        if count < LEAST_REFITS:
            return np.nan
        within, pooled = self.aucs(left_out=True)
        without = pooled - within
        return float(np.sqrt((count - 1) / count * ((without - without.mean()) ** 2).sum()))


def ranked_right(up: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Return with how many rows of the other kind each row is ranked right; ties count half.

    >>> ranked_right(np.array([True, True, False]), np.array([0.9, 0.3, 0.3]))
    array([1. , 0.5, 1.5])
    """
    from scipy.stats import rankdata

    below = rankdata(score)
    for kind in (up, ~up):
        below[kind] -= rankdata(score[kind])  # what is left are rows of the other kind
    return np.where(up, below, up.sum() - below)
