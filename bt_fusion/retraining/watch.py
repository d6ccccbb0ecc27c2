"""Waiting for new bars, and retraining when it is due."""

import time
from collections.abc import Callable

from bt_fusion.interrupts import no_interrupt_lost
from bt_fusion.retraining.result import Retraining
from bt_fusion.retraining.retrainer import Retrainer

__all__ = ["watch"]

SHORTEST, LONGEST = 0.1, 86_400.0  # seconds between two looks; the second after failures


def watch(
    retrainer: Retrainer,
    look: Callable[[], Retraining],
    pause: float,
    say: Callable[[str], object],
) -> None:
    """Look at the bars again and again, until Ctrl-C.

    A failure is said and written into the log, and it goes on: after each one in a row the pause is
    twice as long, up to a day.

    Parameters
    ----------
    retrainer : Retrainer
        Whose log takes the failures.
    look : callable
        Reads the bars and retrains if it is due.
    pause : float
        Seconds between two looks.
    say : callable
        Takes what came of a look, where it is not what came of the last one.
    """
    said, wait = "", pause
    with no_interrupt_lost() as check:
        while True:
            try:
                text, wait = look().text, pause
            except Exception as error:  # whatever it is, the model in the folder goes on
                check()
                retrainer.note_failure(error)
                wait = min(2 * wait, max(pause, LONGEST))
                text = f"failed: {' '.join(str(error).split()) or type(error).__name__}"
            if text != said:
                say(text)
            said = text
            time.sleep(max(wait, SHORTEST))
