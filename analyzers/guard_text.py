"""Meaning and remedy of each kind of `BrokerGuard` finding, in a sentence or two."""

__all__ = ["UNITS", "guard_text"]

UNITS = {
    "nan_cash": "bars",
    "nan_value": "bars",
    "nan_order": "orders",
    "stale_order": "orders",
    "margin": "orders",
    "rejected": "orders",
    "leverage": "bars",
    "negative_cash": "bars",
    "negative_value": "bars",
}
TEXTS = {
    "nan_cash": (
        "the cash is NaN or infinite from a fill at such a price to the end of the run: no figure "
        "holds. Drop or repair bars without a price"
    ),
    "nan_value": (
        "the value of the account is NaN or infinite while a position is held over bars without a "
        "close. Drop or repair these bars"
    ),
    "nan_order": (
        "an order was placed on a bar without a price, filled at none, or has NaN as its size or "
        "price: Backtrader refuses it as Margin, never fills it, or fills it at NaN. Order only "
        "where the close is known, and drop or repair bars without a price"
    ),
    "stale_order": (
        "an order was placed while its feed had no new bar: it rests on an old price and waits "
        "for that feed's next bar. Order only where len(data) has grown"
    ),
    "margin": (
        "an order cost more than the cash (to close a losing short costs cash, too) and was "
        "refused as Margin: the strategy did not trade what it asked for. Leave room for "
        "commission and an opening gap, such as 5 % of the cash"
    ),
    "rejected": (
        "the broker rejected an order: the strategy did not trade what it asked for. Look at "
        "the order in notify_order and at the rules of the broker"
    ),
    "child": (
        "the broker rejected an order, such as a stop or target, whose main order was refused or "
        "cancelled before. Look at what became of the main order"
    ),
    "leverage": (
        "positions were worth up to {leverage:.2f} times the account: Backtrader asks no cash for "
        "shorts and closes no losing position, a real broker does. Order less, or give "
        "BrokerGuard leverage=... where it is meant"
    ),
    "negative_cash": (
        "the cash fell to {cash:,.2f}: closing a loss, interest and commission are paid from cash "
        "that is not there, and nobody asks interest for it or a margin call. Order less, or keep "
        "a reserve"
    ),
    "negative_value": (
        "the account lost more than it had, its value fell to {value:,.2f}: a real broker would "
        "have closed the positions before. No figure after this bar holds; order less, or use "
        "stops"
    ),
}


def guard_text(kind: str, facts: dict) -> str:
    """Return the meaning of a kind of finding and what to do.

    Parameters
    ----------
    kind : str
        A key of `UNITS`.
    facts : dict
        ``leverage``, ``cash`` and ``value``, the extremes of the run; ``child`` if the first
        rejected order had a parent order.

    Examples
    --------
    >>> guard_text("negative_cash", {"cash": -1234.5})[:28]
    'the cash fell to -1,234.50: '
    """
    return TEXTS["child" if facts.get("child") else kind].format(**facts)
