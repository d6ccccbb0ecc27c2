"""A universe on the terminal, as a page and as a picture."""

from io import StringIO

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from bt_fusion.report.html.universe_page import draw_universe_page
from bt_fusion.report.pictures import universe as pictures
from bt_fusion.report.terminal.pooled import file_line, universe_table
from bt_fusion.report.universe import row_texts
from bt_fusion.saved_runs.universe_folder import UniverseResult

POOLED = {
    "verdict": "no evidence",
    "because": "no evidence: over 3 markets ML's probabilities do not tell",
    "change": "A grade needs a p-value of 0.025.",
    "rules": [{"name": "out of sample", "passed": True, "grades": ("certain",)}],
    "setting_p": 0.2,
    "ranking_p": None,
}
SUMMARY = {
    "config": {"strategy": "mine.py:Mine", "shuffle_labels": False},
    "files": 4,
    "judged": 3,
    "tested": 3,
    "grades": {"ML helped": 2, "no evidence": 1},
    "helped_before": 2,
    "helped_after": 1,
    "by_chance": 0.015,
    "false_discoveries": 0.05,
    "pooled": POOLED,
    "notes": ["2 variants were tried"],
}


def universe(sharpe=1.5):
    """Three files and a broken one."""
    table = pd.DataFrame(
        {
            "symbol": ["<b>BTC</b>", "ETH", "SPX", "broken"],
            "verdict": ["ML helped", "ML helped", "no evidence", "not judged"],
            "p_value": [0.00004, 0.004, 0.7, np.nan],
            "q_value": [0.00012, 0.06, 0.7, np.nan],
            "helped_before": [True, True, False, False],
            "helped_after": [True, False, False, False],
            "ranking_p": [0.01, np.nan, 0.4, np.nan],
            "off_trades": [1_234.0, 40, 50, np.nan],
            "on_trades": [200.0, 30, 20, np.nan],
            "off_sharpe": [0.5, sharpe, 1.0, np.nan],
            "on_sharpe": [2.0, sharpe, -1.0, np.nan],
            "off_total_return": [0.05, 0.1, 0.0, np.nan],
            "on_total_return": [0.25, -0.1, 0.0, np.nan],
            "error": ["", "", "", "no time column"],
        }
    )
    return UniverseResult(SUMMARY, table)


def test_a_row_as_it_is_written():
    found = row_texts(universe().table.iloc[0])
    start = ["<b>BTC</b>", "ML helped", "4.0e-05", "1.2e-04", "0.010", "0.50", "2.00"]
    assert found == [*start, "1,234", "200", "+5.0 %", "+25.0 %"]
    assert row_texts(universe().table.iloc[3])[2:] == ["-"] * 9


def test_the_terminal_shows_what_was_judged_and_what_all_come_to():
    console = Console(width=120, record=True, file=StringIO())
    console.print(universe_table(universe()))
    shown = console.export_text()
    assert "Mine over 3 of 4 files" in shown and "<b>BTC</b>" in shown
    flat = " ".join(shown.split())
    assert "2 of 3 files before control (chance alone gives up to 0.015 on average), 1" in flat
    assert "Not judged 1, the first broken: no time column" in flat
    assert "Together for ML: ranking p -, setting p 0.200" in flat
    assert "Verdict no evidence: over 3 markets" in flat and "2 variants were tried" in flat


def test_a_file_is_a_line_as_soon_as_it_is_judged():
    row = {"symbol": "BTC", "verdict": "no evidence", "error": "", "p_value": 0.25}
    row |= {"off_sharpe": None, "on_sharpe": 0.5, "off_trades": 1_200, "on_trades": 40}
    line = file_line(row, 7, 1_000).plain.split()
    assert line[:4] == ["7/1000", "BTC", "no", "evidence"]
    assert " ".join(line[4:]) == "p 0.250 Sharpe off - on 0.50, trades 1,200 and 40"
    failed = {"symbol": "BTC", "verdict": "not judged", "error": "no time column"}
    assert file_line(failed, 7, 9).plain.endswith("not judged          no time column")


def test_the_page_holds_every_row_escaped_and_asks_no_network(tmp_path):
    picture = tmp_path / "universe.png"
    pictures.draw_universe(picture, universe())
    draw_universe_page(tmp_path / "universe.html", universe(), picture)
    page = (tmp_path / "universe.html").read_text()
    assert "&lt;b&gt;BTC&lt;/b&gt;" in page and "<b>BTC</b>" not in page
    assert page.count('<th scope="row">') == 3 and "no time column" in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")


@pytest.fixture
def axes(monkeypatch, tmp_path):
    """The axes of a picture that was drawn of a result."""
    figures = []
    real = pictures.new_figure
    monkeypatch.setattr(
        pictures, "new_figure", lambda *size: figures.append(real(*size)) or figures[-1]
    )

    def draw(found):
        pictures.draw_universe(tmp_path / "universe.png", found)
        assert (tmp_path / "universe.png").read_bytes().startswith(b"\x89PNG")
        return figures[-1].axes

    return draw


def test_the_picture_shows_each_file_and_what_control_left(axes):
    left, right = axes(universe())
    named = {part.get_label(): part.get_offsets().data for part in left.collections[1:]}
    assert named["ML helped, after control"].tolist() == [[1, 0.00004]]
    assert named["ML helped, before control"].tolist() == [[2, 0.004]]
    assert named["files"].tolist() == [[3, 0.7]]
    assert sum(len(part.get_offsets()) for part in right.collections) == 3


def test_what_chance_makes_of_as_many_files_is_behind_them(axes):
    left, _ = axes(universe())
    (band,) = (part for part in left.collections if "chance results" in str(part.get_label()))
    heights = band.get_paths()[0].vertices[:, 1]
    assert heights.min() == pytest.approx(1 - 0.975 ** (1 / 3))  # the smallest of three
    assert left.get_xscale() == left.get_yscale() == "log"


def test_short_files_without_a_sharpe_ratio_are_counted(axes):
    _, right = axes(universe(sharpe=np.nan))
    assert right.get_title(loc="left") == "Sharpe ratios, 1 files without one"


def test_nothing_tested_is_drawn_empty(axes):
    found = universe()
    found.table["p_value"] = np.nan
    found.table["off_sharpe"] = np.nan
    left, right = axes(found)
    assert not left.collections and not right.collections
