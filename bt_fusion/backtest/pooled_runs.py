"""One verdict over several finished runs, each on a different market."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bt_fusion.errors import RunError
from bt_fusion.saved_runs.saved_run import SavedRun
from bt_fusion.statistics.bootstrap import Bootstrap
from bt_fusion.statistics.performance import years_of
from bt_fusion.statistics.sharpe import comparable_sharpes
from bt_fusion.verdict.evidence import ChanceTest, Evidence
from bt_fusion.verdict.pooled import Market, pooled_evidence, pooled_verdict
from bt_fusion.verdict.rules import LEAST_TRADES, Verdict
from bt_fusion.verdict.stouffer import DailyGains

__all__ = ["PooledRuns", "market_of", "pool_runs"]

# keys of a configuration; costs and refits may differ by market
SETTINGS = ("strategy", "label", "features", "ensemble")


@dataclass(frozen=True, eq=False)
class PooledRuns:
    """Pooled evidence and verdict of several runs.

    Attributes
    ----------
    markets : list of Market
    evidence : Evidence
        Pooled over all markets.
    verdict : Verdict
    strategies : list of str
        Distinct strategies of the runs.
    notes : list of str
        Notes for the reader: settings that differ, and the number of runs with few trades.
    """

    markets: list[Market]
    evidence: Evidence
    verdict: Verdict
    strategies: list[str]
    notes: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict, its rules, one row per market and one for all."""
        rows = [{"market": m.name, **figures_of(m.evidence)} for m in self.markets]
        return {
            **self.verdict.to_dict(),
            "strategies": self.strategies,
            "notes": self.notes,
            "markets": rows,
            "together": figures_of(self.evidence),
        }


def pool_runs(folders: Sequence[str | Path], bootstrap: Bootstrap = Bootstrap()) -> PooledRuns:
    """Read finished runs and grade them together.

    Parameters
    ----------
    folders : sequence of path
        Folders given to `--out`, one per market.
    bootstrap : Bootstrap

    Raises
    ------
    RunError
        If a folder holds no finished run with a verdict of this version, or two runs have the same
        bars.
    """
    runs = [SavedRun.read(folder, tables=("equity",)) for folder in folders]
    if len({run.summary["data"]["sha256"] for run in runs}) < len(runs):
        raise RunError("two of the folders are of the same bars; give each market once")
    markets = [market_of(run) for run in runs]
    together = pooled_evidence(markets, bootstrap)
    configs = [run.summary["config"] for run in runs]
    strategies = list(dict.fromkeys(str(config["strategy"]) for config in configs))
    notes = [note for note in (differences(configs), few_trades(markets)) if note]
    verdict = pooled_verdict(together, [market.evidence for market in markets])
    return PooledRuns(markets, together, verdict, strategies, notes)


def differences(configs: Sequence[dict[str, Any]]) -> str:
    """Return the settings that differ between the runs, with their values; "" for none.

    >>> differences([{"params": {}}, {"params": {"exit": "flip"}}])
    'the runs differ in exit (default, flip), so no one setting is judged'
    """
    flat = [
        {name: config[name] for name in SETTINGS if name in config}
        | config.get("params", {})
        | config.get("label_parameters", {})
        for config in configs
    ]
    differing = []
    for name in dict.fromkeys(name for each in flat for name in each):
        values = [each.get(name, "default") for each in flat]
        if any(value != values[0] for value in values):
            short = all(isinstance(value, str | float | int) for value in values)
            differing.append(f"{name} ({', '.join(map(str, values))})" if short else name)
    if not differing:
        return ""
    return f"the runs differ in {' and '.join(differing)}, so no one setting is judged"


def few_trades(markets: Sequence[Market]) -> str:
    """Return a note on runs with fewer trades than a single run needs, "" for none."""
    few = sum(min(m.evidence.trades_off, m.evidence.trades_on) < LEAST_TRADES for m in markets)
    if not few:
        return ""
    return f"{few} of {len(markets)} markets have under {LEAST_TRADES} trades in a run"


def market_of(run: SavedRun) -> Market:
    """Return a finished run's evidence for a pooled verdict.

    Raises
    ------
    RunError
        If it has no verdict, or one of an older version.
    """
    comparison, summary = run.summary["comparison"] or {}, run.summary
    if "ranked" not in run.equity or "ranking" not in comparison:
        raise RunError(
            f"{run.folder} holds no comparison with random filters; run the backtest again, with "
            "--ml both and without --placebo none"
        )
    off, on, edge = summary["ml_off"], summary["ml_on"], summary["statistics"]["edge"]
    stamps = pd.DatetimeIndex(run.equity.datetime)
    sharpes, per_bar = comparable_sharpes(
        [off["sharpe"], on["sharpe"]],
        [run.equity[name].to_numpy(dtype=float) for name in ("off", "on")],
    )
    evidence = Evidence(
        trades_off=off["trades"],
        trades_on=on["trades"],
        setting=chance_test(comparison["chance"]),
        ranking=chance_test(comparison["ranking"]),
        expectancy=on["expectancy"],
        chance_expectancy=comparison["chance"]["expectancy"]["ci95"],
        chance_mean=comparison["chance"]["expectancy"]["mean"],
        edge_dsr=edge["dsr"],
        edge_dsr_against=edge["dsr_against"],
        trials=summary["statistics"]["trials"],
        sharpe_off=sharpes[0],
        sharpe_on=sharpes[1],
        psr=summary["statistics"]["psr"],
        years=years_of(stamps),
        in_sample=int(summary["in_sample"]),
        untested=comparison["chance"]["untested"],
        sharpe_per_bar=per_bar,
    )
    above, ranked = (
        DailyGains.of(pd.Series(run.equity[name].to_numpy(dtype=float), index=stamps))
        for name in ("above_chance", "ranked")
    )
    return Market(summary["data"]["name"], evidence, above, ranked)


def chance_test(found: dict[str, Any]) -> ChanceTest | None:
    """Return the test stored in a summary, None if it was not run."""
    if found["p_value"] is None:
        return None
    return ChanceTest(found["p_value"], found["p_against"], found["draws"])


def figures_of(e: Evidence) -> dict[str, Any]:
    """Return the figures of one market, or of all together, by name."""
    return {
        "trades_off": e.trades_off,
        "trades_on": e.trades_on,
        "sharpe_off": e.sharpe_off,
        "sharpe_on": e.sharpe_on,
        "ranking_p": None if e.ranking is None else e.ranking.p_value,
        "setting_p": None if e.setting is None else e.setting.p_value,
    }
