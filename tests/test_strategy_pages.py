"""The strategies' pages: their parameters are the classes', what they show runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import bt_fusion
from bt_fusion.engine.loading import STRATEGIES
from bt_fusion.models.presets import PRESETS

DOCS = Path(bt_fusion.__file__).resolve().parent.parent / "docs"
PAGES = ("fusion", "hybrid", "discovery", "managed")
CHECK = """
print("bars", len(strategy.data), "signals", sum(abs(v) == 1 for v in strategy.signal.array))
"""


def page(name):
    return (DOCS / f"{name}.md").read_text()


def section(name, title):
    return page(name).split(f"## {title}\n")[1].split("\n## ")[0]


def written(value):
    """Write a default as the tables do."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    return f"`{value}`" if isinstance(value, str) else f"`{type(value).__name__}()`"


@pytest.mark.parametrize("name", PAGES)
def test_the_table_of_parameters_is_the_classs(name):
    rows = re.findall(r"^\| `(\w+)` \| (\S+) \| \S", section(name, "Parameters"), flags=re.M)
    params = STRATEGIES[name].params
    assert rows == [(key, written(getattr(params, key))) for key in params._getkeys()]


@pytest.mark.parametrize("name", PAGES)
def test_the_example_runs_as_it_stands(name, tmp_path):
    (block,) = re.findall(r"```python\n(.*?)```", page(name), flags=re.DOTALL)
    script = tmp_path / "script.py"
    script.write_text(block + CHECK)
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, cwd=tmp_path, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    bars, signals = re.findall(r"\d+", done.stdout.splitlines()[-1])
    assert bars == "5031" and int(signals) > 0


@pytest.mark.parametrize("name", PAGES)
def test_the_command_names_what_there_is(name):
    line = section(name, "From the command line").split("```\n")[1]
    assert f"--strategy {name}" in line
    assert set(re.findall(r"--preset (\w+)", line)) <= set(PRESETS)


@pytest.mark.parametrize("name", PAGES)
def test_the_page_has_its_picture_and_it_is_small(name):
    (picture,) = re.findall(r"!\[[^]]+\]\((pictures/\w+\.png)\)", page(name))
    assert (DOCS / picture).stat().st_size < 250_000
