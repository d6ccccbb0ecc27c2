"""Print docs/features.md: every feature with its family, lookback and memory."""

from bt_fusion.features import REGISTRY, SETS

HEAD = """# Features

Written by `python -m bt_fusion.features > docs/features.md`; a test holds the two together.

`lookback` is the number of bars the first value needs, `memory` the number after which less than
1e-9 of the start-up effect is left (more than the lookback for EMA and Wilder smoothing). All are
causal, float32, and never infinite; flat prices and zero volume give neutral values. Prices enter
relative to the close, so a model trained at one price level reads another.

Each also exists on longer bars and on other markets, `rsi_14@4h`, `return_1:ETH`:
[timeframes.md](timeframes.md).

A feature of your own:

```python
from bt_fusion import FeatureSet, feature


@feature("range_share", lookback=1)
def range_share(bars):
    return (bars.high - bars.low) / bars.close


FeatureSet(["range_share", "rsi_14"])
```
"""


def table() -> str:
    """Return the page."""
    lines = [HEAD, "| feature | family | lookback | memory | what it is |", "|---|---|---|---|---|"]
    for name, entry in REGISTRY.items():
        function = getattr(entry.compute, "func", entry.compute)
        what = (function.__doc__ or "").strip().splitlines()[0]
        row = (f"`{name}`", entry.family, str(entry.lookback), str(entry.memory), what)
        lines.append("| " + " | ".join(row) + " |")
    lines += ["", "## Sets", ""]
    lines += [f"- `{name}`: {len(names)} features" for name, names in SETS.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
