"""The strategy that trades, and the account it trades with."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from bt_fusion.cli.command import option

if TYPE_CHECKING:
    from bt_fusion.engine.account import Account

__all__ = ["AccountOptions", "StrategyOptions"]


@dataclass(frozen=True, kw_only=True)
class StrategyOptions:
    """The strategy, and what of its parameters has an option of its own."""

    strategy: Annotated[
        str,
        option(
            "fusion, hybrid or discovery; or one of yours, module:Class or file.py:Class. hybrid "
            "and discovery bring the model of their preset.",
            "--strategy",
            "-s",
        ),
    ] = "fusion"
    long_only: Annotated[bool, option("Never sell short.", "--long-only")] = False

    def params(self) -> dict[str, Any]:
        """Return the parameters of the strategy."""
        return {"long_only": True} if self.long_only else {}


@dataclass(frozen=True, kw_only=True)
class AccountOptions:
    """The account, its costs, and how much of it goes into a position."""

    cash: Annotated[float, option("Cash at the start.")] = 100_000.0
    commission: Annotated[
        float, option("Fraction of the value, a side.", "--commission", "--fee")
    ] = 0.0005
    slippage: Annotated[float, option("Fraction of the price, a fill.")] = 0.0
    sizer: Annotated[
        str,
        option(
            "Part of the account in a position; or a sizer, module:Class or file.py:Class.",
            "--sizer",
            "--share",
        ),
    ] = "0.95"

    def account(self) -> "Account":
        """Return the account, its sizer loaded."""
        from bt_fusion.engine.loading import account_of

        return account_of(self.cash, self.commission, self.slippage, self.sizer)
