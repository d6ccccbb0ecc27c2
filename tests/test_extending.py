"""docs/extending.md: its plug-in, its commands and its script run as they stand."""

import re
import subprocess
import sys

import pytest

from tests.test_readme import ROOT

PAGE = (ROOT / "docs" / "extending.md").read_text()
SMALL = ["--data", "random-walk:1500", "--quiet"]
COMMANDS = """
import shlex, sys
from bt_fusion.cli.main import main
for line in sys.argv[1:]:
    try:
        main(shlex.split(line))
    except SystemExit as end:
        assert not end.code, line
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The page's code blocks as the files their comments name."""
    folder = tmp_path_factory.mktemp("extending")
    blocks = re.findall(r"<!-- (\S+), run by[^>]*-->\n```python\n(.*?)```", PAGE, flags=re.DOTALL)
    assert [name for name, _ in blocks] == ["my_parts.py", "script.py"]
    for name, code in blocks:
        (folder / name).write_text(code)
    return folder


def run(folder, *words):
    """Run Python in a folder; return what it printed."""
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, cwd=folder, timeout=300
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.slow
def test_every_command_takes_the_plug_in(folder):
    (block,) = re.findall(r"<!-- commands, run by.*?-->\n```\n(.*?)```", PAGE, flags=re.DOTALL)
    lines = [line.removeprefix("bt-fusion ") for line in block.splitlines()]
    assert {line.split()[0] for line in lines} == {
        *("train", "show", "evaluate", "predict", "backtest", "why", "tune")
    }
    small = [], SMALL
    given = [" ".join([line, *small[line.split()[0] not in ("show", "why")]]) for line in lines]
    run(folder, "-c", COMMANDS, *given)
    for made in ("models/mine/manifest.json", "traded/report.html", "walked/report.html"):
        assert (folder / made).stat().st_size


def test_the_script_mixes_own_and_built_in_parts(folder):
    printed = run(folder, "script.py")
    assert "prob_yes" in printed
    assert printed.splitlines()[-1].endswith("'sma_10_over_20', 'gap', 'range_position')")


def test_the_check_of_a_feature_runs(folder):
    (check,) = re.findall(
        r"```python\n(from bt_fusion import check_causality\n.*?)```", PAGE, flags=re.DOTALL
    )
    head = (
        "from my_parts import CloseAboveHigh, range_position\nfrom bt_fusion import load_sample\n"
    )
    (folder / "check.py").write_text(f"{head}bars = load_sample('sp500')\n{check}")
    run(folder, "check.py")
