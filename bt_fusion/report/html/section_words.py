"""Captions of the charts and tables in report.html."""

EQUITY = (
    "The account's value at each close and, below, how far it is under its highest value so far. "
    "The thin yellow line is buy and hold. Drag to zoom, double-click to see all; the price chart "
    "follows."
)
CANDLES = (
    "Triangles below a bar are long entries, above a bar short ones. The panels below show the "
    "number of entries per candle (blue: taken, gray: skipped by ML), the probability with its "
    "threshold, and the confidence. Drag to zoom, double-click to see all."
)
ZOOM = "Drag to zoom, double-click to see all."
TRADES = (
    "Click a row to see its bars in the chart above, and a heading to sort. Profit and return are "
    "net of commission."
)
THRESHOLD = (
    "Threshold: the break-even probability of a trade after costs, which rises where prices move "
    "less. Blue: the probability of the likelier side, shaded from the mean to the highest value "
    "of each group of bars. The chart covers the same time as the price chart."
)
QUARTERS = (
    "All closed trades of both runs together, in order of the model's probability for their side "
    "on the bar of the signal, in four groups with the same number of trades. Of fewer than 5 "
    "trades of a run in a group only their number is shown."
)
CHANCE = (
    "Gray: the middle 95\u00a0% of the random filters, with a line at their mean (profit factor: "
    "median). Each figure has a scale of its own, in its own unit."
)
RELIABILITY = (
    "Share of bars whose class turned out to be {name}, by the predicted probability of {name}. "
    "Vertical lines are 95\u00a0% intervals, in which overlapping labels count once. Below: the "
    "number of bars."
)
CONFUSION = (
    "Each row adds up to 100\u00a0%: the bars of one actual class, by their likeliest class."
)
IMPORTANCES = (
    "The members' own importances, averaged over members and refits. They tell what the members "
    "learned from, not what helps on unseen bars."
)
REFITS = (
    "Each point is a refit on the bars it predicted; the dotted line is all of them pooled. If the "
    "dotted line is far from the points, trust the points."
)
HEALTH = (
    "Above: the evidence of drift. It grows while new features and results differ from those of "
    "the bars the model was trained and checked on, and raises an alarm at 1. Below: the share of "
    "the last 100 counted predictions that came true, and the share that earlier unseen bars "
    "promised. A model without drift raises an alarm in at most 5 of 100 cases. Each refit starts "
    "anew, and the first one has nothing to compare with. Dotted vertical lines are alarms."
)
PERIODS = "Blue: a gain, orange: a loss, in percent of the account at the start of the period."
FUNNEL = (
    "How many bars pass each stage on the way from a bar to a filled order; the last two stages "
    "count orders. Below its name: how many a stage stops, and why."
)
REASONS = (
    "What ended the closed trades: a stop, a target, the horizon, or an order of the strategy "
    "itself."
)
AGREEMENT = (
    "Every closed trade of the run, by what ML said on the bar of its order. If ML is useful, the "
    "trades it agreed with end better."
)
PLACEBO = (
    "A random filter (matched chance) takes entries of the same strategy at random, as many on "
    "each side as ML on. The chart shows net profit. The share of draws as good or better compares "
    "the returns of the chosen entries before costs, their sum in relation to their scatter, so it "
    "can differ from the share of draws to the right of the line."
)
ROBUSTNESS = (
    "Profit factor of the closed trades: as traded, filled a bar later, at twice the costs, and "
    "without the five best trades of each run. At 1, wins and losses are equal."
)
DATA = (
    "These bars may be wrong. Nothing was changed: models, figures and verdict use them as they "
    "are."
)
AUDIT = (
    "The strategy runs again on some of its bars, with the later ones cut off or replaced. "
    "Everything it read and ordered before the cut must stay the same."
)
GUARD = (
    "Backtrader's broker did this without a message. Nothing was changed: figures and verdict "
    "include it."
)
FIGURES = (
    "An interval on one side of zero is not a verdict yet: trading less saves costs, and that "
    "moves these figures without any skill."
)
