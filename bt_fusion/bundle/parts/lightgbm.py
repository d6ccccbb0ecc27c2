"""LightGBM classifiers as LightGBM's own text, read and checked before LightGBM sees it."""

import re
from typing import Any

import numpy as np

from bt_fusion.bundle.expected import Expected, check_features
from bt_fusion.bundle.parts.tree_check import check_tree
from bt_fusion.errors import BundleError, OptionError

__all__ = ["build", "checked_text", "dump", "dumped_text", "inspect"]

HEADER = {
    "version",
    "num_class",
    "num_tree_per_iteration",
    "label_index",
    "max_feature_idx",
    "objective",
    "feature_names",
    "feature_infos",
    "tree_sizes",
}
SPLIT_INTEGERS = ("split_feature", "decision_type", "left_child", "right_child", "internal_count")
SPLIT_NUMBERS = ("split_gain", "threshold", "internal_value", "internal_weight")
LEAF_NUMBERS = ("leaf_value", "leaf_weight", "leaf_count")
SINGLE = {"num_leaves", "num_cat", "is_linear", "shrinkage"}
TREE = SINGLE | {*SPLIT_INTEGERS, *SPLIT_NUMBERS, *LEAF_NUMBERS}
NUMBER = re.compile(r"[+-]?(\d+\.?\d*([eE][+-]?\d{1,3})?|inf)")
WHOLE = re.compile(r"-?\d{1,9}")
INFO = re.compile(r"none|\[[^:\[\] ]+:[^:\[\] ]+\]")
NAMES = "feature_names="
END = "\n\nend of trees\n"


def dump(estimator: Any, features: tuple[str, ...]) -> bytes:
    """Return the trees as text, with the feature names."""
    lines = dumped_text(estimator.booster_, features)
    if f"objective={_objective(len(estimator.classes_))}" not in lines:
        raise OptionError("LightGBM members are saved with their default objective only")
    return "\n".join(lines).encode()


def dumped_text(booster: Any, features: tuple[str, ...]) -> list[str]:
    """Return the lines of a booster's trees, with the feature names."""
    text = booster.model_to_string(importance_type="split")
    trees, _, _ = text.partition("end of trees")
    lines = (trees.rstrip("\n") + END).split("\n")
    at = next(number for number, line in enumerate(lines) if line.startswith(NAMES))
    lines[at] = NAMES + " ".join(features)
    return lines


def inspect(data: bytes, expected: Expected) -> str:
    """Check the text and return it in the form that LightGBM reads."""
    return checked_text(data, expected, re.compile(re.escape(_objective(expected.n_classes))))


def checked_text(data: bytes, expected: Expected, objective: re.Pattern[str]) -> str:
    """Check the text of a booster and return it in the form that LightGBM reads."""
    text = data.decode("ascii")
    if re.search(r"[^\n -~]", text) or not text.endswith(END):
        raise BundleError(f"{expected.name} is cut short, or is no LightGBM text")
    head, *blocks = text[: -len(END)].split("\n\nTree=")
    first, _, rest = head.partition("\n")
    header = _fields(rest, HEADER, expected.name)
    per_round = expected.n_classes if expected.n_classes > 2 else 1
    check_features(expected.features, tuple(header["feature_names"].split(" ")), expected.name)
    _check_header(first, header, per_round, expected)
    if not objective.fullmatch(header["objective"]):
        wanted = objective.pattern.replace("\\ ", " ")
        raise BundleError(
            f"{expected.name}: objective is {header['objective'][:60]!r}, not {wanted!r}"
        )
    if not blocks or len(blocks) % per_round:
        raise BundleError(f"{expected.name} has {len(blocks)} trees for {per_round} a round")
    for number, block in enumerate(blocks):
        _check_tree(block.strip("\n"), number, expected)
    return _rebuilt(first, header, blocks)


def build(text: str, expected: Expected) -> Any:
    """Return the fitted classifier."""
    from lightgbm import Booster, LGBMClassifier
    from sklearn.preprocessing import LabelEncoder

    estimator = LGBMClassifier(verbose=-1) if expected.template is None else expected.template
    classes = np.arange(expected.n_classes)
    # The attributes that fit sets; LightGBM has no public way to put a booster into a classifier
    estimator._Booster = Booster(model_str=text)
    estimator._le = LabelEncoder().fit(classes)
    estimator._classes, estimator._n_classes = classes, expected.n_classes
    estimator._class_map = dict(zip(classes, classes, strict=True))
    estimator._n_features = estimator._n_features_in = len(expected.features)
    estimator._objective = "binary" if expected.n_classes == 2 else "multiclass"
    estimator._best_iteration, estimator._evals_result = 0, {}
    estimator._class_weight = estimator.class_weight
    estimator._fitted_with_feature_names = False
    estimator.fitted_ = True
    return estimator


def _objective(n_classes: int) -> str:
    return "binary sigmoid:1" if n_classes == 2 else f"multiclass num_class:{n_classes}"


def _check_header(first: str, header: dict[str, str], per_round: int, expected: Expected) -> None:
    count = len(expected.features)
    wanted = {
        "version": "v4",
        "num_class": str(per_round),
        "num_tree_per_iteration": str(per_round),
        "label_index": "0",
        "max_feature_idx": str(count - 1),
    }
    for name, value in wanted.items():
        if header[name] != value:
            raise BundleError(f"{expected.name}: {name} is {header[name][:60]!r}, not {value!r}")
    infos = header["feature_infos"].split(" ")
    if first != "tree" or len(infos) != count or not all(map(INFO.fullmatch, infos)):
        raise BundleError(f"{expected.name}: feature_infos do not describe {count} features")


def _check_tree(block: str, number: int, expected: Expected) -> None:
    name = f"{expected.name}, tree {number}"
    title, _, rest = block.partition("\n")
    fields = _fields(rest, TREE, name)
    leaves = int(_whole(fields["num_leaves"], 1, name)[0])
    if title != str(number) or leaves < 1 or fields["num_cat"] != "0" or fields["is_linear"] != "0":
        raise BundleError(f"{name} has no leaves, categories, linear leaves or another number")
    _numbers(fields["shrinkage"], 1, name)
    for key in LEAF_NUMBERS:
        empty = leaves == 1 and key != "leaf_value" and not fields[key]
        _numbers(fields[key], 0 if empty else leaves, f"{name}.{key}")
    for key in SPLIT_NUMBERS:
        _numbers(fields[key], leaves - 1, f"{name}.{key}")
    whole = {key: _whole(fields[key], leaves - 1, f"{name}.{key}") for key in SPLIT_INTEGERS}
    # bit 0 a category, bit 1 the side of missing values, bits 2 and 3 the values that count as
    # missing
    if not np.isin(whole["decision_type"], (0, 2, 4, 6, 8, 10)).all():
        raise BundleError(f"{name} has a split that is not a plain number's")
    _check_indices(whole, leaves, expected, name)


def _check_indices(
    whole: dict[str, np.ndarray], leaves: int, expected: Expected, name: str
) -> None:
    """Number the leaves after the splits, and check the whole as one tree."""
    splits = leaves - 1
    left, right = np.zeros(splits + leaves, np.int64), np.zeros(splits + leaves, np.int64)
    feature = np.zeros(splits + leaves, np.int64)
    for side, key in ((left, "left_child"), (right, "right_child")):
        child = whole[key]
        if (child >= splits).any() or (child < -leaves).any():
            raise BundleError(f"{name} has a child outside its {splits} splits and {leaves} leaves")
        side[:splits] = np.where(child >= 0, child, splits + ~child)
    feature[:splits] = whole["split_feature"]
    internal = np.arange(splits + leaves) < splits
    check_tree(left, right, feature, internal, len(expected.features), name)


def _rebuilt(first: str, header: dict[str, str], blocks: list[str]) -> str:
    """Write the text again, with the sizes that LightGBM skips by, computed from the trees."""
    trees = [f"Tree={block.strip(chr(10))}\n\n\n" for block in blocks]
    header["tree_sizes"] = " ".join(str(len(tree)) for tree in trees)
    lines = "\n".join(f"{name}={value}" for name, value in header.items())
    return f"{first}\n{lines}\n\n{''.join(trees)}end of trees\n\npandas_categorical:null\n"


def _fields(text: str, known: set[str], name: str) -> dict[str, str]:
    pairs = [line.partition("=") for line in text.strip("\n").split("\n")]
    fields = {key: value for key, sign, value in pairs if sign}
    if fields.keys() != known or len(pairs) != len(known):
        unknown = sorted(fields.keys() ^ known)[:4]
        raise BundleError(f"{name} has lines given twice, missing or unknown: {unknown}")
    return fields


def _tokens(text: str, count: int, pattern: re.Pattern[str], name: str) -> list[str]:
    tokens = text.split(" ") if text else []
    if len(tokens) != count or not all(map(pattern.fullmatch, tokens)):
        raise BundleError(f"{name} does not hold {count} plain numbers")
    return tokens


def _numbers(text: str, count: int, name: str) -> None:
    values = np.array(_tokens(text, count, NUMBER, name), dtype=np.float64)
    if not np.isfinite(values).all():
        raise BundleError(f"{name} holds a number that is not finite")


def _whole(text: str, count: int, name: str) -> np.ndarray:
    return np.array(_tokens(text, count, WHOLE, name), dtype=np.int64)
