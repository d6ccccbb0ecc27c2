"""A command under a fault: ``python -m benchmarks.fault_child KIND N FOLDER WORDS``.

WORDS are the command's. KIND is `kill` (SIGKILL at the n-th rename inside FOLDER), `error`
(an OSError at the n-th time Python opens a file there to write, makes a folder or renames), or
`limit` (no file may grow above N bytes). With N = 0 nothing happens, and the last line of stderr
says how many steps of the first two kinds there were.
"""

import errno
import os
import signal
import sys
from collections import Counter
from typing import Any

from bt_fusion.start import main

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS, errno.EDQUOT)


def is_step(kind: str, folder: str, event: str, arguments: tuple[Any, ...]) -> bool:
    """Tell whether an audit event is a step of a kind inside a folder."""
    if not any(folder in str(part) for part in arguments[:2]):
        return False
    if event == "open":
        return kind == "error" and bool(arguments[2] & WRITING)
    return event == "os.rename" or (event == "os.mkdir" and kind == "error")


def watch(kind: str, number: int, folder: str) -> Counter[str]:
    """Let the n-th step of a kind fail; return the steps so far by kind."""
    count: Counter[str] = Counter()

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in ("open", "os.rename", "os.mkdir"):
            return
        for each in ("kill", "error"):
            count[each] += is_step(each, folder, event, arguments)
        if count[kind] == number and is_step(kind, folder, event, arguments):
            if kind == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            code = ERRORS[number % len(ERRORS)]
            raise OSError(code, os.strerror(code), str(arguments[0]))

    sys.addaudithook(hook)
    return count


def run(kind: str, number: int, folder: str, words: list[str]) -> None:
    """Run a command under a fault; ends as the command does."""
    if kind == "limit":
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (number, number))
        main(words)
    count = watch(kind, number, folder)
    try:
        main(words)
    finally:
        if number == 0:
            print(f"steps {count['kill']} {count['error']}", file=sys.stderr)


if __name__ == "__main__":
    run(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:])
