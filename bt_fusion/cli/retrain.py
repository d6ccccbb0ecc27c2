"""`bt-fusion retrain`: train a saved model again when it is due, and go back to earlier ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bt_fusion.cli.command import SOURCE, Json, command, option
from bt_fusion.cli.options import DatedBarOptions, MarketOptions, ScreenOptions
from bt_fusion.cli.options.model import NoCausalityCheck
from bt_fusion.cli.screen import Screen
from bt_fusion.errors import OptionError

if TYPE_CHECKING:
    from bt_fusion.retraining import Retrainer, Retraining

__all__ = ["retrain"]

KEPT = "the model is whole; run the command again to go on"


@dataclass(frozen=True, kw_only=True)
class NewBars(DatedBarOptions):
    """The bars to retrain on; none for a rollback."""

    data: Annotated[str, option(f"{SOURCE}. Old bars and new ones.", metavar="SOURCE")] = ""


@dataclass(frozen=True, kw_only=True)
class RetrainOptions:
    """Which model is retrained, how often and on which bars."""

    model: Annotated[
        Path, option("Folder of the saved model.", "--model", "--ml-model-path", metavar="DIR")
    ]
    every: Annotated[
        str,
        option("How often a retraining is due, by the bars' times: week or month.", metavar="NAME"),
    ] = "month"
    train_bars: Annotated[
        int | None,
        option("Bars to train on. [default: as many rows as the old model]"),
    ] = None
    judge_bars: Annotated[
        int | None,
        option(
            "Newest bars that compare the old and the new model. [default: half of the bars the "
            "old one has not seen, at most a week or a month]"
        ),
    ] = None
    keep: Annotated[int, option("Earlier models to keep.")] = 6
    no_causality_check: NoCausalityCheck = False

    def retrainer(self, seed: int) -> "Retrainer":
        """Return the retrainer of the model."""
        from bt_fusion.retraining import Retrainer

        own = {name: value for name, value in vars(self).items() if name != "no_causality_check"}
        folder = own.pop("model")
        return Retrainer(folder, **own, causality_check=not self.no_causality_check, seed=seed)


@dataclass(frozen=True, kw_only=True)
class WatchOptions:
    """Whether the command waits for new bars, or puts an earlier model back."""

    watch: Annotated[bool, option("Wait for new bars; retrain when it is due.", "--watch")] = False
    poll: Annotated[
        float, typer.Option(help="Minutes between two looks with --watch.", min=0, metavar="X")
    ] = 15.0
    rollback: Annotated[
        bool, option("Put the earlier model back; once more: the one before.", "--rollback")
    ] = False

    def check(self, data: str) -> None:
        """Raise OptionError for options that do not go together."""
        if self.rollback and self.watch:
            raise OptionError("give --rollback or --watch, not both")
        if not (self.rollback or data):
            raise OptionError("--data is missing: the old bars and the new ones")


@command(
    KEPT,
    "bt-fusion retrain --model models/mine --data candles.csv --every month",
)
def retrain(
    *,
    bars: NewBars,
    markets: MarketOptions,
    retraining: RetrainOptions,
    watching: WatchOptions,
    json: Json = None,
    output: ScreenOptions,
) -> None:
    """Train a saved model again when it is due; keep the old one if the new one is worse."""
    from bt_fusion.files import check_no_input, write_json

    watching.check(bars.data)
    if json is not None:
        check_no_input(json, bars.place() if bars.data else None, str(retraining.model))
    screen, retrainer = output.screen(), retraining.retrainer(bars.seed)

    def kept(found: "Retraining") -> "Retraining":
        if json is not None:
            write_json(json, found.to_dict())
        return found

    def run_once(shown: Screen) -> "Retraining":
        frame, name = bars.load(shown)
        return kept(retrainer.run(frame, markets.markets(bars, shown), name))

    if watching.rollback:
        screen.say(kept(retrainer.rollback()).text)
    elif watching.watch:
        from bt_fusion.retraining.watch import watch

        watch(retrainer, lambda: run_once(Screen(quiet=True)), 60 * watching.poll, screen.say)
    else:
        with noted(retrainer):
            screen.say(run_once(screen).text)


@contextmanager
def noted(retrainer: "Retrainer") -> Iterator[None]:
    """Also write a failure into the model's log."""
    try:
        yield
    except Exception as error:
        retrainer.note_failure(error)
        raise
