"""Features, labels and members that look ahead are all named, honest ones are not."""

import pytest

from bt_fusion import Ensemble, LookAheadError, SignalModel, plugins
from bt_fusion.audit import audit_features, audit_members, audit_plugins
from bt_fusion.data.samples import random_walk
from bt_fusion.ensemble.members.registry import MEMBERS
from bt_fusion.features import REGISTRY
from bt_fusion.labels import LABELS
from bt_fusion.models.causality import is_checked
from bt_fusion.report.checks.strategy_audit import parts_audit_line
from tests.audit.own_parts import OWN

BARS = random_walk(1_500)


@pytest.fixture
def own(tmp_path):
    """The plug-in, loaded; the registers are put back as they were."""
    registers = (REGISTRY, LABELS, MEMBERS, plugins.LOADED)
    kept = [dict(each) for each in registers]
    path = tmp_path / "own.py"
    path.write_text(OWN)
    plugins.load_plugin(path)
    yield path
    for register, content in zip(registers, kept, strict=True):
        register.clear()
        register.update(content)


def kinds(found):
    return {each.where: each.kind for each in found.findings}


@pytest.mark.slow
def test_all_that_a_plug_in_registers_is_tried(own):
    found = audit_plugins(own, BARS)
    assert kinds(found) == {
        "feature own_centred": "look-ahead",
        "feature own_next": "look-ahead",
        "feature own_fails": "error",
        "feature own_short": "declared",
        "label Crossing": "look-ahead",
        "member own_ranks": "look-ahead",
        "member own_adds": "mode",
        "member own_rule": "in-sample",
    }
    assert not found.passed and found.looks_ahead and len(found.parts) == 12
    assert [each.split(" ")[1].rstrip(":") for each in found.unverified] == [
        "own_random",
        "own_draws",
    ]
    assert found.cuts > 1_000 and found.bars == 1_500 and found.compared > 50_000
    line = parts_audit_line(found.to_dict())
    assert line.startswith("4 of 12 look ahead: feature own_centred, feature own_next, label")


def test_a_finding_tells_the_first_bar_and_how_far(own):
    found = audit_features(["own_next", "own_honest", "own_centred"], BARS)
    first, second = found.findings
    assert "it looks 1 bar ahead" in first.detail and "it looks 3 bars ahead" in second.detail
    stamps = {str(stamp) for stamp in BARS.index}
    assert {first.first, second.first} <= stamps
    assert first.detail.startswith(f"its value at {first.first} changes when")
    assert "no-causality-check" not in first.detail


@pytest.mark.slow
def test_ours_pass():
    found = audit_features("fusion", BARS, "triple_barrier")
    assert found.passed and found.unverified == () and found.parts[-1] == "label TripleBarrier"
    assert audit_members({"lr": "lr", "mine": "lgb"}, BARS).passed


def test_too_few_bars_pass_nothing():
    found = audit_members({"lr": "lr"}, BARS[:40])
    assert not found.passed and "too few" in found.unverified[0]


def test_a_fit_refuses_a_member_that_ranks_within_its_batch(own):
    features = ["gap", "wick_balance"]
    model = SignalModel(features, ensemble=Ensemble(["lr", "own_ranks"]))
    with pytest.raises(LookAheadError, match=r"member 'own_ranks' looks ahead.*all later rows"):
        model.fit(BARS)
    unchecked = model.set_params(causality_check=False).fit(BARS)
    assert unchecked.look_ahead_checked_ is False
    honest = SignalModel(features, ensemble=Ensemble(["own_linear"]))
    assert honest.fit(BARS).look_ahead_checked_ and is_checked(honest)
