"""Options of audits, within another command or by themselves."""

from dataclasses import dataclass
from typing import Annotated

import typer

from bt_fusion.cli.command import SOURCE, option
from bt_fusion.cli.options.bars import SEVERAL, MarketOptions, MaxAge, Repair, Seed, SymbolOptions
from bt_fusion.errors import OptionError

__all__ = ["AuditOptions", "AuditedBars", "AuditedCode"]


@dataclass(frozen=True, kw_only=True)
class AuditOptions:
    """What is audited on the way."""

    no_audit: Annotated[
        bool, option("Skip the checks of the bars and of the strategy.", "--no-audit")
    ] = False


@dataclass(frozen=True, kw_only=True)
class AuditedBars(SymbolOptions):
    """The bars of one symbol or of several, which have no default."""

    data: Annotated[
        list[str],
        option(
            f"{SOURCE}. {SEVERAL}",
            "--data",
            metavar="SOURCE",
        ),
    ]
    repair: Repair = False
    max_age: MaxAge = 30.0
    seed: Seed = 0


@dataclass(frozen=True, kw_only=True)
class AuditedCode(MarketOptions):
    """The code to audit: one of these, or all that --plugin registers, or none."""

    strategy: Annotated[
        str | None,
        option(
            "Check this strategy: fusion, hybrid, discovery or managed; or yours, file.py:Class "
            "or module:Class. With --model it trades with ML.",
            "--strategy",
            "-s",
            metavar="NAME",
        ),
    ] = None
    indicator: Annotated[
        str | None,
        option(
            "Check this indicator: file.py:Class or module:Class.", "--indicator", metavar="NAME"
        ),
    ] = None
    param: Annotated[
        list[str] | None,
        option(
            "Parameter of the strategy or indicator. Repeatable.", "--param", metavar="KEY=VALUE"
        ),
    ] = None
    features: Annotated[
        str | None,
        option(
            "Check this feature set (default, fusion, generator, mar), or features a,b,c.",
            metavar="NAMES",
        ),
    ] = None
    label: Annotated[
        str | None,
        option(
            "Check this label: direction, gain, triple_barrier or profit_before_stop; with "
            'parameters "gain(horizon=5)". Goes with --features.',
            metavar="NAME",
        ),
    ] = None
    model: Annotated[
        str | None,
        option(
            "Check a saved model (folder or URL): its training, features and predictions. Give "
            "bars after its training.",
            "--model",
            "--ml-model-path",
            metavar="DIR",
        ),
    ] = None
    cuts: Annotated[
        int,
        typer.Option(
            help="How often the bars are cut to see whether earlier values change.",
            min=1,
            metavar="N",
        ),
    ] = 16

    def check(self) -> None:
        """Raise OptionError for conflicting options."""
        parts = " ".join(f"--{name}" for name in ("features", "label") if getattr(self, name))
        if self.strategy and self.indicator:
            raise OptionError("give either --strategy or --indicator")
        if parts and (self.strategy or self.indicator or self.model):
            raise OptionError(f"{parts} and a strategy, indicator or model: audit one at a time")
        if self.model and self.indicator:
            raise OptionError("give either --indicator or --model")
        if self.param and not (self.strategy or self.indicator):
            raise OptionError("--param is of a strategy or an indicator; give one, or leave it out")

    def any(self) -> bool:
        """Return whether code is audited, not only bars."""
        named = ("strategy", "indicator", "features", "label", "model")
        return any(getattr(self, name) for name in named)
