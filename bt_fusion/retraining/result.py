"""The result of a retraining: its figures, a block of the log, and JSON."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.files import plain
from bt_fusion.models.signal_model import SignalModel
from bt_fusion.retraining.comparison import ModelComparison
from bt_fusion.retraining.schedule import minute

__all__ = ["KEPT", "NOT_DUE", "REPLACED", "ROLLED_BACK", "ModelFacts", "Retraining"]

NOT_DUE, KEPT, REPLACED, ROLLED_BACK = "not due", "kept the old model", "replaced", "rolled back"
FIGURES = {"log_loss": "log loss", "auc": "AUC", "brier": "Brier", "accuracy": "hit rate"}


@dataclass(frozen=True)
class ModelFacts:
    """The training bars of a model.

    Attributes
    ----------
    digest : str
        Of the saved model; empty if it was not saved.
    trained_from, trained_until : Timestamp
    rows : int
        Training rows.
    """

    digest: str
    trained_from: pd.Timestamp
    trained_until: pd.Timestamp
    rows: int

    @classmethod
    def of(cls, model: SignalModel, digest: str = "") -> "ModelFacts":
        """Return the facts of a fitted model."""
        start, until = pd.Timestamp(model.trained_from_), pd.Timestamp(model.trained_until_)
        return cls(digest, start, until, int(model.n_rows_))


@dataclass(frozen=True, kw_only=True)
class Retraining:
    """The result of retraining a saved model.

    Attributes
    ----------
    action : str
        "not due", "kept the old model", "replaced" or "rolled back".
    because : str
        The reason, as a sentence with figures.
    folder : Path
        Of the model.
    when : Timestamp
        Of the decision, UTC.
    number : int
        Of the decision; 0 if it was not due.
    bars : str
        The name of the bars, and their length.
    bars_until : Timestamp
        The last bar.
    old, new : ModelFacts or None
        The previous model in the folder, and the one that was trained or restored.
    judged : ModelComparison or None
        Both on the same unseen bars; None if nothing was trained.
    earlier : str
        History folder of the model taken out; empty for none.
    """

    action: str
    because: str
    folder: Path
    when: pd.Timestamp
    bars_until: pd.Timestamp
    number: int = 0
    bars: str = ""
    old: ModelFacts | None = None
    new: ModelFacts | None = None
    judged: ModelComparison | None = None
    earlier: str = ""

    @property
    def digest(self) -> str:
        """Digest of the model in the folder after the decision."""
        taken = self.new if self.action in (REPLACED, ROLLED_BACK) else self.old
        return "" if taken is None else taken.digest

    @property
    def text(self) -> str:
        """The block of the log, without a final newline; one line if it was not due."""
        if self.action == NOT_DUE:
            return f"{self.folder}: {self.because}"
        head = f"{minute(self.when)} UTC  #{self.number} {self.action}"
        return "\n".join([head, *(f"  {name:9} {text}" for name, text in self._lines())])

    def _lines(self) -> list[tuple[str, str]]:
        found = [("bars", f"{self.bars}, until {minute(self.bars_until)}".removeprefix(", "))]
        if self.judged is not None:
            ends = f"{minute(self.judged.start)} to {minute(self.judged.end)}"
            text = f"{self.judged.rows:,} bars, {ends}, which neither model has seen"
            found.append(("judged by", text))
        for name, facts in (("old", self.old), ("new", self.new)):
            figures = None if self.judged is None else getattr(self.judged, name)
            if facts is not None:
                found.append((name, f"{_trained(facts)}{_figures(figures)}"))
        found.append(("because", self.because))
        if self.earlier:
            found.append(("history", f"the model that was taken out: {self.earlier}"))
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return everything in JSON types: stamps as ISO text, null for undefined."""
        return plain(asdict(self) | {"digest": self.digest, "folder": str(self.folder)})


def _trained(facts: ModelFacts) -> str:
    return f"trained on {facts.rows:,} rows until {minute(facts.trained_until)}"


def _figures(figures: dict[str, float | None] | None) -> str:
    known = figures or {}
    texts = [
        f"{title} {np.nan if known[name] is None else known[name]:.4f}"
        for name, title in FIGURES.items()
        if name in known
    ]
    return f": {', '.join(texts)}" if texts else ""
