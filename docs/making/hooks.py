"""What mkdocs calls while it builds: files from outside docs/, and generated parts of pages."""

import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]

MARK = re.compile(r"^<!-- generated: (\w+)(.*?) -->$", re.MULTILINE)


def on_startup(**_: Any) -> None:
    """Make docs.making importable; mkdocs undoes what a hook file does to sys.path on import."""
    sys.path.insert(0, str(ROOT))


def on_files(files: Files, config: Any) -> Files:
    """Add the files outside docs/ that pages link to, below source/."""
    from docs.making.links import linked_files

    for path in linked_files():
        source = str(ROOT / path)
        files.append(File.generated(config, f"source/{path}", abs_src_path=source))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Fill the generated parts of a page, and lead its links to what the site holds."""
    from docs.making.links import relinked

    return relinked(MARK.sub(generated, markdown), page.file.src_uri)


def generated(mark: re.Match[str]) -> str:
    """Return what stands in place of a mark; an unknown one is a KeyError."""
    from docs.making.api import documented, summary_table
    from docs.making.commands import command_reference

    makers = {"commands": command_reference, "api": documented, "names": summary_table}
    return makers[mark[1]](*mark[2].split())
