"""Print docs/features.md: every feature by family, with its lookback and memory."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from bt_fusion.features import REGISTRY, SETS
from bt_fusion.features.registry import Feature

HEAD = """# Features

Made by `python -m bt_fusion.features > docs/features.md`.

Choose features by set or by name: `--features fusion`, `--features rsi_14,return_1`, or
`SignalModel(["rsi_14", "return_1"])`. Each is also available on longer bars and on other markets,
`rsi_14@4h`, `return_1:ETH`: [timeframes.md](timeframes.md).

- `lookback`: bars that the first value needs.
- `memory`: bars until the start-up effect is below 1e-9. It exceeds the lookback for EMA and Wilder
  smoothing.
- All features are causal, float32 and never infinite. Flat prices and zero volume give neutral
  values.
- Prices are relative to the close, so a model works at any price level.
- Features of one formula share a row; their lookbacks and memories have the same order.

## Your own feature

```python
from bt_fusion import FeatureSet, feature


@feature("range_share", lookback=1)
def range_share(bars):
    return (bars.high - bars.low) / bars.close


FeatureSet(["range_share", "rsi_14"])
```

[extending.md](extending.md) shows how commands use it."""
TITLES = ("feature", "lookback", "memory", "value")
MOST_NAMED = 30  # features of a set that are listed by name


def table() -> str:
    """Return the page."""
    families: dict[str, list[Feature]] = {}
    for entry in REGISTRY.values():
        families.setdefault(entry.family, []).append(entry)
    parts = [HEAD, sets()]
    for family, entries in families.items():
        parts.append(f"## {family.capitalize()}\n\n" + "\n".join(rows(entries)))
    return "\n\n".join(parts)


def sets() -> str:
    """Return the section that lists the sets."""
    lines = ["## Sets", ""]
    for name, names in SETS.items():
        named = f": {quoted(names)}" if len(names) <= MOST_NAMED else ""
        lines.append(f"- `{name}`: {len(names)} features{named}")
    return "\n".join(lines)


def rows(entries: list[Feature]) -> Iterator[str]:
    """Yield the rows of a family; features of one function share a row."""
    yield row(TITLES)
    yield "|---" * len(TITLES) + "|"
    for function, group in groupby(entries, key=function_of):
        named = {name: entry for entry in group for name in entry.names}
        what = (function.__doc__ or "").strip().splitlines()[0]
        lookback = listed([entry.lookback for entry in named.values()])
        memory = listed([entry.memory for entry in named.values()])
        yield row((quoted(named), lookback, memory, what))


def listed(numbers: list[int]) -> str:
    """Write one number where all are equal, else each.

    >>> listed([18, 18]), listed([8, 15])
    ('18', '8, 15')
    """
    return str(numbers[0]) if len(set(numbers)) == 1 else ", ".join(map(str, numbers))


def function_of(entry: Feature) -> Any:
    """Return the function behind a feature, without its arguments."""
    return getattr(entry.compute, "func", entry.compute)


def quoted(names: Iterable[str]) -> str:
    """Write names as code, with commas."""
    return ", ".join(f"`{name}`" for name in names)


def row(cells: tuple[str, ...]) -> str:
    """Write a row of a table."""
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    print(table())
