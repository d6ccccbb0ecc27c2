"""A test whether windows of features are as odd as those of the training were, at any look."""

from bt_fusion.evaluation.drift.betting import Wealth
from bt_fusion.models.reference import FeatureReference

__all__ = ["FeatureTest"]

KEPT = 0.3  # of a bet's capital
# Of the rest, by the rank up to which a new window wins: 1 is the oddest of all so far
RANKS = {1: 0.25, 2: 0.2, 4: 0.15, 8: 0.1}


class FeatureTest:
    """Ranks each new window among those of the training and all before it.

    While windows are exchangeable, ranks are uniform and independent of each other, whatever the
    features' own dependence makes of their PSI: a conformal test martingale.

    Parameters
    ----------
    reference : FeatureReference
        One that `judges`.

    References
    ----------
    Vovk, Nouretdinov and Gammerman, Testing exchangeability on-line (2003).
    """

    def __init__(self, reference: FeatureReference):
        self.scores = reference.scores.tolist()
        self.wealth = Wealth([1.0], block=1)

    def bet(self, score: float) -> float:
        """Take the score of a new window and return the capital."""
        self.scores.append(score)
        count = len(self.scores)
        rank = sum(other >= score for other in self.scores)
        won = sum(share * count / best for best, share in RANKS.items() if rank <= best)
        return self.wealth.bet([KEPT + won])
