"""Signals as a picture: candles with triangles and regimes, the probabilities below."""

from pathlib import Path
from typing import Any

import pandas as pd

from bt_fusion.data.bars import check_bars
from bt_fusion.errors import BarsError, OptionError
from bt_fusion.files import write_whole
from bt_fusion.models.predictions import Predictions
from bt_fusion.report.figures import count
from bt_fusion.report.pictures.canvas import head_figure, new_figure
from bt_fusion.report.pictures.signal_axes import draw_signal_bars
from bt_fusion.report.pictures.style import styled
from bt_fusion.report.signal_view import DEFAULT_VIEW, SignalView
from bt_fusion.report.signals import SignalBars
from bt_fusion.saved_runs.saved_run import SavedRun

__all__ = ["SIZE", "draw_run_signals", "draw_signals"]

SIZE = (13, 7.5)


@styled
def draw_signals(
    path: str | Path,
    bars: pd.DataFrame,
    predictions: Predictions,
    *,
    signal: Any = None,
    threshold: float = 0.60,
    last: int = 500,
    title: str = "",
) -> Path:
    """Draw candles with signals and regimes, and the probabilities below, into a PNG file.

    Needs no backtest; `redraw` draws the same of a finished one.

    Parameters
    ----------
    path : path
        The file to write.
    bars : DataFrame
        As `check_bars` wants them. For an earlier end give ``bars.loc[:time]``.
    predictions : Predictions
        Of these bars, found by their stamps; more may be among them.
    signal : array-like, shape (n_bars,), optional
        What to mark: long where it is above 0, short where it is below. Default: the bars on
        which the probability of a side reaches `threshold`, the more likely side if both do;
        with majority voting the side of ``predictions.signal()``.
    threshold : float
        A fraction; also drawn as a line, unless the members vote by majority.
    last : int
        Maximum number of bars to show; regimes are computed from all bars.
    title : str
        Title of the picture, such as the name of the data.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    BarsError
        When bars have a fault, or none of those to show has a prediction.
    OptionError
        When `signal` has another length than the bars, `threshold` is no fraction, or `last`
        is below 1.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from bt_fusion import Ensemble, SignalModel, load_sample
    >>> bars = load_sample("sp500")
    >>> model = SignalModel("fusion", ensemble=Ensemble(["lr"])).fit(bars[:4000])
    >>> with TemporaryDirectory() as folder:
    ...     draw_signals(f"{folder}/signals.png", bars, model.predict(bars)).name
    'signals.png'
    """
    bars = check_bars(bars)
    check_options(bars, signal, threshold)
    drawn = SignalBars.of_predictions(bars, predictions, signal, threshold)
    drawn = drawn[SignalView(last).rows(pd.DatetimeIndex(bars.index))]
    check_predicted(drawn)
    seen = predictions.index[predictions.index <= predictions.trained_until]
    note = "IN-SAMPLE" if seen.isin(drawn.table.index).any() else ""
    figure = new_figure(*SIZE)
    head_figure(figure, " ".join(filter(None, (title, note))))
    draw_signal_bars(figure, drawn)
    write_whole(Path(path), lambda file: figure.savefig(file, dpi=110))
    return Path(path)


def check_options(bars: pd.DataFrame, signal: Any, threshold: float) -> None:
    """Raise OptionError for a signal of another length, and a threshold that is not a fraction."""
    if signal is not None and len(signal) != len(bars):
        raise OptionError(
            f"signal has {count(len(signal))} values for {count(len(bars))} bars; give one for each"
        )
    if not 0 <= threshold <= 1:
        raise OptionError(f"threshold {threshold} must be a fraction: 0.6 is 60 %")


def check_predicted(drawn: SignalBars) -> None:
    """Raise BarsError if no bar has a prediction."""
    index = drawn.table.index
    if drawn.table.up.isna().all():
        raise BarsError(
            f"no bar from {index[0]} to {index[-1]} has a prediction; give the bars that were "
            "predicted, or show more by `last`"
        )


def draw_run_signals(figure: Any, run: SavedRun, view: SignalView = DEFAULT_VIEW) -> bool:
    """Draw the signals of a run."""
    symbol = view.symbol_of(run)
    drawn = SignalBars.of_run(run, symbol)
    drawn = drawn[view.rows(pd.DatetimeIndex(drawn.table.index))]
    draw_signal_bars(figure, drawn, symbol if len(run.symbols) > 1 else "")
    return True
