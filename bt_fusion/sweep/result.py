"""SweepResult: the best variant of a sweep, how much of it is luck, and heat maps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Group

from bt_fusion.described import Described
from bt_fusion.errors import unknown_name
from bt_fusion.report.figures import cell, decimals, number
from bt_fusion.report.terminal.sweep import sweep_table
from bt_fusion.report.terminal.titled import plain_text
from bt_fusion.saved_runs.sweep_folder import SavedSweep, column_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["BestVariant", "SweepResult"]


@dataclass(frozen=True, repr=False)
class BestVariant(Described):
    """Best variant of a sweep, and how much of its result may be luck.

    Attributes
    ----------
    params : dict
        Its parameter values.
    off, on, delta : dict
        Its figures without and with ML, and their differences, as in summary.json.
    variants, trials : int
        Number of variants in the sweep; the same plus earlier ones on the same bars.
    luck : float or None
        Annual Sharpe ratio expected of the best of all trials without skill.
    dsr : float or None
        Deflated Sharpe ratio: the probability that its true Sharpe ratio is above `luck`.
    pbo : float or None
        Probability of backtest overfitting: how often the best variant on one half of the bars is
        below the median on the other half.
    spa_p : float or None
        p-value of "no variant earns more with ML than without".
    """

    params: dict[str, Any]
    off: dict[str, Any]
    on: dict[str, Any]
    delta: dict[str, Any]
    variants: int
    trials: int
    luck: float | None
    dsr: float | None
    pbo: float | None
    spa_p: float | None

    def description(self) -> tuple[str, Mapping[str, str]]:
        """Return the title and lines of its printed form."""
        sharpe, without = cell(self.on["sharpe"], number), cell(self.off["sharpe"], number)
        rows = {
            "parameters": ", ".join(f"{name} {value}" for name, value in self.params.items()),
            "Sharpe ratio": f"{sharpe} with ML, {without} without",
            "luck": f"{cell(self.luck, number)}: expected of the best of {self.trials:,} without "
            "skill",
            "DSR": f"{cell(self.dsr, decimals(3))}: probability that its Sharpe ratio is above "
            "luck (0.95 is the limit)",
            "PBO": f"{cell(self.pbo, number)}: how often the best of one half of the bars is below "
            "the median in the other (0.50 by chance)",
        }
        return f"Best of {self.variants:,} variants", rows


@dataclass(frozen=True, repr=False)
class SweepResult(SavedSweep):
    """Result of a sweep; printing it shows the same table as the command line.

    Attributes
    ----------
    summary : dict
        The content of sweep.json.
    table : DataFrame
        One row per variant, see `SavedSweep`.
    grid : dict
        The values of each parameter.
    """

    def __repr__(self) -> str:
        return plain_text(self.__rich__())

    def __rich__(self) -> Group:
        """Return the table in colours, for `rich.print`."""
        return sweep_table(self)

    @property
    def best(self) -> BestVariant | None:
        """The best variant; None if no variant traded."""
        found, s = self.summary["best"], self.summary
        if found is None:
            return None
        params = {name: found["params"][name] for name in self.grid}
        corrected = {name: s[name] for name in ("trials", "luck", "dsr", "pbo", "spa_p")}
        parts = {name: found[name] for name in ("off", "on", "delta")}
        return BestVariant(params, **parts, variants=s["variants"], **corrected)

    def figures(self, figure: str | None = None) -> pd.Series:
        """Return a figure of every variant, indexed by the grid's parameters.

        Parameters
        ----------
        figure : str, optional
            As `Sweep.maximize`, which is the default.
        """
        column = self.column(figure)
        return self.table.set_index(list(self.grid))[column].astype(float).rename(column)

    def heatmap(
        self,
        x: str | None = None,
        y: str | None = None,
        figure: str | None = None,
        aggregate: str = "median",
    ) -> "Figure":
        """Draw a heat map of a figure over two parameters.

        Parameters
        ----------
        x, y : str, optional
            Parameters across and down; by default the two with the most values.
        figure : str, optional
            As `Sweep.maximize`, which is the default; any figure of `table` works.
        aggregate : {"median", "mean", "min", "max"}
            How a cell combines variants that differ in other parameters; shown in the title.

        Returns
        -------
        Figure
            A pyplot figure.

        Raises
        ------
        OptionError
            For unknown names, or if fewer than two parameters vary.
        """
        from bt_fusion.report.pictures.heat_map import heat_map

        return heat_map(self, (x, y), self.column(figure), aggregate)

    def column(self, figure: str | None = None) -> str:
        """Return the column of a figure; raises OptionError if there is none."""
        if figure is None:
            return self.maximize
        column = figure if figure in self.table else column_of(figure)
        known = [str(name) for name in self.table if name not in self.grid]
        numeric = [n for n in known if n.partition("_")[0] in ("off", "on", "delta")]
        if column not in numeric:
            raise unknown_name("figure", figure, [n.removeprefix("on_") for n in numeric])
        return column
