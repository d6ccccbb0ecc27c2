"""Parallel work to do: a function, its shared arguments, and the arguments of each call."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from bt_fusion.parallel.shared import Packed, Shared

__all__ = ["Call", "Work"]


@dataclass(frozen=True)
class Call:
    """Arguments of a call, and its name in errors."""

    arguments: tuple[Any, ...]
    name: str


@dataclass(frozen=True)
class Work:
    """A function, and the argument that all its calls share, if any.

    Attributes
    ----------
    function : callable
    shared : Shared or None
    safe : bool
        Whether several threads of a process may run it at once.
    """

    function: Callable[..., Any]
    shared: Shared | None = None
    safe: bool = False

    def here(self) -> Callable[..., Any]:
        """Return the callable for this process."""
        return self.function if self.shared is None else partial(self.function, self.shared.value)

    def elsewhere(self) -> Callable[..., Any]:
        """Return the callable for another process."""
        if self.shared is None:
            return self.function
        return partial(call_opened, self.function, self.shared.packed)


def call_opened(function: Callable[..., Any], packed: Packed, *arguments: Any) -> Any:
    """Call a function with unpacked shared data and more arguments."""
    return function(packed.open(), *arguments)
