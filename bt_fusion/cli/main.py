"""The command line: what it asks for; the work is done elsewhere.

Only what a command needs is imported when it runs, so that --help comes at once.
"""

import sys

import typer

from bt_fusion.cli.audit import audit
from bt_fusion.cli.backtest import backtest
from bt_fusion.cli.download import download
from bt_fusion.cli.evaluate import evaluate
from bt_fusion.cli.predict import predict
from bt_fusion.cli.retrain import retrain
from bt_fusion.cli.saved.pull import pull
from bt_fusion.cli.saved.push import push
from bt_fusion.cli.saved.report import report
from bt_fusion.cli.saved.show import show
from bt_fusion.cli.saved.why import why
from bt_fusion.cli.screen import told_interruption
from bt_fusion.cli.sweep import sweep
from bt_fusion.cli.train import train
from bt_fusion.cli.tune import tune
from bt_fusion.cli.universe import universe

__all__ = ["app", "main", "run_backtest"]

app = typer.Typer(
    help="A second opinion from an ML ensemble for Backtrader strategies.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

COMMANDS = (
    *(backtest, train, tune, evaluate, predict, retrain, sweep, universe),
    *(download, audit, report, show, why, push, pull),
)
for command in COMMANDS:
    app.command()(command)


def main(argv: list[str] | None = None) -> None:
    """Run `bt-fusion`; ends with SystemExit."""
    with told_interruption():
        app(argv)


def run_backtest(argv: list[str] | None = None) -> None:
    """Run `bt-fusion backtest` with the given options; ends with SystemExit."""
    words = sys.argv[1:] if argv is None else argv
    with told_interruption():
        app(["backtest", *words], prog_name="run_backtest.py")
