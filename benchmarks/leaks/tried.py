"""A case tried by the check of its kind: what the check says, and whether it names the guilty."""

import re
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from benchmarks.leaks.registry import Case
from bt_fusion import Ensemble, SignalModel
from bt_fusion.audit import StrategyAudit, audit, audit_indicator
from bt_fusion.errors import LookAheadError, OptionError
from bt_fusion.features.registry import REGISTRY, feature
from bt_fusion.labels import Direction
from bt_fusion.models.causality import check_causality

__all__ = ["Tried", "registered", "try_case"]

STRATEGY_BARS = 800
CUTS = 12
STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


@dataclass(frozen=True)
class Tried:
    """What a check has said of a case on some bars.

    Attributes
    ----------
    found : bool
        Whether it has found anything.
    named : bool
        Whether it names what the case says is guilty, and a bar that is one of the bars.
    how : str
        The check.
    says : str
        The finding, or what it says is unverified.
    seconds : float
    """

    found: bool
    named: bool
    how: str
    says: str
    seconds: float = 0.0


def try_case(case: Case, bars: pd.DataFrame, seed: int) -> Tried:
    """Try a case by the check of its kind."""
    if "before" in case.options:
        case.options["before"](bars)
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tried = CHECKS[case.kind](case, bars, seed)
    return Tried(tried.found, tried.named, tried.how, tried.says, time.perf_counter() - start)


class registered:
    """A context in which a feature case is registered under its name."""

    def __init__(self, case: Case):
        self.case = case

    def __enter__(self) -> str:
        lookback = self.case.options.get("lookback", 1)
        memory = self.case.options.get("memory")
        feature(self.case.name, lookback=lookback, memory=memory)(self.case.part)
        return self.case.name

    def __exit__(self, *_: object) -> None:
        REGISTRY.pop(self.case.name)


def _feature(case: Case, bars: pd.DataFrame, seed: int) -> Tried:
    with registered(case) as name:
        return raised(case, bars, "check_causality", lambda: check_causality([name], bars))


def _label(case: Case, bars: pd.DataFrame, seed: int) -> Tried:
    label = case.part()
    return raised(case, bars, "check_causality", lambda: check_causality(None, bars, label))


def _member(case: Case, bars: pd.DataFrame, seed: int) -> Tried:
    model = SignalModel("fusion", Direction(5), Ensemble({case.name: case.part()}, seed=seed))
    return raised(case, bars, "fit", lambda: model.fit(bars))


def raised(case: Case, bars: pd.DataFrame, how: str, check: Callable[[], object]) -> Tried:
    """Make a check that raises what it finds.

    A random part is said to be random, which is no finding.
    """
    try:
        check()
    except (LookAheadError, OptionError) as error:
        text = str(error)
        if case.random and "random" in text:
            return Tried(False, True, how, text)
        return Tried(True, case.names in text and is_bar(text, bars), how, text)
    return Tried(False, False, how, "")


def is_bar(text: str, bars: pd.DataFrame) -> bool:
    """Tell whether the first stamp in a text is one of the bars; without one it speaks of all."""
    stamps = STAMP.findall(text)
    return not stamps or pd.Timestamp(stamps[0]) in bars.index


def _indicator(case: Case, bars: pd.DataFrame, seed: int) -> Tried:
    used = bars[:STRATEGY_BARS]
    found = audit_indicator(case.part, used, cuts=CUTS, seed=seed)
    return of_audit(case, used, found)


def _strategy(case: Case, bars: pd.DataFrame, seed: int) -> Tried:
    used = bars[:STRATEGY_BARS]
    return of_audit(case, used, audit(case.part, used, cuts=CUTS, seed=seed))


def _feeds(case: Case, bars: pd.DataFrame, seed: int) -> Tried:
    feeds = case.options["feeds"](bars[:STRATEGY_BARS])
    found = audit(case.part, feeds, cuts=CUTS, seed=seed)
    return of_audit(case, pd.concat(feeds.values()), found)


def _training(case: Case, bars: pd.DataFrame, seed: int) -> Tried:
    return of_audit(case, bars, case.part(bars, seed))


def of_audit(case: Case, bars: pd.DataFrame, found: StrategyAudit) -> Tried:
    """Say what an audit has found."""
    named = [
        each
        for each in found.findings
        if each.where == case.names and (not each.first or pd.Timestamp(each.first) in bars.index)
    ]
    shown = (named or list(found.findings) or [None])[0]
    says = f"{shown.where}, {shown.first}: {shown.detail}" if shown else "; ".join(found.unverified)
    if case.random and not found.findings:
        return Tried(False, "differ" in says, "audit", says)
    return Tried(
        bool(found.findings), bool(named), f"audit ({shown.kind})" if shown else "audit", says
    )


CHECKS: Mapping[str, Callable[[Case, pd.DataFrame, int], Tried]] = {
    "feature": _feature,
    "label": _label,
    "member": _member,
    "training": _training,
    "indicator": _indicator,
    "strategy": _strategy,
    "feeds": _feeds,
}
