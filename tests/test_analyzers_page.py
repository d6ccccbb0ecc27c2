"""docs/analyzers.md runs as it stands and prints what it says, word by word."""

import re
import subprocess
import sys
from pathlib import Path

import bt_fusion
from bt_fusion import analyzers

PAGE = Path(bt_fusion.__file__).resolve().parent.parent / "docs" / "analyzers.md"
SHOW = "import pandas\npandas.set_option('display.width', 120, 'display.max_columns', 20)\n"
NUMBER = re.compile(r"-?\d+(\.\d+)?(e-\d+)?|NaN|nan")


def words(text):
    """Return a text without its numbers, which change with the versions of libraries."""
    return NUMBER.sub("#", text).split()


def test_the_page_runs_and_prints_what_it_says(tmp_path):
    blocks = re.findall(r"```(python|text)\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    code = [block for kind, block in blocks if kind == "python"]
    shown = [block for kind, block in blocks if kind == "text"]
    (tmp_path / "my_strategy.py").write_text(code[0])
    (tmp_path / "script.py").write_text(SHOW + "\n".join(code[1:]))
    done = subprocess.run(
        [sys.executable, "script.py"], capture_output=True, text=True, cwd=tmp_path, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert words(done.stdout) == words("".join(shown))


def test_every_analyzer_has_a_section():
    headings = re.findall(r"^## (\w+):", PAGE.read_text(), flags=re.M)
    assert set(headings) == set(analyzers.__all__)
