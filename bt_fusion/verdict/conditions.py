"""Names of a verdict's conditions, as the report and summary.json show them."""

from enum import StrEnum

__all__ = ["Condition"]


class Condition(StrEnum):
    """One condition of a verdict; p is the p-value of a test against chance."""

    UNSEEN = "only unseen bars traded"
    TRADES = "30 trades in each run"
    FILTERS = "random filters drawn"
    STRICT = "choice of entries: p at most 0.005"
    BEYOND = "mean trade outside the range of random filters"
    DEFLATED = "deflated Sharpe ratio at least 0.95"
    ONE = "choice of entries or ranking: p at most 0.025"
    BOTH = "choice of entries and ranking: p at most 0.5"
    SHARPE = "Sharpe ratio agrees with the tests"
