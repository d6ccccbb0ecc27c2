"""The layers of docs/ARCHITECTURE.md: imports go one way only, also those inside functions."""

import ast
from pathlib import Path

import pytest

import bt_fusion

ROOT = Path(bt_fusion.__file__).resolve().parent.parent
PACKAGE = ROOT / "bt_fusion"
# Each may import itself and what stands before it
LAYERS = (
    *(
        "checkout",
        "errors",
        "urls",
        "files",
        "described",
        "fingerprint",
        "interrupts",
        "module_sources",
        "progress",
        "parallel",
        "sent_code",
        "user_code",
    ),
    *("data", "technical", "features", "labels"),
    *("ensemble", "plugins", "bundle", "hub", "models"),
    *("statistics", "evaluation", "tuning", "verdict", "trade_models", "retraining"),
    *("saved_runs", "report"),
    *("indicators", "strategies", "analyzers"),
    *("engine", "live", "audit", "backtest", "sweep", "universe", "why", "cli"),
    *("start", "__main__"),
)
TOP = ("indicators", "strategies", "analyzers")  # at the top of the repository
MOST_MODULES = 15


def layer_of(module: str) -> str:
    """Return the layer of bt_fusion.LAYER...; the package itself stands for its public names."""
    return module.split(".")[1] if "." in module else ""


def modules() -> list[tuple[str, Path]]:
    """Return (dotted name, file) of every module, the package's own __init__ aside."""
    paths = [path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE]
    paths += [path for path in PACKAGE.glob("*.py") if path.name != "__init__.py"]
    found = [(path.relative_to(ROOT), path) for path in paths]
    found += [
        (Path("bt_fusion", path.relative_to(ROOT)), path)
        for top in TOP
        for path in (ROOT / top).rglob("*.py")
    ]
    return sorted((".".join(name.with_suffix("").parts), path) for name, path in found)


def imports(text: str) -> list[str]:
    """Return the dotted names a module imports, one for each name of a from-import."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            found += [f"{node.module}.{name.name}" for name in node.names]
    return found


def upward(module: str, text: str) -> list[str]:
    """Return what a module imports from a layer that stands after its own, or from the package."""
    own = LAYERS.index(layer_of(module))
    return [
        f"{module} imports {name}"
        for name in imports(text)
        if name.split(".")[0] == "bt_fusion" and _after(name, own)
    ]


def _after(name: str, own: int) -> bool:
    layer = layer_of(name)
    return layer not in LAYERS or LAYERS.index(layer) > own


def test_every_module_belongs_to_a_layer():
    found = {layer_of(name) for name, _ in modules()}
    assert found == set(LAYERS)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_only_what_stands_above_it(layer):
    own = [(name, path) for name, path in modules() if layer_of(name) == layer]
    assert own
    assert [wrong for name, path in own for wrong in upward(name, path.read_text())] == []


def test_backtrader_is_imported_from_indicators_on():
    first = LAYERS.index("indicators")
    wrong = [
        name
        for name, path in modules()
        if LAYERS.index(layer_of(name)) < first
        and any(each.split(".")[0] == "backtrader" for each in imports(path.read_text()))
    ]
    assert wrong == []


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that import each other, by Tarjan's algorithm."""
    number, low, stack, found = {}, {}, [], []

    def visit(node: str) -> None:
        number[node] = low[node] = len(number)
        stack.append(node)
        for other in sorted(graph[node]):
            if other not in number:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == number[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                found.append(sorted(group))

    for node in sorted(graph):
        if node not in number:
            visit(node)
    return found


def import_graph() -> dict[str, set[str]]:
    known = {name.removesuffix(".__init__"): path for name, path in modules()}
    graph = {}
    for name, path in known.items():
        found = set()
        for target in imports(path.read_text()):
            module = target if target in known else target.rpartition(".")[0]
            if module in known and module != name:
                found.add(module)
        graph[name] = found
    return graph


def test_no_modules_import_each_other_in_a_circle():
    registering = {"bt_fusion.features"}  # its __init__ imports the families for what they register
    graph = {name: found - registering for name, found in import_graph().items()}
    assert circles(graph) == []


def test_no_folder_is_crowded():
    counts = {}
    for _, path in modules():
        if path.name != "__init__.py":
            counts[path.parent] = counts.get(path.parent, 0) + 1
    crowded = {str(f.relative_to(ROOT)): n for f, n in counts.items() if n > MOST_MODULES}
    assert crowded == {}


def test_the_checkers_see_what_is_wrong():
    inside = "def late():\n    from bt_fusion.engine.runner import Run\n"
    assert upward("bt_fusion.data.bars", inside) == [
        "bt_fusion.data.bars imports bt_fusion.engine.runner.Run"
    ]
    assert upward("bt_fusion.why.why", inside) == []
    assert upward("bt_fusion.data.bars", "from bt_fusion import SignalModel\n") != []
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
