"""Read and check a skops file without skops, and write it again for skops.

skops checks the types that a file names. This reader also checks their contents, refuses everything
not on the `allowed` list, and checks each decision tree before creating it. It returns a new file
of the checked content: an entry can no longer have two meanings.
"""

import io
import json
import re
from importlib import import_module
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import numpy as np

from bt_fusion.bundle.expected import Expected, check_features
from bt_fusion.bundle.manifest import read_json
from bt_fusion.bundle.parts.allowed_types import ALLOWED, CONTAINERS, MOVED
from bt_fusion.bundle.parts.tree_check import check_tree
from bt_fusion.errors import BundleError
from bt_fusion.plugins import user_modules

__all__ = ["FEATURES", "SCHEMA_FILE", "checked_file", "with_features"]

SCHEMA_FILE = "schema.json"
FEATURES = "bt_fusion_features"  # our own entry besides those of skops
PLUGIN = "plugin:"  # prefix of a user class's file, in place of its module
PROTOCOL = 2
ARRAY_FILE = re.compile(r"\d{1,20}\.npy")
ATTRIBUTE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
DEEPEST = 60
MOST_JOBS = 256
LONGEST_TEXT = 1_000
NODE = {"__class__", "__module__", "__loader__"}
KEYS = {
    "ObjectNode": {"content"},
    "DictNode": {"content", "key_types"},
    "ListNode": {"content"},
    "TupleNode": {"content"},
    "JsonNode": {"content", "is_json"},
    "NdArrayNode": {"type", "file"},
    "TypeNode": set(),
    "TreeNode": {"__reduce__", "content"},
    "LossNode": {"__reduce__", "content"},
}


def with_features(data: bytes, features: tuple[str, ...]) -> bytes:
    """Return a skops file with the feature names in its schema.

    User classes are named by their file, since their module name depends on its location.
    """
    with ZipFile(io.BytesIO(data)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(entries.pop(SCHEMA_FILE))
    files = {module.__name__: f"{PLUGIN}{file}" for file, module in user_modules().items()}
    return _zipped({**_renamed(schema, files), FEATURES: list(features)}, entries)


def _renamed(state: Any, modules: dict[str, str]) -> Any:
    """Return a schema with some modules renamed."""
    if isinstance(state, list):
        return [_renamed(each, modules) for each in state]
    if not isinstance(state, dict):
        return state
    copy = {key: _renamed(value, modules) for key, value in state.items()}
    if copy.get("__module__") in modules:
        copy["__module__"] = modules[copy["__module__"]]
    return copy


def checked_file(data: bytes, expected: Expected) -> bytes:
    """Check a skops file and return it in the form that skops reads.

    Raises
    ------
    BundleError
        For types that are not allowed, and contents that skops does not write.
    """
    entries = _entries(data, expected.name)
    schema = read_json(entries.pop(SCHEMA_FILE, b""), f"{expected.name}, {SCHEMA_FILE}")
    features, protocol = schema.pop(FEATURES, ()), schema.pop("protocol", None)
    version = schema.pop("_skops_version", None)
    if protocol != PROTOCOL or version != expected.versions.get("skops"):
        raise BundleError(
            f"{expected.name} was written by skops {str(version)[:20]!r} in protocol "
            f"{str(protocol)[:20]!r}, not by {expected.versions.get('skops')!r} in {PROTOCOL}"
        )
    check_features(expected.features, tuple(map(str, features)), expected.name)
    reader = _Reader(entries, expected)
    checked = reader.node(schema, 0)
    return _zipped({**checked, "protocol": PROTOCOL, "_skops_version": version}, reader.used)


def _entries(data: bytes, name: str) -> dict[str, bytes]:
    """Return the entries of a zip file after checking: uncompressed, without duplicates."""
    with ZipFile(io.BytesIO(data)) as archive:
        listed = archive.infolist()
        plain = all(entry.compress_type == ZIP_STORED for entry in listed)
        total = sum(entry.file_size for entry in listed)
        if not plain or total > len(data) or len({e.filename for e in listed}) != len(listed):
            raise BundleError(f"{name}: its zip file is compressed, or claims more than it holds")
        return {entry.filename: archive.read(entry) for entry in listed}


def _zipped(schema: dict[str, Any], entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_STORED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
        archive.writestr(SCHEMA_FILE, json.dumps(schema))
    return buffer.getvalue()


class _Reader:
    """One walk through a schema that checks every node and copies it under a new id."""

    def __init__(self, entries: dict[str, bytes], expected: Expected):
        self.entries = entries
        self.expected = expected
        self.used: dict[str, bytes] = {}
        self.arrays: dict[str, np.ndarray] = {}
        self.count = 0

    def node(self, state: Any, depth: int) -> dict[str, Any]:
        """Return a checked copy of a node."""
        if not isinstance(state, dict) or depth > DEEPEST:
            raise BundleError(f"{self.expected.name}: its schema is nested too deep, or broken")
        loader = str(state.get("__loader__"))
        name = f"{state.get('__module__')}.{state.get('__class__')}"
        if loader == "ObjectNode" and name.startswith(PLUGIN):
            state = {**state, "__module__": self._plugin(name).__module__}
        elif (loader, name) not in ALLOWED[self.expected.schema]:
            raise BundleError(
                f"{self.expected.name} names {loader[:40]} {name[:80]}, which is not among "
                "the types a saved model may hold; a class of yours may be one in a plug-in"
            )
        if name in MOVED:
            module, _, kind = MOVED[name].rpartition(".")
            state = {**state, "__module__": module, "__class__": kind}
        keys = state.keys() - {"__id__"}
        if keys != NODE | KEYS[loader]:
            raise BundleError(f"{self.expected.name}: a {loader} with {sorted(map(str, keys))[:9]}")
        self.count += 1
        copy = {key: state[key] for key in NODE} | {"__id__": self.count}
        return copy | getattr(self, f"_{loader}")(state, depth + 1)

    def _plugin(self, name: str) -> type:
        """Return a plug-in's class that is in the manifest and loaded here."""
        file, _, kind = name.removeprefix(PLUGIN).rpartition(".")
        module = user_modules().get(file) if file in self.expected.plugins else None
        found = getattr(module, kind, None)
        if not isinstance(found, type) or found.__module__ != getattr(module, "__name__", None):
            raise BundleError(f"{self.expected.name} names {name[:80]}, no class of its plug-ins")
        return found

    def _ObjectNode(self, state: dict[str, Any], depth: int) -> dict[str, Any]:
        attributes = state["content"]
        self._is(attributes, "DictNode")
        owner = getattr(import_module(state["__module__"]), state["__class__"])
        for name in attributes["content"]:
            # an attribute in place of a method or class constant would change the code that runs
            if not ATTRIBUTE.fullmatch(name) or hasattr(owner, name):
                raise BundleError(f"{self.expected.name}: attribute {name[:60]!r} of {owner}")
        self._check_attributes(attributes["content"])
        return {"content": self.node(attributes, depth)}

    def _check_attributes(self, attributes: dict[str, Any]) -> None:
        version = self.expected.versions.get("scikit-learn")
        if "_sklearn_version" in attributes:
            found = self._scalar(attributes["_sklearn_version"])
            if found != version:
                raise BundleError(f"{self.expected.name}: scikit-learn {found!r}, not {version!r}")
        jobs = self._scalar(attributes["n_jobs"]) if "n_jobs" in attributes else None
        if jobs is not None and not (type(jobs) is int and -1 <= jobs <= MOST_JOBS):
            raise BundleError(
                f"{self.expected.name}: n_jobs {str(jobs)[:30]} is not -1..{MOST_JOBS}"
            )

    def _DictNode(self, state: dict[str, Any], depth: int) -> dict[str, Any]:
        content, types = state["content"], state["key_types"]
        self._is(types, "ListNode")
        if not isinstance(content, dict) or len(types["content"]) != len(content):
            raise BundleError(f"{self.expected.name}: a dict whose keys have no types")
        for kind in types["content"]:
            self._is(kind, "TypeNode")
        copied = {key: self.node(value, depth) for key, value in content.items()}
        return {"content": copied, "key_types": self.node(types, depth)}

    def _ListNode(self, state: dict[str, Any], depth: int) -> dict[str, Any]:
        if not isinstance(state["content"], list):
            raise BundleError(f"{self.expected.name}: a list without items")
        return {"content": [self.node(item, depth) for item in state["content"]]}

    _TupleNode = _ListNode

    def _TypeNode(self, state: dict[str, Any], depth: int) -> dict[str, Any]:
        return {}

    def _JsonNode(self, state: dict[str, Any], depth: int) -> dict[str, Any]:
        self._scalar(state)
        return {"content": state["content"], "is_json": True}

    def _NdArrayNode(self, state: dict[str, Any], depth: int) -> dict[str, Any]:
        self._array(state)
        self.used[state["file"]] = self.entries[state["file"]]
        return {"type": "numpy", "file": state["file"]}

    def _LossNode(self, state: dict[str, Any], depth: int) -> dict[str, Any]:
        arguments, content = state["__reduce__"]["args"], state["content"]
        self._is(arguments, "TupleNode")
        for argument in arguments["content"]:
            self._scalar(argument)
        if content.get("__loader__") not in ("DictNode", "TupleNode") or content["content"]:
            raise BundleError(f"{self.expected.name}: a loss function with a state")
        return self._reduced(state, depth)

    def _TreeNode(self, state: dict[str, Any], depth: int) -> dict[str, Any]:
        arguments, content = state["__reduce__"]["args"], state["content"]
        self._is(arguments, "TupleNode")
        self._is(content, "DictNode")
        self._check_tree(arguments["content"], content["content"])
        return self._reduced(state, depth)

    def _reduced(self, state: dict[str, Any], depth: int) -> dict[str, Any]:
        arguments = self.node(state["__reduce__"]["args"], depth)
        return {"__reduce__": {"args": arguments}, "content": self.node(state["content"], depth)}

    def _check_tree(self, arguments: list[Any], content: dict[str, Any]) -> None:
        name, count = f"{self.expected.name}, a tree", len(self.expected.features)
        features, classes, outputs = arguments
        n_classes = self._array(classes)
        nodes, values = self._array(content["nodes"]), self._array(content["values"])
        valid = (
            (self._scalar(features), self._scalar(outputs)) == (count, 1)
            and content.keys() == {"max_depth", "node_count", "nodes", "values"}
            and (n_classes.dtype, n_classes.tolist()) == (np.intp, [self.expected.n_classes])
            and nodes.ndim == 1
            and self._scalar(content["node_count"]) == len(nodes) > 0
            and values.shape == (len(nodes), 1, self.expected.n_classes)
            and np.isfinite(values).all()
            and 0 <= self._scalar(content["max_depth"]) < len(nodes)
        )
        if not valid:
            raise BundleError(
                f"{name} does not have {count} features, {self.expected.n_classes} classes and "
                f"the {len(nodes)} nodes it holds"
            )
        left, right = nodes["left_child"], nodes["right_child"]
        internal = left != -1
        check_tree(left, right, nodes["feature"], internal, count, name)

    def _is(self, state: Any, loader: str) -> None:
        named = CONTAINERS.get(loader)
        if not isinstance(state, dict) or state.get("__loader__") != loader:
            raise BundleError(f"{self.expected.name}: no {loader} ({named}) where one belongs")

    def _scalar(self, state: Any) -> Any:
        """Return the value of a JsonNode: None, bool, int, float or a short text."""
        self._is(state, "JsonNode")
        content = state["content"]
        if not isinstance(content, str) or len(content) > LONGEST_TEXT:
            raise BundleError(f"{self.expected.name}: a value without content, or too long")
        value = json.loads(content)
        if isinstance(value, dict | list) or (type(value) is int and abs(value) >= 2**63):
            raise BundleError(f"{self.expected.name}: {content[:60]} is no single value")
        return value

    def _array(self, state: Any) -> np.ndarray:
        """Return the array of an NdArrayNode, read once, after checking its size."""
        self._is(state, "NdArrayNode")
        name = state.get("file")
        if (
            state.get("type") != "numpy"
            or name not in self.entries
            or not ARRAY_FILE.fullmatch(name)
        ):
            raise BundleError(f"{self.expected.name}: array {str(name)[:60]!r} is not in the file")
        if name not in self.arrays:
            self.arrays[name] = _read_array(self.entries[name], f"{self.expected.name}, {name}")
        return self.arrays[name]


def _read_array(data: bytes, name: str) -> np.ndarray:
    file = io.BytesIO(data)
    if np.lib.format.read_magic(file) != (1, 0):
        raise BundleError(f"{name} is not an array as NumPy writes it")
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    size = dtype.itemsize
    for length in shape:
        size *= length
    if dtype.hasobject or min(shape, default=0) < 0 or size != len(data) - file.tell():
        raise BundleError(f"{name} holds objects, or another size than its shape {shape} says")
    return np.load(io.BytesIO(data), allow_pickle=False)
