"""Apply one decision, so that after a crash it is either undone or can be finished.

The complete decision is written first. The next steps can be repeated: copy the old model into the
history, put the new one into the model's folder, append the decision to the logs. A process that
finds a written decision finishes it.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

from bt_fusion.files import write_json
from bt_fusion.retraining.history import History, copy_model, digest_of

__all__ = ["Change", "carry_out", "recover"]


@dataclass(frozen=True)
class Change:
    """A decision to apply.

    Attributes
    ----------
    decision : dict
        As returned by `Retraining.to_dict`.
    text : str
        Its text in the log for people.
    old, new : str
        Digests of the models in the folder before and after it.
    source : str
        Folder of the new model in the history; empty if the old one stays.
    keep : int
        Earlier models to keep.
    """

    decision: dict[str, Any]
    text: str
    old: str
    new: str
    source: str
    keep: int


def carry_out(history: History, change: Change) -> None:
    """Write a decision to disk and apply it."""
    write_json(history.pending, asdict(change))
    _apply(history, change)
    history.clean()  # lock files


def recover(history: History) -> None:
    """Finish the decision of a killed process, and remove its incomplete files.

    A decision is dropped if the folder now holds another model, or the new one is missing.
    """
    if history.pending.is_file():
        change = Change(**json.loads(history.pending.read_text(encoding="utf-8")))
        there = digest_of(history.model)
        ready = bool(change.source) and _is_whole(history, change)
        if there == change.new or (there == change.old and ready):
            _apply(history, change)
    history.clean()


def _is_whole(history: History, change: Change) -> bool:
    return digest_of(history.root / change.source) == change.new


def _apply(history: History, change: Change) -> None:
    """Do the steps not done yet."""
    source, earlier = history.root / change.source, change.decision["earlier"]
    if change.source and source.is_dir():
        if earlier and digest_of(history.model) == change.old:
            copy_model(history.model, history.root / earlier, check=_no_check)
        copy_model(source, history.model)
    history.record(change.decision, change.text)
    if change.source:
        history.remove(source)
    history.prune(change.keep)
    history.pending.unlink()


def _no_check(folder: object) -> None:
    """Check nothing: the model was loaded before the decision."""
