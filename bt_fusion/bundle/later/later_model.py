"""LaterModel: a model that learnt from what the first one predicted, as a bundle holds it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bt_fusion.bundle.golden import member_votes
from bt_fusion.ensemble.ensemble import Ensemble

__all__ = ["LaterModel"]


@dataclass(frozen=True, eq=False)
class LaterModel:
    """A model beside the first: an ensemble of classifiers, regressors, or nothing fitted.

    A bundle keeps it without knowing what it is for; who saved it knows.

    Attributes
    ----------
    name : str
        Letters, digits and underscores.
    columns : tuple of str
        Of its input, in order; also where nothing is fitted.
    options : dict of str to number
        What it was made with.
    facts : dict of str to number
        What its training came to.
    ensemble : Ensemble or None
        Fitted on float32.
    regressors : dict of str to LGBMRegressor
        Fitted.
    sample : ndarray of float64, shape (n_rows, n_columns)
        Rows its predictions are checked on when it is loaded.
    """

    name: str
    columns: tuple[str, ...]
    options: dict[str, Any]
    facts: dict[str, Any]
    ensemble: Ensemble | None = None
    regressors: dict[str, Any] = field(default_factory=dict)
    sample: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))

    @property
    def fitted(self) -> bool:
        """Whether there is anything that predicts."""
        return self.ensemble is not None or bool(self.regressors)

    def predicted(self) -> dict[str, np.ndarray]:
        """Return what each part predicts for the sample, shape (n_rows, n_classes) or (n_rows, 1).

        Of members what they say after calibration, by their own libraries.
        """
        found = {}
        if self.ensemble is not None:
            votes = member_votes(self.ensemble, self.sample.astype(np.float32), onnx_={})
            found = {f"member {n}": votes[:, at] for at, n in enumerate(self.ensemble.members_)}
        for name, regressor in self.regressors.items():
            values = regressor.booster_.predict(self.sample, num_threads=1)
            found[f"regressor {name}"] = np.asarray(values)[:, None]
        return found
