"""Progress lines: on a terminal, of steps that take longer than a second, and nowhere else."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

import bt_fusion
from bt_fusion.progress import step

ROOT = Path(bt_fusion.__file__).resolve().parent.parent
STEPS = """
import threading, time
from bt_fusion.progress import hidden, step

def work(name, seconds):
    with step(name) as report:
        report(1, 4)
        time.sleep(seconds)
        report(4, 4)

work("short", 0.2)
with hidden():
    work("hidden", 1.5)
other = threading.Thread(target=work, args=("elsewhere", 1.5))
other.start()
other.join()
place = iter(range(1, 1_000))
with step("outer", place=lambda: (next(place), 1_000)):
    work("inner", 1.6)
with step("uncounted"):
    time.sleep(1.4)
print("said between")
"""
OWN_SCRIPT = """
import backtrader as bt
from bt_fusion import SignalModel, WalkForward
from bt_fusion.data.samples import planted_edge
from bt_fusion.indicators import MLEnsemble

class Mine(bt.Strategy):
    def __init__(self):
        self.ml = MLEnsemble(model=WalkForward(SignalModel(), 1_500, 150, cache=None))

cerebro = bt.Cerebro()
cerebro.adddata(bt.feeds.PandasData(dataname=planted_edge(4_000)))
cerebro.addstrategy(Mine)
cerebro.run()
"""


def shown_on_terminal(*command: str, out: int | None = None) -> str:
    """Return what a command writes to a terminal, control codes aside; or to stderr alone."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "100"}
    streams = {"stdin": theirs, "stdout": theirs if out is None else out, "stderr": theirs}
    process = subprocess.Popen([sys.executable, *command], env=environment, **streams)
    os.close(theirs)
    parts = []
    while True:
        try:
            part = os.read(ours, 65_536)
        except OSError:  # Linux says so when the other end is closed
            break
        if not part:
            break
        parts.append(part)
    os.close(ours)
    assert process.wait() == 0, b"".join(parts).decode()
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", b"".join(parts).decode())


@pytest.mark.slow
def test_steps_show_on_a_terminal_once_they_take_a_second():
    output = shown_on_terminal("-c", STEPS)
    for name in ("short", "hidden", "elsewhere"):
        assert name not in output
    assert re.search(r"inner .*1/4", output)
    assert re.search(r"outer .*[0-9]/1,000", output)
    left = re.search(r"outer .*/1,000 0:00:01[^~]*uncounted .*0:00:01[^~]*said between", output)
    assert left, output


@pytest.mark.slow
def test_a_walk_forward_in_a_script_of_ones_own_shows_its_refits():
    assert re.search(r"Refits .*/17", shown_on_terminal("-c", OWN_SCRIPT))


@pytest.mark.slow
def test_quiet_shows_nothing(tmp_path):
    options = ["--quiet", "--no-report", "--cache", "none", "--out", str(tmp_path)]
    data = ["--data", "random-walk", "--members", "lgb", "--refit-bars", "400"]
    assert shown_on_terminal(str(ROOT / "run_backtest.py"), *options, *data) == ""


def test_what_is_printed_into_a_file_stays_there(tmp_path):
    script = (
        "import time; from bt_fusion.progress import step\n"
        "with step('long'):\n    time.sleep(1.5); print('for the file')"
    )
    with (tmp_path / "log.txt").open("w") as file:
        output = shown_on_terminal("-c", script, out=file.fileno())
    assert "long" in output and "for the file" not in output
    assert (tmp_path / "log.txt").read_text() == "for the file\n"


def test_nothing_is_shown_without_a_terminal():
    long = 'import time; from bt_fusion.progress import step\nwith step("long"): time.sleep(1.3)'
    done = subprocess.run([sys.executable, "-c", long], capture_output=True, cwd=ROOT, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")


def test_a_caller_who_wants_to_be_told_is():
    progress = []
    with step("Refits", report=lambda done, total: progress.append((done, total))) as report:
        report(1, 2)
    assert progress == [(1, 2)]


def test_what_fails_inside_a_step_is_raised():
    with pytest.raises(ValueError, match="broken"), step("Refits"):
        raise ValueError("broken")
