"""Cache key of a file's comparison: its content, and everything done with it."""

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

# Our packages that a comparison uses, beside those of a run.
CODE = (*RUN_CODE, "evaluation", "verdict", "audit", "backtest", "universe")
SIZE = {"": 10**9}  # independent of a file: sizes not given are those for this many bars


@dataclass(frozen=True)
class JobKey:
    """Digests of a job and its variant.

    Attributes
    ----------
    whole : str
        Digest of everything: options, seed, our code, the user's code, and library versions.
    variant : str
        Digest of what is tried, independent of version and seed. Empty for a control, which is not
        a trial.
    config : dict
        Configuration behind both, for the summary.
    """

    whole: str
    variant: str
    config: dict[str, Any]

    @classmethod
    def of(
        cls, job: BacktestJob, control: bool, bars: dict[str, Any], kept: dict[str, Any]
    ) -> "JobKey":
        """Compute the key of a job.

        Parameters
        ----------
        job : BacktestJob
        control : bool
            Whether its labels are shuffled.
        bars : dict
            Options applied to a file's bars before trading.
        kept : dict
            Other options that affect the rows.
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
        If it cannot be read.
    """
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def as_text(values: Any) -> str:
    """Return canonical text: equal values give equal text."""
    return json.dumps(plain(values), sort_keys=True)


def given_sizes(predictor: Any) -> dict[str, int | None]:
    """Return the sizes of a walk-forward as given: None depends on the number of bars."""
    if not isinstance(predictor, WalkForward):
        return {}
    return {"train_bars": predictor.train_bars, "refit_bars": predictor.refit_bars}


def model_digest(predictor: Any) -> str:
    """Return a digest of the predictor; speed settings are excluded."""
    if isinstance(predictor, WalkForward):
        return object_digest(clone(predictor).set_params(jobs=1, cache=None).get_params())
    return object_digest(predictor)
