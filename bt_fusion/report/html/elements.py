"""Small pieces of HTML, everything in them escaped."""

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["Html", "bar", "join", "paragraph", "table", "tag"]


class Html(str):
    """Text that is HTML already and is not escaped again."""


def safe(content: object) -> str:
    """Escape what is no `Html`."""
    return content if isinstance(content, Html) else escape(str(content))


def tag(name: str, content: object = "", **attributes: object) -> Html:
    """Return an element; attributes ending in ``_`` lose it, others have ``_`` turned to ``-``.

    >>> tag("td", "a < b", class_="number", aria_label='"x"')
    '<td class="number" aria-label="&quot;x&quot;">a &lt; b</td>'
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{given}>{safe(content)}</{name}>")


def join(parts: Iterable[object], between: str = "") -> Html:
    """Join pieces, escaping those that are plain text."""
    return Html(between.join(safe(part) for part in parts))


def paragraph(text: object, **attributes: object) -> Html:
    """Return a paragraph, nothing for empty text."""
    return tag("p", text, **attributes) if text else Html()


def table(
    caption: str, head: Sequence[object], rows: Iterable[Sequence[object]], **attributes: object
) -> Html:
    """Return a table whose first column heads its rows; other cells are numbers.

    It scrolls inside its frame where it is wider than the page.
    """
    cells = [
        tag("th", name, scope="col", class_="number" if at else None)
        for at, name in enumerate(head)
    ]
    lines = [
        join([tag("th", first, scope="row"), *(tag("td", cell, class_="number") for cell in rest)])
        for first, *rest in rows
    ]
    whole = tag(
        "table",
        join(
            [
                tag("caption", caption),
                tag("thead", tag("tr", join(cells))) if head else "",
                tag("tbody", join(tag("tr", line) for line in lines)),
            ]
        ),
        **attributes,
    )
    return tag("div", whole, class_="scroll", tabindex="0", role="region", aria_label=caption)


def bar(share: float, kind: str = "") -> Html:
    """Return a horizontal bar for a share of the widest, which is 1; its class tells its sign."""
    width = f"{100 * min(1.0, abs(share)):.1f}%"
    sign = "minus" if share < 0 else "plus"
    filled = tag("i", "", style=f"width:{width}", class_=f"{sign} {kind}".strip())
    return tag("span", filled, class_="bar", aria_hidden="true")
