"""Stored row of one file's comparison: the inputs of tables and verdicts."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from bt_fusion.statistics.sharpe import TrackRecord, expected_best_sharpe
from bt_fusion.verdict.evidence import ChanceTest, Evidence
from bt_fusion.verdict.rules import Verdict, judge

__all__ = ["FIGURES", "FileRow"]

FIGURES = ("trades", "total_return", "sharpe", "max_drawdown", "profit_factor", "expectancy")
TESTS = ("setting", "ranking")


@dataclass(frozen=True)
class FileRow:
    """Stored result of one file.

    Attributes
    ----------
    error : str
        Why it could not be judged, or "".
    bars : int
    start, end : str
        First and last bar that both runs traded.
    traded : int
        Number of traded bars.
    off, on : dict
        `FIGURES` of both runs.
    auc : float or None
        Of the predictions of the traded bars.
    evidence : Evidence or None
        Evidence for its verdict, for a single variant tried.
    edge : TrackRecord or None
        Track record of ML-on's return per bar above the mean random filter.
    setting_p : float or None
        p-value of the setting, with more draws if it is near 0.
    notes : tuple of str
        Notes for the reader: repairs, the notes of its backtest, warnings.
    """

    error: str = ""
    bars: int = 0
    start: str = ""
    end: str = ""
    traded: int = 0
    off: Mapping[str, Any] = field(default_factory=dict)
    on: Mapping[str, Any] = field(default_factory=dict)
    auc: float | None = None
    evidence: Evidence | None = None
    edge: TrackRecord | None = None
    setting_p: float | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "FileRow":
        """Return the row from the result of `to_dict`."""
        evidence, edge = given["evidence"], given["edge"]
        if evidence is not None:
            tests = {name: evidence[name] and ChanceTest(**evidence[name]) for name in TESTS}
            interval = evidence["chance_expectancy"]
            tests["chance_expectancy"] = interval and tuple(interval)
            evidence = Evidence(**(evidence | tests))
        edge = None if edge is None else TrackRecord(**edge)
        made = {"evidence": evidence, "edge": edge, "notes": tuple(given["notes"])}
        return cls(**{**given, **made})

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON types."""
        return {each.name: _plain(getattr(self, each.name)) for each in fields(self)}

    def after(self, trials: int) -> Evidence | None:
        """Return the evidence corrected for the number of variants tried, including this one."""
        if self.evidence is None or trials == 1:
            return self.evidence
        return replace(
            self.evidence,
            trials=trials,
            edge_dsr=self._deflated_sharpe(trials, 1),
            edge_dsr_against=self._deflated_sharpe(trials, -1),
        )

    def verdict(self, trials: int = 1) -> Verdict | None:
        """Return the verdict on it, None if it could not be judged."""
        evidence = self.after(trials)
        return None if evidence is None else judge(evidence)

    def p_value(self, trials: int = 1) -> float | None:
        """Return the p-value of "its setting gained", corrected for trials; None if untested."""
        if self.evidence is None or self.evidence.setting is None or self.setting_p is None:
            return None
        test = replace(self.evidence.setting, p_value=self.setting_p)
        return test.corrected(worse=False, trials=trials)

    def _deflated_sharpe(self, trials: int, side: int) -> float | None:
        """Return the deflated Sharpe ratio of the edge, or of its negative."""
        if self.edge is None:
            return None
        one = replace(self.edge, sharpe=side * self.edge.sharpe, skew=side * self.edge.skew)
        return one.probability_above(expected_best_sharpe(trials, 1 / (one.bars - 1)))


def _plain(value: Any) -> Any:
    return asdict(value) if isinstance(value, (Evidence, TrackRecord)) else value
