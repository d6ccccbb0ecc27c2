"""Replacing the files of a run so that a crash at any moment leaves the old run or the new one.

The new files are written into a folder beside the old ones. Its one rename to `FINISHED` decides:
before it the old run stands, after it the new one, whose files are then moved out one by one. Who
comes next, to read or to write, moves what an interruption left. A lock keeps two apart.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock

__all__ = ["commit", "finish_interrupted", "run_lock"]

FINISHED = ".finished"
LOCK = ".run.lock"
DRAWN = "drawn.txt"  # in FINISHED: what was drawn from the run before, to be removed
LAST = "summary.json"  # where it stands, the other files belong to it


def commit(folder: Path, new: Path, drawn: Sequence[str]) -> None:
    """Put the files of `new`, a folder inside `folder`, into the place of those there.

    Parameters
    ----------
    folder, new : Path
    drawn : sequence of str
        Files that may have been drawn from an earlier run, which are removed.
    """
    (new / DRAWN).write_text("\n".join(drawn), encoding="utf-8")
    with run_lock(folder):
        os.rename(new, folder / FINISHED)
        _move_out(folder)


@contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Keep other writers of a run's folder out, and finish what an interruption left there.

    Where the folder cannot be written there is no other writer, and no lock.
    """
    with ExitStack() as held:
        with suppress(OSError, NotImplementedError):  # the second: a file system without locks
            held.enter_context(FileLock(folder / LOCK))
        if (folder / FINISHED).is_dir() and os.access(folder, os.W_OK):
            _move_out(folder)
        yield


def finish_interrupted(folder: Path) -> None:
    """Finish what an interruption left in a run's folder."""
    if (folder / FINISHED).is_dir():
        with run_lock(folder):
            pass


def _move_out(folder: Path) -> None:
    """Remove what belongs to the run before, and move the new files out, the summary last."""
    new = folder / FINISHED
    names = sorted(path.name for path in new.iterdir())
    if DRAWN in names:
        drawn = (new / DRAWN).read_text(encoding="utf-8").splitlines()
        for name in (LAST, *drawn):
            (folder / name).unlink(missing_ok=True)
        (new / DRAWN).unlink()
    for name in sorted(set(names) - {DRAWN}, key=lambda name: (name == LAST, name)):
        os.replace(new / name, folder / name)
    new.rmdir()
