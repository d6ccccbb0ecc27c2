"""Links that leave docs/: the files they name become part of the site."""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

__all__ = ["ROOT", "linked_files", "relinked"]

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"(\]\()(?!\w+:|#|/)([^)\s#]+)")
HOME = {"README.md": "index.md"}


def linked_files() -> Iterator[str]:
    """Return the files outside docs/ that its pages link to, as paths below the repository."""
    pages = (ROOT / "docs").rglob("*.md")
    named = {
        target
        for page in pages
        for target in targets(page.read_text(), page.relative_to(ROOT).as_posix())
    }
    return iter(sorted(named - {*HOME}))


def targets(markdown: str, page: str) -> Iterator[str]:
    """Return what a page links to outside docs/, as paths below the repository."""
    for _, link in LINK.findall(markdown):
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), link))
        if not target.startswith(("docs/", "..")):
            yield target


def relinked(markdown: str, page: str) -> str:
    """Return a page whose links to files outside docs/ lead to their copies in the site.

    Parameters
    ----------
    markdown : str
    page : str
        Path below docs/.

    Examples
    --------
    >>> relinked("[a](../examples/a.py) [b](../README.md) [c](c.md)", "live.md")
    '[a](source/examples/a.py) [b](index.md) [c](c.md)'
    """
    folder = posixpath.dirname(f"docs/{page}")

    def moved(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, found[2]))
        if target.startswith(("docs/", "..")):
            return found[0]
        place = f"docs/{HOME.get(target, f'source/{target}')}"
        return found[1] + posixpath.relpath(place, folder)

    return LINK.sub(moved, markdown)
