"""A small cell of the verdict's size and one of its power; the whole is `benchmarks size power`."""

import numpy as np

from benchmarks.opinions import lasting
from benchmarks.replayed import evidence_on
from benchmarks.size import markets
from bt_fusion.data.samples import planted_edge, random_walk
from bt_fusion.engine.account import Account
from bt_fusion.verdict.rules import judge
from tests.engine.test_engine import given

COSTLY = Account(commission=0.001)


def random_predictions(bars, seed):
    noise = lasting(np.random.default_rng([seed, 9]).standard_normal(len(bars)))
    return given(bars.index, np.clip(0.5 + 0.1 * noise, 0.01, 0.99))


def test_random_predictions_do_not_help():
    found = []
    for seed in range(20):
        bars = random_walk(1_500, seed)
        predictions = random_predictions(bars, seed)
        evidence = evidence_on(bars, predictions, 0.60, COSTLY, draws=200, seed=seed)
        found.append((judge(evidence).verdict, evidence.setting.p_value))
    verdicts = [verdict for verdict, _ in found]
    assert verdicts.count("ML helped") <= 1 and verdicts.count("ML probably helped") <= 3
    assert 0.25 < np.mean([p_value for _, p_value in found]) < 0.75


def test_an_edge_is_found():
    helped = 0
    for seed in range(6):
        bars = planted_edge(2_500, seed, auc=0.70)
        top, bottom = bars[["open", "close"]].max(axis=1), bars[["open", "close"]].min(axis=1)
        upper, lower = bars.high - top, bottom - bars.low
        up = 0.5 + 0.2 * ((lower - upper) / (lower + upper)).to_numpy()
        evidence = evidence_on(bars, given(bars.index, up), 0.58, Account(), draws=300)
        assert evidence.trades_on > 50
        helped += judge(evidence).verdict == "ML helped"
    assert helped >= 5


def test_markets_drift_and_come_in_spells_and_nothing_else():
    made = dict(markets(3_000, seed=1))
    walk, drift, garch = (np.diff(np.log(made[name].close)) for name in ("walk", "drift", "garch"))
    np.testing.assert_allclose(drift - walk, 0.0002, atol=1e-12)
    spells = [np.corrcoef(r[:-1] ** 2, r[1:] ** 2)[0, 1] for r in (walk, garch)]
    assert spells[1] > 0.05 > abs(spells[0])
    assert abs(np.corrcoef(garch[:-1], garch[1:])[0, 1]) < 0.05
    frame = made["garch"]
    assert (frame.high >= frame[["open", "close"]].max(axis=1)).all()
    assert (frame.low <= frame[["open", "close"]].min(axis=1)).all()
