"""Trial ledger: a record of every configuration tried on the same bars.

``ledger.jsonl`` in the results folder, one line per distinct configuration. Repeating one adds
nothing.
"""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from bt_fusion.engine.loading import STRATEGIES
from bt_fusion.files import plain, writing

__all__ = ["LEDGER", "Trials", "pbo_of", "record_trial", "record_trials", "trials_of"]

LEDGER = "ledger.jsonl"
ENOUGH = 10  # fewest Sharpe ratios to estimate their variance from
# not part of a trial: they do not change ML-on's trades
NO_VARIANT = ("versions", "draws", "ml", "placebo", "source", "code_sha256")
FIELDS = {"trial", "data", "start", "end", "model", "tuning_trials", "sharpe"}
MODEL = ("features", "label", "label_parameters", "ensemble", "trained_until")


@dataclass(frozen=True, eq=False)
class Trials:
    """Trials on the same bars.

    Attributes
    ----------
    count : int
        Number of distinct configurations, including this one, plus the tuning trials of saved
        models.
    sharpes : ndarray of float64, shape (n_known,)
        Their known Sharpe ratios per bar, not annualised; tuning trials have none.
    """

    count: int
    sharpes: np.ndarray

    @property
    def variance(self) -> float | None:
        """Variance of the Sharpe ratios; None for fewer than ten, too few to estimate it."""
        return float(self.sharpes.var(ddof=1)) if len(self.sharpes) >= ENOUGH else None


def record_trial(folder: str | Path, summary: dict[str, Any], sharpe: float | None) -> bool:
    """Add a configuration to the trial ledger of a folder, unless already recorded.

    Safe for several processes at once; an incomplete line from an interruption stays and is
    ignored.

    Parameters
    ----------
    folder : path
        Created if missing.
    summary : dict
        The content of summary.json, or only its `data`, `window` and `config`.
    sharpe : float or None
        Of the returns per bar of ML-on, not annualised.

    Returns
    -------
    bool
        Whether it is new.

    Raises
    ------
    FileError
        If the ledger cannot be written.
    """
    return record_trials(folder, [(summary, sharpe)]) > 0


def record_trials(folder: str | Path, trials: Iterable[tuple[dict[str, Any], float | None]]) -> int:
    """Add several configurations to a folder's trial ledger, and return how many are new.

    Parameters
    ----------
    folder : path
    trials : iterable of (summary, Sharpe ratio)
        Each as of `record_trial`.
    """
    path = Path(folder) / LEDGER
    with writing(path):
        return _record(path, [entry_of(*trial) for trial in trials])


def _record(path: Path, tried: list[dict[str, Any]]) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{LEDGER}.lock")):
        known = {entry["trial"] for entry in entries(path)}
        new = dict[str, dict[str, Any]]()
        for entry in tried:
            if entry["trial"] not in known:
                new.setdefault(entry["trial"], entry)
        if not new:
            return 0
        lines = (json.dumps(each, sort_keys=True, allow_nan=False) for each in new.values())
        with path.open("a+b") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
            torn = file.read() not in (b"", b"\n")
            file.write(b"\n" * torn + "".join(f"{line}\n" for line in lines).encode())
            file.flush()
            os.fsync(file.fileno())
    return len(new)


def trials_of(
    folder: str | Path | None, summary: dict[str, Any], sharpe: float | None = None
) -> Trials:
    """Return the trials on a summary's bars, including itself, recorded or not.

    Counts every recorded configuration on the same data whose window overlaps this one's: different
    training bars shift the window and would otherwise hide a trial.
    """
    present = entry_of(summary, sharpe)
    recorded = () if folder is None else entries(Path(folder) / LEDGER)
    known = {entry["trial"]: entry for entry in recorded}
    known.setdefault(present["trial"], present)
    same = [
        entry
        for entry in known.values()
        if entry["data"] == present["data"]
        and entry["start"] <= present["end"]
        and entry["end"] >= present["start"]
    ]
    tuned = {entry["model"]: entry["tuning_trials"] for entry in same}
    sharpes = [entry["sharpe"] for entry in same if entry["sharpe"] is not None]
    return Trials(len(same) + sum(tuned.values()), np.array(sharpes, dtype=float))


def pbo_of(folder: str | Path | None, summary: dict[str, Any]) -> float | None:
    """Return the probability of overfitting of the last sweep in a folder, over the same data."""
    path = None if folder is None else Path(folder) / "sweep.json"
    if path is None or not path.exists():
        return None
    try:
        swept = json.loads(path.read_bytes())
        same = data_hashes(swept["data"]) == data_hashes(summary["data"])
        return swept["pbo"] if same else None
    except (ValueError, KeyError, TypeError):  # not a sweep of ours
        return None


def entry_of(summary: dict[str, Any], sharpe: float | None) -> dict[str, Any]:
    """Return the ledger line of a configuration."""
    whole = plain({name: summary[name] for name in ("data", "window", "config")})
    config, window = whole["config"], whole["window"]
    variant = {name: value for name, value in config.items() if name not in NO_VARIANT}
    code = own_code(config.get("strategy")) | variant  # for a class passed directly, its own code
    variant = code | {"params": unusual_params(config)}
    data = digest(data_hashes(whole["data"]))
    return {
        "trial": digest([data, window, variant]),
        "data": data,
        "start": window["start"],
        "end": window["end"],
        "model": digest({name: config.get(name) for name in MODEL}),
        "tuning_trials": tuning_trials(config.get("tuning_trials")),
        "sharpe": plain(sharpe),
        "strategy": config.get("strategy"),
        "params": config.get("params"),
    }


def tuning_trials(given: int | dict[str, int] | None) -> int:
    """Return the tuning trials of a model, or of the models of all symbols.

    >>> tuning_trials(None), tuning_trials(50), tuning_trials({"A": 50, "B": 20})
    (0, 50, 70)
    """
    return sum(given.values()) if isinstance(given, dict) else given or 0


def entries(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the complete lines."""
    if not path.exists():
        return
    for line in path.read_bytes().splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.keys() >= FIELDS:
            yield entry


def unusual_params(config: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that differ from the strategy's defaults, if these are known.

    >>> unusual_params({"strategy": "fusion", "params": {"ema_fast": 12, "ema_slow": 30}})
    {'ema_slow': 30}
    """
    strategy, params = STRATEGIES.get(config.get("strategy", "")), config.get("params") or {}
    usual = {} if strategy is None else plain(dict(strategy.params._getitems()))
    usual.pop("hold_bars", None)  # follows the label's horizon if not given
    return {name: value for name, value in params.items() if usual.get(name, ...) != value}


def own_code(strategy: Any) -> dict[str, str]:
    """Return the hash of a user's strategy file: an edited file is another variant."""
    path = Path(str(strategy).rpartition(":")[0] or str(strategy))
    if path.suffix != ".py" or not path.is_file():
        return {}
    return {"code": sha256(path.read_bytes()).hexdigest()}


def data_hashes(data: Any) -> list[str]:
    """Return the hashes of bars in a summary's data entries, one per symbol."""
    if isinstance(data, dict):
        own = [data["sha256"]] if isinstance(data.get("sha256"), str) else []
        return own + [each for value in data.values() for each in data_hashes(value)]
    if isinstance(data, list):
        return [each for value in data for each in data_hashes(value)]
    return []


def digest(value: Any) -> str:
    """Return a hash of a JSON value."""
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
