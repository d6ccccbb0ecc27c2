"""P2: the features of many bars against the bare TA-Lib calls they need, and their memory."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.child import peak_bytes, resident_bytes
from benchmarks.registry import Measured, Ratio
from benchmarks.timing import in_child, take_turns
from bt_fusion import FeatureSet
from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.samples import planted_edge
from bt_fusion.technical.array_talib import talib

__all__ = ["measure"]

Call = tuple[Any, tuple[Any, ...], dict[str, Any]]


def measure(bars: int = 1_000_000, repeats: int = 5) -> Measured:
    """Measure time in this process and memory in one of its own.

    The bare calls are those one `transform` makes, recorded and made again with the same
    arguments; a call made twice counts once. Both sides take turns after a first go each, and the
    least is taken. Memory: a fresh process loads the five columns, has computed the features of a
    few bars, notes what is resident, computes all features once and reads its peak; the
    difference, the matrix itself included, is held against the matrix's bytes.
    """
    arrays = BarArrays.of(planted_edge(bars))
    features = FeatureSet("default")
    with recorded() as calls:
        features.transform(arrays)
    distinct = list({_key(call): call for call in calls}.values())
    works = {
        "features": lambda: features.transform(_again(arrays)),
        "talib": lambda: call_all(distinct),
    }
    take_turns(works, 1)
    seconds = take_turns(works, repeats)
    memory = _memory(arrays)
    parts = {f"{name}_s": value for name, value in seconds.items()}
    parts |= {"features": len(features), "talib_calls": len(distinct)}
    return Measured(
        f"{len(features)} features of {bars:,} bars against the TA-Lib calls in them",
        parts | {f"{name}_mb": value / 1e6 for name, value in memory.items()},
        (
            Ratio("time", seconds["features"] / seconds["talib"], most=2.0),
            Ratio("memory", memory["peak_growth"] / memory["matrix"], most=2.5),
        ),
    )


@contextmanager
def recorded() -> Iterator[list[Call]]:
    """Note every call of a TA-Lib function by a feature inside the block."""
    calls: list[Call] = []
    real = {name: function for name, function in vars(talib).items() if name != "MA_Type"}

    def noting(function: Any) -> Any:
        def note(*given: Any, **named: Any) -> Any:
            calls.append((function, given, named))
            return function(*given, **named)

        return note

    for name, function in real.items():
        setattr(talib, name, noting(function))
    try:
        yield calls
    finally:
        for name, function in real.items():
            setattr(talib, name, function)


def call_all(calls: list[Call]) -> None:
    """Make the calls, letting go of what each returns."""
    for function, given, named in calls:
        function(*given, **named)


def transform_memory(folder: str) -> dict[str, int]:
    """Return by how much the features of stored columns raised the peak, and the matrix's size."""
    columns = [np.load(Path(folder) / f"{name}.npy") for name in ("time", *COLUMNS)]
    arrays = BarArrays(*columns)
    features = FeatureSet("default")
    features.transform(arrays[:200])
    before = resident_bytes()
    matrix = features.transform(arrays)
    return {"peak_growth": peak_bytes() - before, "matrix": matrix.nbytes}


def _memory(arrays: BarArrays) -> dict[str, int]:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("time", *COLUMNS):
            np.save(Path(folder) / f"{name}.npy", getattr(arrays, name))
        return in_child(transform_memory, folder=folder)


def _again(arrays: BarArrays) -> BarArrays:
    """Return the bars without what has been derived from them."""
    return arrays[:]


def _key(call: Call) -> tuple[Any, ...]:
    function, given, named = call
    parts = (blake2b(x).digest() if isinstance(x, np.ndarray) else x for x in given)
    return (function.__name__, *parts, *sorted(named.items()))
