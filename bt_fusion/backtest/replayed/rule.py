"""FusionRule: the parameters that determine a FusionStrategy's trades."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from bt_fusion.errors import OptionError
from bt_fusion.strategies.fusion import check_fusion
from bt_fusion.strategies.one_position import LEVELS, check_levels
from bt_fusion.verdict.placebos.levels import Distance
from bt_fusion.verdict.placebos.replay import ExitRule

__all__ = ["FusionRule"]

RENEW, NOWHERE = ExitRule(exit="renew"), Distance()


@dataclass(frozen=True)
class FusionRule:
    """Parameters that determine a FusionStrategy's trades.

    Attributes
    ----------
    fast, slow : int
        Periods of the averages, in bars.
    threshold : float, "auto" or None
        Threshold of ML; None trades without ML.
    exit : ExitRule
    stop, target : Distance
    atr_period : int
        In bars; 0 if neither stop nor target is in ATR units.
    """

    fast: int = 12
    slow: int = 26
    threshold: float | str | None = None
    exit: ExitRule = RENEW
    stop: Distance = NOWHERE
    target: Distance = NOWHERE
    atr_period: int = 0

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> "FusionRule":
        """Build the rule from all parameters of the strategy, including `ml` and the defaults.

        Raises
        ------
        OptionError
            For parameters that the strategy would reject, or an invalid `atr_period`.

        Examples
        --------
        >>> from bt_fusion.strategies import FusionStrategy
        >>> usual = dict(FusionStrategy.params._getitems())
        >>> FusionRule.of(usual | {"ml": False}) == FusionRule()
        True
        """
        given = SimpleNamespace(**params)
        check_fusion(given)
        check_levels(given)
        stop, target = (
            Distance(params[name] or 0.0, params[in_atr] or 0.0) for name, in_atr in LEVELS.items()
        )
        return cls(
            params["ema_fast"],
            params["ema_slow"],
            params["ml_threshold"] if params["ml"] else None,
            ExitRule(params["hold_bars"], params["exit"], bool(params["long_only"])),
            stop,
            target,
            checked_period(params["atr_period"]) if stop.units or target.units else 0,
        )

    @property
    def has_levels(self) -> bool:
        """Whether positions have stop or target orders."""
        return any((self.stop.share, self.stop.units, self.target.share, self.target.units))

    @property
    def needed(self) -> int:
        """Bars until the indicators are ready."""
        return max(self.fast, self.slow, self.atr_period + 1)

    @property
    def order(self) -> tuple[Any, ...]:
        """Sort key that places similar rules next to each other."""
        levels = (self.stop.share, self.stop.units, self.target.share, self.target.units)
        periods = (self.atr_period, self.fast, self.slow)
        rule = (self.exit.exit, self.exit.hold_bars, self.exit.long_only)
        return (*levels, *periods, *rule, str(self.threshold))


def checked_period(period: Any) -> int:
    """Check a number of bars and return it."""
    if isinstance(period, bool) or not isinstance(period, int) or period < 1:
        raise OptionError(f"atr_period {period!r} must be a whole number of at least 1")
    return period
