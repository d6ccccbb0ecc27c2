"""ONNX parts: the graphs this project writes pass, and nothing else gets as far as onnxruntime."""

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("skl2onnx")

import onnx
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import RobustScaler, StandardScaler

from bt_fusion import BundleError
from bt_fusion.bundle.expected import Expected
from bt_fusion.bundle.parts import onnx as onnx_part
from bt_fusion.bundle.parts import onnx_trees
from bt_fusion.bundle.parts.registry import build_part, kind_named
from bt_fusion.ensemble import onnx_graph
from bt_fusion.ensemble.members.registry import make_member
from bt_fusion.ensemble.onnx_export import export_member, load_member
from bt_fusion.ensemble.onnx_graph import tree_graph
from bt_fusion.ensemble.trees import Trees
from tests.tree_rows import MAKERS, N_FEATURES, fitted, labelled

FEATURES = tuple("abcdef")
KIND = kind_named("onnx")
ROWS = labelled(2, 100, seed=1)[0]


def expected(n_classes=2, features=FEATURES):
    return Expected("onnx rf", features, n_classes)


def read(data, about=None):
    about = about or expected()
    return build_part(KIND, KIND.build, build_part(KIND, KIND.inspect, data, about), about)


def linear(n_classes, scaled=True):
    X, y = labelled(n_classes)
    made = make_member("lr")
    return (made if scaled else made[-1]).fit(X.astype(float), y)


def standardised_forest(n_classes=2, scaler=None):
    X, y = labelled(n_classes)
    forest = RandomForestClassifier(5, max_depth=6, random_state=0)
    return make_pipeline(scaler or StandardScaler(), forest).fit(X.astype(float), y)


OTHERS = {
    "lr": linear,
    "plain lr": lambda n_classes: linear(n_classes, scaled=False),
    "standardised forest": standardised_forest,
}


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("name", [*MAKERS, *OTHERS])
def test_every_form_that_is_written_is_read(name, n_classes):
    estimator = OTHERS[name](n_classes) if name in OTHERS else fitted(name, n_classes)
    data = export_member(estimator, N_FEATURES)
    member = read(data, expected(n_classes))
    np.testing.assert_array_equal(member.predict_proba(ROWS), load_member(data).predict_proba(ROWS))
    assert KIND.dump(member, FEATURES) == data


@pytest.fixture(scope="module")
def forest():
    return export_member(fitted("forest", 2), N_FEATURES)


@pytest.fixture(scope="module")
def regression():
    return export_member(linear(2), N_FEATURES)


def attribute(model, name):
    return next(each for each in model.graph.node[0].attribute if each.name == name)


def set_ints(model, name, change):
    field = attribute(model, name)
    field.ints[:] = change(list(field.ints))


def replaced(values, at, value):
    """The list with its first number that is not 0, or the one at a place, changed."""
    at = next(i for i, each in enumerate(values) if each) if at is None else at
    return [*values[:at], value, *values[at + 1 :]]


def ints(name, value, at=None):
    return lambda model: set_ints(model, name, lambda values: replaced(values, at, value))


def add_external(model):
    tensor = model.graph.initializer.add(name="x", data_type=11, dims=[4], data_location=1)
    tensor.external_data.add(key="location", value="../../etc/passwd")


def circle(model):
    """Two nodes of one tree become each other's children."""
    numbers = list(attribute(model, "nodes_nodeids").ints)
    left = list(attribute(model, "nodes_truenodeids").ints)
    at = next(i for i, child in enumerate(left) if child and left[numbers.index(child)])
    below = numbers.index(left[at])
    set_ints(model, "nodes_truenodeids", lambda values: replaced(values, below, numbers[at]))


def number(model, name, value):
    attribute(model, name).i = value


def text(model, name, value):
    attribute(model, name).s = value


def doubles(model, name, value):
    tensor = attribute(model, name).t
    tensor.raw_data = np.full(len(tensor.raw_data) // 8, value).tobytes()


FOREST_EDITS = {
    "feature": ints("nodes_featureids", N_FEATURES),
    "far feature": ints("nodes_featureids", 10**12),
    "negative feature": ints("nodes_featureids", -1),
    "left child": ints("nodes_truenodeids", 10**9),
    "right child": ints("nodes_falsenodeids", 10**9),
    "root as child": ints("nodes_truenodeids", 0),
    "child of itself": ints("nodes_truenodeids", 3),
    "circle": circle,
    "node number twice": ints("nodes_nodeids", 0, at=5),
    "tree number": ints("nodes_treeids", 7, at=0),
    "tree of a leaf": ints("target_treeids", 99),
    "leaf that branches": ints("target_nodeids", 0, at=0),
    "leaf that is not there": ints("target_nodeids", 10**9),
    "sum that is not there": ints("target_ids", 2),
    "short list": lambda m: set_ints(m, "nodes_featureids", lambda values: values[:10]),
    "short targets": lambda m: set_ints(m, "target_ids", lambda values: values[:10]),
    "many sums": lambda m: number(m, "n_targets", 2**40),
    "other sums": lambda m: number(m, "n_targets", 3),
    "mean of trees": lambda m: text(m, "aggregate_function", b"AVERAGE"),
    "another link": lambda m: text(m, "post_transform", b"SOFTMAX"),
    "mode": lambda m: attribute(m, "nodes_modes").strings.__setitem__(0, b"BRANCH_GT"),
    "all leaves": lambda m: attribute(m, "nodes_modes").strings.__setitem__(0, b"LEAF"),
    "threshold": lambda m: doubles(m, "nodes_values_as_tensor", np.nan),
    "weight": lambda m: doubles(m, "target_weights_as_tensor", np.inf),
    "base": lambda m: doubles(m, "base_values_as_tensor", np.nan),
    "missing list": lambda m: m.graph.node[0].attribute.pop(0),
    "list twice": lambda m: m.graph.node[0].attribute.append(m.graph.node[0].attribute[1]),
    "hit rates": lambda m: m.graph.node[0].attribute.append(
        onnx.helper.make_attribute("nodes_hitrates", [1.0])
    ),
}
GRAPH_EDITS = {
    "data in another file": add_external,
    "metadata": lambda m: m.metadata_props.add(key="k", value="v"),
    "function": lambda m: m.functions.add(name="f", domain="d"),
    "producer": lambda m: setattr(m, "producer_name", "ORTM"),
    "another operator": lambda m: setattr(m.graph.node[1], "op_type", "Tile"),
    "another domain": lambda m: setattr(m.graph.node[1], "domain", "com.microsoft"),
    "another input": lambda m: m.graph.node[1].input.append("rows"),
    "one more node": lambda m: m.graph.node.append(m.graph.node[-1]),
    "no nodes": lambda m: m.graph.ClearField("node"),
    "a subgraph": lambda m: m.graph.node[1].attribute.append(
        onnx.helper.make_attribute("body", m.graph)
    ),
    "another cast": lambda m: setattr(m.graph.node[-1], "domain", "x"),
    "one more input": lambda m: m.graph.input.append(m.graph.input[0]),
    "more columns": lambda m: setattr(
        m.graph.input[0].type.tensor_type.shape.dim[1], "dim_value", 7
    ),
    "fixed rows": lambda m: setattr(m.graph.input[0].type.tensor_type.shape.dim[0], "dim_value", 1),
    "text input": lambda m: setattr(m.graph.input[0].type.tensor_type, "elem_type", 8),
    "more classes": lambda m: setattr(
        m.graph.output[0].type.tensor_type.shape.dim[1], "dim_value", 3
    ),
    "another output": lambda m: setattr(m.graph.output[0], "name", "rows"),
    "operators of later": lambda m: setattr(m.opset_import[0], "version", 99),
    "operators twice": lambda m: m.opset_import.append(m.opset_import[0]),
    "another version": lambda m: setattr(m, "ir_version", 3),
    "one more constant": lambda m: m.graph.initializer.append(
        onnx.numpy_helper.from_array(np.zeros((1, 10_000_000)), "coef2")
    ),
}
REGRESSION_EDITS = {
    "wide constant": lambda m: m.graph.initializer[0].CopyFrom(
        onnx.numpy_helper.from_array(np.zeros((1_000_000, 1)), "mean")
    ),
    "not finite": lambda m: m.graph.initializer[2].CopyFrom(
        onnx.numpy_helper.from_array(np.full((6, 1), np.nan), "coef")
    ),
    "float32": lambda m: m.graph.initializer[0].CopyFrom(
        onnx.numpy_helper.from_array(np.zeros(6, np.float32), "mean")
    ),
    "another one": lambda m: m.graph.initializer[4].CopyFrom(
        onnx.numpy_helper.from_array(np.array(2.0), "one")
    ),
    "same name": lambda m: setattr(m.graph.initializer[1], "name", "mean"),
    "shape": lambda m: m.graph.initializer[0].dims.__setitem__(0, 10**12),
    "another axis": lambda m: setattr(m.graph.node[-1].attribute[0], "i", 0),
}


def refuse(data, edit):
    model = onnx.load_model_from_string(data)
    edit(model)
    changed = model.SerializeToString()
    assert changed != data
    with pytest.raises(BundleError, match="onnx rf"):
        build_part(KIND, KIND.inspect, changed, expected())


@pytest.fixture(params=[True, False], ids=["with onnx", "without onnx"])
def checker(request, monkeypatch):
    """Whether onnx is there to check a file, beside the checks made here."""
    if not request.param:
        monkeypatch.setattr(onnx_part, "missing_libraries", lambda *names: list(names))


@pytest.mark.parametrize("name", FOREST_EDITS)
def test_edited_trees_are_refused(name, forest, checker):
    refuse(forest, FOREST_EDITS[name])


@pytest.mark.parametrize("name", GRAPH_EDITS)
def test_an_edited_graph_is_refused(name, forest, checker):
    refuse(forest, GRAPH_EDITS[name])


@pytest.mark.parametrize("name", [*REGRESSION_EDITS, *GRAPH_EDITS])
def test_an_edited_regression_is_refused(name, regression, checker):
    refuse(regression, {**REGRESSION_EDITS, **GRAPH_EDITS}[name])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "does not hold one graph"),
        (b"\x08", "cut short"),
        (b"\x08\x08ORTM", "field"),
        (b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "field 7"),
        (b"\x3a" + b"\xff" * 12, "too large"),
        (b"\x08\x08" * 2_000, "more than 1000 fields"),
        (b"\x08\x08\x08\x09\x3a\x00", "does not hold one ir_version"),
        (b"\x38\x08\x08\x08", "does not hold one graph"),
    ],
)
def test_bytes_that_are_no_such_file_are_refused(data, message):
    with pytest.raises(BundleError, match=message):
        build_part(KIND, KIND.inspect, data, expected())


def test_other_features_or_classes_are_refused(forest, regression):
    for data in (forest, regression):
        for about in (expected(features=FEATURES[:5]), expected(n_classes=3)):
            with pytest.raises(BundleError):
                build_part(KIND, KIND.inspect, data, about)


def test_what_skl2onnx_converts_is_not_saved():
    data = export_member(standardised_forest(scaler=RobustScaler()), N_FEATURES)
    with pytest.raises(BundleError, match=r"onnx rf is no graph that export_onnx .* leave it out"):
        build_part(KIND, KIND.inspect, data, expected())


def chain(levels):
    """A tree whose every right child splits again: onnxruntime crashes on 100,000 levels."""
    left = np.arange(2 * levels + 1)
    left[::2][:-1] += 1
    threshold = np.where(left == np.arange(len(left)), np.inf, 0).astype(np.float32)
    value = np.zeros(len(left))
    return Trees(left * 0, threshold, left, value, 1, levels, np.zeros(1), "logistic")


def test_trees_too_deep_for_onnxruntime_are_refused(monkeypatch):
    assert read(tree_graph(chain(1_000), 6)).predict_proba(ROWS).shape == (100, 2)
    monkeypatch.setattr(onnx_graph, "DEEPEST", 10**9)
    data = tree_graph(chain(100_000), 6)
    with pytest.raises(BundleError, match="trees of more than 1,000 levels"):
        build_part(KIND, KIND.inspect, data, expected())


def test_a_large_file_is_refused_before_it_is_read(forest, monkeypatch):
    monkeypatch.setattr(onnx_part, "LARGEST", len(forest) - 1)
    monkeypatch.setattr(onnx_part, "read_onnx", None)
    with pytest.raises(BundleError, match="bytes, at most"):
        build_part(KIND, KIND.inspect, forest, expected())


@pytest.mark.parametrize("name", ["rf", "lgb", "lr"])
def test_damage_anywhere_is_our_error_or_changes_finite_numbers_only(name):
    data = export_member(linear(2) if name == "lr" else fitted(name, 2), N_FEATURES)
    rng, refused = np.random.default_rng(0), 0
    for _ in range(150):
        broken = bytearray(data)
        at = int(rng.integers(len(data)))
        kind = rng.integers(4)
        if kind == 0:
            broken[at] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            del broken[at:]
        elif kind == 2:
            broken[at : at + 8] = bytes(len(broken[at : at + 8]))
        else:
            broken[at:at] = rng.bytes(3)
        if broken == data:
            continue
        try:
            member = read(bytes(broken))
        except BundleError:
            refused += 1
        else:  # a digest guards the numbers' values
            assert np.isfinite(member.predict_proba(ROWS)).all()
    assert refused > 75


def test_the_attributes_checked_are_those_written(forest):
    model = onnx.load_model_from_string(forest)
    assert {each.name for each in model.graph.node[0].attribute} == onnx_trees.ATTRIBUTES
