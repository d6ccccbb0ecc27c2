"""report.html as text: what stands in it, in what order, and nothing from outside."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from bt_fusion.report.html.elements import Html, bar, join, table, tag
from bt_fusion.report.html.page import draw_page, page, sections
from bt_fusion.saved_runs.saved_run import SavedRun

ATTRIBUTION = {
    "kept": {"trades": 2, "won": 1, "lost": 1, "pnl": 0.0},
    "vetoed": {"trades": 40, "won": 12, "lost": 28, "pnl": 2_100.0},
    "added": {"trades": 3, "won": 1, "lost": 2, "pnl": -100.0},
}
PLACEBO = {"kind": "vetoes", "draws": 1_000, "p_value": 0.004, "real": 3.1}
PLACEBO |= {"mean": 0.0, "low": -1.9, "high": 2.0}


@pytest.fixture(scope="module")
def run(run_folder):
    return SavedRun.read(run_folder)


def changed(run, **parts):
    return replace(run, summary={**run.summary, **parts})


def judged(run):
    comparison = {**run.summary["comparison"], "attribution": ATTRIBUTION}
    comparison |= {"verdict": "ML helped", "because": "ML helped: it chose better than coins."}
    comparison["rules"] = [
        {"name": "placebo", "passed": True, "failure": ""},
        {"name": "enough trades", "passed": False, "failure": "only 3"},
    ]
    edge = {"sharpe": 0.01, "psr": 0.97, "dsr": 0.6}
    statistics = {"placebo": PLACEBO, "psr": 0.98, "dsr": 0.71, "trials": 4, "pbo": None}
    return changed(run, comparison=comparison, statistics=statistics | {"edge": edge})


class Reader(HTMLParser):
    """What a browser would show or fetch."""

    def __init__(self):
        super().__init__()
        self.text, self.fetched, self.ids, self.open = [], [], [], []

    def handle_starttag(self, name, attributes):
        given = dict(attributes)
        self.open.append(name)
        self.ids += [given["id"]] if "id" in given else []
        self.fetched += [given[key] for key in ("src", "href") if key in given]

    def handle_endtag(self, name):
        while self.open and self.open.pop() != name:
            pass

    def handle_data(self, data):
        if not {"script", "style"} & set(self.open):
            self.text.append(data)


def read(text):
    reader = Reader()
    reader.feed(text)
    reader.shown = " ".join(" ".join(reader.text).split())
    return reader


def test_the_verdict_comes_first_and_everything_in_order(run):
    text = page(judged(run))
    shown = read(text).shown
    first = [
        "ML helped",
        "It chose better than coins.",
        "Key figures",
        "Net profit, ML on",
    ]
    assert [shown.index(words) for words in first] == sorted(map(shown.index, first))
    assert "✓ placebo met" in shown and "✗ enough trades not met" in shown
    headings = re.findall(r"<h2[^>]*>(.*?) </h2>", text)
    assert headings == [title for _, title, _, _ in sections(judged(run))]
    assert len(read(text).ids) == len(set(read(text).ids))
    names = [name for name, *_ in sections(judged(run))]
    assert names[0] == "key" and names[-2:] == ["card", "repeat"] and "placebo" in names


def test_without_a_verdict_it_says_so(run):
    comparison = {**run.summary["comparison"], "verdict": None}
    assert "no verdict" in read(page(changed(run, comparison=comparison))).shown
    alone = changed(run, ml_off=None, comparison=None)
    shown = read(page(alone)).shown
    assert "ML on ran alone" in shown and "Difference" not in shown


def test_the_figures_are_those_of_the_summary(run):
    shown = read(page(run)).shown
    for name in ("off", "on"):
        figures = run.summary[f"ml_{name}"]
        assert f"{figures['final_value']:,.0f}" in shown
        assert f"{100 * figures['win_rate']:.1f} %" in shown
    low, high = run.summary["comparison"]["sharpe"]["ci95"]
    assert f"{low:.2f} to {high:.2f}" in shown
    assert "2,100" in read(page(judged(run))).shown and "71.0 %" in read(page(judged(run))).shown


def test_the_attribution_is_summed_up(run):
    shown = read(page(judged(run))).shown
    assert re.search(r"Vetoed ML-off alone 40 12 28 \+2,100", shown)
    assert re.search(r"Sum 45 \+2,000", shown)


def test_nothing_is_fetched(run):
    found = read(page(run))
    assert all(url.startswith(("#", "data:")) for url in found.fetched)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page(run)).group(1)
    assert "default-src 'none'" in policy and "http" not in policy


def test_in_sample_is_marked_everywhere(run):
    marked = page(changed(run, in_sample=5))
    headings = re.findall(r"<h2.*?</h2>", marked)
    assert len(headings) > 10 and all("IN-SAMPLE" in heading for heading in headings)
    assert "IN-SAMPLE bars" in marked and 'role="alert"' in marked
    assert "IN-SAMPLE" not in read(page(run)).shown


def test_names_are_text_and_never_markup(run):
    nasty = '</script><script>alert("x")</script>'
    data = {**run.summary["data"], "name": nasty}
    trades = run.trades.assign(symbol=nasty)
    text = page(replace(changed(run, data=data, command=nasty), trades=trades))
    assert nasty not in text
    embedded = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    assert json.loads(embedded.group(1))["symbols"][0]["name"] == nasty


def test_several_symbols_are_picked(run):
    both = {
        name: pd.concat([getattr(run, name).assign(symbol=symbol) for symbol in ("AAA", "BBB")])
        for name in ("bars", "predictions")
    }
    trades = run.trades.assign(symbol=np.where(np.arange(len(run.trades)) % 2, "AAA", "BBB"))
    config = run.summary["config"] | {"train_bars": {"AAA": 400, "BBB": 1000}}
    text = page(replace(changed(run, config=config), trades=trades, **both))
    options = re.findall(r"<option value=\"(\d)\">(\w+)</option>", text)
    assert options == [("0", "AAA"), ("1", "BBB")]
    assert "400 (AAA) or 1,000 (BBB)" in text
    assert "<select" not in page(run)


def test_it_is_written_whole(run, tmp_path):
    draw_page(tmp_path / "report.html", run)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    text = (tmp_path / "report.html").read_text()
    assert text.startswith("<!doctype html>") and text.rstrip().endswith("</html>")
    assert "plotly.js v" in text and "$" + "sections" not in text


def test_pieces_of_html():
    assert tag("p", "1 < 2") == "<p>1 &lt; 2</p>"
    assert tag("p", Html("<b>x</b>"), title='"') == '<p title="&quot;"><b>x</b></p>'
    assert join(["<", Html("<br>")], ", ") == "&lt;, <br>"
    shown = table("Title", ["", "A"], [["row", 1]])
    assert "<caption>Title</caption>" in shown and '<th scope="row">row</th>' in shown
    assert 'class="minus"' in bar(-0.5) and "width:50.0%" in bar(-0.5)
