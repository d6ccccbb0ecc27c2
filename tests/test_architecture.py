"""docs/ARCHITECTURE.md names files and packages that are there, in the order of the layers."""

import re
from pathlib import Path

import pytest

import bt_fusion
from tests.test_layers import LAYERS, TOP

ROOT = Path(bt_fusion.__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "ARCHITECTURE.md").read_text()
TREE = re.search(r"```\n(.*?)```", TEXT, re.S)[1]
NAMED = sorted(set(re.findall(r"`([\w./]+(?:\.py|\.js|/))`", TEXT)))


@pytest.mark.parametrize("name", NAMED)
def test_a_named_file_is_there(name):
    assert (ROOT / name).exists() or (ROOT / "bt_fusion" / name).exists()


def test_the_tree_shows_every_layer_in_order():
    shown = [name for line in TREE.splitlines() for name in re.findall(r"(\w+)(?:/|\.py)", line)]
    layers = [name for name in shown if name in LAYERS]
    assert layers == list(LAYERS)


def test_the_tree_shows_every_package():
    inside = {path.parent.name for path in (ROOT / "bt_fusion").rglob("__init__.py")} - {
        "bt_fusion"
    }
    shown = set(re.findall(r"(\w+)/", TREE))
    assert inside | set(TOP) <= shown


def test_the_table_has_every_row():
    table = TEXT[TEXT.index("| a new | file |") :].split("\n\n")[0]
    rows = table.splitlines()[2:]
    assert len(rows) == 14
    assert all("`" in row for row in rows)


def test_every_module_has_its_tests_in_a_folder_of_its_package():
    folders = {path.relative_to(ROOT / "tests").parts[0] for path in ROOT.glob("tests/*/test_*.py")}
    packages = {path.parent.name for path in (ROOT / "bt_fusion").glob("*/__init__.py")}
    assert (packages | set(TOP)) - folders == set()
