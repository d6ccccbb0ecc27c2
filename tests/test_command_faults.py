"""The bench of commands under faults: what counts as a step, and that it finds what is wrong."""

import os
import signal
import sys
import time
from collections import Counter
from random import Random

import pytest

from benchmarks import command_faults
from benchmarks.command_faults import Ended, Place, Trial, children_of, end, members_of, start
from benchmarks.fault_child import is_step

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")


@pytest.mark.parametrize(
    ("kind", "event", "arguments", "found"),
    [
        ("kill", "os.rename", ("/a/x", "/a/y", -1, -1), True),
        ("kill", "os.rename", ("/b/x", "/b/y", -1, -1), False),
        ("kill", "open", ("/a/x", "w", os.O_WRONLY | os.O_CREAT), False),
        ("error", "open", ("/a/x", "w", os.O_WRONLY | os.O_CREAT), True),
        ("error", "open", ("/a/x", "r", os.O_RDONLY), False),
        ("error", "os.mkdir", ("/a/x", 0o777, -1), True),
        ("kill", "os.mkdir", ("/a/x", 0o777, -1), False),
    ],
)
def test_what_counts_as_a_step(kind, event, arguments, found):
    assert is_step(kind, "/a", event, arguments) is found


def test_a_command_hears_ctrl_c_even_where_this_process_does_not(tmp_path):
    usual = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        code = "import time; print(1, flush=True); time.sleep(60)"
        process = start(["-c", code], tmp_path, [sys.executable])
        while not members_of(process.pid):
            time.sleep(0.01)
        time.sleep(0.3)
        os.killpg(process.pid, signal.SIGINT)
        ended = end(process)
    finally:
        signal.signal(signal.SIGINT, usual)
    assert ended.code == -signal.SIGINT and ended.survivors == 0
    assert members_of(process.pid) == children_of(process.pid) == []


@pytest.mark.parametrize(
    ("ended", "wrong"),
    [
        (Ended(130, ["interrupted; x"], 0), []),
        (Ended(0, ["Some library says something"], 0), []),
        (Ended(130, ["interrupted; x"], 2), ["2 processes alive after 10 s"]),
        (Ended(None, ["last"], 0), ["hung: ['last']"]),
        (Ended(1, ["Traceback", "KeyError: 1"], 0), ["exit code 1: ['KeyError: 1']", "said"]),
        (Ended(130, ["interrupted", "Traceback"], 0), ["said ['interrupted', 'Traceback']"]),
        (Ended(0, ["Traceback (most recent", "x"], 0), ["said ['x']"]),
    ],
)
def test_how_an_end_is_judged(ended, wrong, tmp_path):
    trial = Trial(Place(tmp_path), "backtest", Random(0), {})
    trial.judge(ended, (0, 130), "interrupted")
    assert len(trial.wrong) == len(wrong)
    assert all(said.startswith(text) for said, text in zip(trial.wrong, wrong, strict=True))


def test_a_lost_run_is_found(tmp_path):
    trial = Trial(Place(tmp_path), "backtest", Random(0), {})
    trial.check_kept(set())
    assert len(trial.wrong) == 1 and trial.wrong[0].startswith("lost: ")


def test_temporary_files_are_found_and_aged(tmp_path):
    (tmp_path / ".new-abcd1234").mkdir()
    (tmp_path / "summary.json").write_text("{}")
    place = Place(tmp_path)
    place.age()
    assert place.leftovers() == [".new-abcd1234"]
    assert time.time() - (tmp_path / ".new-abcd1234").stat().st_mtime > 86_400


@pytest.mark.slow
def test_a_killed_report_costs_nothing():
    found, findings = command_faults.run(times=1, only="kill at a rename report")
    assert findings == []
    assert found == {("kill at a rename", "report"): Counter(killed=1, wrong=0)}
