"""Later models as bundle content: manifest entries, files, and golden rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from bt_fusion.bundle.choices import about_choices
from bt_fusion.bundle.ensemble_parts import about_ensemble, about_part, dump_parts, plain
from bt_fusion.bundle.later.later_model import LaterModel
from bt_fusion.bundle.parts.registry import REGRESSOR, dump_part

__all__ = ["dump_later"]


def dump_later(
    models: Sequence[LaterModel],
) -> tuple[list[dict[str, Any]], dict[str, bytes], list[dict[str, Any]]]:
    """Return the manifest entries of later models, their files by name, and golden rows.

    Raises
    ------
    OptionError
        If a part cannot be saved without pickle.
    """
    entries, golden = [], []
    files: dict[str, bytes] = {}
    for model in models:
        entry, own = _dump(model)
        entries.append(entry)
        files |= own
        golden += _golden(model)
    return entries, files, golden


def _dump(model: LaterModel) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the entry of a model, and its files by name."""
    parts: list[dict[str, Any]] = []
    files: dict[str, bytes] = {}
    about: list[dict[str, Any]] = []
    prefix = f"{model.name}-"
    if model.ensemble is not None:
        parts, files = dump_parts(model.ensemble, model.columns, prefix)
        choices = about_choices(model.ensemble)
        about = [{**about_ensemble(model.ensemble), "choices": choices}]
    for name, regressor in model.regressors.items():
        kind, data = dump_part(regressor, f"{model.name}: {name}", model.columns, [REGRESSOR])
        part = about_part("regressor", name, kind, data, prefix)
        parts.append(part)
        files[part["file"]] = data
    return {
        "name": model.name,
        "columns": list(model.columns),
        "options": plain(model.options),
        "facts": plain(model.facts),
        "ensemble": about,
        "parts": parts,
    }, files


def _golden(model: LaterModel) -> list[dict[str, Any]]:
    """Return the rows to check a model on, with its parts' predictions; NaN becomes None."""
    if not model.fitted:
        return []
    predicted = np.hstack([*model.predicted().values()])
    return [
        {
            "model": model.name,
            "row": [None if np.isnan(value) else float(value) for value in row],
            "predicted": prediction.tolist(),
        }
        for row, prediction in zip(model.sample, predicted, strict=True)
    ]
