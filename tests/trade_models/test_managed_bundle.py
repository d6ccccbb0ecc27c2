"""All four models in one bundle: round trip, what refuses to load and why."""

import shutil
from pathlib import Path

import backtrader as bt
import numpy as np
import pytest

from benchmarks.fault_kinds import read, reseal
from bt_fusion import (
    BtFusionWarning,
    BundleError,
    Ensemble,
    ModelCompatibilityError,
    PartError,
    SignalModel,
    TrainingOrderError,
    TripleBarrier,
    load_model,
)
from bt_fusion.bundle import describe, load_saved
from bt_fusion.bundle.manifest import with_digest
from bt_fusion.data.samples import planted_edge
from bt_fusion.engine import BarsData
from bt_fusion.engine.runner import run_strategy
from bt_fusion.indicators import StopDistance
from bt_fusion.strategies import ManagedStrategy
from bt_fusion.trade_models.managed_model import ManagedModel
from bt_fusion.trade_models.position_model import PositionModel
from bt_fusion.trade_models.risk_model import RISK_FEATURES, RiskModel
from bt_fusion.trade_models.stop_model import StopModel
from bt_fusion.trade_models.trade_state import STATE

FEATURES = ("wick_balance", "return_1")
BARS = planted_edge(1_500, seed=2, auc=0.8)
OPTIONS = {"min_trades": 20, "costs": 0.002}


def new_model(features=FEATURES, **options):
    return ManagedModel(
        features,
        TripleBarrier(1.0, 1.0, 6),
        Ensemble(["lgb"], seed=3),
        position=PositionModel(exit_margin=0.4, add_margin=0.6),
        stops=StopModel(quantile=0.8, n_estimators=20),
        risk=RiskModel(n_estimators=10, min_child_samples=5),
        **{**OPTIONS, **options},
    )


@pytest.fixture(scope="module")
def model():
    return new_model().fit(BARS[:1_200])


@pytest.fixture(scope="module")
def kept(model, tmp_path_factory):
    return model.save(tmp_path_factory.mktemp("kept") / "model", symbol="TEST")


@pytest.fixture
def saved(kept, tmp_path):
    return Path(shutil.copytree(kept, tmp_path / "model"))


def later(content, name):
    return next(each for each in content["later"] if each["name"] == name)


def rewrite(folder, change):
    """Change a manifest, and set its digest right."""
    content = read(folder)
    change(content)
    (folder / "manifest.json").write_bytes(with_digest(content))


def assert_same_plan(one, other):
    for name in ("votes", "stop", "target", "atr", "market", "X"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    rows = np.flatnonzero(one.known)
    state = np.random.default_rng(0).normal(size=(len(rows), len(STATE))).astype(np.float32)
    advice = one.advice(rows, state)
    assert len({*advice.tolist()}) > 1
    np.testing.assert_array_equal(advice, other.advice(rows, state))
    accounts = np.random.default_rng(1).uniform(0, [0.3, 2, 1, 5], size=(40, 4))
    sizes = [[plan.multiplier(rows[0], each) for each in accounts] for plan in (one, other)]
    assert sizes[0] == sizes[1] and len({*sizes[0]}) > 1


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("load", [load_model, SignalModel.load, ManagedModel.load])
def test_round_trip_is_exact(load, model, kept):
    loaded = load(kept)
    assert type(loaded) is ManagedModel
    assert_same_plan(model.predict(BARS), loaded.predict(BARS))
    own, restored = model.trade_models_, loaded.trade_models_
    assert (own.trades, own.sized_trades) == (restored.trades, restored.sized_trades)
    assert restored.risk.average_ == own.risk.average_
    for name in ("position", "stops", "risk"):
        assert getattr(restored, name).n_rows_ == getattr(own, name).n_rows_ > 0
    assert loaded.fitted_stages_ == model.fitted_stages_


def test_all_that_it_was_made_with_comes_back(model, kept):
    loaded, kinds = load_model(kept), (bool, int, float)
    given = model.get_params()
    known = {name: value for name, value in given.items() if isinstance(value, kinds)}
    assert {name: loaded.get_params()[name] for name in known} == known
    assert {"min_trades", "costs", "position__exit_margin", "stops__quantile"} <= known.keys()


def test_saved_again_it_has_the_same_parts(kept, tmp_path):
    again = load_model(kept).save(tmp_path / "again", symbol="TEST")
    assert read(again)["files"] == read(kept)["files"]
    assert read(again)["later"] == read(kept)["later"]
    assert read(again)["golden"] == read(kept)["golden"]


def test_the_strategy_trades_the_same(model, kept):
    runs = [run_strategy(BARS[1_200:], ManagedStrategy, model=each) for each in (model, str(kept))]
    trades = [run.trades.drop(columns="symbol", errors="ignore") for run in runs]
    assert len(trades[0]) > 5 and trades[0].equals(trades[1])


class Distances(bt.Strategy):
    """Keeps what a StopDistance says."""

    params = (("model", None),)

    def __init__(self):
        self.distance, self.distances = StopDistance(self.data, model=self.p.model), []

    def next(self):
        self.distances.append((self.distance.stop[0], self.distance.target[0]))


def distances(model, bars, *, preload):
    cerebro = bt.Cerebro(stdstats=False, preload=preload)
    cerebro.adddata(BarsData(dataname=bars))
    cerebro.addstrategy(Distances, model=model)
    return np.array(cerebro.run()[0].distances)


def test_stop_and_target_are_the_same_in_batch_bar_by_bar_and_reloaded(model, kept):
    bars = BARS[1_100:]
    expected = distances(model, bars, preload=True)
    assert (expected[-200:, 1] > expected[-200:, 0]).all()
    for each, preload in ((model, False), (str(kept), True), (str(kept), False)):
        found = distances(each, bars, preload=preload)
        np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_the_manifest_names_the_columns_and_each_part_is_compared(kept):
    content = read(kept)
    assert (content["schema"], content["kind"]) == (5, "managed")
    columns = {each["name"]: tuple(each["columns"]) for each in content["later"]}
    assert columns == {
        "position": (*FEATURES, *STATE),
        "stops": (*FEATURES, "side"),
        "risk": RISK_FEATURES,
    }
    checks = load_saved(kept).checks
    for name in ("rf", "xgb", "lgb"):
        assert checks[f"position: member {name}"] == "the same on 32 stored rows"
    for name in ("stops: regressor stop", "stops: regressor target", "risk: regressor result"):
        assert checks[name].startswith("the same on")
    assert {part["role"] for part in describe(kept)["later"][1]["parts"]} == {"regressor"}


@pytest.fixture(scope="module")
def neutral(tmp_path_factory):
    model = new_model(min_trades=10_000).fit(BARS[:900])
    return model.save(tmp_path_factory.mktemp("neutral") / "model")


def test_a_neutral_model_is_saved_as_that(neutral):
    loaded = load_model(neutral)
    models = loaded.trade_models_
    assert (models.position, models.stops, models.risk) == (None, None, None)
    assert [each["parts"] for each in read(neutral)["later"]] == [[], [], []]
    assert later(read(neutral), "risk")["columns"] == [*RISK_FEATURES]
    plan = loaded.predict(BARS)
    assert (plan.stop[plan.known] == 1.0).all() and plan.known.any()
    assert loaded.get_params()["position__exit_margin"] == 0.4


def test_voters_of_a_neutral_model_are_lost_with_a_warning(tmp_path):
    model = new_model(min_trades=10_000).set_params(position__ensemble=Ensemble(["lr"]))
    with pytest.warns(BtFusionWarning, match="its own voters are not saved"):
        folder = model.fit(BARS[:900]).save(tmp_path / "model")
    assert load_model(folder).position.ensemble is None


def test_own_voters_come_back(tmp_path):
    voters = Ensemble(["lr", "lgb"], voting="majority", calibration="sigmoid", seed=5)
    model = new_model().set_params(position__ensemble=voters).fit(BARS[:1_200])
    loaded = load_model(model.save(tmp_path / "model"))
    assert loaded.position.ensemble.get_params() == voters.get_params()
    own, restored = (each.trade_models_.position for each in (model, loaded))
    assert restored.ensemble_.calibrators_.keys() == {"lr", "lgb"}
    votes = [each.ensemble_.member_proba(own.sample_) for each in (own, restored)]
    np.testing.assert_allclose(votes[0], votes[1], atol=1e-12)


def test_what_is_not_fitted_to_the_end_is_not_saved(tmp_path):
    model = new_model()
    model.fit_stage("signal", BARS[:900])
    with pytest.raises(TrainingOrderError, match=r"run fit_stage\('position', bars\) first"):
        model.save(tmp_path / "model")
    assert not (tmp_path / "model").exists()


PARTS = ["position-member-xgb", "stops-regressor-target", "risk-regressor-result"]


@pytest.mark.parametrize("part", PARTS)
def test_a_missing_part_is_refused(part, saved):
    next(saved.glob(f"{part}.*")).unlink()
    with pytest.raises(PartError, match=f"{part}.* is missing"):
        load_model(saved)


@pytest.mark.parametrize("part", PARTS)
def test_a_changed_part_is_refused(part, saved):
    path = next(saved.glob(f"{part}.*"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(PartError, match=f"{part}.* altered"):
        load_model(saved)


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    fitted = new_model().fit(planted_edge(1_200, seed=7, auc=0.8))
    return fitted.save(tmp_path_factory.mktemp("other") / "model")


@pytest.mark.slow_after(2)
@pytest.mark.parametrize("part", PARTS)
def test_a_foreign_part_is_found_by_its_predictions(part, saved, other):
    (own,), (foreign,) = saved.glob(f"{part}.*"), other.glob(f"{part}.*")
    own.write_bytes(foreign.read_bytes())
    reseal(saved)
    name = part.replace("-", ": ", 1).replace("-", " ")
    with pytest.raises(PartError, match=f"{name} predicts the golden rows otherwise"):
        load_model(saved)


def test_parts_of_a_model_with_other_features_are_refused(saved, tmp_path):
    foreign = new_model(["wick_balance", "gap"]).fit(BARS[:1_200]).save(tmp_path / "foreign")
    (own,), (their,) = (each.glob("stops-regressor-stop.*") for each in (saved, foreign))
    own.write_bytes(their.read_bytes())
    reseal(saved)
    with pytest.raises(ModelCompatibilityError, match="missing: return_1; extra: gap"):
        load_model(saved)


def set_in(name, section, **values):
    return lambda content: later(content, name)[section].update(values)


def renamed(name, position, column):
    """Return a change of a column's name, in the manifest alone."""

    def change(content):
        later(content, name)["columns"][position] = column

    return change


@pytest.mark.parametrize(
    ("name", "position", "column"),
    [("risk", 6, "minute"), ("position", 2, "luck"), ("stops", 0, "gap"), ("stops", -1, "sides")],
)
def test_columns_are_compared_where_no_part_names_them(name, position, column, neutral, tmp_path):
    folder = Path(shutil.copytree(neutral, tmp_path / "model"))
    rewrite(folder, renamed(name, position, column))
    with pytest.raises(ModelCompatibilityError, match=f"{name} model has other .* extra: {column}"):
        load_model(folder)


def without_part(name, part):
    def change(content):
        model = later(content, name)
        model["parts"] = [each for each in model["parts"] if each["name"] != part]

    return change


def one_fewer(content):
    content["later"].pop()
    content["golden"]["later"] = [
        line for line in content["golden"]["later"] if line["model"] != "risk"
    ]


def first_row(key, value):
    def change(content):
        content["golden"]["later"][0][key] = value

    return change


def off_by(amount):
    def change(content):
        line = next(each for each in content["golden"]["later"] if each["model"] == "risk")
        line["predicted"][0] += amount

    return change


FAULTS = [
    (lambda c: c.update(kind="signal"), BundleError, "has .* beside it"),
    (lambda c: c.update(kind="other"), ModelCompatibilityError, "kind 'other'; known here: signal"),
    (lambda c: c.update(kind=1), BundleError, "manifest.kind is '1', not str"),
    (lambda c: c.update(later=[]), BundleError, "golden rows of"),
    (lambda c: c["later"].reverse(), PartError, "not position, stops, risk"),
    (lambda c: c["later"].append(c["later"][0]), BundleError, "a name twice"),
    (one_fewer, PartError, "holds position, stops beside its signal"),
    (
        renamed("risk", 6, "minute"),
        ModelCompatibilityError,
        "risk: .* missing: minute; extra: hour",
    ),
    (renamed("position", -1, "luck"), ModelCompatibilityError, "missing: luck; extra: prob"),
    (renamed("stops", 0, "gap"), ModelCompatibilityError, "missing: gap; extra: wick"),
    (renamed("stops", 0, "side"), BundleError, "its columns cannot be"),
    (without_part("stops", "target"), (PartError, BundleError), "golden predictions are not 1"),
    (without_part("position", "xgb"), BundleError, "not those of the members"),
    (set_in("position", "options", exit_margin=2.0), BundleError, "position model"),
    (set_in("position", "options", exit_margin="0.5"), BundleError, "exit_margin are no numbers"),
    (set_in("stops", "options", quantile=1.5), BundleError, r"\['quantile'\] cannot be"),
    (set_in("stops", "options", n_estimators=20.0), BundleError, r"\['n_estimators'\] cannot be"),
    (set_in("stops", "options", min_trades=True), BundleError, "min_trades are no numbers"),
    (set_in("stops", "options", min_trades=21), BundleError, "different min_trades"),
    (set_in("risk", "options", costs=-0.1), BundleError, r"\['costs'\] cannot be"),
    (set_in("risk", "options", luck=1), BundleError, r"\['luck'\] cannot be"),
    (set_in("risk", "facts", rows=-1), BundleError, r"\['rows'\] cannot be"),
    (set_in("risk", "facts", average_result=1e300), BundleError, "average_result are no numbers"),
    (lambda c: later(c, "risk")["options"].clear(), BundleError, "cannot be"),
    (first_row("row", [0.0]), BundleError, "golden rows do not hold 9 numbers"),
    (first_row("predicted", [0.0]), BundleError, "golden predictions are not 9 numbers"),
    (first_row("model", "luck"), BundleError, r"golden rows of \['luck'\]"),
    (off_by(1e-6), PartError, "risk: regressor result predicts the golden rows otherwise"),
]


@pytest.mark.slow_after(5)
@pytest.mark.parametrize(("change", "error", "message"), FAULTS)
def test_a_manifest_that_cannot_be_is_refused(change, error, message, saved):
    rewrite(saved, change)
    with pytest.raises(error, match=message):
        load_model(saved)


def test_a_regressor_cannot_be_a_member(saved):
    def change(content):
        content["parts"][0].update(later(content, "risk")["parts"][0] | {"role": "member"})

    rewrite(saved, change)
    with pytest.raises(BundleError, match="unknown kind of part 'lightgbm_regressor'"):
        load_model(saved)


def test_a_tree_that_leads_out_of_its_arrays_is_refused(saved):
    path = next(saved.glob("risk-regressor-result.*"))
    text = path.read_text()
    assert "left_child=" in text
    at = text.index("left_child=") + len("left_child=")
    path.write_text(text[:at] + "99 " + text[text.index(" ", at) + 1 :])
    reseal(saved)
    with pytest.raises(BundleError, match="risk: regressor result, tree 0 has a child outside"):
        load_model(saved)
