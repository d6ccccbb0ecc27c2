"""Replace the files of a run atomically: a crash leaves either the old run or the new one.

The new files are written into a folder beside the old ones. Renaming it to `FINISHED` is the
commit: before, the old run is valid; after, the new one, and its files are moved out one by one. If
that is interrupted, the next reader or writer completes it. A lock prevents concurrent access.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock

__all__ = ["commit", "finish_interrupted", "run_lock"]

FINISHED = ".finished"
LOCK = ".run.lock"
DRAWN = "drawn.txt"  # in FINISHED: charts of the previous run to remove
LAST = "summary.json"  # written last: if it exists, the other files belong to it


def commit(folder: Path, new: Path, drawn: Sequence[str]) -> None:
    """Replace the files in `folder` by those of `new`, a folder inside it.

    Parameters
    ----------
    folder, new : Path
    drawn : sequence of str
        Charts of an earlier run to remove.
    """
    (new / DRAWN).write_text("\n".join(drawn), encoding="utf-8")
    with run_lock(folder):
        os.rename(new, folder / FINISHED)
        _move_out(folder)


@contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Lock a run's folder against other writers, and complete an interrupted commit.

    A read-only folder has no other writer and needs no lock.
    """
    with ExitStack() as held:
        with suppress(OSError, NotImplementedError):  # the second: no file locks
            held.enter_context(FileLock(folder / LOCK))
        if (folder / FINISHED).is_dir() and os.access(folder, os.W_OK):
            _move_out(folder)
        yield


def finish_interrupted(folder: Path) -> None:
    """Complete an interrupted commit in a run's folder."""
    if (folder / FINISHED).is_dir():
        with run_lock(folder):
            pass


def _move_out(folder: Path) -> None:
    """Remove the previous run's files and move the new ones out, the summary last."""
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
