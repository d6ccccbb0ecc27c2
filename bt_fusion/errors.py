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
    """Something the user should know that does not stop the work."""


class BarsError(BtFusionError, ValueError):
    """Bars that cannot be used as they are."""


class OptionError(BtFusionError, ValueError):
    """An option, name or parameter with a value outside its choices."""


class FileError(BtFusionError, OSError):
    """A file that cannot be written; what stood there before stays as it was."""


class DownloadError(BtFusionError, OSError):
    """A server of candles that cannot be reached, refuses, or sends what cannot be read."""


class HubError(BtFusionError, OSError):
    """A place of models that cannot be reached, refuses, or holds no such model."""


class StrategyError(BtFusionError, RuntimeError):
    """A strategy or sizer of the user's own that fails, with the line it fails at."""


class PluginError(BtFusionError, RuntimeError):
    """A plug-in of the user's that fails, with the line it fails at."""


class WorkerError(BtFusionError, RuntimeError):
    """A worker that was killed, for want of memory as a rule, or that has other versions."""


class SchedulerError(BtFusionError, ConnectionError):
    """A cluster that cannot be reached, was lost, or has no worker."""


class RunError(BtFusionError, ValueError):
    """A run's folder whose files are missing, broken or of another schema."""


class TrainingError(BtFusionError, ValueError):
    """Training rows from which no model can be fitted."""


class TrainingOrderError(TrainingError):
    """A model that is to learn from the trades of another one, before that one is fitted."""


class LookAheadError(BtFusionError, ValueError):
    """A feature, label or member of the user's own that knows bars it may not know yet.

    Attributes
    ----------
    first : str
        Stamp of the first bar at which it shows.
    """

    def __init__(self, text: str = "", first: str = ""):
        super().__init__(text)
        self.first = first


class RandomPartError(OptionError):
    """A feature, label or member of the user's own that differs from one call to the next."""


class FittedBeforeError(OptionError):
    """A feature, label or member that learnt before it is fitted, from bars nobody knows."""


class RowsBesideError(OptionError):
    """A member that predicts a row otherwise alone than with other rows beside it."""


class InSampleError(BtFusionError, ValueError):
    """A prediction asked for on bars the model was trained on."""


class BundleError(BtFusionError, ValueError):
    """A saved model whose files are broken, altered or not what they claim to be."""


class ModelCompatibilityError(BtFusionError, ValueError):
    """A sound model that does not fit this installation, its input or what it was asked for."""


class PartError(BundleError, ModelCompatibilityError):
    """A part of a saved model that is missing, or belongs to another model."""


def unknown_name(kind: str, given: object, known: Iterable[str]) -> OptionError:
    """Return the error for a name that is not among the known ones.

    >>> str(unknown_name("member", "xgboost", ["rf", "xgb", "lgb"]))
    "unknown member 'xgboost': did you mean 'xgb'? Known: lgb, rf, xgb"
    """
    names = sorted(known)
    close = get_close_matches(str(given), names, n=1, cutoff=0.5)
    hint = f" did you mean {close[0]!r}?" if close else ""
    return OptionError(f"unknown {kind} {given!r}:{hint} Known: {', '.join(names)}")
