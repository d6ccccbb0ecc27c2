"""One decision carried out, so that a kill at any moment leaves it undone or to be finished.

The decision is written down whole first. What follows can be done twice: a copy of the old model
goes into the history, the new one into the model's folder, the decision into the logs. A process
that finds a decision written down finishes it.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

from bt_fusion.files import write_json
from bt_fusion.retraining.history import History, copy_model, digest_of

__all__ = ["Change", "carry_out", "recover"]


@dataclass(frozen=True)
class Change:
    """A decision that is to be carried out.

    Attributes
    ----------
    decision : dict
        As `Retraining.to_dict` has it.
    text : str
        As the log for people has it.
    old, new : str
        Digests of the models that are in the folder before and after it.
    source : str
        Where in the history the new model stands; empty where the old one stays.
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
    """Write a decision down and do it."""
    write_json(history.pending, asdict(change))
    _do(history, change)
    history.clean()  # lock files


def recover(history: History) -> None:
    """Finish what a killed process had decided, and remove what it left half-made.

    A decision is dropped where the folder holds another model by now, or the new one is gone.
    """
    if history.pending.is_file():
        change = Change(**json.loads(history.pending.read_text(encoding="utf-8")))
        there = digest_of(history.model)
        ready = bool(change.source) and _is_whole(history, change)
        if there == change.new or (there == change.old and ready):
            _do(history, change)
    history.clean()


def _is_whole(history: History, change: Change) -> bool:
    return digest_of(history.root / change.source) == change.new


def _do(history: History, change: Change) -> None:
    """Do what is not done yet."""
    source, earlier = history.root / change.source, change.decision["earlier"]
    if change.source and source.is_dir():
        if earlier and digest_of(history.model) == change.old:
            copy_model(history.model, history.root / earlier, check=_nothing)
        copy_model(source, history.model)
    history.record(change.decision, change.text)
    if change.source:
        history.remove(source)
    history.prune(change.keep)
    history.pending.unlink()


def _nothing(folder: object) -> None:
    """Check nothing: the model was loaded before it was decided on."""
