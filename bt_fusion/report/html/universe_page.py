"""universe.html: the ranking of many files, in one file that works offline."""

from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING

from bt_fusion.files import write_whole
from bt_fusion.report.figures import reason
from bt_fusion.report.html.templates import asset, render
from bt_fusion.report.html.verdict_sections import banner_of
from bt_fusion.report.universe import HEAD, lines_of, row_texts, title_of

if TYPE_CHECKING:
    from bt_fusion.saved_runs.universe_folder import UniverseResult

__all__ = ["draw_universe_page"]


def draw_universe_page(path: Path, found: "UniverseResult", picture: Path) -> None:
    """Write the page of a universe, with its picture inside."""
    pooled, table = found.summary["pooled"], found.table
    compared = table.error == ""
    values = {
        "title": title_of(found.summary),
        "lines": lines_of(found.summary),
        "notes": found.summary["notes"],
        "verdict": banner_of(pooled, reason(pooled)),
        "picture": b64encode(picture.read_bytes()).decode(),
        "ranking": {
            "caption": "The most convincing first; p is that of the setting, q after control",
            "head": HEAD,
            "rows": [row_texts(row) for _, row in table[compared].iterrows()],
        },
        "failed": table.loc[~compared, ["symbol", "error"]].to_numpy().tolist(),
        "style": asset("page.css"),
    }
    text = render("universe.html.j2", values)
    write_whole(path, lambda file: file.write_text(text, encoding="utf-8"))
