"""The study: trials in a storage, filled by one or more processes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bt_fusion.errors import FileError, OptionError
from bt_fusion.files import writing
from bt_fusion.tuning.objectives import Objective

__all__ = [
    "finished",
    "make_sampler",
    "open_study",
    "running",
    "storage_errors",
    "storage_url",
    "trial_table",
]


def make_sampler(seed: int, number: int) -> Any:
    """Return the sampler of one trial.

    A sampler's state is not stored, so each trial has its own sampler, seeded by its number: its
    suggestions depend only on the stored trials. Running trials of other processes count as bad
    ones (constant liar), so that two machines do not try the same values.
    """
    from optuna.samplers import TPESampler

    state = int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
    return TPESampler(seed=state, multivariate=False, constant_liar=True)


def open_study(name: str, goal: Objective, storage: str | Path | None) -> Any:
    """Open the study, or create it.

    Raises
    ------
    OptionError
        If the storage cannot be opened.
    """
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(
            storage=storage_url(storage),
            study_name=name,
            direction=goal.direction,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
            load_if_exists=True,
        )
    except (SQLAlchemyError, ImportError, OSError, ValueError) as error:
        raise OptionError(
            f"storage {str(storage)!r} cannot be opened ({error}); give the path of a file or a "
            "URL, such as postgresql://user@host/studies"
        ) from error


@contextmanager
def storage_errors(storage: str | Path | None) -> Iterator[None]:
    """Turn a storage error while trials run into one line that names the storage.

    Raises
    ------
    FileError
    """
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, StorageInternalError) as error:
        cause = str(error.__cause__ or error)
        raise FileError(
            f"storage {str(storage)!r} cannot be written ({cause}); free some space or give another"
        ) from error


def storage_url(storage: str | Path | None) -> str | None:
    """Return the URL of a storage given by path or URL."""
    if storage is None or "://" in str(storage):
        return None if storage is None else str(storage)
    path = Path(storage).expanduser().resolve()
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{path}"


def finished(study: Any) -> list[Any]:
    """Return the finished trials, including pruned ones."""
    from optuna.trial import TrialState

    ends = (TrialState.COMPLETE, TrialState.PRUNED)
    return study.get_trials(deepcopy=False, states=ends)


def running(study: Any) -> list[Any]:
    """Return the trials that a process is running, or was running when it was killed."""
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))


def trial_table(study: Any) -> pd.DataFrame:
    """Return one row per trial, in order."""
    return pd.DataFrame(
        {
            "number": trial.number,
            "state": trial.state.name.lower(),
            "value": np.nan if trial.value is None else trial.value,
            "splits": len(trial.intermediate_values),
            "seconds": trial.duration.total_seconds() if trial.duration else np.nan,
            **trial.params,
        }
        for trial in study.trials
    )
