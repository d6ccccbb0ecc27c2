"""A Ctrl-C that a library swallows, or takes for a fault of a file, still ends the work."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["no_interrupt_lost"]


@contextmanager
def no_interrupt_lost() -> Iterator[Callable[[], None]]:
    """Yield a function that raises the KeyboardInterrupt of a Ctrl-C that was swallowed.

    Where it comes while a library frees its memory (`__del__`), Python prints the exception and
    goes on; pandas says of the file it is reading that it cannot be read.
    """
    usual: Any = signal.getsignal(signal.SIGINT)
    seen: list[int] = []

    def note(number: int, frame: Any) -> None:
        seen.append(number)
        usual(number, frame)

    def check() -> None:
        if seen:
            raise KeyboardInterrupt

    main = threading.current_thread() is threading.main_thread() and callable(usual)
    if main:
        signal.signal(signal.SIGINT, note)
    try:
        yield check
    finally:
        if main:
            signal.signal(signal.SIGINT, usual)
