"""ManagedModel: a signal model, and the three models that manage its trades (system E)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.bundle import LaterModel, SavedModel
from bt_fusion.data.bars import BarArrays
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.errors import OptionError, TrainingOrderError, unknown_name
from bt_fusion.features import Features
from bt_fusion.labels import Label, trade_exits
from bt_fusion.models.causality import check_own, is_checked
from bt_fusion.models.predictions import Predictions
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.models.walk_forward import WalkForward
from bt_fusion.trade_models.later_models import later_models, restored_models
from bt_fusion.trade_models.learning import Learner, Recipe
from bt_fusion.trade_models.position_model import Advice, PositionModel
from bt_fusion.trade_models.risk_model import RiskModel
from bt_fusion.trade_models.stop_model import StopModel
from bt_fusion.trade_models.trade_plan import TradeModels, TradePlan
from bt_fusion.trade_models.trade_state import STATE

__all__ = ["ManagedModel"]

STAGES = ("signal", "position", "stops", "risk")
ATR_UNITS = 1.5  # of stop and target, for a label that has none of its own


class ManagedModel(SignalModel):
    """Predicts entries, and for each trade exits, additions, stop, target and size.

    The order is fixed: a position model, a stop model and a risk model each learn from the trades
    that the earlier models would have made out of sample. In a walk-forward these are its own past
    trades: at each refit those that have ended before it. `fit` first runs a walk-forward over its
    bars. A model with fewer than `min_trades` trades is neutral: hold, the fixed multiples, size 1.

    Parameters
    ----------
    features, labels, ensemble, causality_check, timeframes, others
        Of the signal, see `SignalModel`.
    position : PositionModel, optional
    stops : StopModel, optional
    risk : RiskModel, optional
        Unfitted; by default with their default parameters.
    min_trades : int
    costs : float
        Of entry and exit together, a fraction of the price; used for the risk model's trades.

    Attributes
    ----------
    trade_models_ : TradeModels
        The three fitted models.
    trained_until_ : datetime64[ns]
        Stamp of the last bar: the three models use all data known by then.
    fitted_stages_ : tuple of str
        The fitted ones of the four models, in order.

    Examples
    --------
    >>> from bt_fusion.data.samples import planted_edge
    >>> model = ManagedModel(["wick_balance", "return_1"], "triple_barrier", Ensemble(["lgb"]))
    >>> plan = model.fit(planted_edge(1_500, auc=0.8)).predict(planted_edge(1_800, auc=0.8))
    >>> bool((plan.target[plan.known] > plan.stop[plan.known]).all())
    True
    """

    kind = "managed"

    def __init__(
        self,
        features: Features = "default",
        labels: str | Label = "triple_barrier",
        ensemble: Ensemble | None = None,
        causality_check: bool = True,
        position: PositionModel | None = None,
        stops: StopModel | None = None,
        risk: RiskModel | None = None,
        min_trades: int = 50,
        costs: float = 0.001,
        timeframes: Sequence[str] = (),
        others: Mapping[str, pd.DataFrame] | None = None,
    ):
        super().__init__(features, labels, ensemble, causality_check, timeframes, others)
        self.position = position
        self.stops = stops
        self.risk = risk
        self.min_trades = min_trades
        self.costs = costs

    def recipe(self) -> Recipe:
        """Return how its trades are made, and which models learn from them."""
        label = self.label()
        if not label.two_sided:
            raise OptionError(
                f"label {label} has one side: a managed trade is long or short; give "
                "triple_barrier, direction or profit_before_stop"
            )
        if self.min_trades < 1:
            raise OptionError(f"min_trades {self.min_trades} must be 1 or more")
        exits = trade_exits(label)
        return Recipe(
            stop=exits.get("atr_stop") or ATR_UNITS,
            target=exits.get("atr_target") or ATR_UNITS,
            hold_bars=exits["hold_bars"],
            atr_period=exits.get("atr_period", 14),
            costs=self.costs,
            share=0.95,
            min_trades=self.min_trades,
            position=self.position or PositionModel(),
            stops=self.stops or StopModel(),
            risk=self.risk or RiskModel(),
            seed=self.new_ensemble().seed,
        )

    def options(self) -> dict[str, Any]:
        """Return the options of the three later models, for a summary."""
        recipe = self.recipe()
        found: dict[str, Any] = {"min_trades": self.min_trades, "costs": self.costs}
        for name in STAGES[1:]:
            found[name] = getattr(recipe, name).get_params(deep=False)
        voters = found["position"]["ensemble"]
        if voters is not None:
            found["position"]["ensemble"] = voters.get_params(deep=False)
        return found

    @classmethod
    def of_options(cls, signal: SignalModel, options: Mapping[str, Any]) -> "ManagedModel":
        """Return an unfitted model from a signal's parts and the result of `options`."""
        position = dict(options["position"])
        if position["ensemble"] is not None:
            position["ensemble"] = Ensemble(**position["ensemble"])
        return cls(
            **signal.get_params(deep=False),
            position=PositionModel(**position),
            stops=StopModel(**options["stops"]),
            risk=RiskModel(**options["risk"]),
            min_trades=options["min_trades"],
            costs=options["costs"],
        )

    def after_walk(
        self,
        arrays: BarArrays,
        X: np.ndarray,
        predictions: Predictions,
        refits: Sequence[Any],
        embargo: int = 0,
        jobs: int = 1,
    ) -> TradePlan:
        """Learn from a walk-forward's predictions refit by refit; return the complete plan."""
        return Learner(self.recipe(), arrays, X, predictions, embargo).plan(refits, jobs)

    def fit_arrays(self, arrays: BarArrays, start: int = 0) -> "ManagedModel":
        """Train the signal on checked arrays, and the others on its walk-forward trades."""
        self._fit_signal(arrays, start)
        for stage in STAGES[1:]:
            self._fit_next(stage)
        del self._training
        return self

    def fit_stage(self, stage: str, bars: pd.DataFrame) -> "ManagedModel":
        """Train one of the four models; `fit` trains all.

        Parameters
        ----------
        stage : {"signal", "position", "stops", "risk"}
            In this order, all on the same bars.
        bars : DataFrame

        Raises
        ------
        TrainingOrderError
            If an earlier model is not fitted yet, or was fitted on other bars.
        """
        if stage not in STAGES:
            raise unknown_name("stage", stage, STAGES)
        arrays = BarArrays.of(bars)
        if stage == "signal":
            check_own(self, arrays)
            self._fit_signal(arrays)
            self.look_ahead_checked_ = is_checked(self)
            return self
        known = getattr(self, "_training", None)
        same = known is not None and np.array_equal(known[0].bars.time, arrays.time)
        fitted = getattr(self, "fitted_stages_", ()) if same else ()
        missing = [each for each in STAGES[: STAGES.index(stage)] if each not in fitted]
        if missing:
            raise TrainingOrderError(
                f"the stage {stage} learns from trades that {' and '.join(missing)} make, not "
                f"fitted on these bars: run fit_stage({missing[0]!r}, bars) first, or fit(bars), "
                "which trains all four in order (bt-fusion train --preset managed)"
            )
        self._fit_next(stage)
        return self

    def _fit_signal(self, arrays: BarArrays, start: int = 0) -> None:
        """Fit the signal, and run a walk-forward for out-of-sample trades."""
        recipe = self.recipe()
        super().fit_arrays(arrays, start)
        walk = WalkForward(self.signal_part(), cache=None)
        predictions = walk.predict_arrays(arrays)
        X = self.feature_set_.transform(arrays)
        self._training = Learner(recipe, arrays, X, predictions), walk.refits_
        self.trade_models_ = TradeModels()
        self.fitted_stages_: tuple[str, ...] = ("signal",)

    def _fit_next(self, stage: str) -> None:
        """Fit a stage whose trades are available."""
        learner, refits = self._training
        fitted = learner.learn_stage(stage, self.trade_models_, refits)
        self.trade_models_ = fitted
        self.fitted_stages_ = (*self.fitted_stages_, stage)
        self.trained_until_ = learner.bars.time[-1]  # its trades extend to the last bar

    def _predict_rows(self, arrays: BarArrays, X: np.ndarray, allow_in_sample: bool) -> TradePlan:
        """Predict bars, with the plan of an entry on each."""
        predictions = super()._predict_rows(arrays, X, allow_in_sample)
        return Learner(self.recipe(), arrays, X, predictions).plan_of(self.trade_models_)

    def later_ensembles(self) -> dict[str, tuple[Ensemble, tuple[str, ...], int]]:
        """Return the unfitted voters of the position model, their columns and classes."""
        voters = self.recipe().position.new_ensemble()
        return {"position": (voters, (*self.feature_set().names, *STATE), len(Advice))}

    def later_models(self) -> list[LaterModel]:
        """Return the three models in bundle form.

        Raises
        ------
        TrainingOrderError
            If not all of them are fitted.
        """
        missing = [stage for stage in STAGES if stage not in self.fitted_stages_]
        if missing:
            raise TrainingOrderError(
                f"{' and '.join(missing)} not fitted yet, and a managed model is saved whole: run "
                f"fit_stage({missing[0]!r}, bars) first, or fit(bars)"
            )
        return later_models(self.recipe(), self.trade_models_, self.feature_set_.names)

    @classmethod
    def _restored(cls, saved: SavedModel) -> "ManagedModel":
        model = super()._restored(saved)
        assert isinstance(model, ManagedModel)
        restored = restored_models(saved)
        model.trade_models_, model.fitted_stages_ = restored.models, STAGES
        return model.set_params(**restored.params)
