"""docs/add_ml.md: its strategy, its ten lines and its command run as they stand."""

import json
import re
import subprocess
import sys

import pytest

from bt_fusion import Backtest, Ensemble, SignalModel, WalkForward
from bt_fusion.cli import main as cli
from bt_fusion.strategies.ml_filter import ML_PARAMS
from tests.test_readme import ROOT

PAGE = (ROOT / "docs" / "add_ml.md").read_text()
CHECK = """
print(len(strategy.ml_filter.vetoes), cerebro.broker.getvalue() != 10_000)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The page's code blocks as the files their comments name."""
    blocks = re.findall(r"<!-- (\S+), run by.*?-->\n```python\n(.*?)```", PAGE, flags=re.DOTALL)
    assert [name for name, _ in blocks] == ["my_strategy.py", "script.py"]
    for name, code in blocks:
        (tmp_path / name).write_text(code)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_ten_lines_add_ml(folder):
    script = folder / "script.py"
    assert sum(bool(line) for line in script.read_text().splitlines()) == 10
    script.write_text(script.read_text() + CHECK)
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, cwd=folder, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    vetoes, traded = done.stdout.split()
    assert int(vetoes) > 100 and traded == "True"


def test_the_command_compares_both(folder, capsys):
    command = re.search(r"^bt-fusion (.*)$", PAGE, flags=re.MULTILINE).group(1).split()
    with pytest.raises(SystemExit) as ended:
        cli.main(command)
    assert (ended.value.code or 0) == 0
    summary = json.loads((folder / "results" / "summary.json").read_text())
    assert summary["ml_off"]["trades"] > summary["ml_on"]["trades"] > 10
    assert "Vetoes" in capsys.readouterr().out


def test_the_parameters_are_those_of_the_page():
    rows = re.findall(r"^\| `(ml_\w+)` \| (\S+)", PAGE, flags=re.MULTILINE)
    assert [name for name, _ in rows] == [name for name, _ in ML_PARAMS]
    shown = dict(rows)
    assert shown["ml_threshold"] == f"`{dict(ML_PARAMS)['ml_threshold']}`"
    assert shown["ml_on_unknown"] == f"`{dict(ML_PARAMS)['ml_on_unknown']}`"
    assert shown["ml_on_missing"] == f"`{dict(ML_PARAMS)['ml_on_missing']}`"


def test_a_strategy_that_asks_ml_itself_is_run_with_and_without(folder, edge):
    (code,) = re.findall(r"## When your.*?```python\n(.*?)```", PAGE, flags=re.DOTALL)
    file = folder / "asks.py"
    file.write_text(f"import backtrader as bt\nfrom bt_fusion.indicators import MLEnsemble\n{code}")
    model = SignalModel(["wick_balance", "gap"], ensemble=Ensemble(["lgb"]))
    walk = WalkForward(model, train_bars=600, refit_bars=450)
    summary = Backtest(walk, strategy=f"{file}:MyStrategy", draws=100).run(edge).summary
    assert summary["ml_off"]["trades"] > summary["ml_on"]["trades"] > 3
