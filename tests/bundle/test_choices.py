"""A BestMember in a saved model: what is kept of its choice, and which choices are refused."""

from copy import deepcopy

import numpy as np
import pytest

from benchmarks.fault_kinds import read
from bt_fusion import BundleError, Ensemble, ModelCompatibilityError, SignalModel, load_model
from bt_fusion.bundle import describe
from bt_fusion.bundle.choices import about_choices
from bt_fusion.bundle.manifest import with_digest
from bt_fusion.data.samples import planted_edge
from bt_fusion.ensemble.members.best_member import FIGURES, BestMember
from bt_fusion.evaluation.candidates import score_candidates

FEATURES = ["wick_balance", "return_1"]
BARS, CUT = planted_edge(900, seed=5, auc=0.75), 600


def trained(candidates, **options):
    members = {"best": BestMember(candidates, folds=3, seed=2), "lr": BestMember(("lr",), folds=2)}
    model = SignalModel(FEATURES, ensemble=Ensemble(members, **options)).fit(BARS[:CUT])
    score_candidates(model, BARS)
    return model


@pytest.fixture(scope="module")
def model():
    return trained(("lr", "rf"))


@pytest.fixture
def folder(model, tmp_path):
    return model.save(tmp_path / "model")


def rewrite(folder, choices):
    (folder / "manifest.json").write_bytes(with_digest(read(folder) | {"choices": choices}))


@pytest.mark.parametrize("name", ["lr", "rf", "xgb", "lgb", "svm"])
@pytest.mark.parametrize("options", [{}, {"calibration": "sigmoid"}])
@pytest.mark.slow
def test_any_winner_comes_back(name, options, tmp_path):
    model = trained((name,), **options)
    loaded = load_model(model.save(tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict(BARS).votes, model.predict(BARS).votes)
    best, original = (each.ensemble_.members_["best"] for each in (loaded, model))
    assert best.get_params() == original.get_params()
    assert best.estimator_.get_params().keys() == original.estimator_.get_params().keys()
    np.testing.assert_array_equal(best.classes_, original.classes_)


@pytest.mark.slow
def test_the_table_comes_back(model, folder):
    loaded = load_model(folder)
    for name in ("best", "lr"):
        best, original = (each.ensemble_.members_[name] for each in (loaded, model))
        for attribute in ("name_", "scores_", "test_scores_", "test_rows_"):
            assert getattr(best, attribute) == getattr(original, attribute)
        assert list(best.fitted_) == [best.name_]
    assert about_choices(loaded.ensemble_) == about_choices(model.ensemble_)
    assert read(loaded.save(folder.with_name("again")))["choices"] == read(folder)["choices"]


def test_what_is_kept_by_hand(model, folder):
    choice = describe(folder)["choices"][0]
    best = model.ensemble_.members_["best"]
    assert (choice["member"], choice["chosen"]) == ("best", best.name_)
    assert (choice["folds"], choice["seed"], choice["test_rows"]) == (3, 2, best.test_rows_)
    for candidate in choice["candidates"]:
        folds = best.scores_[candidate["name"]]
        assert candidate["cross_validation"]["folds"] == folds
        for figure in FIGURES:
            values = [fold[figure] for fold in folds]
            mean, spread = (candidate["cross_validation"][key] for key in ("mean", "spread"))
            assert mean[figure] == pytest.approx(np.mean(values))
            assert spread[figure] == pytest.approx(np.std(values, ddof=1))
        assert candidate["test"] == best.test_scores_[candidate["name"]]


def test_without_test_rows_there_are_no_figures_of_them(tmp_path):
    ensemble = Ensemble({"best": BestMember(("lr",), folds=2)})
    model = SignalModel(FEATURES, ensemble=ensemble).fit(BARS[:CUT])
    choice = describe(model.save(tmp_path / "model"))["choices"][0]
    assert choice["test_rows"] == 0
    assert choice["candidates"][0]["test"] == dict.fromkeys(FIGURES)
    assert load_model(tmp_path / "model").ensemble_.members_["best"].test_scores_ == {}


def change(key, value):
    return lambda choices: choices[0].update({key: value})


def candidate(path, value, number=0):
    """Set a value of a candidate, at a path of keys."""

    def edit(choices):
        inner = choices[0]["candidates"][number]
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value

    return edit


def fold_twice(choices):
    for each in choices[0]["candidates"]:
        each["cross_validation"]["folds"] *= 2


def swap_tables(choices):
    one, two = choices[0]["candidates"]
    one["cross_validation"], two["cross_validation"] = (
        two["cross_validation"],
        one["cross_validation"],
    )


CROSS = "cross_validation"
EDITS = {
    "given twice": lambda choices: choices.append(deepcopy(choices[0])),
    "of no member": change("member", "worst"),
    "of another member": change("member", "lr"),
    "chosen is no candidate": change("chosen", "svm"),
    "chosen is another kind": lambda choices: choices[1].update(
        chosen="rf", candidates=[choices[1]["candidates"][0] | {"name": "rf"}]
    ),
    "not the best": swap_tables,
    "folds": change("folds", 2),
    "no folds": change("folds", 0),
    "many folds": change("folds", 10**9),
    "seed": change("seed", -1),
    "large seed": change("seed", 2**40),
    "rows": change("test_rows", -5),
    "no candidates": change("candidates", []),
    "same name": candidate(["name"], "rf"),
    "folds twice": fold_twice,
    "fewer folds of one": lambda choices: choices[0]["candidates"][0][CROSS]["folds"].pop(),
    "no folds of any": lambda choices: [
        each[CROSS]["folds"].clear() for each in choices[0]["candidates"]
    ],
    "above 1": candidate([CROSS, "folds", 0, "f1"], 1.5),
    "nothing": candidate([CROSS, "folds", 0, "recall"], None),
    "another mean": candidate([CROSS, "mean", "accuracy"], 0.99),
    "another spread": candidate([CROSS, "spread", "f1"], 0.0),
    "test below 0": candidate(["test", "accuracy"], -0.1),
    "half a test": candidate(["test", "f1"], None),
    "text": candidate(["test", "f1"], "good"),
    "no test": lambda choices: choices[0]["candidates"][0].pop("test"),
    "extra": change("code", "x"),
}


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("name", EDITS)
def test_a_choice_that_does_not_hold_is_refused(name, folder):
    choices = read(folder)["choices"]
    EDITS[name](choices)
    rewrite(folder, choices)
    with pytest.raises(BundleError):
        load_model(folder)


def test_an_unknown_candidate_asks_for_another_version(folder):
    choices = read(folder)["choices"]
    choices[0]["candidates"][0]["name"] = "catboost"
    rewrite(folder, choices)
    with pytest.raises(ModelCompatibilityError, match="chose among a member 'catboost'; known"):
        load_model(folder)


def test_members_by_name_have_no_choice(tmp_path, folder):
    model = SignalModel(FEATURES, ensemble=Ensemble(["lr"])).fit(BARS[:CUT])
    plain = model.save(tmp_path / "plain")
    assert read(plain)["choices"] == []
    rewrite(plain, [read(folder)["choices"][1]])
    with pytest.raises(BundleError, match=r"choices are of \['lr'\], the members \[\]"):
        load_model(plain)
