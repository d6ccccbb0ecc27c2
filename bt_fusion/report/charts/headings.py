"""Heading of each section, and a sentence on what to look for in its chart."""

from typing import NamedTuple

__all__ = ["HEADINGS", "Heading"]


class Heading(NamedTuple):
    """Heading of a chart or a table.

    Attributes
    ----------
    title : str
    hint : str
        One sentence on what to look for; empty without a chart.
    alone : str
        The same for a single run, if different.
    """

    title: str
    hint: str = ""
    alone: str = ""

    def hint_for(self, runs: int) -> str:
        """Return the sentence for a number of runs.

        >>> Heading("Equity", "Compare both.", "Look at it.").hint_for(1)
        'Look at it.'
        """
        return self.alone or self.hint if runs == 1 else self.hint


HEADINGS = {
    "key": Heading("Key figures"),
    "equity": Heading(
        "Equity and drawdown",
        "Look for a blue line (ML on) that ends above the gray one (ML off), has smaller "
        "drawdowns, and gains in many stretches, not in one.",
        "Look for a line that gains in many stretches, not in one, and for the depth of its falls.",
    ),
    "placebo": Heading(
        "Did ML beat random filters?",
        "Look for the blue line (ML on) to the right of nearly all gray bars: each draw to its "
        "right is a random filter that earned more.",
    ),
    "chance": Heading(
        "ML on beside random filters, figure by figure",
        "Look for blue points to the right of the gray ranges: inside its range, a figure is no "
        "better than that of a random filter.",
    ),
    "ranking": Heading(
        "Does ML rank entries?",
        "Look for returns that rise from left to right: then a higher probability means a better "
        "entry, whatever the threshold.",
    ),
    "quarters": Heading(
        "Trades by the probability at entry",
        "Look for mean returns and win rates that rise from left to right.",
    ),
    "difference": Heading(
        "Where the difference in profit comes from",
        "Look at the choice of entries first: it is what ML earns by picking better trades, not by "
        "trading less or on another side.",
    ),
    "attribution": Heading(
        "What ML changed, by group of trades",
        "Look at the vetoed trades first: a blue bar means that the trades ML skipped lost more "
        "than they won.",
    ),
    "robustness": Heading(
        "Does the result hold under worse conditions?",
        "Look for blue bars (ML on) that stay above 1 and above the gray ones (ML off) in every "
        "group.",
    ),
    "symbols": Heading("Symbols"),
    "reasons": Heading("Exit reasons"),
    "candles": Heading(
        "Price, trades and probability",
        "Look for filled triangles (entries) before the price moves their way, and for hollow "
        "ones (entries that ML skipped) before it moves the other way.",
        "Look for triangles (entries) before the price moves their way.",
    ),
    "trades": Heading("Trades"),
    "threshold": Heading(
        "Threshold over time",
        "Look for the stretches where the blue line rises above the threshold: only there does ML "
        "let entries pass.",
    ),
    "signals": Heading(
        "Signals bar by bar",
        "Look for long triangles before rises and short triangles before falls, and for the shade "
        "(the regime) in which they fail.",
    ),
    "agreement": Heading("Did ML agree with the trades?"),
    "funnel": Heading(
        "From bars to filled orders",
        "Look for the largest drop from one stage to the next: that stage stops most entries.",
    ),
    "ablation": Heading(
        "One model after the other",
        "Look for a line that ends above the line of the row before: only then does the added "
        "model help.",
    ),
    "reliability": Heading(
        "Are the probabilities right?",
        "Look for points on the dashed line: there, a predicted 60 % comes true in 60 % of the "
        "cases.",
    ),
    "confusion": Heading(
        "How many bars the model predicted right",
        "Look for the strongest blue on the diagonal from top left to bottom right: there, the "
        "prediction is right.",
    ),
    "importances": Heading(
        "Which features the model uses",
        "Look for one feature far above the rest: check that it does not know the future.",
    ),
    "refits": Heading(
        "How well each refit predicts",
        "Look for most points above the dashed line at 0.5, which is chance; points near 1 mean "
        "that something looks ahead.",
    ),
    "health": Heading(
        "Did the model stay as good over the run?",
        "Look for evidence above the dashed line at 1: there, the model has drifted from what its "
        "training promised.",
    ),
    "periods": Heading(
        "Returns by calendar",
        "Look for blue in many cells: a gain that rests on one or two periods may be luck.",
    ),
    "figures": Heading("All figures"),
    "data": Heading("Problems in the bars"),
    "audit": Heading("Does the strategy look ahead?"),
    "guard": Heading("What the broker changed"),
    "card": Heading("Model card"),
    "repeat": Heading("Repeat this run"),
}
