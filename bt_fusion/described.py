"""Objects with a short printed form: a title, then names and values."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

__all__ = ["Described", "listed", "when"]

CELL = "text-align:left;padding:2px 12px"
MOST = 6  # names per line


class Described:
    """A mixin for objects that print a title and rows of text instead of all their data.

    Examples
    --------
    >>> class Cross(Described):
    ...     def description(self):
    ...         return "A cross", {"fast": "5 bars", "slow": "20 bars"}
    >>> Cross()
    A cross
      fast  5 bars
      slow  20 bars
    """

    def description(self) -> tuple[str, Mapping[str, str]]:
        """Return a title and the rows below it."""
        raise NotImplementedError

    def __repr__(self) -> str:
        title, rows = self.description()
        width = max(map(len, rows), default=0)
        return "\n".join([title, *(f"  {name:<{width}}  {text}" for name, text in rows.items())])

    def _repr_html_(self) -> str:
        """Show the printed form as a small table in a notebook."""
        title, rows = self.description()
        cells = (
            f'<tr><td style="{CELL}">{escape(name)}</td><td style="{CELL}">{escape(text)}</td></tr>'
            for name, text in rows.items()
        )
        return f"<div><strong>{escape(title)}</strong><table>{''.join(cells)}</table></div>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Replace the diagram that scikit-learn shows for its estimators."""
        return {"text/plain": repr(self), "text/html": self._repr_html_()}


def listed(names: Sequence[str], most: int = MOST) -> str:
    """Return names as text; of many only the first ones.

    >>> listed(["rf", "xgb"]), listed(["a", "b", "c"], most=2)
    ('rf, xgb', 'a, b, ...')
    """
    more = ", ..." if len(names) > most else ""
    return ", ".join(names[:most]) + more


def when(stamp: object) -> str:
    """Return a stamp as text: midnight as the day only, full minutes without seconds.

    >>> when("2024-01-01T00:00:00"), when("2024-01-01 09:30:00")
    ('2024-01-01', '2024-01-01 09:30')
    """
    return str(stamp).replace("T", " ").removesuffix(" 00:00:00").removesuffix(":00")
