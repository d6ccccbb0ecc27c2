"""Control: a walk-forward with nothing to learn."""

from collections.abc import Callable

from bt_fusion.data.bars import BarArrays
from bt_fusion.models.predictions import Predictions
from bt_fusion.models.refit import Relabel
from bt_fusion.models.walk_forward import WalkForward
from bt_fusion.verdict.placebos.shuffled_labels import ShuffledLabels

__all__ = ["ShuffledWalkForward"]


class ShuffledWalkForward(WalkForward):
    """A walk-forward whose refits learn from the labels of other rows.

    See `ShuffledLabels`, whose seed is that of the ensemble. Parameters are those of `WalkForward`.
    """

    def predict_arrays(
        self,
        arrays: BarArrays,
        on_refit: Callable[[int, int], None] | None = None,
        *,
        relabel: Relabel | None = None,
    ) -> Predictions:
        """Predict checked arrays."""
        moved = relabel or ShuffledLabels(self.signal_model().new_ensemble().seed)
        return super().predict_arrays(arrays, on_refit, relabel=moved)
