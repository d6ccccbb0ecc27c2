"""The layers: imports go one way only, and the core never imports Backtrader."""

import ast
from pathlib import Path

import bt_fusion

ROOT = Path(bt_fusion.__file__).resolve().parent.parent
# each may import itself and what stands before it
LAYERS = ("core", "indicators", "strategies", "analyzers", "backtest")
FOLDERS = {
    "core": ROOT / "bt_fusion",
    "indicators": ROOT / "indicators",
    "strategies": ROOT / "strategies",
    "analyzers": ROOT / "analyzers",
    "backtest": ROOT / "bt_fusion" / "backtest",
}


def layer_of(module: str) -> str:
    part = module.split(".")[1] if "." in module else ""
    return part if part in LAYERS else "core"


def modules():
    for layer, folder in FOLDERS.items():
        for path in sorted(folder.rglob("*.py")):
            if layer == "core" and FOLDERS["backtest"] in path.parents:
                continue
            yield layer, path


def imports(path: Path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module


def test_every_layer_is_found():
    assert {layer for layer, _ in modules()} == set(LAYERS)
    assert sum(1 for _ in modules()) > 30


def test_no_arrow_runs_back():
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for layer, path in modules()
        for name in imports(path)
        if name.startswith("bt_fusion") and LAYERS.index(layer_of(name)) > LAYERS.index(layer)
    ]
    assert wrong == []


def test_the_core_never_imports_backtrader():
    wrong = [
        str(path)
        for layer, path in modules()
        for name in imports(path)
        if layer == "core" and name.split(".")[0] == "backtrader"
    ]
    assert wrong == []


def test_the_checker_sees_a_wrong_arrow(tmp_path):
    path = tmp_path / "wrong.py"
    path.write_text("from bt_fusion.engine.runner import Run\n")
    assert [layer_of(name) for name in imports(path)] == ["backtest"]
