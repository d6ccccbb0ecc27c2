"""Account: what a run starts with and pays."""

from dataclasses import dataclass

import backtrader as bt

from bt_fusion.errors import OptionError

__all__ = ["Account"]


@dataclass(frozen=True)
class Account:
    """What a run starts with and pays.

    Attributes
    ----------
    cash : float
    commission : float
        Fraction of the value traded, per side.
    slippage : float
        Fraction of the price lost at each fill of a market or stop order, as far as the bar
        reaches: a fill stays between its low and high.
    share : float
        Part of the account's value a position takes.
    sizer : class, optional
        A sizer that decides instead of `share`.
    """

    cash: float = 100_000.0
    commission: float = 0.0005
    slippage: float = 0.0
    share: float = 0.95
    sizer: type[bt.Sizer] | None = None

    @property
    def round_trip(self) -> float:
        """Costs of entry and exit together, a fraction of the price."""
        return 2 * (self.commission + self.slippage)

    def __post_init__(self) -> None:
        if not self.cash > 0:
            raise OptionError(f"cash {self.cash} must be above 0")
        if not 0 <= self.commission < 1 or not 0 <= self.slippage < 1:
            raise OptionError(
                f"commission {self.commission} and slippage {self.slippage} are fractions: "
                "0.0005 is 5 basis points"
            )
        if not 0 < self.share <= 1:
            raise OptionError(f"share {self.share} must be above 0 and at most 1")
