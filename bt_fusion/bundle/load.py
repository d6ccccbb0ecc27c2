"""Load a bundle: all checks come before any use, in a fixed order."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bt_fusion.bundle.assemble import assemble
from bt_fusion.bundle.checks import check_plugins, checks_made, warn_without_onnx
from bt_fusion.bundle.expected import check_features
from bt_fusion.bundle.files import MANIFEST_CAP, read_bundle, read_regular
from bt_fusion.bundle.golden import (
    check_golden_bars,
    check_golden_votes,
    golden_arrays,
    golden_others,
    golden_sample,
)
from bt_fusion.bundle.later.later_model import LaterModel
from bt_fusion.bundle.later.load import check_later, load_later
from bt_fusion.bundle.manifest import MANIFEST, check_manifest, feature_digest
from bt_fusion.bundle.parts.registry import Kind, kind_named, libraries_of
from bt_fusion.bundle.versions import check_schema, check_versions
from bt_fusion.data.bars import BarArrays
from bt_fusion.data.timestamps import distances, length_seconds
from bt_fusion.ensemble.ensemble import Ensemble
from bt_fusion.errors import BtFusionError, BundleError, ModelCompatibilityError, OptionError
from bt_fusion.features import REGISTRY, SETS, FeatureSet
from bt_fusion.features.views import Spacing, split_name
from bt_fusion.labels import Label, make_label

__all__ = ["SavedModel", "check_digest", "load_saved", "read_model"]

STAMP = re.compile(r"(1[7-9]|2[01])\d\d-[01]\d-[0-3]\d[ T][0-2]\d(:[0-5]\d){2}(\.\d{1,9})?")
MOST = 10**9  # seconds of a bar, bars in a longer one
MOST_TIMES_USUAL = 1_000  # times as many bars as usual that a longer bar may hold
ATTEMPTS = 3  # attempts to read a folder that is being replaced


@dataclass(frozen=True)
class SavedModel:
    """The checked content of a saved model.

    Attributes
    ----------
    features : FeatureSet
    feature_set : str or None
        Its name, if the features are still those of the set it was trained on.
    label : Label
    ensemble : Ensemble
        Fitted.
    trained_from, trained_until : datetime64[ns]
        Stamps of the first training row and of the last bar the labels used.
    interval : str or None
        Length of the training bars, such as 1h.
    rows : int
        Training rows.
    trials : int
        Variants tried before this one was chosen.
    sample : ndarray of float32, shape (at most 240, n_features)
        Some of the training rows.
    tail : BarArrays
        The last training bars.
    tail_others : dict of str to BarArrays
        The same for other markets.
    payoff : dict or None
        The value of a correct and a wrong prediction, see `models.payoff.Payoff`.
    reference : dict or None
        What the model expects of unseen bars, see `models.reference.Reference`; None if not stored.
    look_ahead_checked : bool or None
        Whether all user code was checked for look-ahead; None if not stored.
    parity : list of dict
        An entry for each prediction path compared when it was saved; empty if not stored.
    left_out : tuple of str
        Members whose ONNX forms are not used because onnxruntime is not installed.
    checks : dict of str to str
        The checks made, in order, and their results.
    kind : str
        Of the model: signal, or the name of a kind with later models.
    later : tuple of LaterModel
    """

    features: FeatureSet
    feature_set: str | None
    label: Label
    ensemble: Ensemble
    trained_from: np.datetime64
    trained_until: np.datetime64
    interval: str | None
    rows: int
    trials: int
    sample: np.ndarray
    tail: BarArrays
    tail_others: dict[str, BarArrays]
    payoff: dict[str, Any] | None
    reference: dict[str, Any] | None
    look_ahead_checked: bool | None
    parity: list[dict[str, Any]]
    left_out: tuple[str, ...]
    checks: dict[str, str]
    kind: str
    later: tuple[LaterModel, ...]


def load_saved(
    folder: str | Path,
    *,
    digest: str | None = None,
    features: str | Sequence[str] | None = None,
) -> SavedModel:
    """Check and read the folder of a saved model.

    Parameters
    ----------
    folder : path
    digest : str, optional
        The digest the model must have (see `describe`).
    features : str or sequence of str, optional
        The features that a configuration expects: a set's name, or names in order.

    Returns
    -------
    SavedModel

    Raises
    ------
    BundleError
        If files are missing, broken, altered or malicious.
    ModelCompatibilityError
        If a sound model does not fit the installed versions, or the features or digest given.
    PartError
        Both of these: if a part is missing or belongs to another model.

    Warns
    -----
    BtFusionWarning
        Once, if members predict by their libraries because onnxruntime is not installed.
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise BundleError(f"{folder} is not a folder; give the folder of a saved model")
    expected = None if features is None else FeatureSet(features).names
    for attempt in range(ATTEMPTS):
        before = _manifest_bytes(folder)
        try:
            saved = read_model(folder, digest, expected)
            break
        except BundleError:
            # another process may have replaced the model between two reads
            if attempt + 1 == ATTEMPTS or _manifest_bytes(folder) == before:
                raise
    # calibrated members never predict in ONNX
    warn_without_onnx(folder, [n for n in saved.left_out if n not in saved.ensemble.calibrators_])
    return saved


def read_model(
    folder: Path, digest: str | None = None, expected: tuple[str, ...] | None = None
) -> SavedModel:
    """Check and read a folder once."""
    content, files = read_bundle(folder)
    check_schema(content.get("schema"))
    content = check_manifest(content)
    check_digest(folder, content["digest"], digest)
    check_plugins(content["plugins"])
    kinds = [kind_named(part["kind"]) for part in content["parts"]]
    check_versions(content["versions"], libraries_of(content))
    check_later(content)
    features, label = _features(content, expected), _label(content)
    ensemble = assemble(content, kinds, files)
    later, compared_later = load_later(content, files)
    try:
        _check_spacing(features, content["golden"])
        others = golden_others(content["golden"])
        check_golden_bars(content["golden"], features.with_others(others))
        compared = _check_votes(content, ensemble, kinds)
    except (BundleError, ModelCompatibilityError):
        raise
    except Exception as error:
        raise BundleError(
            f"{folder} cannot predict its golden rows: {type(error).__name__}: {str(error)[:300]}"
        ) from error
    checks = checks_made(content, compared | compared_later)
    return replace(_saved(content, features, label, ensemble), checks=checks, later=later)


def check_digest(place: object, digest: Any, wanted: str | None) -> None:
    """Check the digest of a model; None accepts any.

    Raises
    ------
    ModelCompatibilityError
    """
    if wanted not in (None, digest):
        raise ModelCompatibilityError(
            f"{place} holds the model {str(digest)[:64]}, not the {wanted} asked for"
        )


def _manifest_bytes(folder: Path) -> bytes:
    try:
        return read_regular(folder, MANIFEST, MANIFEST_CAP)
    except BundleError:
        return b""


def _features(content: dict[str, Any], expected: tuple[str, ...] | None) -> FeatureSet:
    about = content["features"]
    names = tuple(about["names"])
    if feature_digest(names) != about["sha256"] or about["dtype"] != "float32" or not names:
        raise BundleError("the manifest's features do not have the digest or type it states")
    if expected is not None:
        check_features(expected, names, "the saved model")
    unknown = [name for name in names if not _is_known(name)]
    if unknown:
        raise ModelCompatibilityError(
            f"the model needs features that are not known here: {', '.join(unknown[:6])}. Import "
            "the module that registers them, or upgrade bt_fusion"
        )
    try:
        features = FeatureSet(names)
    except OptionError as error:
        raise BundleError(f"the manifest's features cannot be: {error}") from error
    spacing = {each["market"]: _spacing(each) for each in content["spacing"]}
    needed = {name: features.timeframes_of(name) for name in ("", *features.markets)}
    known = {name: {*own.most} for name, own in spacing.items()}
    if known != (needed if features.has_views else {}) or len(known) != len(content["spacing"]):
        raise BundleError(f"the manifest's spacing {known} is not that of its features")
    return features.with_spacing(spacing)


def _can_hold(timeframe: str, seconds: int, most: int) -> bool:
    """Return whether a longer bar can hold that many bars."""
    usual = length_seconds(timeframe) // seconds
    return 1 < usual <= most <= MOST_TIMES_USUAL * usual


def _check_spacing(features: FeatureSet, golden: dict[str, Any]) -> None:
    """Raise BundleError if the distance of golden bars differs from the manifest."""
    others = golden_others(golden)
    if others.keys() != {*features.markets} or len(others) != len(golden["others"]):
        raise BundleError(f"golden bars of {[*others]}, and the features see {features.markets}")
    bars = {**others, "": golden_arrays(golden["bars"])}
    for name, own in features.spacing.items():
        steps = distances(bars[name].time)
        if len(steps) and own.seconds not in steps:
            raise BundleError(
                f"no golden bars{f' of {name}' if name else ''} are {own.seconds} s apart, as the "
                "manifest says of all"
            )


def _is_known(name: str) -> bool:
    try:
        return split_name(name)[0] in REGISTRY
    except OptionError:  # no timeframe
        return False


def _spacing(given: dict[str, Any]) -> Spacing:
    seconds, most = given["seconds"], given["most"]
    counts = [seconds, *most.values()]
    whole = all(type(count) is int and 0 < count <= MOST for count in counts)
    if not whole or any(not _can_hold(name, seconds, most[name]) for name in most):
        raise BundleError(
            f"the manifest's spacing is {str(given)[:80]}: counts above 0 are expected"
        )
    return Spacing(seconds, most)


def _label(content: dict[str, Any]) -> Label:
    about = content["label"]
    try:
        label = make_label(about["name"], **about["parameters"])
    except (BtFusionError, TypeError, ValueError) as error:
        raise ModelCompatibilityError(f"the model's label cannot be made here: {error}") from error
    classes, present = content["classes"], content["present"]
    if classes != list(label.classes):
        raise ModelCompatibilityError(
            f"the model has the classes {classes}, its label {about['name']} {label.classes}"
        )
    if len(present) < 2 or sorted({*present} & {*classes}) != present:
        raise BundleError(f"the model was trained on the classes {present} of {classes}")
    return label


def _check_votes(
    content: dict[str, Any], ensemble: Ensemble, kinds: list[Kind]
) -> dict[str, tuple[float, float]]:
    members = [
        kind.tolerance
        for kind, part in zip(kinds, content["parts"], strict=True)
        if part["role"] == "member"
    ]
    count = len(content["features"]["names"])
    return check_golden_votes(content["golden"], ensemble, members, count)


def _saved(
    content: dict[str, Any],
    features: FeatureSet,
    label: Label,
    ensemble: Ensemble,
) -> SavedModel:
    name, training, golden = content["features"]["set"], content["training"], content["golden"]
    exported = [part["name"] for part in content["parts"] if part["role"] == "onnx"]
    return SavedModel(
        features=features,
        feature_set=name if name is not None and SETS.get(name) == features.names else None,
        label=label,
        ensemble=ensemble,
        trained_from=_stamp(training["start"]),
        trained_until=_stamp(training["trained_until"]),
        interval=content["interval"],
        rows=training["rows"],
        trials=content["trials"],
        sample=golden_sample(golden, features.with_others(golden_others(golden))),
        tail=golden_arrays(golden["bars"]),
        tail_others=golden_others(golden),
        payoff=_payoff(content["payoff"]),
        reference=_reference(content["reference"]),
        look_ahead_checked=content["look_ahead_checked"],
        parity=content["parity"],
        left_out=tuple(member for member in exported if member not in ensemble.onnx_),
        checks={},
        kind=content["kind"],
        later=(),
    )


def _payoff(given: list[dict[str, Any]]) -> dict[str, Any] | None:
    if not given:
        return None
    about = given[0]
    period = about["atr_period"]
    if len(given) > 1 or not about["win"] > 0 or (period is not None and period < 1):
        raise BundleError(
            f"the manifest's payoff is {str(given)[:80]}: one win above 0 is expected"
        )
    return about


def _reference(given: list[dict[str, Any]]) -> dict[str, Any] | None:
    parts = [*given, *(part for each in given for part in each.values())]
    if any(len(part) > 1 for part in (given, *parts[len(given) :])):
        raise BundleError("the manifest's reference is given twice: one or none is expected")
    return given[0] if given else None


def _stamp(text: str) -> np.datetime64:
    try:
        if STAMP.fullmatch(text):
            return np.datetime64(text, "ns")
    except ValueError:  # such as a 31 February
        pass
    raise BundleError(f"the manifest's training dates are no dates: {text[:40]!r}")
