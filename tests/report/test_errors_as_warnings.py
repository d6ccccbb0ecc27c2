"""A picture, a section or a chart that cannot be drawn costs itself alone."""

import json
import re
import shutil
from dataclasses import replace

import pytest

from bt_fusion import BtFusionWarning, OptionError
from bt_fusion.report.draw import redraw
from bt_fusion.report.errors_as_warnings import errors_as_warnings
from bt_fusion.report.html import sections as plan
from bt_fusion.report.html.columns.page_data import MAKERS
from bt_fusion.report.html.page import page
from bt_fusion.report.pictures import run as pictures
from bt_fusion.saved_runs.saved_run import SavedRun


def broken(*args, **options):
    raise ZeroDivisionError("of nothing")


@pytest.fixture
def folder(run_folder, tmp_path):
    return shutil.copytree(run_folder, tmp_path / "run")


@pytest.mark.parametrize("name", ["report.html", "comparison.png"])
def test_a_file_that_fails_leaves_the_other(name, folder, monkeypatch):
    where = {
        "report.html": "html.page.draw_page",
        "comparison.png": "pictures.comparison.draw_comparison",
    }
    monkeypatch.setattr(f"bt_fusion.report.{where[name]}", broken)
    with pytest.warns(
        BtFusionWarning, match=f"^{name} could not be drawn: ZeroDivisionError: of n"
    ):
        drawn = redraw(folder)
    assert {path.name for path in drawn} == {"report.html", "comparison.png"} - {name}
    assert not (folder / name).exists()


@pytest.mark.slow
def test_a_picture_that_fails_leaves_the_others(folder, monkeypatch):
    title, _, size = pictures.PICTURES["funnel"]
    monkeypatch.setitem(pictures.PICTURES, "funnel", (title, broken, size))
    with pytest.warns(BtFusionWarning, match=r"pictures/funnel\.png could not be drawn"):
        drawn = redraw(folder, png=True)
    names = {path.stem for path in drawn[2:]}
    # the run has no ablation, and one threshold for all bars
    assert names == {*pictures.PICTURES} - {"funnel", "ablation", "threshold"}


@pytest.mark.slow_after(8)
@pytest.mark.parametrize("name", list(plan.PLAN))
def test_a_section_that_fails_leaves_the_others(name, run_folder, monkeypatch):
    run = SavedRun.read(run_folder)
    before = re.findall(r'<section id="(\w+)"', page(run))
    words, template, _ = plan.PLAN[name]
    monkeypatch.setitem(plan.PLAN, name, (words, template, broken))
    with pytest.warns(BtFusionWarning, match="^the section .* could not be drawn: ZeroDivision"):
        after = re.findall(r'<section id="(\w+)"', page(run))
    assert after == [each for each in before if each != name] and len(after) > 15


def test_a_template_that_cannot_be_filled_costs_its_section(run_folder, monkeypatch):
    words, _, fill = plan.PLAN["funnel"]
    monkeypatch.setitem(plan.PLAN, "funnel", (words, "periods", fill))
    with pytest.warns(BtFusionWarning, match="section 'From bars to filled orders' of report.html"):
        shown = page(SavedRun.read(run_folder))
    assert 'id="funnel"' not in shown and 'id="periods"' in shown


@pytest.mark.parametrize("name", list(MAKERS))
def test_a_chart_that_fails_leaves_the_others(name, run_folder, monkeypatch):
    monkeypatch.setitem(MAKERS, name, broken)
    with pytest.warns(BtFusionWarning, match=f"the chart of {name} in report.html"):
        shown = page(SavedRun.read(run_folder))
    data = json.loads(re.search(r'id="page-data">(.*?)</script>', shown, re.S)[1])
    assert name not in data and set(MAKERS) - {name} < set(data) and len(data["symbols"]) == 1


def test_without_signals_there_are_still_the_other_charts(run_folder, monkeypatch):
    monkeypatch.setattr("bt_fusion.report.html.columns.page_data.symbol_data", broken)
    with pytest.warns(BtFusionWarning, match="charts of candles and signals"):
        shown = page(SavedRun.read(run_folder))
    assert json.loads(re.search(r'id="page-data">(.*?)</script>', shown, re.S)[1])["symbols"] == []


def test_what_the_user_can_mend_is_an_error(run_folder):
    with pytest.raises(OptionError), errors_as_warnings("x"):
        raise OptionError("give another")
    with pytest.raises(KeyboardInterrupt), errors_as_warnings("x"):
        raise KeyboardInterrupt


def test_a_run_without_its_comparison_is_drawn(run_folder):
    run = SavedRun.read(run_folder)
    failed = {"verdict": "not judged", "because": "not judged: ValueError: no luck"}
    shown = page(replace(run, summary=run.summary | {"comparison": failed}))
    assert "not judged" in shown and "ValueError: no luck" in shown
