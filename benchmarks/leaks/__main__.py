"""Try every case, print one table, write it as JSON."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import joblib
import pandas as pd
import typer
from rich.console import Console

from benchmarks.leaks.cases import all_cases
from benchmarks.leaks.cut_at_signals import cut_at_signals
from benchmarks.leaks.data_sets import data_sets
from benchmarks.leaks.registry import CASES, KINDS, Case
from benchmarks.leaks.shipped import try_shipped
from benchmarks.leaks.table import CaseResult, by_case, by_kind
from benchmarks.leaks.tried import Tried, try_case

WIDTH = 140  # of a table that goes into a file


def command(
    only: Annotated[
        list[str] | None, typer.Option(help="Name or kind of cases; repeat. [default: all]")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="File to write the results to.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Bars to use in place of the NASDAQ's.")] = None,
    seeds: Annotated[int, typer.Option(help="Parts of each set of bars.")] = 3,
    jobs: Annotated[int, typer.Option(help="Cases that are tried side by side.")] = 2,
    shipped: Annotated[bool, typer.Option(help="Try all that this project ships instead.")] = False,
) -> None:
    """Try planted leaks and honest controls: are all leaks named, and nothing else?"""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    sets = list(data_sets(data, seeds))
    if shipped:
        found = try_shipped(sets, jobs)
        console.print(
            f"{found.tried} checks of {found.parts} parts, {len(found.findings)} findings"
        )
        for each in found.findings:
            console.print(each, markup=False)
        raise typer.Exit(bool(found.findings))
    results = try_cases(chosen(only), sets, jobs)
    console.print(by_case(results))
    console.print(by_kind(results))
    for text in wrong(results):
        console.print(text, markup=False, soft_wrap=True)
    if json_file is not None:
        entries = {each.case.name: each.as_json() for each in results}
        json_file.write_text(json.dumps(entries, indent=2) + "\n")
    raise typer.Exit(any(each.right < len(each.tried) for each in results))


def chosen(only: Sequence[str] | None) -> list[Case]:
    """Return the cases of some names and kinds, all without any."""
    cases = all_cases()
    unknown = set(only or ()) - {*KINDS, *CASES}
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: no such case or kind; kinds are {KINDS}")
    return [case for case in cases if not only or case.name in only or case.kind in only]


def try_cases(
    cases: Iterable[Case], sets: Sequence[tuple[str, int, pd.DataFrame]], jobs: int = 1
) -> list[CaseResult]:
    """Try cases on all sets of bars, each case in one process."""
    calls = (joblib.delayed(try_one)(case.name, sets) for case in cases)
    return joblib.Parallel(n_jobs=jobs)(calls)


def try_one(name: str, sets: Sequence[tuple[str, int, pd.DataFrame]]) -> CaseResult:
    """Try one case on all sets of bars."""
    all_cases()
    result = CaseResult(CASES[name])
    for _, seed, bars in sets:
        result.tried.append(try_case(result.case, bars, seed))
        result.others.append(cut_at_signals(result.case, bars))
    return result


def wrong(results: Iterable[CaseResult]) -> Iterable[str]:
    """Yield what is not as it should be."""
    for each in results:
        for tried in each.tried:
            if is_wrong(each.case, tried):
                said = tried.says or "nothing was found"
                yield f"{each.case.kind} {each.case.name}: {said}"
                break


def is_wrong(case: Case, tried: Tried) -> bool:
    """Tell whether a leak was not named, or something honest was."""
    if case.leaks:
        return not tried.named
    return tried.found or (case.random and not tried.named)


if __name__ == "__main__":
    typer.run(command)
