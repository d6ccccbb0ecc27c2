"""Intervals of differences: the figures are those of `statistics`, and the truth lies within."""

import numpy as np
import pytest

from bt_fusion.statistics.bootstrap import Bootstrap, resamples
from bt_fusion.statistics.intervals import return_intervals, trade_intervals
from bt_fusion.statistics.performance import drawdowns, profit_factor, sharpe, sortino, win_rate

RNG = np.random.default_rng(0)
OFF = RNG.normal(0, 0.01, 400)
ON = 0.5 * OFF + RNG.normal(0.001, 0.005, 400)


def drawn(figure, off, on, draws=80):
    """Percentiles of on - off over resamples, figure by figure, without any shortcut."""
    rows = resamples(len(off), 1.0, Bootstrap(draws, 7))
    return np.percentile(
        [figure(on[r]) - figure(off[r]) for r in rows], (2.5, 97.5), method="weibull"
    )


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("mean_return", np.mean),
        ("sharpe", lambda returns: sharpe(returns, 252)),
        ("sortino", lambda returns: sortino(returns, 252)),
        ("max_drawdown", lambda r: drawdowns(np.cumprod(np.r_[1, 1 + r])).max()),
    ],
)
def test_figures_of_returns_are_those_of_statistics(name, figure, monkeypatch):
    monkeypatch.setattr("bt_fusion.statistics.bootstrap.block_length", lambda values: 1.0)
    found = return_intervals(OFF, ON, 252, Bootstrap(80, 7))
    assert found[name] == pytest.approx(drawn(figure, OFF, ON), rel=1e-9)


def test_figures_of_trades_are_those_of_statistics(monkeypatch):
    monkeypatch.setattr("bt_fusion.statistics.bootstrap.block_length", lambda values: 1.0)
    gains = np.stack([OFF, np.where(ON > -0.004, ON, np.nan)], axis=1)  # vetoes the worst
    gains[5, 0] = np.nan
    cash = gains * np.linspace(1e5, 3e5, len(gains))[:, None]  # of an account that grows
    found = trade_intervals(cash, gains, Bootstrap(80, 7))

    def made(figure):
        return lambda values: figure(values[np.isfinite(values)])

    for name, figure in (
        ("win_rate", win_rate),
        ("profit_factor", profit_factor),
        ("expectancy", np.mean),
    ):
        assert found[name] == pytest.approx(drawn(made(figure), *gains.T), rel=1e-9)
    factor = drawn(made(profit_factor), *cash.T)
    assert found["profit_factor_cash"] == pytest.approx(factor, rel=1e-9)
    assert found["win_rate"][0] > 0 and found["profit_factor"][0] > 0


def test_the_total_return_adds_to_what_ml_off_made(monkeypatch):
    monkeypatch.setattr("bt_fusion.statistics.bootstrap.block_length", lambda values: 1.0)
    found = return_intervals(OFF, ON, 252, Bootstrap(79, 7))["total_return"]
    growth = drawn(lambda returns: np.log1p(returns).sum(), OFF, ON, 79)  # ends at the 2nd draw
    made = np.prod(1 + OFF)
    assert found == pytest.approx(made * np.expm1(growth), rel=1e-9)
    assert found[0] < np.prod(1 + ON) - made < found[1]


def test_nobody_loses_more_than_everything():
    rng = np.random.default_rng(3)
    off, on = rng.normal(0, 0.05, 400), rng.normal(-0.001, 0.05, 400)
    off += 0.002 - off.mean()  # makes 60 %, so that the difference of two draws may be -500 %
    apart = drawn(lambda returns: np.prod(1 + returns) - 1, off, on, 300)
    low, _ = return_intervals(off, on, bootstrap=Bootstrap(300))["total_return"]
    made = np.prod(1 + off) - 1
    assert apart[0] < -1 - made < low


def test_an_account_that_is_gone_stays_gone():
    lost = OFF.copy()
    lost[200] = -1.5
    found = return_intervals(OFF, lost, bootstrap=Bootstrap(200))
    assert found.pop("total_return") is None  # a resample without that bar is another account
    assert found["max_drawdown"][1] > 0.8
    assert all(np.isfinite(interval).all() for interval in found.values())


def test_a_run_that_never_trades_has_no_ratio():
    found = return_intervals(OFF, np.zeros(400), bootstrap=Bootstrap(50), drawdown=False)
    assert found["sharpe"] is None and found["sortino"] is None
    assert found["total_return"] is not None and "max_drawdown" not in found
    unmatched = np.stack([OFF, np.full(400, np.nan)], axis=1)
    nothing = trade_intervals(unmatched, unmatched, Bootstrap(50))
    assert set(nothing.values()) == {None}


def test_few_trades_leave_no_interval():
    gains = np.tile([0.01, -0.01], (9, 1))
    assert set(trade_intervals(gains, gains).values()) == {None}


@pytest.mark.slow
def test_intervals_hold_the_truth():
    from benchmarks.coverage import PROCESSES, lists_covered, pairs_covered

    found = pairs_covered(PROCESSES["vetoed"], pairs=200, bars=1_000, draws=300, seed=1)
    trades = lists_covered(300, lists=200, draws=300, seed=1)
    for name in ("mean_return", "sharpe"):
        assert 0.9 < found[name] < 0.99, name
    for name, share in trades.items():
        assert 0.9 < share < 0.99, name
