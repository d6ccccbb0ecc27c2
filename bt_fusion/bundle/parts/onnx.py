"""Members' ONNX forms, read and checked before onnxruntime sees them.

A file must be one of the few graphs that `ensemble.onnx_graph` writes, with tree indices inside
their arrays and a depth that onnxruntime can process. If onnx is installed, its own checker runs as
well.
"""

from typing import Any

import numpy as np

from bt_fusion.bundle.expected import Expected
from bt_fusion.bundle.parts.onnx_file import OnnxFile, read_onnx
from bt_fusion.bundle.parts.onnx_trees import check_trees
from bt_fusion.ensemble.onnx_export import load_member, missing_libraries
from bt_fusion.ensemble.onnx_forms import DOUBLE, FORMS, IR_VERSION, LARGEST, OPSETS, Form
from bt_fusion.errors import BundleError, OptionError

__all__ = ["build", "dump", "inspect"]


def dump(member: Any, features: tuple[str, ...]) -> bytes:
    """Return the member's exported ONNX file."""
    return member.content


def inspect(data: bytes, expected: Expected) -> bytes:
    """Check the file and return it unchanged."""
    if len(data) > LARGEST:
        raise BundleError(f"{expected.name} has {len(data):,} bytes, at most {LARGEST:,} expected")
    file = _read(data, expected)
    form = _form(file, expected)
    sums = 1 if form.of_two else expected.n_classes
    _check_ends(file, form, expected)
    _check_constants(file, form, sums, expected)
    for node in file.nodes:
        if node.domain:
            check_trees(node.attributes, sums, form.link == "mean", expected)
    if not missing_libraries("onnx"):
        from onnx.checker import check_model

        check_model(data)
    return data


def build(data: bytes, expected: Expected) -> Any:
    """Return the member, ready to predict in onnxruntime."""
    try:
        return load_member(data)
    except OptionError as error:
        raise BundleError(f"{expected.name}: {error}") from error


def _read(data: bytes, expected: Expected) -> OnnxFile:
    try:
        return read_onnx(data)
    except BundleError as error:
        raise _unknown_form(expected, str(error)) from error


def _unknown_form(expected: Expected, why: str) -> BundleError:
    return BundleError(
        f"{expected.name} is no graph that export_onnx writes for trees or a logistic regression, "
        f"standardised or not ({why}), and a saved model holds no other; export it again, or leave "
        "it out of the ensemble's onnx_"
    )


def _form(file: OnnxFile, expected: Expected) -> Form:
    """Return the form with the same nodes as the file."""
    found = [(node.operator, node.domain, node.inputs, node.outputs) for node in file.nodes]
    for form in FORMS:
        steps = form.steps
        wanted = [(step.operator, step.domain, step.inputs, (step.output,)) for step in steps]
        if found == wanted:
            plain = [step.attributes for step in steps if not step.domain]
            if plain == [node.attributes for node in file.nodes if not node.domain]:
                return form
    operators = ", ".join(node.operator[:40] for node in file.nodes[:12])
    raise _unknown_form(expected, f"its nodes: {operators}")


def _check_ends(file: OnnxFile, form: Form, expected: Expected) -> None:
    """Check the versions, inputs and outputs."""
    ends = [
        [("rows", DOUBLE, [0, len(expected.features)])],
        [("probabilities", DOUBLE, [0, expected.n_classes])],
    ]
    found, versions = [file.inputs, file.outputs], (file.ir_version, file.opsets)
    if found != ends or versions != (IR_VERSION, OPSETS):
        raise BundleError(
            f"{expected.name} maps {str(found)[:120]} in ONNX {str(versions)[:60]}, not {ends} in "
            f"{(IR_VERSION, OPSETS)}"
        )
    if form.of_two and expected.n_classes != 2:
        raise BundleError(f"{expected.name} tells two classes apart, not {expected.n_classes}")


def _check_constants(file: OnnxFile, form: Form, sums: int, expected: Expected) -> None:
    count = len(expected.features)
    shapes = {
        "mean": (count,),
        "scale": (count,),
        "coef": (count, sums),
        "intercept": (sums,),
        "one": (),
    }
    wanted = {name: shapes[name] for name in form.constants}
    found = {name: array.shape for name, array in file.constants.items()}
    valid = all(np.isfinite(array).all() for array in file.constants.values())
    if found != wanted or not valid or file.constants.get("one", 1.0) != 1.0:
        raise BundleError(f"{expected.name}: constants {str(found)[:120]}, not finite {wanted}")
