"""The printed form of a signal model and a walk-forward."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from bt_fusion.described import listed, when
from bt_fusion.errors import BtFusionError

__all__ = ["model_rows", "walk_rows"]

FEW = 4  # names of features to list


def model_rows(model: Any) -> dict[str, str]:
    """Return a signal model's label, features, members and training rows."""
    rows = {
        "label": label_text(model),
        "features": features_text(model),
        "members": members_text(model.new_ensemble()),
    }
    if model.timeframes:
        rows["timeframes"] = listed(list(model.timeframes))
    if isinstance(model.others, Mapping) and model.others:
        rows["markets"] = listed(
            [f"{name} ({len(own):,} bars)" for name, own in model.others.items()]
        )
    if hasattr(model, "ensemble_"):
        ends = map(pd.Timestamp, (model.trained_from_, model.trained_until_))
        span = " to ".join(map(when, ends))
        length = f" of {model.interval_} bars" if model.interval_ else ""
        rows["trained on"] = f"{model.n_rows_:,} rows{length}, {span}"
    else:
        rows["trained on"] = "nothing yet: call fit(bars), or give it to WalkForward"
    return rows


def walk_rows(walk: Any) -> dict[str, str]:
    """Return the refit schedule of a walk-forward, and the refits of its last `predict`."""
    model = walk.signal_model()
    train, refit = walk.train_bars, walk.refit_bars
    window = "40 % of the bars, at most 20,000" if train is None else f"{train:,} bars"
    rows = {
        "label": label_text(model),
        "features": features_text(model),
        "members": members_text(model.new_ensemble()),
        "trained on": f"{window}, {walk.window}",
        "refitted": "every eighth of these" if refit is None else f"every {refit:,} bars",
    }
    if walk.embargo_bars:
        rows["embargo"] = f"{walk.embargo_bars:,} bars"
    made = getattr(walk, "refits_", ())
    if made:
        cached = sum(each.cached for each in made)
        rows["last run"] = f"{len(made):,} refits ({cached:,} from the cache)"
    return rows


def label_text(model: Any) -> str:
    """Return the label with its parameters, or why there is none."""
    try:
        return str(model.label())
    except BtFusionError as error:  # the model raises it when used
        return str(error)


def features_text(model: Any) -> str:
    """Return the number of features, and the names of the first."""
    try:
        found = getattr(model, "feature_set_", None) or model.feature_set()
    except BtFusionError as error:
        return str(error)
    return f"{len(found.names)}: {listed(found.names, FEW)}"


def members_text(ensemble: Any) -> str:
    """Return the members by name and how they vote.

    >>> from bt_fusion.ensemble.ensemble import Ensemble
    >>> members_text(Ensemble(["rf", "lgb"], calibration="sigmoid"))
    'rf, lgb; soft voting, sigmoid calibration'
    """
    calibrated = f", {ensemble.calibration} calibration" if ensemble.calibration else ""
    return f"{listed(list(ensemble.members))}; {ensemble.voting} voting{calibrated}"
