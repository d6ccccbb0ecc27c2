"""report.html as text: what stands in it, in what order, and nothing from outside."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from jinja2 import UndefinedError

from bt_fusion.data.bar_audit import audit_bars
from bt_fusion.data.samples import random_walk
from bt_fusion.report.html import templates
from bt_fusion.report.html.page import draw_page, page, plotly_script
from bt_fusion.report.html.sections import sections
from bt_fusion.report.html.templates import environment, render
from bt_fusion.saved_runs.saved_run import SavedRun

ATTRIBUTION = {
    "kept": {"trades": 2, "won": 1, "lost": 1, "pnl": 0.0},
    "vetoed": {"trades": 40, "won": 12, "lost": 28, "pnl": 2_100.0},
    "added": {"trades": 3, "won": 1, "lost": 2, "pnl": -100.0},
}
PLACEBO = {"kind": "vetoes", "draws": 1_000, "p_value": 0.004, "real": 3.1}
PLACEBO |= {"mean": 0.0, "low": -1.9, "high": 2.0}
WALK = random_walk(3_000)
GAPPED = audit_bars(WALK.drop(WALK.index[1_500:1_510])).to_dict()


@pytest.fixture(scope="module")
def run(run_folder):
    return SavedRun.read(run_folder)


def changed(run, **parts):
    return replace(run, summary={**run.summary, **parts})


def with_verdict(run):
    comparison = {**run.summary["comparison"], "attribution": ATTRIBUTION}
    comparison |= {
        "verdict": "ML helped",
        "because": "ML helped: it chose better than random filters.",
    }
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
    reader.markup = re.sub(r"<script.*?</script>", "<script></script>", text, flags=re.S)
    return reader


def test_the_verdict_comes_first_and_everything_in_order(run):
    text = page(with_verdict(run))
    shown = read(text).shown
    first = [
        "ML helped",
        "It chose better than random filters.",
        "Key figures",
        "Net profit, ML on",
    ]
    assert [shown.index(words) for words in first] == sorted(map(shown.index, first))
    assert "✓ placebo met" in shown and "✗ enough trades not met" in shown
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", text)
    assert headings == [section.title for section in sections(with_verdict(run))]
    assert len(read(text).ids) == len(set(read(text).ids))
    names = [section.name for section in sections(with_verdict(run))]
    assert names[0] == "key" and names[-2:] == ["card", "repeat"] and "placebo" in names


def test_every_chart_has_one_sentence_that_says_what_to_look_for(run):
    text = page(with_verdict(run))
    parts = re.findall(r'<section id="(\w+)".*?</section>', text, re.S)
    bodies = dict(zip(parts, re.findall(r"<section id=.*?</section>", text, re.S), strict=True))
    for name, body in bodies.items():
        hints = re.findall(r'<p class="look">(.*?)</p>', body)
        charted = 'class="chart"' in body or 'class="bar"' in body or 'class="heat"' in body
        assert len(hints) == charted, name
        for hint in hints:
            assert re.fullmatch(r"Look (for|at) [^.]*(0\.5[^.]*)?\.", hint), hint
    assert sum('class="chart"' in body for body in bodies.values()) > 10


def test_a_page_names_the_classes_of_its_run_alone(run):
    one_sided = run.predictions.assign(probability_down=np.nan)
    for shown, name, others in (
        (run, "Up", "Yes"),
        (replace(run, predictions=one_sided), "Yes", "Up"),
    ):
        (words,) = (each.words for each in sections(shown) if each.name == "reliability")
        assert f"by the predicted probability of {name}." in words and others not in words


def test_false_signals_tell_points_and_their_part(run):
    false = {"off": 0.5, "on": 0.4, "change": -0.2}
    found = changed(run, comparison=run.summary["comparison"] | {"false_signals": false})
    assert "-10.0 points (20.0 % fewer)" in read(page(found)).shown
    false = {"off": 0.0, "on": 0.4, "change": None}
    found = changed(run, comparison=run.summary["comparison"] | {"false_signals": false})
    assert "False signals: share of entries that lost 0.0 %" in read(page(found)).shown


def test_one_run_alone_is_not_compared_in_words(run):
    alone = changed(run, ml_off=None, comparison=None, fused_vs_technical=None)
    assert "ML off" not in " ".join(section.hint for section in sections(alone))


def test_the_card_has_every_parameter_and_marks_the_given_ones(run):
    used = {"strategy": {"ema_fast": 12, "ml_threshold": 0.6}, "members": {"lgb": {"max_depth": 3}}}
    text = page(changed(run, parameters=used))
    assert (
        '<li class="given">ml_threshold <b>0.6</b> <span class="unseen">given</span></li>' in text
    )
    assert "<li>ema_fast <b>12</b></li>" in text and "<li>max_depth <b>3</b></li>" in text
    old = {name: part for name, part in run.summary.items() if name != "parameters"}
    shown = read(page(replace(run, summary=old))).shown
    assert "Parameters given, the others have their defaults ml_threshold 0.6" in shown
    assert "max_depth" not in shown and "horizon 5" in shown


def test_without_a_verdict_it_says_so(run):
    comparison = {**run.summary["comparison"], "verdict": None}
    assert "no verdict" in read(page(changed(run, comparison=comparison))).shown
    alone = changed(run, ml_off=None, comparison=None, fused_vs_technical=None)
    shown = read(page(alone)).shown
    assert "ML on ran alone" in shown and "Difference" not in shown


@pytest.mark.slow
def test_the_figures_are_those_of_the_summary(run):
    shown = read(page(run)).shown
    for name in ("off", "on"):
        figures = run.summary[f"ml_{name}"]
        assert f"{figures['final_value']:,.0f}" in shown
        assert f"{100 * figures['win_rate']:.1f} %" in shown
    low, high = run.summary["comparison"]["profit_factor"]["ci95"]
    assert f"{low:.2f} to {high:.2f}" in shown
    low, high = run.summary["comparison"]["win_rate"]["ci95"]
    assert f"points, 95 %: {100 * low:.1f} to {100 * high:.1f}" in shown
    assert f"Buy and hold {run.summary['buy_hold']['max_drawdown']:.1%}".replace("%", " %") in shown
    assert (
        "2,100" in read(page(with_verdict(run))).shown
        and "71.0 %" in read(page(with_verdict(run))).shown
    )


def test_the_attribution_is_summed_up(run):
    shown = read(page(with_verdict(run))).shown
    assert re.search(
        r"Vetoed only in ML off: vetoed, or ML on was in another trade 40 12 28 \+2,100", shown
    )
    assert re.search(r"Sum 45 \+2,000", shown)


@pytest.mark.slow
def test_nothing_is_fetched(run):
    found = read(page(run))
    assert all(url.startswith(("#", "data:")) for url in found.fetched)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page(run)).group(1)
    assert "default-src 'none'" in policy and "http" not in policy


def test_in_sample_is_marked_everywhere(run):
    marked = page(changed(run, in_sample=5))
    headings = re.findall(r"<h2.*?</h2>", marked)
    assert len(headings) > 10 and all("IN-SAMPLE" in heading for heading in headings)
    assert "of them IN-SAMPLE" in marked and 'role="alert"' in marked
    shown, usual = (read(text).shown for text in (marked, page(run)))
    assert "In-sample figures" in shown and "Out-of-sample figures" not in shown
    assert "Out-of-sample figures" in usual and "800 unseen bars" in usual
    assert "unseen bars," not in shown and "unseen rows" not in shown
    assert "IN-SAMPLE" not in read(page(run)).shown


NASTY = '</script><script>alert("x")</script><b title=\'y\'>{{ 7 * 7 }}'


def test_names_are_text_and_never_markup(run):
    data = {**run.summary["data"], "name": NASTY}
    trades = run.trades.assign(symbol=NASTY)
    text = page(replace(changed(run, data=data, command=NASTY), trades=trades))
    assert NASTY not in text
    embedded = re.search(
        r'<script type="application/json" id="page-data">(.*?)</script>', text, re.S
    )
    assert json.loads(embedded.group(1))["symbols"][0]["name"] == NASTY
    assert read(text).shown.count(NASTY) == 4  # title, heading, model card, command


def test_no_two_elements_have_the_same_id(run):
    """A section called as the script that holds the data would be read in its place."""
    full = with_verdict(changed(run, audit=run.summary["audit"] | {"data": GAPPED}))
    found = []

    class Ids(HTMLParser):
        def handle_starttag(self, tag, attributes):
            found.extend(value for name, value in attributes if name == "id")

    Ids().feed(page(full))
    assert len(found) == len(set(found)) and {"data", "page-data"} <= set(found)


def test_everything_a_summary_holds_is_text(run):
    """Names, parameters, stages, reasons, rules: none of them can add an element."""
    plain = with_verdict(run)
    comparison = plain.summary["comparison"] | {"because": NASTY}
    comparison |= {
        "attribution": {**ATTRIBUTION, NASTY: ATTRIBUTION["kept"]},
        "rules": [{"name": NASTY, "passed": False, "failure": NASTY}],
    }
    config = run.summary["config"] | {"params": {NASTY: NASTY}, "strategy": NASTY}
    config |= {"versions": {NASTY: NASTY}, "features": [NASTY]}
    funnel = {"on": {"passed": {"bars": 9, NASTY: 4}, "lost": {NASTY: {NASTY: 5}}}}
    statistics = {**plain.summary["statistics"], "placebo": {**PLACEBO, "kind": NASTY}}
    model = run.summary["model"] | {"members": [NASTY], "importances": {NASTY: 1.0}}
    parts = {"config": config, "funnel": funnel, "statistics": statistics, "model": model}
    parts["parameters"] = {"strategy": {NASTY: NASTY}, "members": {NASTY: {NASTY: NASTY}}}
    found = read(page(changed(run, comparison=comparison, **parts)))
    # heading, reason, rule, category, stage and its reason, placebo; in the card the
    # strategy with a parameter and its value, members, features, a version and its value, a
    # member with a parameter and its value
    assert found.shown.count("{{ 7 * 7 }}") == 7 + 3 + 2 + 2 + 3 and NASTY not in found.markup
    assert found.markup.count("<script") == 4 and "<b title" not in found.markup


def test_several_symbols_are_picked(run):
    both = {
        name: pd.concat([getattr(run, name).assign(symbol=symbol) for symbol in ("AAA", "BBB")])
        for name in ("bars", "predictions")
    }
    trades = run.trades.assign(symbol=np.where(np.arange(len(run.trades)) % 2, "AAA", "BBB"))
    config = run.summary["config"] | {"train_bars": {"AAA": 400, "BBB": 1000}}
    text = page(replace(changed(run, config=config), trades=trades, **both))
    options = re.findall(r"<option value=\"(\d)\">([A-Z]+)</option>", text)
    assert options == [("0", "AAA"), ("1", "BBB")] * 3  # of candles, of trades and of signals
    assert "400 (AAA) or 1,000 (BBB)" in text
    assert 'class="symbol"' not in page(run)


def test_signals_are_told_from_trades(run):
    shown = read(page(run)).shown
    assert "A triangle marks a bar on which the strategy signals an entry" in shown
    assert "These are signals, not trades" in shown
    untold = replace(run, bars=run.bars.assign(fused=np.nan))
    assert "the probability of a side reaches the threshold" in read(page(untold)).shown


def test_it_is_written_whole(run, tmp_path):
    draw_page(tmp_path / "report.html", run)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    text = (tmp_path / "report.html").read_text()
    assert text.startswith("<!doctype html>") and text.rstrip().endswith("</html>")
    assert "plotly.js v" in text and "{{ " not in text.replace(plotly_script(), "")


def test_a_template_escapes_and_takes_no_unknown_name():
    shown = environment().from_string("<p title='{{ a }}'>{{ a }}</p>").render(a="<'\"&>")
    assert shown == "<p title='&lt;&#39;&#34;&amp;&gt;'>&lt;&#39;&#34;&amp;&gt;</p>"
    with pytest.raises(UndefinedError, match="'data' is undefined"):
        render("command.html.j2", {})
    assert environment() is environment()


def test_tables_and_bars():
    text = """{% from "macros.html.j2" import bar, plain_table %}
{{ plain_table(found) }}{{ bar(-0.5) }}{{ bar(2) }}"""
    found = {"caption": "A & B", "head": ["", "A"], "rows": [["row", 1]]}
    shown = environment().from_string(text).render(found=found)
    assert (
        '<caption class="unseen">A &amp; B</caption>' in shown and 'aria-label="A &amp; B"' in shown
    )
    assert '<th scope="row">row</th>' in shown and '<td class="number">1</td>' in shown
    assert 'style="width:50.0%" class="minus"' in shown
    assert 'style="width:100.0%" class="plus"' in shown


def test_every_asset_is_used():
    assets = Path(templates.__file__).parent / "assets"
    sources = [*assets.iterdir(), *assets.parent.glob("*.py")]
    text = "".join(path.read_text() for path in sources)
    names = [path.name for path in assets.iterdir()]
    assert len(names) > 20
    assert [n for n in names if f'"{n}"' not in text and f'"{n.split(".")[0]}"' not in text] == []
