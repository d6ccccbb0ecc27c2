"""A feature that is the future return hides in the pooled AUC, and is found within refits."""

import numpy as np
import pytest

from bt_fusion import Backtest, Direction, Ensemble, Gain, SignalModel, WalkForward, feature
from bt_fusion.data.samples import planted_edge
from bt_fusion.evaluation.refit_figures import refit_figures, refit_notes, too_good_note
from bt_fusion.features import REGISTRY
from bt_fusion.report.refit_auc import refit_auc_texts

BARS = planted_edge(3_400, seed=4, auc=0.5)
REFIT = 200  # bars


@pytest.fixture
def leak():
    """The future return, on a level of its own in each block of a refit."""

    @feature(lookback=1)
    def future_return(bars):
        ahead = np.full(len(bars), np.nan)
        ahead[:-5] = np.log(bars.close[5:] / bars.close[:-5])
        levels = np.random.default_rng(1).normal(size=len(bars) // REFIT + 1)
        return ahead / np.nanstd(ahead) + 12 * levels[np.arange(len(bars)) // REFIT]

    yield "future_return"
    REGISTRY.pop("future_return")


def walk(feature, cache=None):
    model = SignalModel([feature], Direction(5), Ensemble(["lr"]), causality_check=False)
    return WalkForward(model, 5 * REFIT, REFIT, cache=cache)


def predicted(walk, bars=BARS):
    return walk.predict(bars), walk.labels_


@pytest.mark.slow
def test_a_leak_that_pooling_hides_is_found_within_refits(leak, tmp_path):
    summary = Backtest(walk(leak, tmp_path), draws=10).run(BARS, "walk").summary
    model, notes = summary["model"], [note for note in summary["notes"] if "AUC" in note]
    found = model["refit_auc"]
    assert model["auc"] < 0.65 and found["within"] > 0.9 and found["differs"]
    assert (found["refits"], len(found["each"])) == (12, 12)
    pooled, within = (f"{value:.3f}" for value in (model["auc"], found["within"]))
    assert notes[0].startswith(f"AUC {pooled} pooled but {within} within refits, more than")
    assert notes[1].startswith(f"AUC within refits {within}: too good for a market")
    assert f"AUC {pooled} pooled; {within} within refits (" in refit_auc_texts(summary)[""]
    again = Backtest(walk(leak, tmp_path), draws=10).run(BARS, "walk").summary
    assert again["model"]["cached"] == 12 and again["model"]["refit_auc"] == found
    assert again["notes"] == summary["notes"]


def test_an_honest_feature_has_nothing_to_note():
    for auc in (0.5, 0.65):
        bars = planted_edge(3_400, seed=4, auc=auc)
        predictions, labels = predicted(walk("wick_balance"), bars)
        assert refit_notes(predictions, labels, Direction(5)) == []


def test_each_refit_is_told_by_symbol_with_its_span():
    predictions, labels = predicted(walk("gap"))
    found = refit_figures({"A": (predictions, labels), "B": (predictions, labels)}, horizon=5)
    alone = refit_figures({"A": (predictions, labels)}, horizon=5)
    assert [own["symbol"] for own in found["each"]] == ["A"] * 12 + ["B"] * 12
    assert found["each"][:12] == alone["each"]
    assert found["within"] == pytest.approx(alone["within"])
    first, last = alone["each"][0], alone["each"][-1]
    assert (first["refit"], first["rows"], first["start"]) == (0, 200, BARS.index[1_000])
    assert (last["refit"], last["rows"], last["end"]) == (11, 195, BARS.index[-6])


def test_refits_of_few_rows_are_said():
    predictions, labels = predicted(walk("gap"))
    found = refit_figures({"A": (predictions, labels)}, horizon=50)
    assert (found["within"], found["lowest"], found["refits"]) == (None, None, 0)
    assert {own["auc"] for own in found["each"]} == {None}
    texts = refit_auc_texts({"model": {"auc": 0.51, "refits": 12, "refit_auc": found}})
    assert texts == {"": "AUC 0.510 pooled; none within refits, each has too few rows"}
    assert refit_notes(predictions, labels, Direction(50)) == []


def test_a_saved_model_has_no_refits_to_tell():
    found = {"auc": 0.5, "refits": 0, "refit_auc": {"refits": 1}}
    assert refit_auc_texts({"model": found}) == {}
    assert refit_auc_texts({"model": {"auc": 0.5, "refits": 3}}) == {}  # an older folder


def test_what_is_too_good_depends_on_the_label_and_on_chance():
    assert too_good_note(0.8, 1_000, 1_000, Direction(5)).startswith("AUC 0.800: too good for a")
    assert too_good_note(0.8, 1_000, 1_000, Gain()) == ""
    assert too_good_note(0.95, 1_000, 1_000, Gain()) != ""
    assert too_good_note(0.8, 20, 20, Direction(5)) == ""  # chance gives so few rows as much
    for unknown in (None, float("nan")):
        assert too_good_note(unknown, 1_000, 1_000, Direction(5)) == ""
