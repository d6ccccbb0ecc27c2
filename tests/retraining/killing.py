"""A process that is killed at its n-th change of the file system."""

import os
import signal
import sys
import traceback

CHANGES = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def is_change(event, arguments):
    """Tell whether an audit event changes the file system, inside a test's folders."""
    if event == "open":
        return bool(arguments[2] & WRITING) and "/dev/" not in str(arguments[0])
    return event in CHANGES


def in_a_child(work, kill_at=0):
    """Run work in a forked child, killed just before its n-th change; return (changes, killed)."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        with os.fdopen(reading) as pipe:
            output = pipe.read()
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        assert killed or status == 0, (status, output)
        return int(output or 0), killed
    count = 0

    def hook(event, arguments):
        nonlocal count
        if not is_change(event, arguments):
            return
        count += 1
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        sys.addaudithook(hook)
        work()
        os.write(writing, str(count).encode())
        os._exit(0)
    except BaseException:
        os.write(writing, traceback.format_exc().encode())
        os._exit(1)
