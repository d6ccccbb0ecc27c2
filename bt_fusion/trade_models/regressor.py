"""The regressor of the stop and the risk model: LightGBM, deterministic."""

from typing import Any

__all__ = ["new_regressor"]


def new_regressor(model: Any, seed: int, **more: Any) -> Any:
    """Return an unfitted LGBMRegressor with the options of a stop or a risk model.

    Parameters
    ----------
    model : StopModel or RiskModel
    seed : int
    **more
        More options of LightGBM.
    """
    from lightgbm import LGBMRegressor

    return LGBMRegressor(
        n_estimators=model.n_estimators,
        learning_rate=model.learning_rate,
        num_leaves=model.num_leaves,
        min_child_samples=model.min_child_samples,
        random_state=seed,
        n_jobs=1,
        deterministic=True,
        verbose=-1,
        **more,
    )
