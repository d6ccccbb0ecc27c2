"""Progress on a terminal: a line for each step that takes longer than a second."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import parent_process
from typing import Any

__all__ = ["hidden", "step"]

Report = Callable[[int, int], None]
Place = Callable[[], tuple[int, int]]

DELAY, INTERVAL = 1.0, 0.25  # seconds until the first line, and between two updates


@dataclass(eq=False)
class Step:
    """One step of the work, and its progress.

    Attributes
    ----------
    what : str
    place : callable, optional
        Returns (done, total) on request, for loops that cannot report.
    done : int
    total : int or None
        None if nothing is counted.
    began : float
        By `time.monotonic`, as in rich.
    """

    what: str
    place: Place | None = None
    done: int = 0
    total: int | None = None
    began: float = field(default_factory=time.monotonic)

    def report(self, done: int, total: int) -> None:
        """Store the progress of the step."""
        self.done, self.total = done, total

    def rich_fields(self) -> dict[str, Any]:
        """Return the progress of the step in rich's form; empty if not counted."""
        if self.place is not None:
            self.report(*self.place())
        if self.total is None:
            return {}
        count = f"{self.done:,}/{self.total:,}"
        return {"completed": self.done, "total": self.total, "count": count}


class Display(threading.Thread):
    """Draws steps, from a second after the first began until it ends."""

    def __init__(self, first: Step):
        super().__init__(name="bt_fusion progress", daemon=True)
        self.steps = [first]  # the running ones, the outermost first
        self.over = threading.Event()
        self.start()

    def run(self) -> None:
        """Wait, then draw."""
        if not self.over.wait(DELAY):
            self.draw()

    def draw(self) -> None:
        """Show the steps until the first ends; its line stays."""
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[count]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        console = Console(stderr=True, highlight=False, emoji=False)
        with Progress(
            *columns,
            console=console,
            auto_refresh=False,
            redirect_stdout=is_terminal(sys.stdout),  # leave redirected or captured output alone
            redirect_stderr=is_terminal(sys.stderr),
        ) as progress:
            tasks: dict[Step, Any] = {}
            while not self.over.wait(INTERVAL):
                working = list(self.steps)
                for gone in tasks.keys() - set(working):
                    progress.remove_task(tasks.pop(gone))
                for each in working:
                    if each not in tasks:
                        tasks[each] = progress.add_task(each.what, total=None, count="")
                        progress.tasks[-1].start_time = each.began
                    progress.update(tasks[each], **each.rich_fields())
                progress.refresh()
            for each, task in tasks.items():
                progress.update(task, **{"completed": 1, "total": 1, **each.rich_fields()})

    def close(self) -> None:
        """Draw the last line."""
        self.over.set()
        self.join()


@dataclass
class State:
    """The display of this process."""

    display: Display | None = None
    hidden: int = 0


STATE = State()


@contextmanager
def step(
    what: str, *, place: Place | None = None, report: Report | None = None
) -> Iterator[Report]:
    """Show a step of the work on the terminal until the block ends.

    It appears after more than a second, below the steps it is part of. It never appears without a
    terminal, inside `hidden`, in another thread than the first, or in another process.

    Parameters
    ----------
    what : str
        Its name, such as "Refits".
    place : callable, optional
        Returns (done, total) when called, a few times a second, from another thread.
    report : callable, optional
        Called instead; then nothing is shown.

    Yields
    ------
    callable
        Call it with (done, total), if the step counts.

    Examples
    --------
    >>> with step("Refits") as report:
    ...     report(1, 10)
    """
    one = Step(what, place)
    if report is not None or not is_shown():
        yield report or one.report
        return
    outer = STATE.display
    if outer is None:
        STATE.display = display = Display(one)
    else:
        display = outer
        display.steps.append(one)
    try:
        yield one.report
    finally:
        if outer is None:
            STATE.display = None
            display.close()
        else:
            display.steps.remove(one)


@contextmanager
def hidden(hide: bool = True) -> Iterator[None]:
    """Show no progress inside the block.

    Examples
    --------
    >>> with hidden(), step("Refits") as report:
    ...     report(1, 10)
    """
    STATE.hidden += hide
    try:
        yield
    finally:
        STATE.hidden -= hide


def is_shown() -> bool:
    """Return whether this thread's steps are shown."""
    here = threading.current_thread() is threading.main_thread() and parent_process() is None
    return here and not STATE.hidden and is_terminal(sys.stderr)


def is_terminal(stream: Any) -> bool:
    """Return whether a stream is a terminal; it is None in a program without a window."""
    return stream is not None and stream.isatty()
