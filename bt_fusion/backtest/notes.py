"""Notes for the reader of the figures, on the model, the bars and the runs."""

from collections.abc import Mapping
from warnings import warn

import backtrader as bt
import numpy as np
import pandas as pd

from bt_fusion.backtest.out_of_sample import OutOfSample
from bt_fusion.data.timestamps import bar_length
from bt_fusion.engine.account import Account
from bt_fusion.engine.runner import Run
from bt_fusion.errors import BtFusionWarning
from bt_fusion.evaluation.refit_figures import refit_notes
from bt_fusion.models.causality import unchecked_fit_note, unchecked_note, unverified_note
from bt_fusion.models.predictors import Predictor, predictor_of
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.report.figures import when
from bt_fusion.strategies import OnePosition

__all__ = [
    "costs_note",
    "idle_note",
    "left_out_note",
    "length_note",
    "notes_of",
    "slippage_note",
    "warn_of_refused",
]

LATE = 0.05  # share of a symbol's bars before the last symbol starts, above which it is said
CAPPED = 0.005  # share of opens from which the note appears
MOST_COSTS = 0.01  # per side; above this a percentage may have been meant


def notes_of(predictor: Predictor, parts: dict[str, OutOfSample]) -> list[str]:
    """Return the notes on the models and bars of each symbol, with its name if there are several.

    Notes
    -----
    For a fitted model: a bar length other than in training, and bars left out because it was
    trained on them. For a recipe: traded bars that its tuning had seen. For both: user parts that
    were not checked for look-ahead, and a suspicious AUC, see `refit_notes`.
    """
    found = []
    for symbol, part in parts.items():
        own = predictor_of(predictor, symbol)
        if isinstance(own, SignalModel):
            notes = [length_note(own, part.whole.index.to_numpy()), left_out(own, part)]
            notes.append(unchecked_fit_note(own))
            notes += [] if part.in_sample else auc_notes(own, part, of="")
        else:
            model = own.signal_model()
            notes = [tuned_note(model, part), unchecked_note(model), unverified_note(model)]
            notes += auc_notes(model, part)
        name = f"{symbol}: " if len(parts) > 1 else ""
        found += [name + note for note in notes if note]
    mixed = mixed_note(parts)
    return [*found, mixed] if mixed else found


def mixed_note(parts: dict[str, OutOfSample]) -> str:
    """Return a note where symbols have bars of different lengths or no common time, else ""."""
    lengths = {symbol: bar_length(part.bars.index.to_numpy()) for symbol, part in parts.items()}
    if len({length for length in lengths.values() if length}) > 1:
        shown = ", ".join(f"{symbol} {length}" for symbol, length in lengths.items())
        return f"the symbols have bars of different lengths ({shown}): annual figures mix them"
    first = max(part.bars.index[0] for part in parts.values())
    last = min(part.bars.index[-1] for part in parts.values())
    if first > last:
        return "some symbols have no time in common"
    return ""


def auc_notes(model: SignalModel, part: OutOfSample, **words: str) -> list[str]:
    """Return `refit_notes` of one symbol."""
    return refit_notes(part.predictions, part.labels, model.label(), **words)


def costs_note(account: Account) -> str:
    """Return a note if costs are so high that a percentage was probably meant, else "".

    >>> costs_note(Account(commission=0.1))
    'commission and slippage take 10 % a side; 0.1 % would be 0.001'
    """
    side = account.round_trip / 2
    if side <= MOST_COSTS:
        return ""
    return f"commission and slippage take {100 * side:g} % a side; 0.1 % would be 0.001"


def idle_note(
    strategy: type[bt.Strategy], runs: Mapping[str, Run], parts: Mapping[str, OutOfSample]
) -> str:
    """Return a note on bars and symbols that a user's strategy does not trade at all, "" for none.

    Backtrader calls `next` once every feed has enough bars, and `prenext` before. An order without
    a data feed goes to the first feed.
    """
    if issubclass(strategy, OnePosition) or len(parts) < 2:
        return ""
    bars = {symbol: part.bars.index for symbol, part in parts.items()}
    last = max(bars, key=lambda symbol: bars[symbol][0])
    start, waits = bars[last][0], strategy.prenext is bt.Strategy.prenext
    if waits and any((index < start).mean() > LATE for index in bars.values()):
        ended = [symbol for symbol, index in bars.items() if index[-1] < start]
        over = f"; {' and '.join(ended)} had ended by then" if ended else ""
        return (
            f"Backtrader calls next of {strategy.__name__} only once every symbol has bars: "
            f"{last} starts at {when(start)}{over}. To trade earlier, define prenext too"
        )
    traded = {str(name) for run in runs.values() for name in run.trades.symbol.unique()}
    idle = [symbol for symbol in bars if symbol not in traded]
    if not traded or not idle:
        return ""
    return (
        f"no run trades {' or '.join(idle)}: an order without data=... goes to the first symbol, "
        f"{next(iter(bars))}; to trade all, loop over self.datas"
    )


def slippage_note(account: Account, parts: dict[str, OutOfSample]) -> str:
    """Return a note on opens where the broker charges less slippage than set, "" for few.

    Backtrader's broker keeps a fill inside its bar: nobody traded outside it, and otherwise limit
    orders would be filled beyond their limit.
    """
    slip = account.slippage
    if not slip:
        return ""
    bars = pd.concat([part.bars for part in parts.values()])
    capped = (bars.open * (1 + slip) > bars.high), (bars.open * (1 - slip) < bars.low)
    share = float(np.mean(capped))
    if share < CAPPED:
        return ""
    return (
        f"slippage of {100 * slip:g} % goes beyond the bar on {100 * share:.0f} % of the opens: "
        "fills stay inside their bar and pay less there; raise --commission to make up for it"
    )


def length_note(model: SignalModel, time: np.ndarray) -> str:
    """Return a note if the bars are longer or shorter than the training bars, else ""."""
    given, own = bar_length(time), model.interval_
    if given is None or own is None or given == own:
        return ""
    return f"the model was trained on bars of {own}, these are bars of {given}"


def left_out(model: SignalModel, part: OutOfSample) -> str:
    """Return `left_out_note`, "" if bars are traded in-sample."""
    return "" if part.in_sample else left_out_note(model, part.whole.index.to_numpy())


def left_out_note(model: SignalModel, time: np.ndarray) -> str:
    """Return a note on bars left out because the model was trained on them, "" for none."""
    known = int((time <= np.datetime64(model.trained_until_)).sum())
    if not known:
        return ""
    until = when(pd.Timestamp(model.trained_until_))
    return f"{known:,} of {len(time):,} bars are left out: the model was trained until {until}"


def tuned_note(model: SignalModel, part: OutOfSample) -> str:
    """Return a note on traded bars that a recipe's tuning saw, "" for none."""
    until = getattr(model, "trained_until_", np.datetime64("NaT", "ns"))
    seen = int((part.bars.index <= pd.Timestamp(until)).sum())
    if not getattr(model, "trials_", 0) or not seen:
        return ""
    return (
        f"{seen:,} of {len(part.bars):,} traded bars lie before the end of the recipe's tuning, "
        f"{when(pd.Timestamp(until))}: its settings were chosen on them"
    )


def warn_of_refused(name: str, run: Run) -> None:
    """Warn if the broker rejected orders: the strategy then did not trade as intended."""
    refused = run.figures["rejected"]
    if refused:
        warn(
            f"the broker refused {refused:,} orders of ML {name} for lack of cash or margin; the "
            "funnel counts them; smaller positions avoid them",
            BtFusionWarning,
            stacklevel=2,
        )
