"""What is to be done: a function, what all its calls share, and the arguments of each."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from bt_fusion.parallel.shared import Packed, Shared

__all__ = ["Call", "Work"]


@dataclass(frozen=True)
class Call:
    """Arguments of a call, and what it is called in an error."""

    arguments: tuple[Any, ...]
    name: str


@dataclass(frozen=True)
class Work:
    """A function, and what all its calls take first, if anything.

    Attributes
    ----------
    function : callable
    shared : Shared or None
    safe : bool
        Whether several threads of a process may be at it.
    """

    function: Callable[..., Any]
    shared: Shared | None = None
    safe: bool = False

    def here(self) -> Callable[..., Any]:
        """Return what this process calls."""
        return self.function if self.shared is None else partial(self.function, self.shared.value)

    def elsewhere(self) -> Callable[..., Any]:
        """Return what another process calls."""
        if self.shared is None:
            return self.function
        return partial(call_opened, self.function, self.shared.packed)


def call_opened(function: Callable[..., Any], packed: Packed, *arguments: Any) -> Any:
    """Call a function with what was packed, and more."""
    return function(packed.open(), *arguments)
