"""What the README and the docs show, runs and is true."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import bt_fusion
from bt_fusion.features.__main__ import table

ROOT = Path(bt_fusion.__file__).resolve().parent.parent
README = ROOT / "README.md"


def test_the_drop_in_example_runs_as_it_stands(tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)
    assert len(blocks) == 1
    script = tmp_path / "script.py"
    script.write_text(blocks[0] + CHECK)
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, cwd=tmp_path, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    value, predicted = done.stdout.split()
    assert float(value) != 10_000  # it traded
    assert int(predicted) == 5_031 - 2_000


CHECK = """
print(sum(p == p for p in cerebro.runningstrats[0].ml.probability.array))
"""


@pytest.mark.parametrize("page", [README, *sorted((ROOT / "docs").glob("*.md"))])
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\((?!http)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_list_of_features_is_the_register():
    assert (ROOT / "docs" / "features.md").read_text() == table() + "\n"
