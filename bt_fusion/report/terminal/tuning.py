"""A search as a table on the terminal."""

from rich.console import Group
from rich.table import Table

from bt_fusion.tuning.objectives import OBJECTIVES
from bt_fusion.tuning.tuning import Tuning

__all__ = ["tuning_table"]

SHOWN = 10


def tuning_table(found: Tuning, what: str = "") -> Group:
    """Return the best trials, the best parameters, and the number of trials.

    Parameters
    ----------
    found : Tuning
    what : str
        What was tuned, for the title, if not the signal.
    """
    better = "lower" if OBJECTIVES[found.objective].direction == "minimize" else "higher"
    table = Table(title=f"Best trials, {what}by {found.objective}, {better} is better")
    table.title_justify, table.title_style = "left", "bold"
    for name in ("Trial", found.objective, "Splits", "Seconds"):
        table.add_column(name, justify="right")
    finished = found.table[found.table.state == "complete"]
    best = finished.sort_values("value", ascending=better == "lower", kind="stable")
    for line in best.head(SHOWN).itertuples():
        seconds = f"{line.seconds:.1f}"
        table.add_row(str(line.number), f"{line.value:.4f}", str(line.splits), seconds)
    counts = found.table.state.value_counts()
    states = ", ".join(f"{count} {state}" for state, count in counts.items())
    lines = [f"  {name} = {value:.6g}" for name, value in found.parameters.items()]
    chosen = lines or ["  the model's own: no trial was better"]
    return Group(
        table,
        f"Trials     {found.trials} in all ({states}): the best of so many looks better than it is",
        f"Untuned    {found.untuned:.4f}, best {found.value:.4f}",
        "Parameters",
        *chosen,
    )
