"""What a command audits: on the way, or by itself."""

from dataclasses import dataclass
from typing import Annotated

import typer

from bt_fusion.cli.command import SOURCE, option
from bt_fusion.cli.options.bars import MarketOptions, MaxAge, Repair, Seed, SymbolOptions
from bt_fusion.errors import OptionError

__all__ = ["AuditOptions", "AuditedBars", "AuditedCode"]


@dataclass(frozen=True, kw_only=True)
class AuditOptions:
    """What is audited on the way."""

    no_audit: Annotated[bool, option("Audit neither bars nor strategy.", "--no-audit")] = False


@dataclass(frozen=True, kw_only=True)
class AuditedBars(SymbolOptions):
    """The bars of one symbol or of several, which have no default."""

    data: Annotated[
        list[str],
        option(
            f"{SOURCE}; of several symbols a folder, a glob in quotes, or SYMBOL=PATH for each.",
            "--data",
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
            "fusion, hybrid, discovery or managed; or one of yours, module:Class or "
            "file.py:Class: does it look ahead? With --model it trades with ML.",
            "--strategy",
            "-s",
        ),
    ] = None
    indicator: Annotated[
        str | None,
        option("Does this indicator look ahead? module:Class or file.py:Class.", "--indicator"),
    ] = None
    param: Annotated[
        list[str] | None,
        option("Parameter KEY=VALUE of the strategy or indicator; repeat.", "--param"),
    ] = None
    features: Annotated[
        str | None,
        option(
            "Feature set (default, fusion, generator, mar), or names a,b,c: do they look ahead?"
        ),
    ] = None
    label: Annotated[
        str | None,
        option(
            "direction, gain, triple_barrier or profit_before_stop. Does it look ahead, alone or "
            'with --features? With parameters: "gain(horizon=5)".'
        ),
    ] = None
    model: Annotated[
        str | None,
        option(
            "Does this saved model (folder or URL) know the bars? Its training, features and "
            "predictions are checked; give bars after its training.",
            "--model",
            "--ml-model-path",
        ),
    ] = None
    cuts: Annotated[
        int,
        typer.Option(
            help="Places at which a strategy's or indicator's future is removed or replaced.", min=1
        ),
    ] = 16

    def check(self) -> None:
        """Raise OptionError for what does not go together."""
        parts = " ".join(f"--{name}" for name in ("features", "label") if getattr(self, name))
        if self.strategy and self.indicator:
            raise OptionError("give --strategy or --indicator, one of them")
        if parts and (self.strategy or self.indicator or self.model):
            raise OptionError(f"{parts} and a strategy, indicator or model: audit one at a time")
        if self.model and self.indicator:
            raise OptionError("give --indicator or --model, one of them")
        if self.param and not (self.strategy or self.indicator):
            raise OptionError("--param is of a strategy or an indicator; give one, or leave it out")

    def any(self) -> bool:
        """Tell whether code is audited, and not bars alone."""
        named = ("strategy", "indicator", "features", "label", "model")
        return any(getattr(self, name) for name in named)
