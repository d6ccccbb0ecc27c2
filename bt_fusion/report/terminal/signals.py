"""The signals of an evaluation as tables on the terminal."""

from functools import partial

from rich.table import Table

from bt_fusion.evaluation import Evaluation
from bt_fusion.report.figures import by_signal, cell, count, percent
from bt_fusion.report.terminal.titled import titled

__all__ = ["confidence_table", "fused_lines", "quality_table"]

CLASS_OF = {"long": -1, "short": 0}  # position of a side's class among the names
move = partial(percent, digits=2)


def quality_table(evaluation: Evaluation) -> Table:
    """Return the hits and excursions of each side, by regime and confidence."""
    columns = ("Regime", "Confidence", "Signals", "Hit rate", "Favourable", "Adverse")
    table = titled("Signal quality", "Side", *columns)
    for column in table.columns[1:3]:
        column.justify = "left"
    confidence = {"all": "any", "high": f"from {evaluation.high_confidence:.2f}"}
    for side in sides_of(evaluation):
        for line in (line for line in evaluation.quality if line["side"] == side):
            moves = (cell(line[key], move) for key in ("favourable", "adverse"))
            figures = (count(line["count"]), cell(line["hit_rate"], percent), *moves)
            table.add_row(side, line["regime"], confidence[line["signals"]], *figures)
        table.add_section()
    table.caption, table.caption_justify = quality_caption(evaluation), "left"
    return table


def confidence_table(evaluation: Evaluation) -> Table:
    """Return the number and hit rate of signals of each side above each confidence."""
    sides = sides_of(evaluation)
    heads = [head for side in sides for head in (side.capitalize(), "Hit rate")]
    table = titled("Signals by confidence", "From", *heads)
    rows: dict[float, list[str]] = {}
    for line in evaluation.by_confidence:  # all sides of one confidence, then of the next
        cells = rows.setdefault(line["confidence"], [])
        cells += [count(line["count"]), cell(line["hit_rate"], percent)]
    for least, cells in rows.items():
        table.add_row(f"{least:.2f}", *cells)
    return table


def fused_lines(evaluation: Evaluation) -> list[str]:
    """Return the number of bars with each fused signal; empty unless classes are up and down."""
    if evaluation.fused is None:
        return []
    bars, counts = evaluation.fused["bars"], evaluation.fused["counts"]
    return [
        f"Fused      signals of {count(bars)} unseen bars at costs of 0.1 %: {by_signal(counts)}"
    ]


def quality_caption(evaluation: Evaluation) -> str:
    """Explain the columns, and give the hit rate of a signal without skill."""
    shares, names = evaluation.labels.parts[-1]["shares"], evaluation.class_names
    wanted = [names[CLASS_OF[side]] for side in sides_of(evaluation)]
    rates = ", ".join(f"{name} {percent(shares[name])}" for name in wanted)
    confidence = "share of the votes" if evaluation.voting == "majority" else "probability"
    return (
        f"Hit: the label came, as it does on {rates} of all test rows. Confidence: the side's "
        f"{confidence}. Favourable, adverse: mean excursions over the horizon."
    )


def sides_of(evaluation: Evaluation) -> list[str]:
    """Return the sides signals may have."""
    return list(dict.fromkeys(line["side"] for line in evaluation.quality))
