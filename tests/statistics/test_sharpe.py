"""Sharpe ratios and luck: published examples, another library, and simulation."""

import numpy as np
import pytest
from purgedcv import deflated_sharpe_ratio, min_track_record_length, probabilistic_sharpe_ratio
from scipy.stats import kurtosis, skew

from bt_fusion.errors import OptionError
from bt_fusion.statistics.sharpe import (
    TrackRecord,
    deflated_sharpe,
    expected_best_sharpe,
    min_track_record,
    probabilistic_sharpe,
    sharpe_per_bar,
)


def fat_tails(seed=0, bars=500, mean=0.0005):
    return np.random.default_rng(seed).standard_t(4, bars) * 0.01 + mean


def test_probabilistic_sharpe_of_the_fund_of_bailey_and_lopez_de_prado_2012():
    # 24 months, mean 0.036, deviation 0.079: 0.458 a month, 1.59 a year
    normal, skewed = TrackRecord(0.458, 24), TrackRecord(0.458, 24, -2.448, 10.164)
    assert normal.probability_above(0.0) == pytest.approx(0.982, abs=5e-4)
    assert skewed.probability_above(0.0) == pytest.approx(0.913, abs=5e-4)


@pytest.mark.parametrize(("bars_a_year", "years"), [(252, 2.73), (52, 2.83), (12, 3.24)])
def test_track_records_of_bailey_and_lopez_de_prado_2012(bars_a_year, years):
    # until a yearly Sharpe ratio of 2 is above 1 with 95 %: years of days, of weeks, of months
    record = TrackRecord(2 / bars_a_year**0.5, 100)
    bars = record.bars_needed(1 / bars_a_year**0.5, 0.95)
    assert bars - 1 < years * bars_a_year + 0.01 * bars_a_year and bars / bars_a_year > years - 0.01


@pytest.mark.parametrize(
    ("trials", "best", "probability"), [(100, 0.1132, 0.9004), (46, None, 0.9505)]
)
def test_deflated_sharpe_of_bailey_and_lopez_de_prado_2014(trials, best, probability):
    # 2.5 a year of 250 days over 1,250 days, skew -3, kurtosis 10; the trials' variance 1/2 a year
    record = TrackRecord(2.5 / 250**0.5, 1_250, -3.0, 10.0)
    expected = expected_best_sharpe(trials, 0.5 / 250)
    if best is not None:
        assert expected == pytest.approx(best, abs=5e-5)
    assert record.probability_above(expected) == pytest.approx(probability, abs=5e-5)


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_purgedcv(seed):
    returns = fat_tails(seed)
    for benchmark in (0.0, 0.05, -0.02):
        theirs = probabilistic_sharpe_ratio(returns, benchmark)
        assert probabilistic_sharpe(returns, benchmark) == pytest.approx(theirs, rel=1e-12)
    for trials in (1, 2, 50):
        theirs = deflated_sharpe_ratio(returns, trials, 0.002)
        assert deflated_sharpe(returns, trials, 0.002) == pytest.approx(theirs, rel=1e-12)
    record = TrackRecord.of(returns)
    theirs = min_track_record_length(record.sharpe, -0.1, 0.05, record.skew, record.kurtosis)
    assert min_track_record(returns, -0.1) == theirs


def test_a_record_by_hand():
    returns = np.array([0.03, -0.01, 0.01, 0.0, 0.02, -0.02])
    record = TrackRecord.of(returns)
    assert record.sharpe == pytest.approx(returns.mean() / returns.std())
    assert record.bars == 6
    assert record.skew == pytest.approx(skew(returns, bias=False))
    assert record.kurtosis == pytest.approx(kurtosis(returns, bias=False) + 3)
    assert sharpe_per_bar(returns) == pytest.approx(returns.mean() / returns.std(ddof=1))


def test_probability_is_uniform_where_there_is_no_skill():
    rng = np.random.default_rng(0)
    # skewed and fat-tailed, of mean 0
    draws = (rng.gamma(2.0, size=(2_000, 400)) - 2.0) * -0.01
    found = np.array([probabilistic_sharpe(row) for row in draws])
    for level in (0.05, 0.5, 0.95):
        assert np.mean(found <= level) == pytest.approx(level, abs=0.025)


@pytest.mark.parametrize("trials", [5, 20, 200])
def test_expected_best_is_that_of_simulated_trials(trials):
    draws = np.random.default_rng(2).normal(0, 0.03, size=(20_000, trials))
    assert expected_best_sharpe(trials, 0.03**2) == pytest.approx(
        draws.max(axis=1).mean(), rel=0.03
    )


def test_deflation_without_variance_takes_that_of_chance():
    returns = fat_tails(mean=0.001)
    assert deflated_sharpe(returns, 20) == deflated_sharpe(returns, 20, 1 / 499)
    assert deflated_sharpe(returns, 1) == probabilistic_sharpe(returns)
    assert deflated_sharpe(returns, 20) > deflated_sharpe(returns, 21)


def test_so_many_bars_reach_the_level_and_fewer_do_not():
    record = TrackRecord(0.05, 300, -0.5, 6.0)
    bars = record.bars_needed(0.0, 0.95)
    reached = [TrackRecord(0.05, count, -0.5, 6.0).probability_above(0.0) for count in (bars, 300)]
    assert reached[0] >= 0.95 > TrackRecord(0.05, bars - 1, -0.5, 6.0).probability_above(0.0)
    assert reached[1] < 0.95 and bars > 300


@pytest.mark.parametrize("returns", [[], [0.1], [0.1, 0.2, 0.1], [0.1] * 9, [0.0] * 9])
def test_undefined_is_none(returns):
    returns = np.array(returns)
    assert TrackRecord.of(returns) is None
    assert probabilistic_sharpe(returns) is None
    assert deflated_sharpe(returns, 3) is None
    assert min_track_record(returns) is None


def test_a_loss_never_gets_a_track_record():
    returns = fat_tails(mean=-0.002)
    assert min_track_record(returns) is None
    assert min_track_record(returns, benchmark=-1.0) > 1


def test_moments_without_an_error_are_undefined():
    record = TrackRecord(1.0, 100, skew=3.0, kurtosis=3.0)  # no distribution has these
    assert record.probability_above(0.0) is None and record.bars_needed(0.0, 0.95) is None


def test_wrong_arguments_are_refused():
    returns = fat_tails()
    with pytest.raises(OptionError, match="1 values that are not finite"):
        probabilistic_sharpe(np.array([0.1, np.nan, 0.2]))
    with pytest.raises(OptionError, match=r"shape \(250, 2\)"):
        probabilistic_sharpe(returns.reshape(-1, 2))
    for trials, variance in ((0, 1.0), (2, -1.0), (2, np.nan)):
        with pytest.raises(OptionError, match=f"{trials} trials"):
            deflated_sharpe(returns, trials, variance)
    for level in (0.5, 1.0, np.nan):
        with pytest.raises(OptionError, match="level"):
            min_track_record(returns, level=level)
