"""Make Ctrl-C end the work even if a library swallows it or takes it for a file error."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["no_interrupt_lost"]

RETRY_SECONDS = 0.05  # seconds until a swallowed one is raised again


@contextmanager
def no_interrupt_lost() -> Iterator[Callable[[], None]]:
    """Yield a function that raises KeyboardInterrupt if a Ctrl-C was swallowed.

    If it arrives while a library frees memory (`__del__`), Python only prints the exception: it is
    raised again a moment later. pandas reports the file it is reading as unreadable: call the
    function then.
    """
    usual: Any = signal.getsignal(signal.SIGINT)
    usual_hook = sys.unraisablehook
    seen: list[int] = []
    coming: list[threading.Timer] = []

    def note(number: int, frame: Any) -> None:
        seen.append(number)
        usual(number, frame)

    def once_more(unraisable: Any) -> None:
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            usual_hook(unraisable)
            return
        coming.append(threading.Timer(RETRY_SECONDS, wake_main_thread))
        coming[-1].daemon = True
        coming[-1].start()

    def check() -> None:
        if seen:
            raise KeyboardInterrupt

    main = threading.current_thread() is threading.main_thread() and callable(usual)
    if main:
        signal.signal(signal.SIGINT, note)
        sys.unraisablehook = once_more
    try:
        yield check
    finally:
        for timer in coming:
            timer.cancel()
        if main:
            signal.signal(signal.SIGINT, usual)
            sys.unraisablehook = usual_hook


def wake_main_thread() -> None:
    """Send a Ctrl-C to the main thread, and wake it up if the system supports that."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        signal.raise_signal(signal.SIGINT)
