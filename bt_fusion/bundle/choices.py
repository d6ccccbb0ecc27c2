"""The saved data of each `BestMember`: the table of its candidates, and the winner's name.

The winner itself is a normal part; this module rebuilds the `BestMember` around it.
"""

from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Any

import numpy as np

from bt_fusion.ensemble.members.best_member import (
    FIGURES,
    BestMember,
    best_name,
    candidate_record,
)
from bt_fusion.ensemble.members.registry import MEMBERS, class_name
from bt_fusion.errors import BundleError, ModelCompatibilityError

__all__ = ["about_choices", "best_member", "checked_choices"]

MOST_FOLDS = 1_000


def about_choices(ensemble: Any) -> list[dict[str, Any]]:
    """Return the choice of each `BestMember` of a fitted ensemble, for the manifest.

    Returns
    -------
    list of dict
        member, chosen, folds, seed, test_rows (0 before `score_candidates`), and candidates. Each
        candidate has its name, and accuracy, precision, recall and f1 in cross_validation (folds,
        mean, and the standard deviation as spread) and in test, None if there is none.
    """
    members = ensemble.members_.items()
    return [_about(name, member) for name, member in members if isinstance(member, BestMember)]


def checked_choices(content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a manifest's choices by member, after checking them.

    Raises
    ------
    BundleError
        For a choice without a member, and an invalid table.
    ModelCompatibilityError
        For unknown candidates.
    """
    choices = {choice["member"]: choice for choice in content["choices"]}
    members = content["ensemble"].get("members") if content["own_members"] else []
    if len(choices) != len(content["choices"]) or not choices.keys() <= {*(members or [])}:
        raise BundleError(f"the manifest's choices are of {[*choices]}, the members {members}")
    for choice in choices.values():
        _check(choice)
    return choices


def best_member(choice: dict[str, Any], estimator: Any, n_features: int, n_classes: int) -> Any:
    """Return the fitted `BestMember` of a choice, built around its winner.

    Raises
    ------
    BundleError
        If the winner is of another kind or not the best, or the table's means do not match its
        folds.
    """
    if class_name(estimator) != candidate_record(choice["chosen"]).estimator:
        raise BundleError(
            f"member {choice['member']} is a {class_name(estimator)}, and {choice['chosen']!r} was "
            "chosen"
        )
    candidates = {each["name"]: each for each in choice["candidates"]}
    made = BestMember(tuple(candidates), choice["folds"], choice["seed"])
    made.classes_, made.n_features_in_ = np.arange(n_classes), n_features
    made.scores_ = {name: each["cross_validation"]["folds"] for name, each in candidates.items()}
    made.test_rows_ = choice["test_rows"]
    made.test_scores_ = {
        name: each["test"] for name, each in candidates.items() if each["test"]["f1"] is not None
    }
    made.name_, made.estimator_ = choice["chosen"], estimator
    made.fitted_ = {made.name_: estimator}
    if _about(choice["member"], made) != choice or best_name(made.scores_) != made.name_:
        raise BundleError(
            f"member {choice['member']}: the means of its candidates are not those of their folds, "
            f"or another than {made.name_} is the best"
        )
    return made


def _about(name: str, member: BestMember) -> dict[str, Any]:
    nothing = dict.fromkeys(FIGURES)
    return {
        "member": name,
        "chosen": member.name_,
        "folds": int(member.folds),
        "seed": int(member.seed),
        "test_rows": member.test_rows_,
        "candidates": [
            {
                "name": each,
                "cross_validation": _over_folds(member.scores_[each]),
                "test": member.test_scores_.get(each, nothing),
            }
            for each in member.candidates
        ],
    }


def _over_folds(folds: Sequence[dict[str, float]]) -> dict[str, Any]:
    columns = {name: [fold[name] for fold in folds] for name in FIGURES}
    return {
        "folds": list(folds),
        "mean": {name: fmean(values) for name, values in columns.items()},
        "spread": {
            name: stdev(values) if len(values) > 1 else None for name, values in columns.items()
        },
    }


def _check(choice: dict[str, Any]) -> None:
    tables = {each["name"]: each["cross_validation"] for each in choice["candidates"]}
    unknown = [name for name in (*tables, choice["chosen"]) if name not in MEMBERS]
    if unknown:
        raise ModelCompatibilityError(
            f"the model chose among a member {unknown[0]!r}; known here: {', '.join(MEMBERS)}"
        )
    counts = {len(table["folds"]) for table in tables.values()}
    figures = [fold.values() for table in tables.values() for fold in table["folds"]]
    tests = [value for each in choice["candidates"] for value in each["test"].values()]
    valid = (
        choice["chosen"] in tables
        and len(tables) == len(choice["candidates"])
        and len(counts) == 1
        and 1 <= min(counts) <= choice["folds"] <= MOST_FOLDS
        and 0 <= choice["seed"] < 2**32
        and choice["test_rows"] >= 0
        and all(value is not None and 0 <= value <= 1 for fold in figures for value in fold)
        and all(value is None or 0 <= value <= 1 for value in tests)
    )
    if not valid:
        raise BundleError(f"member {choice['member']}: its candidates {[*tables]} are no table")
