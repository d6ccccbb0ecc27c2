"""manifest.json: strict reading, the digest of its own content, and its schema."""

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.errors import BundleError

__all__ = [
    "MANIFEST",
    "SCHEMA",
    "check_manifest",
    "check_shape",
    "feature_digest",
    "manifest_digest",
    "read_json",
    "to_text",
    "with_digest",
]

MANIFEST = "manifest.json"
SCHEMA = 5
DIGEST = re.compile(r"[0-9a-f]{64}")
BLANK = "0" * 64

TEXT_OR_NONE = (str, type(None))
COUNT_OR_NONE = (int, type(None))
NUMBER = (int, float)
NUMBER_OR_NONE = (int, float, type(None))
FIGURES = dict.fromkeys(("accuracy", "precision", "recall", "f1"), NUMBER_OR_NONE)
PART = {"role": str, "name": str, "kind": str, "file": str, "parameters": dict}
CHOICE = {
    "member": str,
    "chosen": str,
    "folds": int,
    "seed": int,
    "test_rows": int,
    "candidates": [
        {
            "name": str,
            "cross_validation": {"folds": [FIGURES], "mean": FIGURES, "spread": FIGURES},
            "test": FIGURES,
        }
    ],
}
BARS = {"time": [int], **{name: [NUMBER] for name in COLUMNS}}
ENSEMBLE = {"classes": [int], "present": [int], "ensemble": dict, "own_members": bool, "seed": int}
LINE = {"side": int} | dict.fromkeys(
    ("intercept", "slope", "base", "signal", "bias_error", "edge_error"), NUMBER
)
REFERENCE = {  # what the model expects of unseen bars; each part at most once
    "features": [
        {
            "names": [str],
            "edges": [[NUMBER]],
            "counts": [[int]],
            "window": int,
            **{name: [NUMBER] for name in ("mean", "spread", "usual", "scores")},
        }
    ],
    "outcomes": [
        {"lines": [LINE], "hit_line": [NUMBER], "hit_rate": NUMBER, "rows": int, "bets": int}
    ],
}
LATER = {  # a model besides the first
    "name": str,
    "columns": [str],
    "options": dict,
    "facts": dict,
    "ensemble": [{**ENSEMBLE, "choices": [CHOICE]}],  # one or none
    "parts": [PART],
}
FIELDS: dict[str, Any] = {
    "schema": int,
    "kind": str,
    "digest": str,
    "created": str,
    "symbol": TEXT_OR_NONE,
    "interval": TEXT_OR_NONE,
    "features": {"set": TEXT_OR_NONE, "names": [str], "sha256": str, "dtype": str},
    **ENSEMBLE,
    "label": {"name": str, "parameters": dict},
    "training": {
        "rows": int,
        "test_rows": COUNT_OR_NONE,
        "start": str,
        "trained_until": str,
    },
    "versions": dict,
    "trials": int,
    "metrics": dict,
    "parts": [PART],
    "files": dict,
    "plugins": [{"file": str, "sha256": str}],
    "payoff": [{"win": NUMBER, "loss": NUMBER, "atr_period": COUNT_OR_NONE}],  # one or none
    "choices": [CHOICE],
    "later": [LATER],
    "spacing": [{"market": str, "seconds": int, "most": dict}],  # none without views
    "reference": [REFERENCE],  # one or none
    "look_ahead_checked": (bool, type(None)),  # None if not stored
    "parity": [  # one per prediction path; empty if nothing was compared
        {
            "way": str,
            "bars": int,
            "unknown": int,
            "probability": NUMBER_OR_NONE,
            "confidence": NUMBER_OR_NONE,
            "signals": COUNT_OR_NONE,
            "tolerance": NUMBER_OR_NONE,
            "agrees": (bool, type(None)),
            "last_digit": int,
            "differing": int,
            "first": TEXT_OR_NONE,
            "features": [str],
            "members": [str],
            "reason": TEXT_OR_NONE,
        }
    ],
    "golden": {
        "bars": BARS,
        "others": [{"market": str, **BARS}],
        "rows": [[NUMBER]],
        "raw": [[NUMBER]],
        "votes": [[NUMBER]],
        "probabilities": [[NUMBER]],
        "later": [{"model": str, "row": [NUMBER_OR_NONE], "predicted": [NUMBER]}],
    },
}


def without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return the fields of an earlier schema, without these."""
    return {name: kind for name, kind in fields.items() if name not in names}


# Missing in early models of schema 5, and their defaults
ADDED_TO_5: dict[str, Any] = {"spacing": [], "reference": []}
# Also missing in early models of schema 4, and their defaults
ADDED: dict[str, Any] = {"look_ahead_checked": None, "parity": []}
BEFORE_5 = without(FIELDS, "kind", "later", *ADDED_TO_5)
BEFORE_5 |= {"golden": without(FIELDS["golden"], "later", "others")}
BEFORE_4 = without(BEFORE_5, "payoff", *ADDED)
BEFORE_3 = without(BEFORE_4, "plugins", "choices")
BEFORE_3["golden"] = without(BEFORE_4["golden"], "raw")


def read_json(data: bytes, name: str) -> Any:
    """Parse JSON that has only one reading.

    Raises
    ------
    BundleError
        For invalid JSON, a repeated key, NaN or infinity, or too deep nesting.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a key is given twice")
        return found

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    try:
        return json.loads(data.decode(), object_pairs_hook=unique, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{name} is not sound JSON: {error}; save the model again") from error


def manifest_digest(data: bytes, recorded: object) -> str:
    """Return the SHA-256 of a manifest's bytes, with zeros in place of the recorded digest."""
    text = recorded if isinstance(recorded, str) and DIGEST.fullmatch(recorded) else BLANK
    return hashlib.sha256(data.replace(text.encode(), BLANK.encode(), 1)).hexdigest()


def with_digest(content: dict[str, Any]) -> bytes:
    """Return the manifest's bytes including their digest."""
    data = to_text({**content, "digest": BLANK}).encode()
    return data.replace(BLANK.encode(), manifest_digest(data, BLANK).encode(), 1)


def feature_digest(names: Sequence[str]) -> str:
    """Return the SHA-256 of feature names in their order."""
    return _digest("\n".join(names))


def to_text(content: dict[str, Any]) -> str:
    """Return the manifest as readable JSON: indented, one line per row of golden numbers.

    The expectations for unseen bars are one line.
    """
    head = {key: value for key, value in content.items() if key not in ("reference", "golden")}
    golden = content["golden"]
    blocks = {name: [json.dumps(row) for row in golden[name]] for name in golden if name != "bars"}
    bars = [f"{json.dumps(name)}: {json.dumps(row)}" for name, row in golden["bars"].items()]
    lines = [_block("bars", "{", bars, "}")]
    lines += [_block(name, "[", rows, "]") for name, rows in blocks.items()]
    text = json.dumps(head, indent=2, allow_nan=False)
    if "reference" in content:  # early manifests have none
        reference = json.dumps(content["reference"], allow_nan=False)
        text = f'{text[:-2]},\n  "reference": {reference}\n}}'
    return text[:-2] + ',\n  "golden": {\n' + ",\n".join(lines) + "\n  }\n}\n"


def check_manifest(content: dict[str, Any]) -> dict[str, Any]:
    """Check a manifest by its schema, and return it with the fields of later schemas added.

    Before schema 5 the model is a signal model without later ones; before 4 there is no payoff;
    before 3 there are no plugins, choices or raw votes: None. Early models of schema 4 also lack
    the look-ahead check and parity, those of 5 spacing and the expectations for unseen bars.

    Raises
    ------
    BundleError
        With the place, the value found and the expected one.
    """
    schema = content["schema"]
    if schema == 4:
        content = {**ADDED, **content}
    if schema == 5 and isinstance(content.get("golden"), dict):
        content = {**ADDED_TO_5, **content, "golden": {"others": [], **content["golden"]}}
    check_shape(content, {1: BEFORE_3, 2: BEFORE_3, 3: BEFORE_4, 4: BEFORE_5}.get(schema, FIELDS))
    if schema < 5:
        golden = {"raw": None, **content["golden"], "later": [], "others": []}
        added = {
            **ADDED,
            **ADDED_TO_5,
            "payoff": [],
            "plugins": [],
            "choices": [],
            "kind": "signal",
            "later": [],
        }
        content = {**added, **content, "golden": golden}
    return content


def check_shape(value: Any, expected: Any = FIELDS, name: str = "manifest") -> None:
    """Check that a value has the required fields and types.

    Raises
    ------
    BundleError
        With the place, the value found and the expected one.

    Examples
    --------
    >>> check_shape({"a": [1, 2]}, {"a": [int]})
    >>> check_shape({"a": [1, "x"]}, {"a": [int]})
    Traceback (most recent call last):
    bt_fusion.errors.BundleError: manifest.a[1] is 'x', not int
    """
    if isinstance(expected, dict):
        _check_type(value, dict, name)
        _check_keys(value, expected, name)
        for key, inner in expected.items():
            check_shape(value[key], inner, f"{name}.{key}")
    elif isinstance(expected, list):
        _check_type(value, list, name)
        for number, item in enumerate(value):
            check_shape(item, expected[0], f"{name}[{number}]")
    else:
        _check_type(value, expected, name)


def _check_type(value: Any, expected: Any, name: str) -> None:
    kinds = expected if isinstance(expected, tuple) else (expected,)
    if type(value) not in kinds:
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise BundleError(f"{name} is {str(value)[:40]!r}, not {wanted}")


def _check_keys(value: dict[str, Any], expected: dict[str, Any], name: str) -> None:
    missing, extra = expected.keys() - value.keys(), value.keys() - expected.keys()
    if missing or extra:
        raise BundleError(
            f"{name} has other fields than it should: missing {sorted(missing)}, "
            f"extra {sorted(map(str, extra))}"
        )


def _block(name: str, opening: str, rows: list[str], closing: str) -> str:
    inner = ",\n      ".join(rows)
    return f'    "{name}": {opening}\n      {inner}\n    {closing}'


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
