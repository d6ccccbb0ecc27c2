"""Each command that docs/data.md shows is run, against servers on the loopback address."""

import re
import shlex

import pandas as pd
import pytest

from benchmarks.loopback_exchange import LoopbackExchange
from tests.cli.running import ROOT, command
from tests.data.online.loopback_yahoo import LoopbackYahoo

PAGE = (ROOT / "docs" / "data.md").read_text()
SECTIONS = ("From an exchange", "From Yahoo", "Made-up candles")
CLOCK = pd.Timestamp("2020-06-20 12:34")


def shown(section):
    """Return the commands that a section shows, in order."""
    text = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    blocks = re.findall(r"```\n(.*?)```", text, flags=re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("bt-fusion")]


def quick(words):
    return words[1] != "backtest"


@pytest.fixture
def servers(tmp_path, monkeypatch):
    """Run in an empty folder; returns a function that runs one command."""
    pytest.importorskip("ccxt")
    pytest.importorskip("yfinance")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BT_FUSION_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    first = pd.Timestamp("2020-01-01")
    with LoopbackExchange(first=first, clock=CLOCK) as exchange, LoopbackYahoo(1_500) as yahoo:

        def run(words):
            host = yahoo.host if "yahoo" in " ".join(words) else exchange.host
            monkeypatch.setenv("BT_FUSION_HOST", host)
            assert command(*words[1:]) == 0, words

        yield run


@pytest.mark.parametrize(("section", "count"), [*zip(SECTIONS, (3, 2, 4), strict=True)])
def test_the_commands_that_fetch_and_audit_run(section, count, servers, tmp_path, capsys):
    lines = [words for line in shown(section) if quick(words := shlex.split(line))]
    assert len(lines) == count
    for words in lines:
        servers(words)
        if "--out" in words:
            assert (tmp_path / words[words.index("--out") + 1]).is_file()
    assert "Audit" in capsys.readouterr().out


@pytest.mark.slow
def test_the_slow_commands_run(servers, tmp_path, capsys):
    lines = [
        words for section in SECTIONS for line in shown(section) if (words := shlex.split(line))
    ]
    slow = [words for words in lines if not quick(words)]
    assert len(slow) == 3
    servers(lines[0])
    for words in slow:
        servers(words)
        assert "no evidence" in capsys.readouterr().out
        assert (tmp_path / "results" / "report.html").is_file()
