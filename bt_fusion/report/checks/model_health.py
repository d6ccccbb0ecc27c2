"""Text on the health of a run's models."""

from typing import Any

from bt_fusion.report.figures import percent

__all__ = ["health_texts"]


def health_texts(summary: dict[str, Any]) -> list[str]:
    """Return a sentence or two on each symbol's models; empty if unknown.

    Examples
    --------
    >>> found = {"symbol": "", "models": 8, "alarms": [], "hit_rate": 0.42, "expected": 0.6}
    >>> health_texts({"model": {"health": [found]}})[0].split(". ")[0]
    'None of the 8 models raised an alarm'
    """
    reports = [each for each in summary["model"].get("health") or [] if each["models"]]
    names = [f"{each['symbol']}: " if len(reports) > 1 else "" for each in reports]
    return [name + text(each) for name, each in zip(names, reports, strict=True)]


def text(found: dict[str, Any]) -> str:
    """Return the text on one symbol's models."""
    alarms, models = found["alarms"], found["models"]
    if not alarms:
        who = (
            f"None of the {models} models raised an alarm" if models > 1 else "No alarm was raised"
        )
        return f"{who}.{end_text(found)}"
    who = f"{len(alarms)} of {models} models have" if models > 1 else "The model has"
    time = str(alarms[0]["time"]).replace("T", " ")
    return f"{who} drifted, first by {time}: {alarms[0]['why']}."


def end_text(found: dict[str, Any]) -> str:
    """Return the hit rates at the end of the run in a sentence; empty if unknown.

    >>> end_text({"hit_rate": 0.58, "expected": 0.6, "models": 1})
    " At the run's end, the hit rate (of 100 predictions at most) was 58.0 %; 60.0 % was expected."
    """
    hits, expected = found["hit_rate"], found["expected"]
    if hits is None or expected is None:
        return ""
    whose = " of the last model" if found["models"] > 1 else ""
    return (
        f" At the run's end, the hit rate{whose} (of 100 predictions at most) was "
        f"{percent(hits)}; {percent(expected)} was expected."
    )
