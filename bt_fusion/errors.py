"""Errors that say what was given, what was expected and what to do."""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "BarsError",
    "BtFusionError",
    "BtFusionWarning",
    "BundleError",
    "DownloadError",
    "FileError",
    "FittedBeforeError",
    "HubError",
    "InSampleError",
    "LookAheadError",
    "ModelCompatibilityError",
    "OptionError",
    "PartError",
    "PluginError",
    "RandomPartError",
    "RowsBesideError",
    "RunError",
    "SchedulerError",
    "StrategyError",
    "TrainingError",
    "TrainingOrderError",
    "WorkerError",
    "unknown_name",
]


class BtFusionError(Exception):
    """Base of every error bt_fusion raises on purpose."""


class BtFusionWarning(UserWarning):
    """Information for the user that does not stop the work."""


class BarsError(BtFusionError, ValueError):
    """Bars that cannot be used as they are."""


class OptionError(BtFusionError, ValueError):
    """An option, name or parameter with a value outside its choices."""


class FileError(BtFusionError, OSError):
    """A file that cannot be written; its previous content stays."""


class DownloadError(BtFusionError, OSError):
    """A candle server that cannot be reached, refuses, or sends unreadable data."""


class HubError(BtFusionError, OSError):
    """A place of models that cannot be reached, refuses, or holds no such model."""


class StrategyError(BtFusionError, RuntimeError):
    """A user's own strategy or sizer that fails, with the failing line."""


class PluginError(BtFusionError, RuntimeError):
    """A user's plug-in that fails, with the failing line."""


class WorkerError(BtFusionError, RuntimeError):
    """A worker that was killed, usually for lack of memory, or that has other versions."""


class SchedulerError(BtFusionError, ConnectionError):
    """A cluster that cannot be reached, was lost, or has no worker."""


class RunError(BtFusionError, ValueError):
    """A run's folder whose files are missing, broken or of another schema."""


class TrainingError(BtFusionError, ValueError):
    """Training rows that no model can be fitted on."""


class TrainingOrderError(TrainingError):
    """A model fitted before the model whose trades it learns from."""


class LookAheadError(BtFusionError, ValueError):
    """A user's own feature, label or member that uses bars it must not know yet.

    Attributes
    ----------
    first : str
        Stamp of the first such bar.
    """

    def __init__(self, text: str = "", first: str = ""):
        super().__init__(text)
        self.first = first


class RandomPartError(OptionError):
    """A user's own feature, label or member whose result differs between calls."""


class FittedBeforeError(OptionError):
    """A feature, label or member that was fitted earlier, on unknown bars."""


class RowsBesideError(OptionError):
    """A member whose prediction for a row depends on the other rows."""


class InSampleError(BtFusionError, ValueError):
    """A prediction for bars the model was trained on."""


class BundleError(BtFusionError, ValueError):
    """A saved model whose files are broken, altered or not as stated."""


class ModelCompatibilityError(BtFusionError, ValueError):
    """A sound model that does not fit this installation, its input or the request."""


class PartError(BundleError, ModelCompatibilityError):
    """A part of a saved model that is missing, or belongs to another model."""


def unknown_name(kind: str, given: object, known: Iterable[str]) -> OptionError:
    """Return the error for an unknown name, with the closest known one.

    >>> str(unknown_name("member", "xgboost", ["rf", "xgb", "lgb"]))
    "unknown member 'xgboost': did you mean 'xgb'? Known: lgb, rf, xgb"
    """
    names = sorted(known)
    close = get_close_matches(str(given), names, n=1, cutoff=0.5)
    hint = f" did you mean {close[0]!r}?" if close else ""
    return OptionError(f"unknown {kind} {given!r}:{hint} Known: {', '.join(names)}")
