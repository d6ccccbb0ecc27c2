"""Commands that write a folder again: what was there is kept, and still counts."""

import json

import pytest

from tests.cli.running import command, written

SMALL = ["--data", "random-walk:600", "--features", "gap", "--members", "lr", "--no-report"]
SMALL += ["--train-bars", "400", "--refit-bars", "200", "--jobs", "1"]
ONE = ["backtest", *SMALL, "--ml", "on", "--no-audit"]


def text(folder, name="summary.json"):
    return json.loads((folder / name).read_text())


@pytest.fixture
def at(tmp_path, monkeypatch):
    """The folder a command runs in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_second_run_keeps_the_first_and_counts_it(at, capsys):
    assert command(*ONE) == 0
    assert "Earlier" not in capsys.readouterr().out
    (at / "results" / "backtrader.png").write_bytes(b"the chart of --plot")
    assert command(*ONE, "--param", "ema_fast=5") == 0
    assert "to results-1; --overwrite would replace them" in capsys.readouterr().out
    assert text(at / "results-1")["config"]["params"] == {}
    assert text(at / "results")["config"]["params"] == {"ema_fast": 5}
    assert "backtrader.png" in written(at / "results-1") - written(at / "results")
    assert "ledger.jsonl" not in written(at / "results-1")
    assert text(at / "results")["statistics"]["trials"] == 2
    assert command(*ONE, "--param", "ema_fast=6", "--overwrite") == 0
    assert text(at / "results")["statistics"]["trials"] == 3
    assert sorted(path.name for path in at.iterdir()) == ["results", "results-1"]


def test_a_sweep_goes_on_in_its_folder_and_another_one_keeps_it(at, capsys):
    sweep = ["sweep", *SMALL]
    for _ in range(2):  # the same sweep again: its table is replaced by an equal one
        assert command(*sweep, "--param", "ema_fast=5,6") == 0
    assert [path.name for path in at.iterdir()] == ["results"]
    assert command(*sweep, "--param", "ema_fast=5,6,7") == 0
    assert "Runs       6 (2 made now, 4 before)" in capsys.readouterr().out.replace("\n", " ")
    assert text(at / "results-1", "sweep.json")["grid"] == {"ema_fast": [5, 6]}
    assert text(at / "results", "sweep.json")["grid"] == {"ema_fast": [5, 6, 7]}
    assert command(*ONE) == 0  # beside a sweep there is no run yet
    assert sorted(path.name for path in at.iterdir()) == ["results", "results-1"]
    assert text(at / "results")["statistics"]["trials"] == 4
