"""Waiting for bars: what is said, what is logged, how it ends."""

import os
import signal
import threading
import time

import pytest

from bt_fusion import BarsError, Retrainer
from bt_fusion.retraining.watch import watch


def watched(folder, results, pause=0.0, monkeypatch=None):
    """Watch with looks one after the other, the last of which presses Ctrl-C."""
    messages, rest = [], iter(results)
    retrainer = Retrainer(folder)

    def run_once():
        found = next(rest)
        if isinstance(found, BaseException):
            raise found
        return retrainer.run(found)

    with pytest.raises(KeyboardInterrupt):
        watch(retrainer, run_once, pause, messages.append)
    return messages


@pytest.fixture
def no_waiting(monkeypatch):
    waits = []
    monkeypatch.setattr(time, "sleep", waits.append)
    return waits


def test_it_waits_retrains_and_says_what_is_new(bars, folder, no_waiting):
    results = [bars[:1_780], bars[:1_780], bars[:2_161], KeyboardInterrupt()]
    first, second = watched(folder, results, 60.0)
    assert "not due" in first and "#1 replaced" in second
    assert no_waiting == [60.0] * 3


def test_a_failure_is_logged_and_it_goes_on(bars, folder, no_waiting):
    results = [
        BarsError("no file a.csv"),
        MemoryError(),
        bars[:2_161],
        ValueError("x"),
        KeyboardInterrupt(),
    ]
    messages = watched(folder, results, 60.0)
    assert messages[:2] == ["failed: no file a.csv", "failed: MemoryError"]
    assert "#1 replaced" in messages[2] and messages[3] == "failed: x"
    log = (folder.with_name("model.history") / "log.txt").read_text()
    assert [part in log for part in ("no file a.csv", "MemoryError", "#1 replaced", "x")]
    assert log.count("failed: ") == 3
    assert no_waiting == [120.0, 240.0, 60.0, 120.0]


def test_pauses_grow_up_to_a_day(folder, no_waiting):
    watched(folder, [*(BarsError("no") for _ in range(12)), KeyboardInterrupt()], 600.0)
    assert no_waiting[-1] == 86_400.0 and len(no_waiting) == 12


def test_ctrl_c_that_a_library_took_for_a_fault_ends_it(folder):
    def run_once():
        os.kill(os.getpid(), signal.SIGINT)
        try:
            time.sleep(5)
        except KeyboardInterrupt:
            raise ValueError("cannot be read") from None

    with pytest.raises(KeyboardInterrupt):
        watch(Retrainer(folder), run_once, 0.0, print)


def test_ctrl_c_ends_a_pause(bars, folder):
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        watch(Retrainer(folder), lambda: Retrainer(folder).run(bars[:1_780]), 600.0, print)
    assert time.monotonic() - began < 60
