"""Work side by side: a Ctrl-C ends it wherever it comes."""

import os
import signal
import subprocess
import sys
import time

import pytest

from bt_fusion import WorkerError
from bt_fusion.interrupts import no_interrupt_lost
from bt_fusion.parallel import run_unordered


class Freed:
    """Is interrupted while its memory is freed, as a library's data set may be."""

    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)


def frees(number):
    made = Freed() if number == 1 else None
    del made
    return number


def test_an_interrupt_that_a_destructor_swallows_still_ends_the_work():
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        results = run_unordered(frees, [(number,) for number in range(5)], workers=1)
        done = [next(results)]
        with pytest.raises(KeyboardInterrupt):
            done += results
        assert done == [0]
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, usual)


def test_an_interrupt_that_a_destructor_swallows_comes_again():
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), no_interrupt_lost():
            frees(1)
            time.sleep(30)
    finally:
        signal.signal(signal.SIGINT, usual)


def dies(number):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_is_killed_is_an_error_that_names_the_remedy():
    with pytest.raises(WorkerError, match=r"one of 2 worker processes was killed.*--jobs 1"):
        list(run_unordered(dies, [(1,), (2,)], workers=2))


WAITS = """
import sys, time
from bt_fusion import WorkerError
from bt_fusion.interrupts import no_interrupt_lost
from bt_fusion.parallel import run_unordered
for _ in run_unordered(time.sleep, [(0.01,), (int(sys.argv[1]),)], workers=2):
    print("one done", flush=True)
"""


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("seconds", [1, 60])
def test_workers_end_once_their_parent_is_killed(seconds):
    process = subprocess.Popen(
        [sys.executable, "-c", WAITS, str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout.readline() == "one done\n"  # one worker waits for work, one is at it
    process.kill()
    process.wait()
    process.stdout.close()
    with pytest.raises(ProcessLookupError):
        for _ in range(200):
            os.killpg(process.pid, 0)
            time.sleep(0.05)
