"""Figures by name, what a figure returns, and where each is measured."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

__all__ = ["DEFAULT", "HOMES", "Measured", "Ratio", "measure"]

HOMES = {
    "P1": "benchmarks.p1_engine",
    "P2": "benchmarks.p2_features",
    "P3": "benchmarks.p3_triple_barrier",
    "P4": "benchmarks.p4_live",
    "P5": "benchmarks.p5_walk_forward",
    "P6": "benchmarks.p6_start",
    "P7": "benchmarks.p7_growth",
    "P8": "benchmarks.p8_cache",
    "P9": "benchmarks.p9_pybroker",
    "P10": "benchmarks.p10_forest",
    "P11": "benchmarks.p11_checks",
    "P12": "benchmarks.p12_cluster",
    "P13": "benchmarks.p13_million",
    "P14": "benchmarks.p14_sweep",
    "coverage": "benchmarks.coverage",
    "downloads": "benchmarks.downloads",
    "drift": "benchmarks.drift",
    "edge": "benchmarks.edge",
    "hub": "benchmarks.hub",
    "levels": "benchmarks.levels",
    "live": "benchmarks.live",
    "nulls": "benchmarks.nulls",
    "pooling": "benchmarks.pooling",
    "power": "benchmarks.power",
    "readers": "benchmarks.readers",
    "refits": "benchmarks.refits",
    "retraining": "benchmarks.retraining",
    "retraining_rule": "benchmarks.retraining_rule",
    "size": "benchmarks.size",
    "thresholds": "benchmarks.thresholds",
    "universe": "benchmarks.universe",
    "walks": "benchmarks.walks",
    "windows": "benchmarks.windows",
}
DEFAULT = tuple(name for name in HOMES if name.startswith("P"))


@dataclass(frozen=True)
class Ratio:
    """A figure and the range it should lie in.

    Attributes
    ----------
    name : str
    value : float or None
        None when it could not be measured.
    least, most : float or None
        Bounds to reach, both included; without any there is nothing to reach.
    """

    name: str
    value: float | None
    least: float | None = None
    most: float | None = None

    @property
    def reached(self) -> bool | None:
        """Whether the value lies in its range, None where there is no value or no range."""
        if self.value is None or (self.least is None and self.most is None):
            return None
        above = self.least is None or self.value >= self.least
        return above and (self.most is None or self.value <= self.most)

    @property
    def reach(self) -> str:
        """The range in words."""
        if self.least is not None and self.most is not None:
            return f"{self.least:g} .. {self.most:g}"
        if self.least is not None:
            return f">= {self.least:g}"
        return "" if self.most is None else f"<= {self.most:g}"


@dataclass(frozen=True)
class Measured:
    """What a benchmark found.

    Attributes
    ----------
    work : str
        What was measured.
    parts : dict of str to number or None
        Named with their unit: `_s` seconds, `_us` microseconds, `_mb` megabytes (1e6 bytes).
    ratios : tuple of Ratio
        The first one is the figure's own.
    note : str
        What a reader must know, such as why something could not be measured.
    """

    work: str
    parts: dict[str, float | int | None]
    ratios: tuple[Ratio, ...]
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the entry of this figure in the JSON file."""
        verdicts = [ratio.reached for ratio in self.ratios]
        ratios = {
            ratio.name: {"value": ratio.value, "reach": ratio.reach, "reached": ratio.reached}
            for ratio in self.ratios
        }
        return {
            "ratio": self.ratios[0].value,
            "reached": None if None in verdicts else all(verdicts),
            "ratios": ratios,
            "parts": self.parts,
            "work": self.work,
            "note": self.note,
        }


def measure(name: str, **sizes: Any) -> Measured:
    """Measure a figure; sizes it does not know are left out.

    Raises
    ------
    KeyError
        For a name that is not in `HOMES`.
    """
    function: Callable[..., Measured] = import_module(HOMES[name]).measure
    known = inspect.signature(function).parameters
    return function(**{size: value for size, value in sizes.items() if size in known})
