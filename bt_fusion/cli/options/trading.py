"""The strategy that trades, and the account it trades with."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from bt_fusion.cli.command import option
from bt_fusion.errors import OptionError

if TYPE_CHECKING:
    from bt_fusion.engine.account import Account

__all__ = ["AccountOptions", "StrategyOptions", "TradedStrategy", "parameters"]


@dataclass(frozen=True, kw_only=True)
class StrategyOptions:
    """The strategy, and what of its parameters has an option of its own."""

    strategy: Annotated[
        str,
        option(
            "fusion, hybrid, discovery or managed; or yours, file.py:Class or module:Class. fusion "
            "is an EMA cross. The others use the preset of their name: hybrid scores EMA, RSI and "
            "Bollinger bands, discovery finds signals in regimes, managed has models of position, "
            "stop and size.",
            "--strategy",
            "-s",
            metavar="NAME",
        ),
    ] = "fusion"
    long_only: Annotated[bool, option("Never sell short.", "--long-only")] = False
    ml_entry_threshold: Annotated[
        str | None, option("The same as --param ml_entry_threshold=X.", metavar="X")
    ] = None

    def params(self) -> dict[str, Any]:
        """Return the parameters of the strategy."""
        return self.with_option()

    def with_option(self) -> dict[str, Any]:
        """Return the parameters given by their own option."""
        given: dict[str, Any] = {"long_only": True} if self.long_only else {}
        if self.ml_entry_threshold is not None:
            given["ml_entry_threshold"] = number_or_auto(self.ml_entry_threshold)
        return given

    def named(self) -> set[str]:
        """Return the names of the given parameters, with one value or several."""
        pairs = getattr(self, "param", None) or ()
        return {*self.with_option(), *(pair.partition("=")[0] for pair in pairs)}

    def check_once(self, pairs: dict[str, Any]) -> None:
        """Raise OptionError for a parameter given both by --param and by its own option."""
        for name in self.with_option().keys() & pairs:
            option = f"--{name.replace('_', '-')}"
            raise OptionError(f"parameter {name} is given by {option} and --param; give it once")


@dataclass(frozen=True, kw_only=True)
class TradedStrategy(StrategyOptions):
    """The strategy, and one value of each of its parameters."""

    param: Annotated[
        list[str] | None,
        option(
            "Parameter of the strategy: ema_fast=20, exit=flip, ml_threshold=0.55; a wrong KEY "
            "lists all. Repeatable.",
            "--param",
            metavar="KEY=VALUE",
        ),
    ] = None

    def params(self) -> dict[str, Any]:
        """Return the parameters of the strategy."""
        pairs = parameters(self.param or ())
        self.check_once(pairs)
        return pairs | self.with_option()


def parameters(pairs: Iterable[str]) -> dict[str, Any]:
    """Parse KEY=VALUE pairs; values that look like Python literals are parsed as such."""
    from ast import literal_eval

    known = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise OptionError(f"param {pair!r} is not KEY=VALUE, e.g. ml_threshold=0.65")
        try:
            known[key] = literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):  # too deeply nested
            known[key] = text
    return known


def number_or_auto(text: str | float) -> float | str:
    """Parse a threshold; OptionError unless it is a number or `auto`."""
    if text == "auto":
        return "auto"
    try:
        return float(text)
    except ValueError:
        raise OptionError(f"ml-entry-threshold {text!r} must be a number, or auto") from None


@dataclass(frozen=True, kw_only=True)
class AccountOptions:
    """The account, its costs, and how much of it goes into a position."""

    cash: Annotated[float, option("Cash at the start.")] = 100_000.0
    commission: Annotated[
        float,
        option("Fraction of the traded value, each side: 0.001 is 0.1 %.", "--commission", "--fee"),
    ] = 0.0005
    slippage: Annotated[float, option("Fraction of the price each fill loses, inside its bar.")] = (
        0.0
    )
    sizer: Annotated[
        str,
        option(
            "Share of the account in a position; or a sizer, file.py:Class or module:Class.",
            "--sizer",
            "--share",
            metavar="X",
        ),
    ] = "0.95"

    def account(self) -> "Account":
        """Return the account, its sizer loaded."""
        from bt_fusion.engine.loading import account_of

        return account_of(self.cash, self.commission, self.slippage, self.sizer)
