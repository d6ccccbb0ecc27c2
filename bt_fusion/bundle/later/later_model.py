"""LaterModel: a model trained on the first one's predictions, as bundle content."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bt_fusion.bundle.golden import member_votes
from bt_fusion.ensemble.ensemble import Ensemble

__all__ = ["LaterModel"]


@dataclass(frozen=True, eq=False)
class LaterModel:
    """A model besides the first: an ensemble of classifiers, regressors, or nothing fitted.

    A bundle stores it without knowing its purpose; the caller that saved it does.

    Attributes
    ----------
    name : str
        Letters, digits and underscores.
    columns : tuple of str
        Of its input, in order; also if nothing is fitted.
    options : dict of str to number
        Its constructor arguments.
    facts : dict of str to number
        Results of its training.
    ensemble : Ensemble or None
        Fitted on float32.
    regressors : dict of str to LGBMRegressor
        Fitted.
    sample : ndarray of float64, shape (n_rows, n_columns)
        Rows to check its predictions on when it is loaded.
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
        """Whether anything in it predicts."""
        return self.ensemble is not None or bool(self.regressors)

    def predicted(self) -> dict[str, np.ndarray]:
        """Return each part's predictions for the sample, shape (n_rows, n_classes) or (n_rows, 1).

        Members predict with calibration, by their own libraries.
        """
        found = {}
        if self.ensemble is not None:
            votes = member_votes(self.ensemble, self.sample.astype(np.float32), onnx_={})
            found = {f"member {n}": votes[:, at] for at, n in enumerate(self.ensemble.members_)}
        for name, regressor in self.regressors.items():
            values = regressor.booster_.predict(self.sample, num_threads=1)
            found[f"regressor {name}"] = np.asarray(values)[:, None]
        return found
