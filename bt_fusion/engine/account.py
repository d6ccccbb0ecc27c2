"""Account: initial cash, costs and position size of a run."""

from dataclasses import dataclass

import backtrader as bt

from bt_fusion.errors import OptionError

__all__ = ["Account"]


@dataclass(frozen=True)
class Account:
    """Initial cash, costs and position size of a run.

    Attributes
    ----------
    cash : float
    commission : float
        Fraction of the value traded, per side.
    slippage : float
        Fraction of the price lost at each fill of a market or stop order. A fill stays between the
        bar's low and high.
    share : float
        Fraction of the account's value in a position.
    sizer : class, optional
        A sizer to use instead of `share`.
    """

    cash: float = 100_000.0
    commission: float = 0.0005
    slippage: float = 0.0
    share: float = 0.95
    sizer: type[bt.Sizer] | None = None

    @property
    def round_trip(self) -> float:
        """Costs of entry and exit together, as a fraction of the price."""
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
