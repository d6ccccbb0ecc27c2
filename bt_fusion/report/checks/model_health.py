"""Text on the health of a run's models."""

from typing import Any

from bt_fusion.report.figures import cell, percent

__all__ = ["health_texts"]


def health_texts(summary: dict[str, Any]) -> list[str]:
    """Return a sentence on each symbol's models; empty if unknown.

    Examples
    --------
    >>> found = {"symbol": "", "models": 1, "alarms": [], "hit_rate": 0.58, "expected": 0.6}
    >>> health_texts({"model": {"health": [found]}})
    ['No alarm of the model; hit rate 58.0 % at last, 60.0 % expected.']
    """
    reports = [each for each in summary["model"].get("health") or [] if each["models"]]
    names = [f"{each['symbol']}: " if len(reports) > 1 else "" for each in reports]
    return [name + text(each) for name, each in zip(names, reports, strict=True)]


def text(found: dict[str, Any]) -> str:
    """Return the sentence on one symbol's models."""
    alarms, models = found["alarms"], found["models"]
    hits, expected = (cell(found[name], percent) for name in ("hit_rate", "expected"))
    if not alarms:
        many = f"{models} models" if models > 1 else "the model"
        return f"No alarm of {many}; hit rate {hits} at last, {expected} expected."
    who = f"{len(alarms)} of {models} models have" if models > 1 else "The model has"
    time = str(alarms[0]["time"]).replace("T", " ")
    return f"{who} drifted, first by {time}: {alarms[0]['why']}."
