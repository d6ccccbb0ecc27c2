"""The health of the models of a run, in words."""

from typing import Any

from bt_fusion.report.figures import cell, percent

__all__ = ["health_texts"]


def health_texts(summary: dict[str, Any]) -> list[str]:
    r"""Return a sentence on the models of each symbol, none where nobody could tell.

    Examples
    --------
    >>> found = {"symbol": "", "models": 1, "alarms": [], "hit_rate": 0.58, "expected": 0.6}
    >>> health_texts({"model": {"health": [found]}})
    ['No alarm of 1 model; hit rate 58.0\xa0% at last, 60.0\xa0% expected.']
    """
    told = [each for each in summary["model"].get("health") or [] if each["models"]]
    return [f"{each['symbol']}: {text(each)}".removeprefix(": ") for each in told]


def text(found: dict[str, Any]) -> str:
    """Write what became of the models of a symbol."""
    models = f"{found['models']} model{'s' if found['models'] > 1 else ''}"
    hits = (
        f"hit rate {cell(found['hit_rate'], percent)} at last, "
        f"{cell(found['expected'], percent)} expected"
    )
    if not found["alarms"]:
        return f"No alarm of {models}; {hits}."
    first = found["alarms"][0]
    return f"{len(found['alarms'])} of {models} drifted, first by {first['time']}: {first['why']}."
