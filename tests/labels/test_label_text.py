"""Labels as one text: names, parameters in literals, and what cannot be read."""

import pytest

from bt_fusion.errors import OptionError
from bt_fusion.labels.label_text import parse_label


def test_names_and_parameters():
    assert parse_label("direction") == ("direction", {})
    assert parse_label("gain()") == ("gain", {})
    assert parse_label(" gain( horizon = 3,threshold=-0.5, ) ") == (
        "gain",
        {"horizon": 3, "threshold": -0.5},
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gain(5)", "gives a parameter of gain without its name"),
        ("gain(**{})", "gives a parameter of gain without its name"),
        ("gain(horizon=5", "cannot be read; write it as gain"),
        ("gain(horizon=5, horizon=6)", "gives a parameter twice"),
        ("os.system(x=1)", "cannot be read"),
        ("(gain)", "cannot be read"),
        ("gain(horizon=1)(threshold=2)", "cannot be read"),
        ("(" * 5_000, "cannot be read"),
        ("gain(horizon=2**9)", r"parameter horizon of label gain is 2 \*\* 9, which is no number"),
        ("gain(horizon=five)", "parameter horizon of label gain is five, which is no number"),
        ("gain(horizon=open('x'))", r"parameter horizon of label gain is open\('x'\), which"),
    ],
)
def test_what_cannot_be_read_is_reported(text, message):
    with pytest.raises(OptionError, match=message):
        parse_label(text)
