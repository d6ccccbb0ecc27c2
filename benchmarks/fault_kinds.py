"""Seeded faults in a saved model: accidents, and edits whose maker set the digests right again."""

import hashlib
import io
import json
import os
import pickle
import re
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bt_fusion.bundle.manifest import feature_digest, with_digest

Rng = np.random.Generator
Manifest = dict[str, Any]
MANIFEST = "manifest.json"


# Attributes that predictions depend on: a change of any other is no fault
PREDICTING = (
    *("support_vectors_", "_n_support", "_dual_coef_", "_intercept_"),
    *("coef_", "intercept_", "y_thresholds_", "nodes", "values"),
)


INDICES = ("treeids", "nodeids", "featureids", "truenodeids", "falsenodeids")  # of an ONNX form


class Payload:
    """Writes a file when it is unpickled."""

    def __init__(self, canary: str):
        self.canary = canary

    def __reduce__(self):
        return os.system, (f"touch {self.canary}",)


def accident(folder: Path, rng: Rng) -> str:
    """Damage one file, digests left as they are."""
    path = pick(rng, sorted(folder.iterdir()))
    data = bytearray(path.read_bytes())
    before = bytes(data)
    kind = pick(rng, ["flip", "truncate", "zero", "insert", "delete", "empty", "repeat"])
    at = int(rng.integers(len(data)))
    if kind == "flip":
        for _ in range(int(rng.integers(1, 9))):
            data[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
    elif kind == "truncate":
        del data[at:]
    elif kind == "zero":
        data[at : at + 512] = bytes(len(data[at : at + 512]))
    elif kind == "insert":
        data[at:at] = rng.bytes(int(rng.integers(1, 64)))
    elif kind == "empty":
        data.clear()
    elif kind == "repeat":
        data += before
    if bytes(data) == before:
        data[at] ^= 1
    path.write_bytes(data)
    if kind == "delete":
        path.unlink()
    return f"{kind} {path.name}"


def swapped(folder: Path, rng: Rng) -> str:
    """Exchange two files, digests left as they are or set right."""
    names = list(read(folder)["files"])
    one, other = (folder / name for name in rng.choice(names, 2, replace=False))
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    resealed = bool(rng.integers(2))
    if resealed:
        reseal(folder)
    return f"swapped {one.name} {other.name}, resealed {resealed}"


def linked(folder: Path, rng: Rng) -> str:
    """Put something that is no regular file in a file's place."""
    path = pick(rng, sorted(folder.iterdir()))
    kind = pick(rng, ["symlink", "device", "pipe", "folder", "loop"])
    outside = folder.parent / f"{folder.name}.outside"
    outside.write_bytes(path.read_bytes())
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to({"symlink": outside, "device": "/dev/zero", "loop": path.name}[kind])
    return f"{kind} {path.name}"


def path_edit(folder: Path, rng: Rng) -> str:
    """Name a file outside the folder, or one with a name of its own."""
    content = read(folder)
    name = pick(rng, list(content["files"]))
    outside = folder.parent / f"{folder.name}.outside"
    outside.write_bytes((folder / name).read_bytes())
    (folder / "inner").mkdir()
    (folder / "inner" / name).write_bytes((folder / name).read_bytes())
    other = pick(
        rng,
        [
            f"../{outside.name}",
            str(outside),
            f"inner/{name}",
            f"inner/../{name}",
            f"./{name}",
            f"{name}\x00",
            "..",
            "",
            "\\\\host\\" + name,
            MANIFEST,
        ],
    )
    content["files"][other] = content["files"].pop(name)
    for part in content["parts"]:
        if part["file"] == name:
            part["file"] = other
    (folder / MANIFEST).write_bytes(with_digest(content))
    return f"path {other!r}"


def huge(folder: Path, rng: Rng) -> str:
    """Claim or make a huge file (sparse, so that it costs the disk nothing)."""
    content = read(folder)
    name = pick(rng, list(content["files"]))
    size = int(pick(rng, [2**31, 2**40, 2**62, 10**30, -1, 2**29 + 1]))
    which = pick(rng, ["claim", "file", "manifest"])
    if which != "manifest":
        content["files"][name]["size"] = size
        (folder / MANIFEST).write_bytes(with_digest(content))
    if which != "claim":
        path = folder / (MANIFEST if which == "manifest" else name)
        os.truncate(path, min(abs(size) + 2**25, 2**36))
    return f"huge {which} {size}"


def edited(folder: Path, rng: Rng) -> str:
    """Edit the manifest against what the parts hold, its digest set right again."""
    content = read(folder)
    name, edit = pick(rng, list(EDITS.items()))
    edit(content, rng)
    data = with_digest(content)
    (folder / MANIFEST).write_bytes(data)
    return f"edit {name}"


def broken_json(folder: Path, rng: Rng) -> str:
    """Write a manifest that readers of JSON would disagree on, or choke on."""
    text = (folder / MANIFEST).read_text()
    name, broken = pick(
        rng,
        [
            ("twice", text.replace('"schema"', '"trials": 0, "schema"', 1)),
            ("nan", text.replace('"trials": 0', '"trials": NaN', 1)),
            ("nested", text.replace('"metrics": {}', '"metrics": ' + "[" * 200_000, 1)),
            ("digits", text.replace('"trials": 0', '"trials": ' + "9" * 50_000, 1)),
            ("list", "[]"),
            ("null", "null"),
            ("files list", re.sub(r'"files": \{', '"files": [], "f": {', text, count=1)),
        ],
    )
    (folder / MANIFEST).write_text(broken)
    return f"json {name}"


def hostile_pickle(folder: Path, rng: Rng) -> str:
    """Put a pickle that runs code in a part's place, as it is or inside an array."""
    content = read(folder)
    data = pickle.dumps(Payload(str(canary_of(folder))))
    kind = pick(rng, ["part", "array", "manifest"])
    if kind == "array" and any(part["kind"] == "sklearn" for part in content["parts"]):
        path = folder / pick(rng, [p["file"] for p in content["parts"] if p["kind"] == "sklearn"])
        entries = unzip(path)
        name = pick(rng, [name for name in entries if name.endswith(".npy")])
        buffer = io.BytesIO()
        np.save(buffer, np.array([Payload(str(canary_of(folder)))], object), allow_pickle=True)
        entries[name] = pick(rng, [buffer.getvalue(), data])
        rezip(path, entries)
    elif kind == "manifest":
        (folder / MANIFEST).write_bytes(data)
        return "pickle manifest"
    else:
        (folder / pick(rng, content["parts"])["file"]).write_bytes(data)
    reseal(folder)
    return f"pickle {kind}"


def hostile_skops(folder: Path, rng: Rng) -> str:
    """Change the schema of a skops part to name, run, nest or alias what it should not."""
    path = skops_part(folder, rng)
    entries = unzip(path)
    schema = json.loads(entries["schema.json"])
    canary = str(canary_of(folder))
    owner = pick(rng, [schema, schema["content"]])
    victim = pick(rng, sorted(schema["content"]["content"]))
    name, node = pick(rng, hostile_nodes(canary))
    attributes = schema["content"]["content"]
    kind = pick(rng, ["node", "node", "node", "root", "shadow", "alias", "jobs", "version", "keys"])
    if kind == "node":
        attributes[victim] = node
    elif kind == "root":
        schema = {**schema, **node}
    elif kind == "shadow":
        attributes[pick(rng, ["predict_proba", "get_params", "__class__", "fit"])] = node
        schema["content"]["key_types"]["content"] += [schema["content"]["key_types"]["content"][0]]
    elif kind == "alias":
        attributes[victim] = {"__loader__": "CachedNode", "__id__": schema["__id__"]}
    elif kind == "jobs":
        attributes["n_jobs"] = json_node("1000000000")
        schema["content"]["key_types"]["content"] += [schema["content"]["key_types"]["content"][0]]
    elif kind == "version":
        schema["protocol"] = pick(rng, [0, 1, 3, -1, "2", None])
    else:
        owner.pop(pick(rng, sorted(owner.keys() - {"__id__"})))
    entries["schema.json"] = json.dumps(schema).encode()
    if rng.integers(12) == 0:
        inner = b'{"__loader__": "ListNode", "__class__": "list", "__module__": "builtins", '
        entries["schema.json"] = (inner + b'"content": [') * 20_000
    rezip(path, entries)
    reseal(folder)
    return f"skops {kind} {name} {victim}"


def broken_zip(folder: Path, rng: Rng) -> str:
    """Make a zip file that unpacks to more than it holds, or holds a name twice."""
    path = skops_part(folder, rng)
    entries = unzip(path)
    kind = pick(rng, ["deflated", "bomb", "twice", "shape", "missing"])
    if kind == "missing":
        entries.pop(pick(rng, sorted(entries)))
    if kind == "shape":
        name = pick(rng, [name for name in entries if name.endswith(".npy")])
        header = {"descr": "<f8", "fortran_order": False, "shape": (10**12, 8)}
        buffer = io.BytesIO()
        np.lib.format.write_array_header_1_0(buffer, header)
        entries[name] = buffer.getvalue() + bytes(64)
    buffer = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if kind in ("deflated", "bomb") else zipfile.ZIP_STORED
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
        if kind == "bomb":
            archive.writestr("1.npy", bytes(2**27))
        if kind == "twice":
            with warnings.catch_warnings(action="ignore"):
                archive.writestr("schema.json", entries["schema.json"])
    path.write_bytes(buffer.getvalue())
    reseal(folder)
    return f"zip {kind}"


def forest_indices(folder: Path, rng: Rng) -> str:
    """Point a decision tree's arrays outside themselves, or around in circles."""
    path = skops_part(folder, rng)
    entries = unzip(path)
    arrays = {n: np.load(io.BytesIO(d)) for n, d in entries.items() if n.endswith(".npy")}
    trees = [n for n, a in arrays.items() if a.dtype.names and len(a) > 1]
    if not trees:
        return svc_arrays(folder, rng)
    name = pick(rng, trees)
    nodes = arrays[name].copy()
    inner = np.flatnonzero(nodes["left_child"] != -1)
    at = int(pick(rng, list(inner)))
    field = pick(rng, ["left_child", "right_child", "feature", "count", "cut", "args"])
    value = int(pick(rng, [len(nodes), 10**9, 2**62, -2, -(10**9), 0, at]))
    if field == "count" or field == "args":
        schema = json.loads(entries["schema.json"])
        tree = find_tree(schema)
        if field == "count":
            tree["content"]["content"]["node_count"]["content"] = str(10**8)
        else:
            number = int(pick(rng, [0, 2]))
            tree["__reduce__"]["args"]["content"][number]["content"] = str(10**9)
        entries["schema.json"] = json.dumps(schema).encode()
    else:
        if field == "cut":
            nodes = nodes[: max(1, len(nodes) // 2)]
        elif field == "feature":
            nodes[field][at] = value if value not in range(4) else 4
        else:
            nodes[field][at] = value
        buffer = io.BytesIO()
        np.save(buffer, nodes)
        entries[name] = buffer.getvalue()
    rezip(path, entries)
    reseal(folder)
    return f"forest {field} {value}"


def svc_arrays(folder: Path, rng: Rng) -> str:
    """Change the length of an array that libsvm reads by the length of another."""
    path = skops_part(folder, rng)
    entries = unzip(path)
    name = pick(rng, files_of(json.loads(entries["schema.json"]), PREDICTING))
    array = np.load(io.BytesIO(entries[name]))
    kind = pick(rng, ["cut", "grow", "huge", "nan"])
    if kind == "nan" and array.dtype.kind == "f":
        array = np.full_like(array, np.nan)
    elif kind == "cut":
        array = array[: len(array) // 2]
    elif kind == "huge" and not array.dtype.names:
        array = np.full_like(array, 10**8)
    else:
        array = np.concatenate([array] * 40)
    buffer = io.BytesIO()
    np.save(buffer, array)
    entries[name] = buffer.getvalue()
    rezip(path, entries)
    reseal(folder)
    return f"array {kind}"


def xgboost_edit(folder: Path, rng: Rng) -> str:
    """Change XGBoost's JSON, of a booster or a forest: indices, counts, objective, leaves."""
    path = part_file(folder, pick(rng, ["xgboost", "histogram_forest"]))
    if path is None:
        return svc_arrays(folder, rng)
    content = json.loads(path.read_text())
    learner = content["learner"]
    model = learner["gradient_booster"]["model"]
    grown = [tree for tree in model["trees"] if len(tree["left_children"]) > 1]
    tree = pick(rng, grown)
    at = int(pick(rng, np.flatnonzero(np.array(tree["left_children"]) != -1).tolist()))
    wrong = int(pick(rng, [10**6, 2**31 - 1, 2**40, -5, at, 0]))
    name, edit = pick(
        rng,
        [
            ("left", lambda: tree["left_children"].__setitem__(at, wrong)),
            ("right", lambda: tree["right_children"].__setitem__(at, wrong)),
            ("feature", lambda: tree["split_indices"].__setitem__(at, abs(wrong) + 4)),
            ("nodes", lambda: tree["tree_param"].update(num_nodes="1000000")),
            ("vector", lambda: tree["tree_param"].update(size_leaf_vector="1000")),
            ("category", lambda: tree["split_type"].__setitem__(at, 1)),
            ("short", lambda: tree["split_conditions"].pop()),
            ("float", lambda: tree["left_children"].__setitem__(at, 1.5)),
            ("trees", lambda: model["gbtree_model_param"].update(num_trees="100000")),
            ("parallel", lambda: model["gbtree_model_param"].update(num_parallel_tree="0")),
            ("info", lambda: model["tree_info"].__setitem__(0, wrong or 7)),
            ("indptr", lambda: model["iteration_indptr"].__setitem__(-1, 10**6)),
            ("features", lambda: learner["learner_model_param"].update(num_feature="1")),
            ("classes", lambda: learner["learner_model_param"].update(num_class="9")),
            ("score", lambda: learner["learner_model_param"].update(base_score="[9E-1]")),
            ("objective", lambda: learner["objective"].update(name="reg:absoluteerror")),
            ("dart", lambda: learner["gradient_booster"].update(name="dart")),
            ("names", lambda: learner["feature_names"].reverse()),
            ("best", lambda: learner["attributes"].update(best_iteration="100000")),
            ("leaves", lambda: scale_leaves(model["trees"])),
            ("key", lambda: tree.pop("parents")),
            ("type", lambda: tree.update(left_children="abc")),
        ],
    )
    edit()
    path.write_text(json.dumps(content))
    reseal(folder)
    return f"xgboost {name} {wrong}"


def lightgbm_edit(folder: Path, rng: Rng) -> str:
    """Change LightGBM's text: indices, counts, objective, leaves, lines."""
    path = part_file(folder, "lightgbm")
    if path is None:
        return svc_arrays(folder, rng)
    text = path.read_text()
    wrong = int(pick(rng, [10**6, 2**31 - 1, 10**12, -(10**6), 0]))
    name, pattern, new = pick(
        rng,
        [
            ("left", r"\nleft_child=\S+", f"\nleft_child={wrong}"),
            ("right", r"\nright_child=\S+", f"\nright_child={wrong}"),
            ("feature", r"\nsplit_feature=\S+", f"\nsplit_feature={abs(wrong) + 4}"),
            ("leaves", r"\nnum_leaves=\d+", f"\nnum_leaves={wrong}"),
            ("categories", r"\nnum_cat=0", "\nnum_cat=3"),
            ("linear", r"\nis_linear=0", "\nis_linear=1"),
            ("decision", r"\ndecision_type=\d+", "\ndecision_type=1"),
            ("value", r"\nleaf_value=\S+", "\nleaf_value=3.5"),
            ("nan", r"\nleaf_value=\S+", "\nleaf_value=nan"),
            ("inf", r"\nthreshold=\S+", "\nthreshold=inf"),
            ("classes", r"\nnum_class=1", "\nnum_class=5"),
            ("rounds", r"\nnum_tree_per_iteration=1", f"\nnum_tree_per_iteration={wrong}"),
            ("features", r"\nmax_feature_idx=\d+", f"\nmax_feature_idx={wrong}"),
            ("objective", r"\nobjective=binary sigmoid:1", "\nobjective=regression"),
            ("sigmoid", r"sigmoid:1", "sigmoid:7"),
            ("names", r"\nfeature_names=(\S+) (\S+)", r"\nfeature_names=\2 \1"),
            ("infos", r"\nfeature_infos=\S+", "\nfeature_infos=[0:"),
            ("version", r"\nversion=v4", "\nversion=v1"),
            ("twice", r"\nshrinkage=", "\nshrinkage=1\nshrinkage="),
            ("line", r"\nnum_cat=0", "\ncat_boundaries=0 99\nnum_cat=0"),
            ("end", r"end of trees", "end"),
            ("bytes", r"Tree=0", "Tree=\x00"),
            ("number", r"Tree=1\n", "Tree=7\n"),
        ],
    )
    path.write_text(re.sub(pattern, new, text, count=1))
    reseal(folder)
    return f"lightgbm {name} {wrong}"


def onnx_edit(folder: Path, rng: Rng) -> str:
    """Change an ONNX form: indices, lengths, operators, leaves, data elsewhere."""
    path = part_file(folder, "onnx")
    if path is None:
        return choice_edit(folder, rng)
    import onnx

    model = onnx.load_model_from_string(path.read_bytes())
    nodes = model.graph.node
    lists = {each.name: each for each in nodes[0].attribute}
    name = pick(rng, [f"nodes_{key}" for key in INDICES] + ["target_nodeids", "target_ids"])
    wrong = int(pick(rng, [10**6, 2**31 - 1, 10**12, -1, -(10**9)]))
    at = int(pick(rng, np.flatnonzero(lists[name].ints).tolist()))
    kind, edit = pick(
        rng,
        [
            ("index", lambda: lists[name].ints.__setitem__(at, wrong)),
            ("index", lambda: lists[name].ints.__setitem__(at, wrong)),
            ("short", lambda: lists[name].ints.pop()),
            ("long", lambda: lists[name].ints.extend([0] * 10_000)),
            ("twice", lambda: nodes[0].attribute.append(lists[name])),
            ("gone", lambda: nodes[0].attribute.remove(lists[name])),
            ("mode", lambda: lists["nodes_modes"].strings.__setitem__(0, b"LEAF")),
            ("sums", lambda: setattr(lists["n_targets"], "i", 2**40)),
            ("leaves", lambda: scale_weights(lists["target_weights_as_tensor"].t)),
            ("operator", lambda: setattr(nodes[-1], "op_type", "Loop")),
            ("domain", lambda: setattr(nodes[-1], "domain", "com.microsoft")),
            ("input", lambda: nodes[0].input.append("rows")),
            ("outside", lambda: put_elsewhere(lists["base_values_as_tensor"].t)),
            ("versions", lambda: model.opset_import.pop()),
            ("graph", lambda: model.ClearField("graph")),
        ],
    )
    edit()
    path.write_bytes(model.SerializeToString())
    reseal(folder)
    return f"onnx {kind} {name} {wrong}"


def choice_edit(folder: Path, rng: Rng) -> str:
    """Change a choice of a best member against its part or its own table, or make one up."""
    content = read(folder)
    if not content["choices"]:
        content["choices"].append(made_up_choice(content["parts"][0]["name"]))
    choice = pick(rng, content["choices"])
    table = pick(rng, choice["candidates"])
    folds = table["cross_validation"]["folds"]
    kind, edit = pick(
        rng,
        [
            ("chosen", lambda: choice.update(chosen=pick(rng, ["svm", "os.system", ""]))),
            ("member", lambda: choice.update(member=pick(rng, ["nobody", ""]))),
            ("folds", lambda: choice.update(folds=pick(rng, [0, -1, 10**12, "10", None]))),
            ("seed", lambda: choice.update(seed=pick(rng, [-1, 2**70, "0"]))),
            ("rows", lambda: choice.update(test_rows=pick(rng, [-1, None, 0.5]))),
            ("name", lambda: table.update(name=pick(rng, ["catboost", "__class__", ""]))),
            ("mean", lambda: table["cross_validation"]["mean"].update(f1=0.999)),
            ("figure", lambda: folds[0].update(accuracy=pick(rng, [2.0, -1, None, "1"]))),
            ("gone", lambda: folds.pop()),
            ("many", lambda: folds.extend(folds[:1] * 5_000)),
            ("field", lambda: choice.pop(pick(rng, sorted(choice)))),
            ("extra", lambda: table.update(code="x")),
            ("twice", lambda: content["choices"].append(dict(choice))),
        ],
    )
    edit()
    (folder / MANIFEST).write_bytes(with_digest(content))
    return f"choice {kind}"


def made_up_choice(member: str) -> Manifest:
    """Return a sound choice of a support vector machine, for a member that is none."""
    figures = dict.fromkeys(("accuracy", "precision", "recall", "f1"), 0.5)
    folds = {"folds": [figures], "mean": figures, "spread": dict.fromkeys(figures)}
    candidate = {"name": "svm", "cross_validation": folds, "test": figures}
    about = {"folds": 3, "seed": 0, "test_rows": 9, "candidates": [candidate]}
    return json.loads(json.dumps({"member": member, "chosen": "svm", **about}))


def wrong_features(content: Manifest, rng: Rng) -> None:
    """Change the feature names; their own digest is set right every other time."""
    names = content["features"]["names"]
    kind = pick(rng, ["swap", "drop", "add", "rename", "other"])
    if kind == "swap":
        names[0], names[1] = names[1], names[0]
    elif kind == "drop":
        names.pop()
    elif kind == "add":
        names.append("gap")
    elif kind == "rename":
        names[0] = "no_such_feature"
    else:
        names[0] = "gap"
    if rng.integers(2):
        content["features"]["sha256"] = feature_digest(names)


def wrong_golden(content: Manifest, rng: Rng) -> None:
    """Change golden bars, rows, votes or probabilities."""
    golden = content["golden"]
    name = pick(rng, ["rows", "raw", "votes", "probabilities", "bars", "short", "wide"])
    if name == "bars":
        golden["bars"]["close"] = [price * 1.01 for price in golden["bars"]["close"]]
    elif name == "short":
        golden["votes"] = golden["votes"][:-1]
    elif name == "wide":
        golden["rows"][0].append(0.5)
    elif name == "rows":
        golden["rows"] = golden["rows"][::-1]
    else:
        golden[name][0] = [1 - value / 2 for value in golden[name][0]]


def wrong_version(content: Manifest, rng: Rng) -> None:
    """Claim another version of a library."""
    name = pick(rng, sorted({"numpy"} & set(content["versions"])) or ["numpy"])
    if any(part["kind"] == "xgboost" for part in content["parts"]):
        name = pick(rng, ["numpy", "scikit-learn", "skops", "xgboost", "lightgbm"])
    content["versions"][name] = pick(rng, ["0.1.0", "99.0", "", "x" * 10_000])


def part_edit(content: Manifest, rng: Rng) -> None:
    """Change which file, kind or name a member's part has."""
    parts = content["parts"]
    members = [at for at, part in enumerate(parts) if part["role"] == "member"]
    one, other = rng.choice(members, 2, replace=False)
    key = pick(rng, ["kind", "file", "name", "role", "drop", "twice"])
    if key == "drop":
        parts.pop(one)
    elif key == "twice":
        parts.append(dict(parts[0]))
    elif key == "role":
        parts[0]["role"] = "calibrator"
    elif key == "kind" and parts[one]["kind"] == parts[other]["kind"]:
        parts[one]["kind"] = "pickle"
    else:
        parts[one][key], parts[other][key] = parts[other][key], parts[one][key]


EDITS: dict[str, Callable[[Manifest, Rng], object]] = {
    "features": wrong_features,
    "golden": wrong_golden,
    "version": wrong_version,
    "parts": part_edit,
    "schema": lambda c, rng: c.update(schema=pick(rng, [0, 1, 2, 99, -1, "1", None, True, 1.0])),
    "classes": lambda c, rng: c.update(classes=pick(rng, [[1, 0], [0], [0, 1, 2], [], ["0"]])),
    "present": lambda c, rng: c.update(present=pick(rng, [[1, 0], [0], [0, 7], [], [0, 0]])),
    "label": lambda c, rng: c["label"].update(name=pick(rng, ["triple_barrier", "magic", ""])),
    "horizon": lambda c, rng: c["label"].update(
        parameters=pick(rng, [{"horizon": 0}, {"horizon": "5"}, {"depth": 5}, {"horizon": None}])
    ),
    "members": lambda c, rng: c["ensemble"].update(
        members=pick(rng, [[], ["rf"], ["rf", "rf", "rf"], ["rf", "xgb", "nope"], "rf", None])
    ),
    "voting": lambda c, rng: c["ensemble"].update(voting=pick(rng, ["harsh", 7, None])),
    "weights": lambda c, rng: c["ensemble"].update(
        weights=pick(rng, [[1], [-1, 1, 1], [5, 1, 1], [0, 0, 0], ["a", 1, 1]])
    ),
    "option": lambda c, rng: c["ensemble"].update(__class__="x"),
    "dates": lambda c, rng: c["training"].update(
        trained_until=pick(rng, ["", "never", "NaT", "9" * 5_000])
    ),
    "field": lambda c, rng: c.pop(pick(rng, sorted(c.keys() - {"golden", "files", "digest"}))),
    "extra": lambda c, rng: c.update(run="rm -rf /"),
    "type": lambda c, rng: c.update({pick(rng, ["seed", "trials", "own_members"]): "x"}),
    "digest": lambda c, rng: c["files"][pick(rng, list(c["files"]))].update(sha256="0" * 64),
    "entry": lambda c, rng: c["files"].update({pick(rng, list(c["files"])): None}),
}

KINDS: tuple[Callable[[Path, Rng], str], ...] = (
    accident,
    swapped,
    linked,
    path_edit,
    huge,
    edited,
    edited,
    broken_json,
    hostile_pickle,
    hostile_skops,
    hostile_skops,
    broken_zip,
    forest_indices,
    forest_indices,
    xgboost_edit,
    lightgbm_edit,
    onnx_edit,
    choice_edit,
    accident,
)


def inject(folder: Path, seed: int) -> str:
    """Put the fault of this seed into a copy of a saved model, and say which it is."""
    return KINDS[seed % len(KINDS)](folder, np.random.default_rng(seed))


def flip_resealed(folder: Path, seed: int) -> str:
    """Flip one bit of a part and set the digests right: what only the content can betray."""
    rng = np.random.default_rng(seed)
    path = folder / pick(rng, sorted(read(folder)["files"]))
    data = bytearray(path.read_bytes())
    at = int(rng.integers(len(data)))
    data[at] ^= 1 << int(rng.integers(8))
    path.write_bytes(data)
    reseal(folder)
    return f"resealed flip {path.name} at {at}"


def canary_of(folder: Path) -> Path:
    """Return the file that appears when code from the fault runs."""
    return folder.parent / f"{folder.name}.canary"


def pick(rng: Rng, choices):
    """Return one of the choices."""
    return choices[int(rng.integers(len(choices)))]


def read(folder: Path) -> Manifest:
    """Return the manifest's content."""
    return json.loads((folder / MANIFEST).read_text())


def reseal(folder: Path) -> None:
    """Set sizes and digests right again."""
    content = read(folder)
    for name, entry in content["files"].items():
        data = (folder / name).read_bytes()
        entry.update(size=len(data), sha256=hashlib.sha256(data).hexdigest())
    (folder / MANIFEST).write_bytes(with_digest(content))


def part_file(folder: Path, kind: str) -> Path | None:
    """Return the file of the first part of a kind."""
    files = [part["file"] for part in read(folder)["parts"] if part["kind"] == kind]
    return folder / files[0] if files else None


def skops_part(folder: Path, rng: Rng) -> Path:
    """Return a skops file of the model."""
    return folder / pick(rng, [p["file"] for p in read(folder)["parts"] if p["kind"] == "sklearn"])


def unzip(path: Path) -> dict[str, bytes]:
    """Return a zip file's entries."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rezip(path: Path, entries: dict[str, bytes]) -> None:
    """Write a zip file of plain copies."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)


def json_node(text: str) -> dict[str, Any]:
    """Return a schema's node of a plain value."""
    return {
        "__class__": "str",
        "__module__": "builtins",
        "__loader__": "JsonNode",
        "content": text,
        "is_json": True,
        "__id__": 987_654,
    }


def hostile_nodes(canary: str) -> list[tuple[str, dict[str, Any]]]:
    """Return schema nodes that would run code, or build what should not be built."""
    command = json_node(json.dumps(f"touch {canary}"))
    arguments = {
        "__class__": "tuple",
        "__module__": "builtins",
        "__loader__": "TupleNode",
        "content": [command],
        "__id__": 987_655,
    }
    empty = {
        "__class__": "dict",
        "__module__": "builtins",
        "__loader__": "DictNode",
        "content": {},
        "key_types": {
            "__class__": "list",
            "__module__": "builtins",
            "__loader__": "ListNode",
            "content": [],
            "__id__": 987_656,
        },
        "__id__": 987_657,
    }

    def node(loader: str, module: str, name: str, **rest: Any) -> tuple[str, dict[str, Any]]:
        own = {"__loader__": loader, "__module__": module, "__class__": name, "__id__": 987_658}
        return f"{loader} {module}.{name}", own | rest

    system = node("FunctionNode", "posix", "system")[1]
    partial = {"func": system, "args": arguments, "kwds": empty, "namespace": empty}
    method = {"obj": node("ObjectNode", "builtins", "object")[1], "func": "__init_subclass__"}
    return [
        node("FunctionNode", "posix", "system"),
        node("FunctionNode", "numpy", "load"),
        node("TypeNode", "os", "system"),
        node("TypeNode", "builtins", "eval"),
        node("PartialNode", "functools", "partial", content=partial),
        node("MethodNode", "builtins", "object", content=method),
        node("OperatorFuncNode", "operator", "methodcaller", attrs=arguments),
        node("ConstructorFromReduceNode", "os", "system", content=arguments),
        node("ObjectNode", "subprocess", "Popen", content=empty),
        node(
            "ObjectNode", "sklearn.neighbors._classification", "KNeighborsClassifier", content=empty
        ),
        node("ObjectNode", "bt_fusion.bundle.pickles", "load_pickle", content=empty),
        node("LossNode", "os", "system", __reduce__={"args": arguments}, content=empty),
        node("TreeNode", "os", "system", __reduce__={"args": arguments}, content=empty),
        node("RandomGeneratorNode", "numpy.random._generator", "Generator", content=empty),
        node("NdArrayNode", "os", "system", type="numpy", file="1.npy"),
        node("NdArrayNode", "numpy", "ndarray", type="json", content=[], shape=arguments),
        node("NdArrayNode", "numpy", "ndarray", type="numpy", file="../../secret.npy"),
        node("BytesNode", "builtins", "bytes", file="1.npy"),
        node("JsonNode", "builtins", "str", content="[" * 100_000, is_json=True),
        node("JsonNode", "builtins", "str", content="9" * 900, is_json=True),
        node("NoSuchNode", "builtins", "str", content=""),
    ]


def files_of(schema: Any, names: tuple[str, ...]) -> list[str]:
    """Return the array files of attributes of these names."""
    if not isinstance(schema, dict):
        inner = schema if isinstance(schema, list) else []
        return [file for item in inner for file in files_of(item, names)]
    own = [node["file"] for key, node in schema.items() if key in names and "file" in node]
    return own + [file for item in schema.values() for file in files_of(item, names)]


def find_tree(schema: Any) -> dict[str, Any]:
    """Return the first decision tree of a schema."""
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if node.get("__loader__") == "TreeNode":
                return node
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
    raise LookupError("no decision tree in the schema")


def scale_leaves(trees: list[dict[str, Any]]) -> None:
    """Make every leaf of a boosted tree say twice what it said."""
    for tree in trees:
        leaf = [child == -1 for child in tree["left_children"]]
        pairs = zip(tree["split_conditions"], leaf, strict=True)
        tree["split_conditions"] = [2 * value if last else value for value, last in pairs]


def scale_weights(tensor) -> None:
    """Make every leaf of an ONNX form say twice what it said."""
    tensor.raw_data = (2 * np.frombuffer(tensor.raw_data)).tobytes()


def put_elsewhere(tensor) -> None:
    """Let the numbers of an ONNX form come from a file outside the folder."""
    tensor.ClearField("raw_data")
    tensor.data_location = 1
    tensor.external_data.add(key="location", value="/etc/passwd")
