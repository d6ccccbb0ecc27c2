"""What a file's comparison is found by: the content of the file, and all that is done with it."""

import json
from dataclasses import asdict, dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any

from sklearn.base import clone

from bt_fusion.backtest.job import BacktestJob
from bt_fusion.backtest.summary import (
    code_config,
    model_config,
    plugin_config,
    strategy_config,
    versions,
)
from bt_fusion.backtest.trials import unusual_params
from bt_fusion.files import plain
from bt_fusion.fingerprint import array_digest, code_digest, object_digest
from bt_fusion.models.walk_forward import WalkForward
from bt_fusion.plugins import registered_files
from bt_fusion.sweep.runs import CODE as RUN_CODE

__all__ = ["JobKey", "digest_of_file"]

# Our packages that a comparison goes through, beside those of a run.
CODE = (*RUN_CODE, "evaluation", "verdict", "audit", "backtest", "universe")
SIZE = {"": 10**9}  # bars that say nothing of a file: what is not given is as for so many


@dataclass(frozen=True)
class JobKey:
    """A job by what it depends on.

    Attributes
    ----------
    whole : str
        Of everything: options, seed, our code, that of the user, and versions of libraries.
    variant : str
        Of what is tried: what another version or seed of the draws leaves as it is. Empty for a
        control, which is no trial.
    config : dict
        Both in words, for the summary.
    """

    whole: str
    variant: str
    config: dict[str, Any]

    @classmethod
    def of(
        cls, job: BacktestJob, control: bool, bars: dict[str, Any], kept: dict[str, Any]
    ) -> "JobKey":
        """Name a job.

        Parameters
        ----------
        job : BacktestJob
        control : bool
            Whether its labels are shuffled.
        bars : dict
            What is done with the bars of a file before they are traded, by option.
        kept : dict
            Other options on which the rows depend.
        """
        tried = {
            **strategy_config(job.strategy),
            **model_config(SIZE, job.predictor),
            **given_sizes(job.predictor),
            **plugin_config(job.signal_model),
            "params": unusual_params({"strategy": job.strategy, "params": job.params}),
            "account": asdict(job.account),
            "fromdate": job.fromdate,
            "todate": job.todate,
            "allow_in_sample": job.allow_in_sample,
            **bars,
            "model": model_digest(job.predictor),
        }
        rest = {
            **code_config(job.strategy, job.source),
            "plugins": registered_files(),
            "seed": job.seed,
            "draws": job.draws,
            "audit": job.audit,
            "shuffle_labels": control,
            "code": code_digest(*CODE),
            "versions": versions(),
            **kept,
        }
        variant = "" if control else array_digest(as_text(tried))
        return cls(array_digest(as_text([tried, rest])), variant, tried | rest)

    def for_file(self, digest: str) -> str:
        """Return the key of the row of a file."""
        return array_digest(f"{digest} {self.whole}")


def digest_of_file(path: Path) -> str:
    """Return a digest of a file's content.

    Raises
    ------
    OSError
        When it cannot be read.
    """
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def as_text(values: Any) -> str:
    """Write values so that equal ones are written alike."""
    return json.dumps(plain(values), sort_keys=True)


def given_sizes(predictor: Any) -> dict[str, int | None]:
    """Return the sizes of a walk-forward as they were given: None follows the number of bars."""
    if not isinstance(predictor, WalkForward):
        return {}
    return {"train_bars": predictor.train_bars, "refit_bars": predictor.refit_bars}


def model_digest(predictor: Any) -> str:
    """Return a digest of what predicts; how fast it does is no part of it."""
    if isinstance(predictor, WalkForward):
        return object_digest(clone(predictor).set_params(jobs=1, cache=None).get_params())
    return object_digest(predictor)
