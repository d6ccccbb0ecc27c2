"""Read an ONNX file without onnx: protobuf fields of a few messages, none unknown or ambiguous.

Anything else that onnxruntime would interpret (subgraphs, functions, data in other files, metadata)
is an unlisted field here, and so an error.

References
----------
onnx.proto of ONNX; Protocol Buffers, Encoding.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bt_fusion.errors import BundleError

__all__ = ["Node", "OnnxFile", "read_onnx"]

VARINT, LENGTH = 0, 2  # the two protobuf wire types accepted here
MOST_FIELDS = 1_000  # of one message; the long lists of trees are read in one piece
MODEL = {1: "ir_version", 7: "graph", 8: "opset_import"}
OPSET = {1: "domain", 2: "version"}
GRAPH = {1: "node", 2: "name", 5: "initializer", 11: "input", 12: "output"}
NODE = {1: "input", 2: "output", 4: "op_type", 5: "attribute", 7: "domain"}
TENSOR = {1: "dims", 2: "data_type", 8: "name", 9: "raw_data"}
VALUE, TYPE, ARRAY = {1: "name", 2: "type"}, {1: "tensor_type"}, {1: "elem_type", 2: "shape"}
SHAPE, DIMENSION = {1: "dim"}, {1: "dim_value"}
# Of an attribute: its type, the tag of its value, and the tag of the type
INT, TEXT, NUMBERS, INTS, TEXTS = 2, 3, 4, 7, 8
TAGS = {INT: 0x18, TEXT: 0x22, NUMBERS: 0x2A, INTS: 0x40, TEXTS: 0x4A}
TYPE_TAG = b"\xa0\x01"
DOUBLE = 11
MODES = {b"\x4a\x0aBRANCH_LEQ": b"\x01", b"\x4a\x04LEAF": b"\x00"}

Fields = dict[str, list[Any]]


@dataclass(frozen=True, eq=False)
class Node:
    """A node of the graph.

    Attributes
    ----------
    operator, domain : str
    inputs, outputs : tuple of str
    attributes : dict of str to int, str or ndarray
        Integers are int64, other numbers float64; for the modes of tree nodes, which of them
        branch.
    """

    operator: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]


@dataclass(frozen=True, eq=False)
class OnnxFile:
    """The content of an ONNX file.

    Attributes
    ----------
    ir_version : int
    opsets : dict of str to int
    inputs, outputs : list of (str, int, list)
        Name, number type, and shape; 0 for a variable length.
    nodes : list of Node
    constants : dict of str to ndarray of float64
    """

    ir_version: int
    opsets: dict[str, int]
    inputs: list[tuple[str, int, list[int]]]
    outputs: list[tuple[str, int, list[int]]]
    nodes: list[Node]
    constants: dict[str, np.ndarray]


def read_onnx(data: bytes) -> OnnxFile:
    """Read an ONNX file.

    Raises
    ------
    BundleError
        If anything is not written as one of the messages listed here.
    """
    model = _fields(memoryview(data), MODEL)
    graph = _fields(_one(model, "graph", memoryview), GRAPH)
    sets = [_fields(each, OPSET) for each in model["opset_import"]]
    tensors = [_tensor(each) for each in graph["initializer"]]
    return OnnxFile(
        _one(model, "ir_version", int),
        _unique([(_text(each, "domain"), _one(each, "version", int)) for each in sets]),
        [_value(each) for each in graph["input"]],
        [_value(each) for each in graph["output"]],
        [_node(_fields(each, NODE)) for each in graph["node"]],
        _unique(tensors),
    )


def _fields(data: Any, names: Mapping[int, str]) -> Fields:
    """Return a message's values by field, in order: integers, and views of longer values."""
    found: Fields = {name: [] for name in names.values()}
    if not isinstance(data, memoryview):
        raise BundleError("a number in an ONNX file where a message belongs")
    at = 0
    for _ in range(MOST_FIELDS):
        if at == len(data):
            return found
        key, at = _varint(data, at)
        value, at = _varint(data, at)
        if key & 7 == LENGTH:
            at, value = at + value, data[at : at + value]  # type: ignore[assignment]
        if key >> 3 not in names or key & 7 not in (VARINT, LENGTH) or at > len(data):
            raise BundleError(f"an ONNX file has field {key >> 3} where {[*names]} are known")
        found[names[key >> 3]].append(value)
    raise BundleError(f"an ONNX file has more than {MOST_FIELDS} fields in one place")


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for place in range(9):
        if at + place >= len(data):
            break
        value |= (data[at + place] & 127) << (7 * place)
        if data[at + place] < 128:
            return value, at + place + 1
    raise BundleError("an ONNX file is cut short, or holds a number that is too large")


def _one(fields: Fields, name: str, kind: type) -> Any:
    values = fields[name]
    if len(values) != 1 or not isinstance(values[0], kind):
        raise BundleError(f"an ONNX file does not hold one {name}")
    return values[0]


def _text(fields: Fields, name: str) -> str:
    return _texts([_one(fields, name, memoryview)])[0] if fields[name] else ""


def _texts(values: list[Any]) -> tuple[str, ...]:
    if not all(isinstance(value, memoryview) for value in values):
        raise BundleError("a number in an ONNX file where a text belongs")
    return tuple(bytes(value).decode("ascii") for value in values)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BundleError("an ONNX file has one name for two things")
    return found


def _value(data: Any) -> tuple[str, int, list[int]]:
    """Return name, type and shape of an input or output."""
    about = _fields(data, VALUE)
    array = _fields(
        _one(_fields(_one(about, "type", memoryview), TYPE), "tensor_type", memoryview), ARRAY
    )
    lengths = _fields(_one(array, "shape", memoryview), SHAPE)["dim"]
    dims = [_fields(length, DIMENSION) for length in lengths]
    shape = [_one(dim, "dim_value", int) if dim["dim_value"] else 0 for dim in dims]
    return _text(about, "name"), _one(array, "elem_type", int), shape


def _node(fields: Fields) -> Node:
    return Node(
        _text(fields, "op_type"),
        _text(fields, "domain"),
        _texts(fields["input"]),
        _texts(fields["output"]),
        _unique([_attribute(bytes(each)) for each in fields["attribute"]]),
    )


def _attribute(data: bytes) -> tuple[str, Any]:
    """Return an attribute's name and value, written as name, value and type, in this order."""
    length = data[1]
    name, value, tag, kind = data[2 : 2 + length], data[2 + length : -3], data[-3:-1], data[-1]
    if data[0] != 0x0A or length > 127 or tag != TYPE_TAG or kind not in TAGS:
        raise BundleError("an ONNX file has an attribute of a kind that is not known here")
    if kind in (INT, INTS):
        numbers = _tagged_numbers(value, TAGS[kind])
        if kind == INT and len(numbers) != 1:
            raise BundleError(f"attribute {name!r} of an ONNX file is not one number")
        return name.decode("ascii"), numbers if kind == INTS else int(numbers[0])
    if kind == TEXTS:
        return name.decode("ascii"), _modes(value)
    (inner,) = _fields(memoryview(value), {TAGS[kind] >> 3: "value"})["value"]
    content = _texts([inner])[0] if kind == TEXT else _tensor(inner)[1]
    return name.decode("ascii"), content


def _tagged_numbers(data: bytes, tag: int) -> np.ndarray:
    """Return integers >= 0 that are written one by one, each after the same tag."""
    octets = np.frombuffer(data, np.uint8)
    last = np.flatnonzero(octets < 128)
    first = np.concatenate([[0], last[:-1] + 1])
    lengths = last - first + 1
    if not len(last) or last[-1] != len(octets) - 1 or lengths.max() > 9 or len(last) % 2:
        raise BundleError("an ONNX file has a list of numbers that is cut short or too large")
    values = np.zeros(len(last), np.int64)
    for place in range(lengths.max()):
        there = lengths > place
        values[there] |= (octets[first[there] + place] & 127).astype(np.int64) << (7 * place)
    if (values[::2] != tag).any():
        raise BundleError("an ONNX file has a list of numbers with something else in it")
    return values[1::2]


def _modes(data: bytes) -> np.ndarray:
    """Return which tree nodes branch: the only texts a list may hold."""
    short = data
    for text, mark in MODES.items():
        short = short.replace(text, mark)
    branch = np.frombuffer(short, np.uint8)
    lengths = [len(text) for text in MODES]
    if (branch > 1).any() or lengths[0] * branch.sum() + lengths[1] * (branch == 0).sum() != len(
        data
    ):
        raise BundleError("an ONNX file has nodes of trees that are neither branch nor leaf")
    return branch == 1


def _tensor(data: Any) -> tuple[str, np.ndarray]:
    """Return name and numbers of a float64 array."""
    fields = _fields(data, TENSOR)
    raw, dims = _one(fields, "raw_data", memoryview), fields["dims"]
    if fields["data_type"] != [DOUBLE] or not all(isinstance(length, int) for length in dims):
        raise BundleError("an ONNX file has an array of other numbers than float64")
    size = 8
    for length in dims:
        size *= length
    if size != len(raw):
        raise BundleError(f"an ONNX file has an array of {len(raw)} bytes for a shape of {size}")
    return _text(fields, "name"), np.frombuffer(raw, "<f8").reshape(dims)
