"""The command line: argument handling only.

Each command imports what it needs when it runs, so --help is fast.
"""

import sys
from typing import Annotated

import typer

from bt_fusion.cli.audit import audit
from bt_fusion.cli.backtest import backtest
from bt_fusion.cli.config.init import init
from bt_fusion.cli.download import download
from bt_fusion.cli.evaluate import evaluate
from bt_fusion.cli.help.grouped_help import WIDE, GroupedCommand, GroupedCommands
from bt_fusion.cli.predict import predict
from bt_fusion.cli.retrain import retrain
from bt_fusion.cli.saved.pull import pull
from bt_fusion.cli.saved.push import push
from bt_fusion.cli.saved.report import report
from bt_fusion.cli.saved.show import show
from bt_fusion.cli.saved.why import why
from bt_fusion.cli.screen import reported_interruption
from bt_fusion.cli.sweep import sweep
from bt_fusion.cli.train import train
from bt_fusion.cli.tune import tune
from bt_fusion.cli.universe import universe

__all__ = ["app", "main", "run_backtest"]

app = typer.Typer(
    cls=GroupedCommands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings=WIDE,
)

COMMANDS = (
    *(backtest, train, tune, evaluate, predict, retrain, sweep, universe),
    *(download, audit, report, show, why, push, pull, init),
)
for command in COMMANDS:
    app.command(cls=GroupedCommand, epilog=command.__dict__["epilog"], context_settings=WIDE)(
        command
    )


def show_version(requested: bool) -> None:
    """Print the versions of bt_fusion, Python and Backtrader, and end."""
    if requested:
        from importlib.metadata import version
        from platform import python_version

        versions = (version("bt-fusion"), python_version(), version("backtrader"))
        print("bt_fusion {}, Python {}, Backtrader {}".format(*versions))
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            "-V",
            help="Show the version and exit.",
            is_eager=True,
            callback=show_version,
        ),
    ] = False,
) -> None:
    """Add an ML ensemble to a Backtrader strategy, and test whether it helps.

    bt-fusion COMMAND --help explains a command, with an example.
    """


def main(argv: list[str] | None = None) -> None:
    """Run `bt-fusion`; ends with SystemExit."""
    with reported_interruption():
        app(argv)


def run_backtest(argv: list[str] | None = None) -> None:
    """Run `bt-fusion backtest` with the given options; ends with SystemExit."""
    words = sys.argv[1:] if argv is None else argv
    verb = [] if words in (["--version"], ["-V"]) else ["backtest"]
    with reported_interruption():
        app([*verb, *words], prog_name="run_backtest.py")
