"""Testing by betting, valid at any time: without drift, capital is not expected to grow."""

from collections.abc import Iterable, Sequence

__all__ = ["Wealth"]

MOST = 1e200  # far above any alarm, far below what a float can hold


class Wealth:
    """Capital of bets that begin at unknown times; it starts at 1.

    The k-th block of bets starts with 1 / (k (k + 1)) of the initial capital, shared between the
    alternatives; the rest is kept for later blocks. Under the null, each alternative's capital is a
    nonnegative supermartingale, and so is their sum: the probability that it ever reaches 1 / alpha
    is at most alpha (Ville's inequality), however often it is checked.

    Parameters
    ----------
    shares : sequence of float
        Of each alternative, adding up to 1.
    block : int
        Bets per block.

    References
    ----------
    Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting (2024);
    Shin, Ramdas and Rinaldo, E-detectors (2023), for bets that begin at all times; Ville (1939).

    Examples
    --------
    >>> wealth = Wealth([1.0], block=10)
    >>> wealth.bet([1.5]), wealth.bet([1.5])
    (1.25, 1.625)
    """

    def __init__(self, shares: Sequence[float], block: int):
        self.shares = tuple(shares)
        self.block = block
        self.bets = 0
        self.kept = 1.0
        self.invested = [0.0] * len(self.shares)

    @property
    def next_share(self) -> float:
        """Initial capital of the next block."""
        number = self.bets // self.block + 1
        return 1 / (number * (number + 1))

    def bet(self, factors: Iterable[float]) -> float:
        """Multiply the capital of each alternative, and return the total."""
        if self.bets % self.block == 0:
            self._begin()
        self.bets += 1
        invested, whole = self.invested, self.kept
        for n, factor in enumerate(factors):
            capital = invested[n] * factor
            invested[n] = capital if capital < MOST else MOST
            whole += invested[n]
        return whole

    def _begin(self) -> None:
        """Give the new block its share."""
        started = self.next_share
        self.kept -= started
        for n, share in enumerate(self.shares):
            self.invested[n] += started * share
