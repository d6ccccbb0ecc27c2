"""Keys: what makes a file be judged again, and what makes another variant."""

from dataclasses import replace

import pytest

from bt_fusion import Account, Ensemble, SignalModel, WalkForward
from bt_fusion.universe.keys import JobKey, digest_of_file
from bt_fusion.universe.plan import Plan
from tests.universe.files import job


def key(given, control=False, **bars):
    return JobKey.of(given, control, bars, {"min_bars": 0})


WALK = job().predictor


def walk(**changes):
    return replace(job(), model=WalkForward(**(WALK.get_params(deep=False) | changes)))


def test_the_same_job_has_the_same_key():
    assert key(job()) == key(job())
    assert key(walk(jobs=2, cache="auto")).whole == key(job()).whole  # speed alone
    named = job(params={"ema_fast": 12})
    assert key(named).whole == key(job()).whole  # that is its default


@pytest.mark.parametrize(
    "other",
    [
        job(params={"ema_fast": 8}),
        job(account=Account(commission=0.001)),
        job(fromdate="2024-02-01"),
        walk(train_bars=300),
        walk(train_bars=None),
        walk(model=SignalModel(["gap"], ensemble=Ensemble(["lgb"]))),
        walk(model=SignalModel(["wick_balance", "gap"], ensemble=Ensemble(["lr"]))),
    ],
)
def test_what_trades_otherwise_is_another_variant(other):
    assert key(other).whole != key(job()).whole
    assert key(other).variant != key(job()).variant


@pytest.mark.parametrize("other", [job(seed=1), job(draws=100), job(audit=False)])
def test_what_draws_otherwise_is_judged_again_and_no_other_variant(other):
    assert key(other).whole != key(job()).whole
    assert key(other).variant == key(job()).variant


def test_resampled_bars_are_another_variant_and_a_control_is_none():
    assert key(job(), resample="4h").variant != key(job(), resample=None).variant
    control = key(job(), control=True)
    assert control.variant == "" and control.whole != key(job()).whole


def test_a_file_is_known_by_its_content(tmp_path):
    files = {name: tmp_path / f"{name}.csv" for name in ("a", "b", "c")}
    for name, text in (("a", "1"), ("b", "2"), ("c", "1")):
        files[name].write_text(text)
    plan = Plan.of(files, key(job()))
    assert [task.symbol for task in plan.tasks] == ["a", "b"]
    assert len({task.key for task in plan.tasks}) == 2
    assert [each.symbol for each in plan.refused] == ["c"]
    renamed = files["a"].rename(tmp_path / "z.csv")
    assert digest_of_file(renamed) == plan.tasks[0].digest
