"""A result in a notebook."""

import re

import pytest

from bt_fusion import Backtest, Ensemble, SignalModel, WalkForward
from bt_fusion.data.samples import planted_edge


@pytest.fixture(scope="module")
def results():
    model = SignalModel(["wick_balance", "gap"], ensemble=Ensemble(["lgb"]))
    walk = WalkForward(model, train_bars=400, cache=None)
    bars = planted_edge(700, seed=1, auc=0.8)
    return {ml: Backtest(walk, ml=ml, draws=50).run(bars, "<edge>") for ml in ("both", "on")}


def test_it_shows_verdict_curves_and_figures_small(results):
    shown = results["both"]._repr_html_()
    assert len(shown) < 40_000 and "<script" not in shown
    assert "http" not in shown.replace("http://www.w3.org/2000/svg", "")
    assert (
        results["both"].summary["comparison"]["verdict"] in shown
        and "&lt;edge&gt;: 300 unseen bars" in shown
    )
    assert len(re.findall("<polyline", shown)) == 3  # buy and hold, too
    names = re.findall(r"background:(#\w+)\"></span>([\w ]+)</span>", shown)
    assert [name for _, name in names] == ["ML on", "ML off", "buy and hold"]
    assert all(f"{colour})" in shown for colour, _ in names)  # a curve of each
    figures = results["both"].summary["ml_on"]
    assert "&lt;td" not in shown and ">Win rate</td>" in shown
    assert f"{100 * figures['win_rate']:.1f} %" in shown and "95 % interval" in shown


def test_a_figure_that_no_run_has_is_left_out(results):
    summary = results["both"].summary
    assert summary["ml_on"]["sharpe"] is None  # 300 minutes are too short
    assert ">Sharpe ratio<" not in results["both"]._repr_html_()
    assert ">Max. drawdown<" in results["both"]._repr_html_()


def test_one_run_alone(results):
    shown = results["on"]._repr_html_()
    assert len(re.findall("<polyline", shown)) == 2 and "Difference" not in shown
    assert "no verdict" in shown


def test_the_verdict_is_told(results):
    summary = results["both"].summary
    summary["comparison"] |= {"verdict": "ML hurt", "because": "ML hurt: it lost."}
    summary["in_sample"] = 2
    shown = results["both"]._repr_html_()
    assert "<strong" in shown and "ML hurt" in shown and "It lost." in shown
    assert "300 bars, 2 of them IN-SAMPLE" in shown
