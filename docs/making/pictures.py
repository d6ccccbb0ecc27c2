"""The pictures of docs/concepts: ``python -m docs.making.pictures [NAME ...]`` draws them again.

Each is drawn twice, for light and for dark pages. What is computed is computed from synthetic bars
with a fixed seed.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

__all__ = ["PICTURES", "draw"]

FOLDER = Path(__file__).resolve().parents[1] / "pictures" / "concepts"
SEED = 0


@dataclass(frozen=True)
class Style:
    """Colours of one kind of page: its text, text on strong fills, lines, soft and strong fills."""

    suffix: str
    text: str
    filled: str
    line: str
    soft: str
    blue: str
    orange: str
    green: str


LIGHT = Style("", "#222222", "#ffffff", "#999999", "#dddddd", "#1f77b4", "#d95f02", "#2c8a4b")
DARK = Style("-dark", "#e8e8ee", "#14161c", "#8d92a5", "#3d4152", "#6db3e8", "#ff9a4d", "#6fcf8f")
Drawer = Callable[[Any, Style], None]


def draw(name: str, style: Style) -> Path:
    """Draw one picture in one style; return its path."""
    height, drawer = PICTURES[name]
    with matplotlib.rc_context(settings(style)):
        figure = Figure(figsize=(5.6, height), layout="constrained")
        FigureCanvasAgg(figure)
        drawer(figure, style)
        path = FOLDER / f"{name}{style.suffix}.svg"
        figure.savefig(path, transparent=True, metadata={"Date": None})
    return path


def settings(style: Style) -> dict[str, Any]:
    """Return what matplotlib takes for a style; equal runs write equal files."""
    names = ("text.color", "axes.labelcolor", "xtick.labelcolor", "ytick.labelcolor")
    lines = ("axes.edgecolor", "xtick.color", "ytick.color")
    return {
        **dict.fromkeys(names, style.text),
        **dict.fromkeys(lines, style.line),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "font.size": 10,
        "legend.frameon": False,
        "svg.fonttype": "none",
        "font.family": "sans-serif",
        "svg.hashsalt": "bt_fusion",
    }


def bar(
    axis: Any, span: tuple[float, float], row: float, colours: tuple[str, str], text: str
) -> None:
    """Draw a stretch of time as a bar of one colour, with a word of the other inside."""
    start, end = span
    axis.add_patch(Rectangle((start, row - 0.32), end - start, 0.64, color=colours[0], lw=0))
    middle = (start + end) / 2
    axis.text(middle, row, text, ha="center", va="center", color=colours[1])


def timeline(figure: Any, rows: int, width: float) -> Any:
    """Return axes of rows of stretches, time to the right."""
    axis = figure.add_subplot()
    axis.set(xlim=(0, width), ylim=(-0.7, rows - 0.3), yticks=[], xticks=[])
    axis.invert_yaxis()
    axis.spines["left"].set_visible(False)
    axis.set_xlabel("time", loc="right")
    return axis


def walk_forward(figure: Any, style: Style) -> None:
    """Five refits: each trains on the past and predicts what follows."""
    axis = timeline(figure, 6, 100)
    for refit in range(5):
        start = 40 + 12 * refit
        bar(axis, (start - 40, start), refit, (style.soft, style.text), f"model {refit + 1} trains")
        bar(axis, (start, start + 12), refit, (style.blue, style.filled), "predicts")
    traded = "unseen bars: both runs trade these"
    bar(axis, (40, 100), 5, (style.orange, style.filled), traded)


def purging(figure: Any, style: Style) -> None:
    """Labels that reach over the cut, and are left out."""
    axis = timeline(figure, 10, 24)
    cut, horizon = 14, 5
    for row, start in enumerate((1, 3, 5, 7, 9, 11, 13)):
        known = start + horizon < cut
        colour = style.soft if known else style.orange
        axis.plot([start, start + horizon], [row, row], color=colour, lw=5, solid_capstyle="butt")
        axis.plot(start, row, "o", color=style.line if known else style.orange, ms=6)
        word = "used" if known else "left out"
        axis.text(start + horizon + 0.4, row, word, va="center")
    axis.axvline(cut, color=style.blue, lw=2)
    axis.text(cut + 0.2, 7.9, "refit: later bars are unknown", color=style.blue)
    axis.text(0.1, 9.0, "o  a bar, and the 5 bars its label needs")


def calibration(figure: Any, style: Style) -> None:
    """Stated and observed shares of a model that is too sure, before and after calibration."""
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(SEED)
    truth = rng.normal(0, 0.5, 40_000)
    up = rng.random(40_000) < 1 / (1 + np.exp(-truth))
    stated = 1 / (1 + np.exp(-2.5 * truth))  # says too much
    sigmoid = LogisticRegression().fit(logit(stated[:20_000]), up[:20_000])
    mended = sigmoid.predict_proba(logit(stated))[:, 1]
    axis = figure.add_subplot()
    axis.plot([0, 1], [0, 1], color=style.line, ls="--", label="says what happens")
    for shown, colour, label in ((stated, style.orange, "raw"), (mended, style.blue, "calibrated")):
        axis.plot(*reliability(shown[20_000:], up[20_000:]), "o-", color=colour, label=label)
    axis.set(xlabel="probability the model states", ylabel="share that went up")
    axis.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axis.legend(loc="upper left")


def logit(probability: np.ndarray) -> np.ndarray:
    """Return log-odds as a column."""
    return np.log(probability / (1 - probability))[:, None]


def reliability(stated: np.ndarray, came: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean stated and observed share in tenths that hold 200 rows or more."""
    tenth = np.minimum((10 * stated).astype(int), 9)
    full = [each for each in range(10) if (tenth == each).sum() >= 200]
    means = [(stated[tenth == each].mean(), came[tenth == each].mean()) for each in full]
    predicted, observed = np.array(means).T
    return predicted, observed


def matched_chance(figure: Any, style: Style) -> None:
    """Scores of random filters of a real run, and that of ML."""
    from bt_fusion import Backtest, Ensemble, SignalModel, WalkForward, load_sample

    axes = figure.subplots(1, 2)
    ensemble = Ensemble(["lgb"])
    for axis, name in zip(axes, ("random-walk", "planted-edge"), strict=True):
        walk = WalkForward(SignalModel(ensemble=ensemble), train_bars=1_500, refit_bars=500)
        summary = Backtest(walk).run(load_sample(f"{name}:5000", seed=SEED), name).summary
        found = summary["statistics"]["placebo"]
        histogram = found["histogram"]
        edges, counts = np.array(histogram["edges"]), histogram["counts"]
        axis.bar(edges[:-1], counts, np.diff(edges), align="edge", color=style.line, alpha=0.7)
        axis.axvline(found["real"], color=style.orange, lw=2.5)
        axis.set(title=f"{name}: p {found['p_value']:.3f}", yticks=[])
        axis.title.set_fontsize(10)
        axis.set_xlabel("net profit")
        axis.xaxis.set_major_formatter("{x:,.0f}")
        axis.locator_params(axis="x", nbins=4)
        top = 1.12 * max(counts)
        axis.set_ylim(0, 1.2 * max(counts))
        axis.text(found["real"], top, " ML ", color=style.orange, **side(axis, found["real"]))
    axes[0].text(0.62, 0.8, "1,000 random\nfilters", transform=axes[0].transAxes, va="top")


def side(axis: Any, at: float) -> dict[str, str]:
    """Return the alignment that keeps a word inside the axes."""
    low, high = axis.get_xlim()
    return {"ha": "right" if at > (low + high) / 2 else "left"}


def break_even(figure: Any, style: Style) -> None:
    """The probability that pays for a trade, by the size of a move, for three costs."""
    move = np.linspace(0.05, 2, 400)  # percent
    axis = figure.add_subplot()
    for cost, colour in ((0.02, style.green), (0.1, style.blue), (0.2, style.orange)):
        threshold = np.minimum(0.95, 0.5 + cost / (2 * move))
        axis.plot(move, threshold, color=colour, lw=2, label=f"costs {cost:g} % in and out")
    axis.axhline(0.5, color=style.line, ls="--", lw=1)
    axis.annotate(
        "move 0.75 %, costs 0.1 %:\nP must reach 0.567",
        xy=(0.75, 0.567),
        xytext=(0.95, 0.72),
        arrowprops={"arrowstyle": "->", "color": style.line},
    )
    axis.set(xlabel="mean move over the horizon, %", ylabel="break-even probability")
    axis.set(xlim=(0, 2), ylim=(0.48, 0.97))
    axis.legend(loc="upper right")


def grades(figure: Any, style: Style) -> None:
    """The two questions, and the grade their p-values allow."""
    axis = figure.add_subplot()
    axis.set(xlim=(-0.2, 10.2), ylim=(-0.3, 4.3))
    axis.axis("off")
    boxes = (
        (0, 3.3, "30 closed trades in each\nrun, no in-sample bar?", style.soft),
        (0, 2.0, "Sharpe ratio of ML on\nnot below ML off?", style.soft),
        (0, 0.7, "setting: p 0.005 or less,\nand large enough?", style.soft),
        (5.4, 3.3, "no: no evidence", style.line),
        (5.4, 2.0, "no: no evidence", style.line),
        (5.4, 0.7, "yes: ML helped", style.green),
    )
    for x, y, text, colour in boxes:
        shape = FancyBboxPatch((x, y), 4.6, 0.8, "round,pad=0.08", fc=colour, ec="none", alpha=0.6)
        axis.add_patch(shape)
        axis.text(x + 2.3, y + 0.4, text, ha="center", va="center")
    arrow = {"arrowstyle": "->", "color": style.text, "lw": 1.3}
    for y in (3.3, 2.0, 0.7):
        axis.annotate("", (5.25, y + 0.4), (4.75, y + 0.4), arrowprops=arrow)
    for y in (3.2, 1.9):
        axis.annotate("", (2.3, y - 0.36), (2.3, y), arrowprops=arrow)
        axis.text(2.45, y - 0.17, "yes", va="center")
    text = "no, but p of setting or ranking 0.025 or less:\nML probably helped; else: no evidence"
    axis.text(5, 0.1, text, ha="center", va="center")


PICTURES: dict[str, tuple[float, Drawer]] = {
    "walk_forward": (2.5, walk_forward),
    "purging": (3.0, purging),
    "calibration": (4.2, calibration),
    "matched_chance": (2.8, matched_chance),
    "break_even": (3.4, break_even),
    "grades": (3.6, grades),
}


def main() -> None:
    """Draw the pictures named on the command line, or all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or PICTURES:
        for style in (LIGHT, DARK):
            print(draw(name, style))


if __name__ == "__main__":
    main()
