"""What pages show as printed, against what is printed: compared, and written again.

``python -m docs.making.outputs [PAGE ...]`` runs the pages and puts the figures of this run into
their output blocks. Words are compared and never changed: where a program's words have changed, the
page is named, and someone writes it again.
"""

import difflib
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

from docs.making.blocks import Block, PageRun, blocks
from docs.making.links import ROOT

__all__ = ["ELSEWHERE", "page_folder", "pages", "refreshed", "run_page"]

OWN_TESTS = """
    ARCHITECTURE add_ml analyzers audit benchmarks data defaults discovery drift extending features
    fusion honesty hub hybrid live managed models python report retrain scale statistics sweep
    systems timeframes universe using verdict
"""
ELSEWHERE = frozenset(OWN_TESTS.split())  # pages whose blocks have tests of their own
NUMBER = re.compile(r"[+-]?\d[\d,.]*(?:e[+-]?\d+)?")
WIDTH = re.compile(r"[ ━─]+")
LEFT_OUT = "..."


def pages() -> list[Path]:
    """Return the pages whose blocks are run here."""
    docs = ROOT / "docs"
    return [
        path
        for path in sorted(docs.rglob("*.md"))
        if path.parent != docs or path.stem not in ELSEWHERE
    ]


@contextmanager
def page_folder(folder: Path) -> Iterator[None]:
    """Work in a folder as a reader does: its modules can be imported, lines are 100 wide."""
    modules, path, columns = set(sys.modules), [*sys.path], os.environ.get("COLUMNS")
    sys.path.insert(0, str(folder))
    os.environ["COLUMNS"] = "100"
    try:
        with chdir(folder):
            yield
    finally:
        sys.path[:] = path
        os.environ.pop("COLUMNS", None)
        if columns is not None:
            os.environ["COLUMNS"] = columns
        for name in set(sys.modules) - modules:
            home = getattr(sys.modules[name], "__file__", None) or ""
            if home.startswith(str(folder)):
                del sys.modules[name]


def run_page(path: Path, folder: Path) -> list[tuple[Block, str]]:
    """Run a page's blocks in a folder; return each output block and what was printed."""
    run, printed, found = PageRun(path.name, folder), "", []
    with page_folder(folder):
        for block in blocks(path.read_text()):
            if block.shows_output:
                found.append((block, printed))
            elif block.runs:
                printed = run.run(block)
    return found


def refreshed(shown: str, printed: str) -> str:
    r"""Return an output block with the figures that were printed.

    Raises
    ------
    LookupError
        A stretch of lines of which the words are not among what was printed.

    Examples
    --------
    >>> refreshed("AUC   0.51\n...\nDone\n", "Seen\nAUC 0.523\nMore\nDone\n")
    'AUC 0.523\n...\nDone\n'
    """
    lines, start = printed.splitlines(), 0
    words = [masked(line) for line in lines]
    parts: list[str] = []
    for stretch in stretches(shown):
        wanted = [masked(line) for line in stretch]
        places = range(start, len(lines) - len(wanted) + 1)
        place = next((at for at in places if words[at : at + len(wanted)] == wanted), None)
        if place is None:
            raise LookupError("not printed in these words:\n" + "\n".join(stretch))
        start = place + len(wanted)
        parts.append("\n".join(lines[place:start]))
    return f"\n{LEFT_OUT}\n".join(parts) + "\n"


def stretches(shown: str) -> list[list[str]]:
    """Return the stretches of lines between the lines of three dots."""
    parts: list[list[str]] = [[]]
    for line in shown.splitlines():
        if line.strip() == LEFT_OUT:
            parts.append([])
        else:
            parts[-1].append(line)
    return parts


def masked(line: str) -> str:
    """Return a line without its figures and the width of its columns."""
    return WIDTH.sub(lambda run: run[0][0], NUMBER.sub("#", line)).rstrip()


def refresh(path: Path, folder: Path) -> bool:
    """Write the figures of this run into a page, show what changed; return whether words fit."""
    before = text = path.read_text()
    fits = True
    for block, printed in run_page(path, folder):
        try:
            text = text.replace(block.code, refreshed(block.code, printed), 1)
        except LookupError as error:
            fits = False
            print(f"{path}:{block.line}: {error}\n--- printed:\n{printed}")
    if text != before:
        path.write_text(text)
        print("\n".join(difflib.unified_diff(before.splitlines(), text.splitlines(), lineterm="")))
    return fits


def main() -> None:
    """Refresh the pages named on the command line, or all; each with an empty cache."""
    fits = True
    with tempfile.TemporaryDirectory() as name:  # one for all: workers stay in their first folder
        for number, page in enumerate(sys.argv[1:] or pages()):
            folder = Path(name, str(number))
            folder.mkdir()
            os.environ["BT_FUSION_CACHE"] = str(folder / "cache")
            fits &= refresh(Path(page).resolve(), folder)
    if not fits:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
