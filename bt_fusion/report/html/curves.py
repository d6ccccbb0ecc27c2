"""Equity curves as a small SVG, for the page before scripts run, and for notebooks."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["COLOURS", "equity_curves"]

POINTS = 600  # about the number of pixel columns of a picture
# where no style sheet names any; the last drawn lies on top
COLOURS = {"buy_hold": "#a8841a", "off": "#6e7781", "on": "#0a62ab"}
WIDTHS = {"buy_hold": 1, "off": 1.5, "on": 2}


def equity_curves(
    equity: pd.DataFrame,
    words: str,
    width: int = 1_000,
    height: int = 320,
    *,
    fill: bool = False,
    colours: Mapping[str, str] = COLOURS,
) -> dict[str, Any]:
    """Return the input of the macro `curves`.

    Parameters
    ----------
    equity : DataFrame
        A column for each run, and `buy_hold` where there is one.
    words : str
        What it shows, for those who do not see it.
    width, height : int
        Of the picture's own coordinates.
    fill : bool
        Stretch to whatever place it is given.
    colours : mapping of str
        Colours of the columns to draw.
    """
    runs = [name for name in colours if name in equity]
    picked = np.unique(np.linspace(0, len(equity) - 1, POINTS).astype(int))
    values = equity[runs].to_numpy(dtype=float)[picked]
    if values.min() > 0 and values.max() > 8 * values.min():
        values = np.log10(values)  # as in the chart
    span = np.ptp(values) or 1.0
    x = np.linspace(0, width, len(picked))
    y = (height - 8) * (1 - (values - values.min()) / span) + 4
    lines = [
        {
            "points": " ".join(f"{a:.0f},{b:.1f}" for a, b in zip(x, y[:, at], strict=True)),
            "colour": f"var(--{name.removeprefix('buy_')}, {colours[name]})",
            "width": WIDTHS.get(name, 1.5),
        }
        for at, name in enumerate(runs)
    ]
    return {"words": words, "width": width, "height": height, "fill": fill, "lines": lines}
