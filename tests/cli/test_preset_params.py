"""Parameters of the strategy that a preset brings: system A keeps its threshold."""

import pytest

from bt_fusion.cli.backtest import ComparedStrategy
from bt_fusion.cli.options import (
    AccountOptions,
    PeriodOptions,
    PredictorOptions,
    ScheduleOptions,
    SymbolOptions,
)
from bt_fusion.cli.options.job import backtest_job
from bt_fusion.cli.screen import Screen
from bt_fusion.errors import OptionError
from tests.cli.running import MINE


@pytest.mark.parametrize(
    ("strategy", "options", "expected"),
    [
        ("fusion", [], {"ml_threshold": 0.60}),
        ("{mine}", [], {"ml_threshold": 0.60}),
        ("hybrid", [], {}),
        ("fusion", ["--param", "ml_threshold=auto"], {"ml_threshold": "auto"}),
        ("fusion", ["--ml-entry-threshold", "0.7"], {"ml_entry_threshold": 0.7}),
        ("fusion", ["--ml-entry-threshold", "auto"], {"ml_entry_threshold": "auto"}),
        ("fusion", ["--param", "ml_entry_threshold=0.7"], {"ml_entry_threshold": 0.7}),
    ],
)
def test_the_preset_fusion_keeps_its_threshold(strategy, options, expected, tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    named = strategy.format(mine=f"{tmp_path / 'mine.py'}:Reversal")
    given = ["--preset", "fusion", "--strategy", named, *options]
    assert preset_job(given).params == expected


def test_without_that_preset_a_strategy_has_its_own_default():
    assert preset_job(["--members", "lr"]).params == {}


def preset_job(options):
    """Return the backtest that options of the command describe."""
    given = dict(zip(options[::2], options[1::2], strict=True))
    own = given.get("--ml-entry-threshold")
    strategy = ComparedStrategy(
        strategy=given.get("--strategy", "fusion"),
        param=[given["--param"]] if "--param" in given else None,
        ml_entry_threshold=own,
    )
    model = PredictorOptions(preset=given.get("--preset"), members=given.get("--members"))
    parts = (model, ScheduleOptions(), AccountOptions(), PeriodOptions(), Screen(quiet=True))
    return backtest_job(SymbolOptions(data=["random-walk"]), strategy, *parts)


def test_another_word_is_no_threshold():
    with pytest.raises(OptionError, match="'high' must be a number, or auto"):
        preset_job(["--ml-entry-threshold", "high"])
