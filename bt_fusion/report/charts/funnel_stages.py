"""The stages of the funnel in words: who does what."""

__all__ = ["stage_name"]

# key in summary["funnel"]["passed"]: its name; a strategy may have stages of its own
NAMES = {
    "bars": "Bars traded",
    "asked": "Strategy signalled an entry",
    "mandatory": "Strategy's mandatory rule was met",
    "technical": "Strategy had a technical signal",
    "confident": "ML was confident in a side",
    "agreed": "ML agreed with the entry",
    "ordered": "Strategy ordered the entry",
    "filled": "Broker filled the order",
}


def stage_name(stage: str) -> str:
    """Return the name of a stage.

    >>> stage_name("agreed"), stage_name("volume high")
    ('ML agreed with the entry', 'Volume high')
    """
    return NAMES.get(stage) or stage.capitalize()
