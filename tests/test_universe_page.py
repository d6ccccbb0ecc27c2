"""docs/universe.md: its commands run as they stand, on a few small files."""

import json
import re

import pandas as pd
import pytest

from bt_fusion.data.samples import random_walk
from tests.cli.running import command
from tests.test_readme import ROOT

PAGE = (ROOT / "docs" / "universe.md").read_text()
COMMANDS = re.findall(r"^    bt-fusion (universe .*)$", PAGE, flags=re.MULTILINE)


@pytest.fixture
def candles(tmp_path, monkeypatch):
    """Two walks of hours in a folder beside which the commands run."""
    (tmp_path / "candles").mkdir()
    for seed in range(2):
        bars = random_walk(1_600, seed)
        hours = pd.date_range("2024-01-01", periods=len(bars), freq="h", name="datetime")
        bars.set_axis(hours).to_csv(tmp_path / "candles" / f"walk{seed}.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_command_of_the_page_runs_and_writes_its_files(candles):
    named = set(re.findall(r"`(universe\w*\.\w+|summary\.json)`", PAGE))
    assert (len(COMMANDS), len(named)) == (3, 5)
    for line in COMMANDS:
        words = [word.strip("'") for word in line.split()]
        assert command(*words, "--jobs", "1", "--quiet") == 0
        out = candles / (words[words.index("--out") + 1] if "--out" in words else "universe")
        summary = json.loads((out / "summary.json").read_text())
        assert summary["judged"] == 2
        assert all((out / name).is_file() for name in named)
    assert summary["config"]["shuffle_labels"] is True
