"""Fit the same recipe on newer bars, and compare it with the old model."""

from dataclasses import dataclass

import pandas as pd
from sklearn.base import clone

from bt_fusion.bundle.golden import golden_rows
from bt_fusion.data.bars import BarArrays
from bt_fusion.ensemble.onnx_export import EXPORTING, export_onnx, load_onnx, require_onnx
from bt_fusion.errors import BarsError
from bt_fusion.evaluation.candidates import score_candidates
from bt_fusion.features import complete_rows
from bt_fusion.labels import labels_of
from bt_fusion.models.signal_model import SignalModel, training_rows
from bt_fusion.retraining.comparison import ModelComparison, compare_models

__all__ = ["Window", "learn_again"]


@dataclass(frozen=True)
class Window:
    """The training bars of a new model, and the bars that test it.

    Attributes
    ----------
    bars : BarArrays
        From the first bar that its features need.
    first : int
        Position of the first training bar.
    cut : int
        Position of the first test bar: the new model sees no bar from here on.
    """

    bars: BarArrays
    first: int
    cut: int

    @classmethod
    def of(
        cls, model: SignalModel, bars: BarArrays, test_bars: int, train_bars: int | None = None
    ) -> "Window":
        """Return the window before the last `test_bars` bars.

        Parameters
        ----------
        model : SignalModel
            The old model: the new one learns from as many rows.
        bars : BarArrays
        test_bars : int
        train_bars : int, optional
            Training bars instead.

        Raises
        ------
        BarsError
            If there are fewer.
        """
        cut = len(bars) - test_bars
        features = model.feature_set().on(bars)
        if train_bars is not None:
            first = cut - train_bars
            known, wanted = cut, f"--train-bars asks for {train_bars:,}"
        else:
            label = model.label()
            complete = complete_rows(features.transform(bars[:cut]))
            rows = training_rows(complete, labels_of(label, bars[:cut]), label.horizon, 0, cut)
            known, wanted = len(rows), f"the model learnt from {model.n_rows_:,}"
            first = int(rows[-model.n_rows_]) if known >= model.n_rows_ else -1
        if first < 0:
            raise BarsError(
                f"{known:,} rows to learn from before {pd.Timestamp(bars.time[cut])}, where the "
                f"bars that judge begin, and {wanted}: give bars of earlier days, too, or fewer "
                "--train-bars"
            )
        begin = max(0, first - max(features.lookback, features.memory))
        return cls(bars[begin:], first - begin, cut - begin)


def learn_again(
    old: SignalModel,
    window: Window,
    *,
    causality_check: bool = True,
    onnx: bool = False,
    seed: int = 0,
) -> tuple[SignalModel, ModelComparison]:
    """Fit a model's recipe on a window's bars, and test both models on the later ones.

    Parameters
    ----------
    old : SignalModel
        Fitted.
    window : Window
    causality_check : bool
        See `SignalModel`.
    onnx : bool
        Whether the new model also predicts in ONNX.
    seed : int
        Of the bootstrap.

    Returns
    -------
    SignalModel, Judged
    """
    if onnx:
        require_onnx(*EXPORTING)
    new = clone(old).set_params(causality_check=causality_check)
    new.fit(window.bars[: window.cut], start=window.first)
    if onnx:
        new.ensemble_.onnx_ = load_onnx(export_onnx(new.ensemble_, golden_rows(new)))
    score_candidates(new, window.bars)
    return new, compare_models(old, new, window.bars, window.cut, seed)
