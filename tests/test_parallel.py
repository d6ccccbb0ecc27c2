"""Work side by side: a Ctrl-C ends it wherever it comes."""

import os
import signal

import pytest

from bt_fusion.parallel import run_unordered


class Freed:
    """Is interrupted while its memory is freed, as a library's data set may be."""

    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)


def frees(number):
    made = Freed() if number == 1 else None
    del made
    return number


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
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
