"""Test whether feature windows are more unusual than in training, valid at any time."""

from bt_fusion.evaluation.drift.betting import Wealth
from bt_fusion.models.reference import FeatureReference

__all__ = ["FeatureTest"]

KEPT = 0.3  # share of capital kept out of each bet
# Shares of the rest, by the rank up to which a window wins: 1 is the most unusual so far
RANKS = {1: 0.25, 2: 0.2, 4: 0.15, 8: 0.1}


class FeatureTest:
    """Rank each new window among the training windows and all earlier ones.

    While windows are exchangeable, ranks are uniform and independent of each other, for any
    dependence among the features: a conformal test martingale.

    Parameters
    ----------
    reference : FeatureReference
        One that `has_scores`.

    References
    ----------
    Vovk, Nouretdinov and Gammerman, Testing exchangeability on-line (2003).
    """

    def __init__(self, reference: FeatureReference):
        self.scores = reference.scores.tolist()
        self.wealth = Wealth([1.0], block=1)

    def bet(self, score: float) -> float:
        """Add the score of a new window and return the capital."""
        self.scores.append(score)
        count = len(self.scores)
        rank = sum(other >= score for other in self.scores)
        won = sum(share * count / best for best, share in RANKS.items() if rank <= best)
        return self.wealth.bet([KEPT + won])
