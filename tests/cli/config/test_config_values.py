"""Values of a TOML file as values of options."""

from datetime import date
from pathlib import Path

import pytest

from bt_fusion.cli.command import Ml
from bt_fusion.cli.config.config_values import option_value
from bt_fusion.errors import OptionError

LIST = list[str] | None


@pytest.mark.parametrize(
    ("name", "value", "kind", "meant"),
    [
        ("features", ["gap", "rsi_14"], str | None, "gap,rsi_14"),
        ("features", "gap,rsi_14", str | None, "gap,rsi_14"),
        ("horizon", 5, str | None, "5"),
        ("sizer", 0.5, str, "0.5"),
        ("fromdate", date(2020, 1, 2), str | None, "2020-01-02"),
        ("train_bars", 500, int | None, 500),
        ("cash", 1_000, float, 1_000),
        ("long_only", True, bool, True),
        ("ml", "on", Ml, "on"),
        ("out", "there", Path, "there"),
        ("data", "sp500", list[str], ["sp500"]),
        ("data", {"SPX": "sp500", "NDX": "nasdaq"}, list[str], ["SPX=sp500", "NDX=nasdaq"]),
        ("breakdown", ["day", "week"], LIST, ["day", "week"]),
        ("param", ["fast=10"], LIST, ["fast=10"]),
        ("param", {}, LIST, []),
        ("param", {"a": 1, "b": 0.5, "c": True, "d": "flip"}, LIST, "a=1 b=0.5 c=True d=flip"),
        ("param", {"a": "10", "b": [1, 2]}, LIST, ["a='10'", "b=[1, 2]"]),
    ],
)
def test_a_value_means_what_it_means_on_the_command_line(name, value, kind, meant):
    meant = meant.split() if name == "param" and isinstance(meant, str) else meant
    assert option_value("a.toml: x", name, value, kind) == meant


def test_in_a_sweep_a_list_is_gone_through():
    values = {"fast": [5, 10], "slow": "20:40:5", "exit": ["flip", "both"], "stop": 0.1}
    found = option_value("a.toml: param", "param", values, LIST, values=True)
    assert found == ["fast=5,10", "slow=20:40:5", "exit=flip,both", "stop=0.1"]


@pytest.mark.parametrize(
    ("name", "value", "kind", "message"),
    [
        ("jobs", True, int, "a.toml: x = true must be a whole number"),
        ("jobs", 1.5, int, "a.toml: x = 1.5 must be a whole number"),
        ("jobs", "many", int, 'a.toml: x = "many" must be a whole number'),
        ("cash", "much", float, "must be a number"),
        ("long_only", "yes", bool, 'a.toml: x = "yes" must be true or false'),
        ("strategy", ["a", "b"], str, "a.toml: x takes one value, not"),
        ("strategy", True, str, "must be text, or a number"),
        ("breakdown", {"day": 1}, LIST, "takes a list of values, not a table"),
        ("data", {"SPX": True}, LIST, "must be text, or a number"),
        ("ml", "of", Ml, "unknown value in a.toml: x: 'of': did you mean 'off'?"),
    ],
)
def test_another_value_is_refused_with_file_key_and_remedy(name, value, kind, message):
    with pytest.raises(OptionError) as refused:
        option_value("a.toml: x", name, value, kind)
    assert message in str(refused.value)
