"""Wait for new bars, and retrain when due."""

import time
from collections.abc import Callable

from bt_fusion.interrupts import no_interrupt_lost
from bt_fusion.retraining.result import Retraining
from bt_fusion.retraining.retrainer import Retrainer

__all__ = ["watch"]

SHORTEST, LONGEST = 0.1, 86_400.0  # seconds between two checks; the second after failures


def watch(
    retrainer: Retrainer,
    run_once: Callable[[], Retraining],
    pause: float,
    say: Callable[[str], object],
) -> None:
    """Check the bars repeatedly until Ctrl-C.

    A failure is reported and logged, and the loop continues; each further failure in a row doubles
    the pause, up to a day.

    Parameters
    ----------
    retrainer : Retrainer
        Its log receives the failures.
    run_once : callable
        Reads the bars and retrains if it is due.
    pause : float
        Seconds between two checks.
    say : callable
        Called with the result of a check, if it differs from the last one.
    """
    reported, wait = "", pause
    with no_interrupt_lost() as check:
        while True:
            try:
                text, wait = run_once().text, pause
            except Exception as error:  # after any error, the model in the folder stays
                check()
                retrainer.note_failure(error)
                wait = min(2 * wait, max(pause, LONGEST))
                text = f"failed: {' '.join(str(error).split()) or type(error).__name__}"
            if text != reported:
                say(text)
            reported = text
            time.sleep(max(wait, SHORTEST))
