"""Names of a verdict's conditions, as the report and summary.json show them."""

from enum import StrEnum

__all__ = ["Condition"]


class Condition(StrEnum):
    """One condition of a verdict; p is the p-value of a test against chance."""

    UNSEEN = "only unseen bars traded"
    TRADES = "30 trades in each run"
    FILTERS = "tested against random filters"
    STRICT = "against random filters: p at most 0.005"
    BEYOND = "mean trade outside the range of random filters"
    DEFLATED = "deflated Sharpe ratio at least 0.95"
    ONE = "against random filters or ranking: p at most 0.025"
    BOTH = "against random filters and ranking: p at most 0.5"
    SHARPE = "Sharpe ratio agrees with the tests"
