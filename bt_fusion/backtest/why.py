"""Why a bar was an entry, or was not: both sides' reasons, from the files of a run."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.backtest.rebuild import FinishedRun
from bt_fusion.backtest.testimony import Testimony, testimony_of
from bt_fusion.bars import BarArrays
from bt_fusion.contributions import Contributions, contributions, vote_weights
from bt_fusion.ensemble import Ensemble
from bt_fusion.errors import OptionError, unknown_name
from bt_fusion.predictions import Predictions, Signal
from bt_fusion.signal_model import SignalModel, empty_predictions
from bt_fusion.walk_forward import WalkForward

__all__ = ["Opinion", "Reason", "why"]

RUNS = ("on", "off")
SAME = 1e-9  # a rebuilt probability may differ by so much from the stored one


@dataclass(frozen=True, eq=False)
class Opinion:
    """What the model of that time says of the bar, fitted once more.

    Attributes
    ----------
    refit : int
        Number of the refit, 0 for a saved model.
    rows : int
        Rows it learnt from.
    trained_until : Timestamp
    votes : dict of str to dict of str to float
        Member, class, probability.
    weights : dict of str to float
        What each member's probability weighs.
    voting : str
    probability_up, probability_down : float
        Of the ensemble.
    signal, level : str
    confidence : float
    stored : float
        P(up) in predictions.parquet.
    explained : str
        The class whose probability the contributions explain.
    features : tuple of str
    values : ndarray of float, shape (n_features,)
        The features on the bar.
    contributions : Contributions
    """

    refit: int
    rows: int
    trained_until: pd.Timestamp
    votes: dict[str, dict[str, float]]
    weights: dict[str, float]
    voting: str
    probability_up: float
    probability_down: float
    signal: str
    level: str
    confidence: float
    stored: float
    explained: str
    features: tuple[str, ...]
    values: np.ndarray
    contributions: Contributions

    @property
    def difference(self) -> float:
        """How far P(up) lies from the stored one."""
        return abs(self.probability_up - self.stored)

    @property
    def same(self) -> bool:
        """Whether the rebuilt model says what the run's model said."""
        return self.difference <= SAME

    def ranked(self) -> list[dict[str, Any]]:
        """Return the features by the size of their contribution, the largest first."""
        given = self.contributions.values
        return [
            {
                "feature": self.features[k],
                "value": float(self.values[k]),
                "contribution": float(given[k]),
            }
            for k in np.argsort(-np.abs(given), kind="stable")
        ]


@dataclass(frozen=True, eq=False)
class Reason:
    """Why a bar was an entry, or was not.

    Attributes
    ----------
    run : str
        "on" or "off".
    strategy : str
    bar : Timestamp
        The bar of the signal: the one before the entry.
    close : float
    trade : dict or None
        The row of trades.csv, with `number` and `return` (a fraction of the entry's value).
    side : str
        "long", "short", or "" where neither side was on.
    technical : Testimony
        What the strategy says of the bar.
    opinion : Opinion or None
        None where the model made no prediction.
    """

    run: str
    strategy: str
    bar: pd.Timestamp
    close: float
    trade: dict[str, Any] | None
    side: str
    technical: Testimony
    opinion: Opinion | None

    def to_dict(self) -> dict[str, Any]:
        """Return everything by name."""
        told = asdict(self.technical)
        told["thresholds"] = [
            {**row._asdict(), "passed": bool(row.passed), "margin": row.margin}
            for row in self.technical.thresholds
        ]
        model = None
        if self.opinion is not None:
            model = {key: value for key, value in vars(self.opinion).items() if key not in ARRAYS}
            by = vars(self.opinion.contributions)
            model["difference"] = self.opinion.difference
            model["contributions"] = {key: by[key] for key in by if key != "values"}
            model["contributions"]["features"] = self.opinion.ranked()
        return {**vars(self), "technical": told, "opinion": model}


ARRAYS = ("features", "values", "contributions")


def why(
    folder: Any,
    *,
    trade: int | None = None,
    bar: Any = None,
    run: str = "on",
    data: str | None = None,
) -> Reason:
    """Say why a trade was entered, or why any bar was or was not an entry.

    The strategy is run again up to that bar, and the model of that time is fitted again.

    Parameters
    ----------
    folder : path
        What `--out` named.
    trade : int, optional
        Number of a trade among those of the run, from 1, in the order of trades.csv.
    bar : str or Timestamp, optional
        Instead of a trade: the bar of a possible signal.
    run : {"on", "off"}
    data : str, optional
        Where the bars are now, when they are not where they were.

    Raises
    ------
    OptionError
        For a run, trade or bar that is not there, or a model that cannot be had again.
    BarsError
        When the bars have changed since.
    """
    if (trade is None) == (bar is None):
        raise OptionError("give a trade's number or a bar, one of them")
    if run not in RUNS:
        raise unknown_name("run", run, RUNS)
    finished = FinishedRun.read(folder)
    finished.trades_of(run)  # says so when there is no such run
    listed = None if trade is None else trade_of(finished, run, trade)
    bars = finished.bars(data)
    at = position(finished, bars, listed["entry_time"] if listed else bar) - bool(listed)
    told = testimony_of(finished, bars, at, run)
    side = listed["side"] if listed else told.side
    return Reason(
        run=run,
        strategy=finished.config["strategy"],
        bar=bars.index[at],
        close=float(bars.close.iloc[at]),
        trade=listed,
        side=side,
        technical=told,
        opinion=opinion_of(finished, bars, at, side),
    )


def trade_of(finished: FinishedRun, run: str, number: int) -> dict[str, Any]:
    """Return a trade by its number among those of a run."""
    trades = finished.trades_of(run)
    if not 1 <= number <= len(trades):
        raise OptionError(
            f"trade {number} is none of the {len(trades)} of the run with ML {run}; "
            f"bt-fusion why {finished.folder} --run {run} lists them"
        )
    row = {str(name): value for name, value in trades.loc[number].items()}
    return {"number": number, **row, "return": row["pnl"] / (row["entry_price"] * row["size"])}


def position(finished: FinishedRun, bars: pd.DataFrame, bar: Any) -> int:
    """Return the position of a bar of the window among the bars."""
    try:
        stamp = pd.Timestamp(bar)
    except ValueError:
        raise OptionError(f"bar {bar!r} is no time; write 2020-03-12T05:00") from None
    start, end = (pd.Timestamp(finished.summary["window"][key]) for key in ("start", "end"))
    if not start <= stamp <= end:
        raise OptionError(f"bar {stamp} is not among those the run traded, {start} to {end}")
    at = int(bars.index.searchsorted(stamp))
    if bars.index[at] != stamp:
        near = f"{bars.index[at - 1]} and {bars.index[at]}"
        raise OptionError(f"there is no bar {stamp}; the nearest are {near}")
    return at


@dataclass(frozen=True, eq=False)
class Model:
    """The model that spoke on a bar, as it was at that time, and what it says."""

    asked: SignalModel
    ensemble: Ensemble
    X: np.ndarray
    votes: np.ndarray
    rows: int
    typical: np.ndarray


def model_at(predictor: WalkForward | SignalModel, arrays: BarArrays, at: int) -> Model:
    """Fit the refit whose block holds a bar once more; a saved model is as it was."""
    if isinstance(predictor, SignalModel):
        X, ensemble = predictor.feature_set_.transform(arrays), predictor.ensemble_
        said, typical = ensemble.member_proba(X, np.array([at]))[0], np.median(predictor.sample_, 0)
        return Model(predictor, ensemble, X, said, predictor.n_rows_, typical)
    task = predictor.task_of(arrays, at)
    assert task is not None  # the bar has a prediction
    ensemble, votes = task.fit()
    said, typical = votes[np.searchsorted(task.block, at)], np.median(task.X[task.rows], axis=0)
    return Model(predictor.signal_model(), ensemble, task.X, said, len(task.rows), typical)


def opinion_of(finished: FinishedRun, bars: pd.DataFrame, at: int, side: str) -> Opinion | None:
    """Fit the model of that time again and ask it about the bar."""
    stored = finished.table[finished.table.datetime == bars.index[at]].iloc[0]
    if not np.isfinite(stored.probability_up):
        return None
    arrays = BarArrays.of(bars)
    model = model_at(finished.predictor(), arrays, at)
    spoken = empty_predictions(model.asked, arrays.time[at : at + 1])
    spoken.votes[0] = model.votes
    names, column = class_names(spoken), explained_column(spoken, side)
    return Opinion(
        refit=int(stored.model),
        rows=model.rows,
        trained_until=pd.Timestamp(stored.trained_until),
        votes={
            member: dict(zip(names, map(float, vote), strict=True))
            for member, vote in zip(spoken.members, model.votes, strict=True)
        },
        weights=dict(zip(spoken.members, vote_weights(model.ensemble).tolist(), strict=True)),
        voting=spoken.voting,
        probability_up=float(spoken.probability_up[0]),
        probability_down=float(spoken.probability_down[0]),
        signal=Signal(int(spoken.signal()[0])).name,
        level=str(spoken.levels()[0]),
        confidence=float(spoken.confidence[0]),
        stored=float(stored.probability_up),
        explained=names[column],
        features=tuple(model.asked.feature_set().names),
        values=model.X[at],
        contributions=contributions(model.ensemble, model.X, at, column, model.typical),
    )


def class_names(predictions: Predictions) -> tuple[str, ...]:
    """Return the classes in words."""
    if len(predictions.classes) == 3:
        return "short", "none", "long"
    return ("down", "up") if predictions.two_sided else ("no", "yes")


def explained_column(predictions: Predictions, side: str) -> int:
    """Return the class a side asks for; the likeliest where there is no side."""
    if side == "long":
        return predictions.classes.index(1)
    if side == "short":
        return 0 if predictions.two_sided else predictions.classes.index(1)
    return int(predictions.proba[0].argmax())
