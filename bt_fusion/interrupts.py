"""A Ctrl-C that a library swallows, or takes for a fault of a file, still ends the work."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["no_interrupt_lost"]

AGAIN = 0.05  # seconds until a swallowed one comes again


@contextmanager
def no_interrupt_lost() -> Iterator[Callable[[], None]]:
    """Yield a function that raises the KeyboardInterrupt of a Ctrl-C that was swallowed.

    Where it comes while a library frees its memory (`__del__`), Python would print the exception
    and go on: it comes again a moment later. pandas says of the file it is reading that it cannot
    be read: ask the function.
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
        coming.append(threading.Timer(AGAIN, wake_main_thread))
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
    """Send a Ctrl-C to the main thread, out of its sleep where the system can do that."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        signal.raise_signal(signal.SIGINT)
