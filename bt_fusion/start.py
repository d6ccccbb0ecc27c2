"""The start of every command: Ctrl-C gives one line and exit code 130, also during imports.

This module and the package itself import almost nothing, so this takes effect quickly. Python's
shutdown after a run is protected in the same way.
"""

import os
import signal
import threading

__all__ = ["main", "run_backtest"]

INTERRUPTED = 130


def main(argv: list[str] | None = None) -> None:
    """Run `bt-fusion`; ends with SystemExit."""
    start("main", argv)


def run_backtest(argv: list[str] | None = None) -> None:
    """Run `bt-fusion backtest` with the given options; ends with SystemExit."""
    start("run_backtest", argv)


def start(name: str, argv: list[str] | None) -> None:
    """Import the command line and call one of its functions; outside it, Ctrl-C ends at once.

    If Ctrl-C is ignored, as in a shell's background, it stays so; only the main thread handles it.
    """
    usual = signal.getsignal(signal.SIGINT)
    main_thread = threading.current_thread() is threading.main_thread()
    if usual is not signal.default_int_handler or not main_thread:
        from bt_fusion.cli import main as cli

        getattr(cli, name)(argv)
        return
    signal.signal(signal.SIGINT, end_at_once)
    from bt_fusion.cli import main as cli

    try:
        signal.signal(signal.SIGINT, usual)
        getattr(cli, name)(argv)
    except KeyboardInterrupt:  # just before the command handles it itself
        end_at_once()
    finally:
        signal.signal(signal.SIGINT, end_at_once)


def end_at_once(*_: object) -> None:
    """Print one line and end the process: a library might catch an exception here."""
    os.write(2, b"interrupted\n")
    os._exit(INTERRUPTED)
