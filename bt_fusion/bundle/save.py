"""Save a fitted SignalModel as a bundle."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from bt_fusion.bundle.choices import about_choices
from bt_fusion.bundle.commit import commit_files
from bt_fusion.bundle.ensemble_parts import about_ensemble, dump_parts, plain
from bt_fusion.bundle.golden import golden_of
from bt_fusion.bundle.later.dump import dump_later
from bt_fusion.bundle.load import SavedModel, read_model
from bt_fusion.bundle.manifest import (
    MANIFEST,
    SCHEMA,
    check_manifest,
    feature_digest,
    read_json,
    with_digest,
)
from bt_fusion.bundle.versions import current_versions
from bt_fusion.errors import BundleError, OptionError
from bt_fusion.features import SETS
from bt_fusion.labels import LABELS
from bt_fusion.plugins import files_behind

__all__ = ["save_model"]

MOST_BARS = 400_000  # in the manifest


def save_model(
    model: Any,
    folder: str | Path,
    *,
    symbol: str | None = None,
    interval: str | None = None,
    test_rows: int | None = None,
    trials: int | None = None,
    metrics: Mapping[str, Any] | None = None,
    certify: Callable[[SavedModel], list[dict[str, Any]]] | None = None,
) -> Path:
    """Save a fitted model, all or nothing.

    The folder always holds the old model or the new one. The new files are loaded and checked
    before they replace the old ones.

    Parameters
    ----------
    model : SignalModel
        Fitted.
    folder : path
        New, empty, or a saved model.
    symbol, interval : str, optional
        Symbol and bar length of the training data (by default the bars' own length).
    test_rows : int, optional
        Rows of its evaluation; `metrics` holds the results (fractions).
    trials : int, optional
        Variants tried before this one was chosen; by default those of the loaded model.
    metrics : mapping of str to number, text or such mappings, optional
    certify : callable, optional
        Compares the written model, loaded again, with the original, and returns the parity
        certificate for the manifest; if it raises, the target is unchanged.

    Returns
    -------
    Path

    Raises
    ------
    OptionError
        If a part or label of the model cannot be saved without pickle.
    BundleError
        If the folder holds something else, or features look back too many bars.
    """
    check_is_fitted(model)
    if len(model.tail_) > MOST_BARS:
        raise BundleError(
            f"the features look back {len(model.tail_):,} bars, and a saved model keeps those, at "
            f"most {MOST_BARS:,}: leave out the longest timeframe, or train on longer bars"
        )
    folder = Path(folder).expanduser().resolve()
    given = {
        "symbol": symbol,
        "interval": interval or model.interval_,
        "trials": getattr(model, "trials_", 0) if trials is None else trials,
        "metrics": dict(metrics or {}),
    }
    content, files = _bundle(model, test_rows, given)

    def checked(stage: Path) -> dict[str, bytes]:
        saved = read_model(stage)
        return {} if certify is None else _manifest({**content, "parity": certify(saved)})

    commit_files(folder, {**files, **_manifest(content)}, check=checked)
    return folder


def _manifest(content: dict[str, Any]) -> dict[str, bytes]:
    """Return the manifest as a file by its name, after checking that it can be read."""
    data = with_digest(content)
    check_manifest(read_json(data, MANIFEST))
    return {MANIFEST: data}


def _bundle(
    model: Any, test_rows: int | None, given: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the content of a manifest, and the files of the parts by name."""
    ensemble, later = model.ensemble_, model.later_models()
    parts, files = dump_parts(ensemble, model.feature_set_.names)
    entries, later_files, golden = dump_later(later)
    files |= later_files
    content = {
        "schema": SCHEMA,
        "kind": model.kind,
        "digest": "",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        **given,
        **_about_model(model, test_rows),
        "versions": current_versions(),
        "parts": parts,
        "files": {name: _entry(data) for name, data in files.items()},
        "plugins": [{"file": k, "sha256": v} for k, v in files_behind(model).items()],
        "payoff": _about_payoff(model.payoff_),
        "look_ahead_checked": getattr(model, "look_ahead_checked_", None),
        "parity": [],
        "choices": about_choices(ensemble),
        "later": entries,
        "spacing": _about_spacing(model.feature_set_.spacing),
        "reference": _about_reference(getattr(model, "reference_", None)),
        "golden": {**golden_of(model), "later": golden},
    }
    return content, files


def _about_model(model: Any, test_rows: int | None) -> dict[str, Any]:
    names = model.feature_set_.names
    known_set = isinstance(model.features, str) and SETS.get(model.features) == names
    return {
        "features": {
            "set": model.features if known_set else None,
            "names": list(names),
            "sha256": feature_digest(names),
            "dtype": "float32",
        },
        "label": _about_label(model.label()),
        **about_ensemble(model.ensemble_),
        "training": {
            "rows": model.n_rows_,
            "test_rows": test_rows,
            "start": str(pd.Timestamp(model.trained_from_)),
            "trained_until": str(pd.Timestamp(model.trained_until_)),
        },
    }


def _about_spacing(spacing: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the distance of bars, empty if no feature depends on it."""
    return [
        {"market": market, "seconds": own.seconds, "most": dict(own.most)}
        for market, own in spacing.items()
    ]


def _about_payoff(payoff: Any) -> list[dict[str, Any]]:
    """Return the value of the model's predictions; empty if unknown."""
    known = payoff is not None and np.isfinite([payoff.win, payoff.loss]).all()
    return [asdict(payoff)] if known else []


def _about_reference(reference: Any) -> list[dict[str, Any]]:
    """Return what the model expects of unseen bars; empty if unknown."""
    return [] if reference is None else [reference.to_dict()]


def _about_label(label: Any) -> dict[str, Any]:
    for name, maker in LABELS.items():
        if type(label) is maker and is_dataclass(label):
            return {"name": name, "parameters": plain(asdict(label))}  # type: ignore[arg-type]
    raise OptionError(
        f"label {label!r} is not among {', '.join(LABELS)}, so a saved model could not name it; "
        "register its class with @label(name)"
    )


def _entry(data: bytes) -> dict[str, Any]:
    return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
