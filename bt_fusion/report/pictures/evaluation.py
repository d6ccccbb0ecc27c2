"""An evaluation as pictures: confusion matrix, reliability diagram, importances."""

from functools import partial
from pathlib import Path
from typing import Any

from bt_fusion.evaluation import Evaluation
from bt_fusion.files import write_whole
from bt_fusion.report.figures import count
from bt_fusion.report.pictures.canvas import draw_matrix, new_figure
from bt_fusion.report.pictures.style import BLUE, GRAY, INK, styled

__all__ = ["draw_evaluation"]

MOST_FEATURES = 25
HEADING: dict[str, Any] = {"fontsize": 13, "fontweight": "bold", "pad": 12}


@styled
def draw_evaluation(folder: Path, evaluation: Evaluation) -> list[Path]:
    """Draw PNG files into a folder and return their paths.

    confusion.png and reliability.png, and importances.png where importances were requested.
    """
    drawn = {"confusion": draw_confusion, "reliability": draw_reliability}
    if evaluation.importances is not None:
        drawn["importances"] = draw_importances
    paths = []
    for name, draw in drawn.items():
        figure = new_figure(7, 6 if name != "importances" else 7)
        draw(figure.subplots(), evaluation)
        paths.append(folder / f"{name}.png")
        write_whole(paths[-1], partial(figure.savefig, dpi=110))
    return paths


def draw_confusion(axis: Any, evaluation: Evaluation) -> None:
    """Draw the confusion matrix."""
    draw_matrix(axis, evaluation.confusion, evaluation.class_names)
    axis.set_title(f"Predicted right or wrong, {count(evaluation.rows)} unseen rows", **HEADING)


def draw_reliability(axis: Any, evaluation: Evaluation) -> None:
    """Draw observed against predicted shares; point size grows with the number of rows."""
    predicted = [line["mean_predicted"] for line in evaluation.calibration]
    observed = [line["observed"] for line in evaluation.calibration]
    most = max(line["count"] for line in evaluation.calibration)
    sizes = [20 + 180 * line["count"] / most for line in evaluation.calibration]
    axis.plot([0, 1], [0, 1], color=GRAY, ls="--", lw=1, label="always right")
    axis.plot(predicted, observed, color=BLUE, lw=1)
    axis.scatter(predicted, observed, s=sizes, color=BLUE, label="this model; size: rows")
    predicted_of = f"predicted P({evaluation.class_names[-1].lower()})"
    axis.set(xlim=(0, 1), ylim=(0, 1), xlabel=predicted_of, ylabel="share that came true")
    brier = evaluation.figures["brier"]
    axis.set_title(f"Are the probabilities right? Brier score {brier:.4f}", **HEADING)
    axis.legend(loc="upper left")


def draw_importances(axis: Any, evaluation: Evaluation) -> None:
    """Draw the most important features by shuffling, with the spread of the shuffles."""
    lines = (evaluation.importances or [])[:MOST_FEATURES][::-1]
    names = [line["feature"] for line in lines]
    values = [line["importance"] for line in lines]
    axis.barh(names, values, xerr=[line["spread"] for line in lines], color=BLUE, height=0.7)
    axis.axvline(0, color=INK, lw=0.8)
    axis.grid(axis="y", visible=False)
    axis.set_xlabel("rise of the log loss when shuffled, unseen rows")
    axis.set_title("Which features help on unseen rows", **HEADING)
