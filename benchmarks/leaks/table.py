"""The results of all cases: by case, by kind, as a table and as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import mean
from typing import Any

from rich.table import Column, Table

from benchmarks.leaks.registry import KINDS, Case
from benchmarks.leaks.tried import Tried

__all__ = ["CaseResult", "by_case", "by_kind", "summary"]


@dataclass
class CaseResult:
    """A case over all sets of bars and seeds.

    Attributes
    ----------
    case : Case
    tried : list of Tried
    others : list of bool or None
        What the method of `cut_at_signals` says; None where it says nothing.
    """

    case: Case
    tried: list[Tried] = field(default_factory=list)
    others: list[bool | None] = field(default_factory=list)

    @property
    def right(self) -> int:
        """How often a leak is named, or nothing is found in what is honest."""
        if self.case.leaks:
            return sum(each.named for each in self.tried)
        return sum(not each.found and (each.named or not self.case.random) for each in self.tried)

    @property
    def others_right(self) -> int:
        """How often the other method is right."""
        return sum(each is not None and each == self.case.leaks for each in self.others)

    def as_json(self) -> dict[str, Any]:
        """Return the entry of the JSON file."""
        return {
            "kind": self.case.kind,
            "leaks": self.case.leaks,
            "says": self.case.says,
            "tried": len(self.tried),
            "right": self.right,
            "cut_at_signals": {
                "said": sum(each is not None for each in self.others),
                "right": self.others_right,
            },
            "how": sorted({each.how for each in self.tried}),
            "example": next((each.says for each in self.tried if each.says), ""),
            "seconds": mean(each.seconds for each in self.tried),
        }


def by_case(results: Sequence[CaseResult]) -> Table:
    """Lay out one row a case."""
    titles = ("kind", "case", "", "right", "cut at signals", "how", "s")
    rows = Table(*(Column(title, no_wrap=title != "case") for title in titles))
    for each in results:
        said = sum(one is not None for one in each.others)
        rows.add_row(
            each.case.kind,
            f"{each.case.name}: {each.case.says}",
            "leak" if each.case.leaks else "random" if each.case.random else "honest",
            f"{each.right} of {len(each.tried)}",
            f"{each.others_right} of {said}" if said else "-",
            each.tried[0].how,
            f"{mean(one.seconds for one in each.tried):.2f}",
        )
    return rows


def by_kind(results: Sequence[CaseResult]) -> Table:
    """Lay out one row a kind: leaks named and false alarms, ours and by cuts at signals."""
    titles = ("kind", "leaks", "named", "cut at signals", "honest", "alarms", "its alarms")
    rows = Table(*titles)
    for kind in (*KINDS, "all"):
        figures = summary([each for each in results if kind in ("all", each.case.kind)])
        rows.add_row(kind, *map(str, figures.values()))
    return rows


def summary(results: Sequence[CaseResult]) -> dict[str, int | str]:
    """Count leaks that are always named, and honest cases that ever cause an alarm.

    Honest cases that are random are left aside.

    Where the other method says nothing of a leak on any bars, it has not found it.
    """
    leaks = [each for each in results if each.case.leaks]
    honest = [each for each in results if not each.case.leaks and not each.case.random]
    spoken = [each for each in leaks if each.case.kind in SPOKEN_OF]
    fair = [each for each in honest if each.case.kind in SPOKEN_OF]
    return {
        "leaks": len(leaks),
        "named": sum(each.right == len(each.tried) for each in leaks),
        "cut_at_signals": _share(sum(_found(each) for each in spoken), len(spoken)),
        "honest": len(honest),
        "alarms": sum(any(one.found for one in each.tried) for each in honest),
        "its_alarms": _share(sum(any(each.others) for each in fair), len(fair)),
    }


SPOKEN_OF = ("feature", "indicator", "strategy", "feeds")


def _found(result: CaseResult) -> bool:
    """Tell whether the other method finds a leak wherever it says anything."""
    said = [each for each in result.others if each is not None]
    return bool(said) and all(said)


def _share(count: int, of: int) -> str:
    return f"{count} of {of}" if of else "-"
