"""Ctrl-C while a command is imported, and after it is done: one line and exit code 130."""

import signal
from threading import Thread

import pytest

from bt_fusion import start
from tests.cli.running import ROOT, in_a_process

# Presses Ctrl-C at the n-th import after the start module
INTERRUPTED = """
import os, signal, sys
from bt_fusion.start import main
signal.signal(signal.SIGINT, signal.{usual})
seen = 0
def press(event, arguments):
    global seen
    seen += event == "import"
    if event == "import" and seen == {number}:
        os.kill(os.getpid(), signal.SIGINT)
sys.addaudithook(press)
main(["--help"])
"""
LATE = """
import atexit, os, signal
from bt_fusion.start import main
signal.signal(signal.SIGINT, signal.default_int_handler)
atexit.register(lambda: os.kill(os.getpid(), signal.SIGINT))
main(["--help"])
"""


@pytest.mark.parametrize("number", [1, 2, 20, 70, 130])
def test_at_any_import_it_is_one_line(number, tmp_path):
    code = INTERRUPTED.format(number=number, usual="default_int_handler")
    done = in_a_process("-c", code, cwd=tmp_path)
    assert (done.returncode, done.stderr, done.stdout) == (130, "interrupted\n", "")


def test_when_the_command_is_done_it_is_one_line(tmp_path):
    done = in_a_process("-c", LATE, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (130, "interrupted\n")
    assert "backtest" in done.stdout


def test_where_it_is_ignored_it_stays_so(tmp_path):
    done = in_a_process("-c", INTERRUPTED.format(number=70, usual="SIG_IGN"), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_little_is_imported_before_it_is_heard(tmp_path):
    code = "import sys; before = {*sys.modules}; import bt_fusion.start\n"
    code += "print(len({*sys.modules} - before), 'typing' in {*sys.modules} - before)"
    count, typed = in_a_process("-S", "-c", code, cwd=ROOT, PYTHONPATH=str(ROOT)).stdout.split()
    assert int(count) < 40 and typed == "False"


@pytest.mark.parametrize("words", [["-m", "bt_fusion"], [str(ROOT / "run_backtest.py")]])
def test_both_ways_to_start_it_are_the_command_line(words, tmp_path):
    done = in_a_process(*words, "--help", cwd=tmp_path)
    assert done.returncode == 0 and "usage" in done.stdout.lower()


def test_another_handler_is_left_alone():
    from bt_fusion.start import main

    def mine(*_):
        raise AssertionError("nobody pressed Ctrl-C")

    usual = signal.signal(signal.SIGINT, mine)
    try:
        with pytest.raises(SystemExit):
            main(["--help"])
        assert signal.getsignal(signal.SIGINT) is mine
    finally:
        signal.signal(signal.SIGINT, usual)


def test_a_command_runs_outside_the_main_thread():
    def run():
        with pytest.raises(SystemExit) as ended:
            start.main(["show", "--help"])
        codes.append(ended.value.code)

    codes: list[object] = []
    thread = Thread(target=run)
    thread.start()
    thread.join()
    assert codes == [0]
