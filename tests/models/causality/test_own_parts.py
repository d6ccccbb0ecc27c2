"""The causality check of a user's plug-in: what it must find, and what it must leave alone."""

import re

import numpy as np
import pytest

from bt_fusion import Ensemble, LookAheadError, SignalModel, WalkForward, load_plugin, plugins
from bt_fusion.audit import audit_features
from bt_fusion.data.samples import planted_edge, random_walk
from bt_fusion.ensemble.members.registry import MEMBERS
from bt_fusion.errors import OptionError
from bt_fusion.evaluation import evaluate
from bt_fusion.features import REGISTRY
from bt_fusion.labels import LABELS as REGISTERED_LABELS
from bt_fusion.labels import Direction, make_label
from bt_fusion.models.causality import check_causality, check_own, own_parts
from bt_fusion.tuning.tuning import tune
from tests.models.causality.own_parts import DECLARED, HONEST, LABELS, LEAKS

LEAKING = re.findall(r'@feature\("(\w+)"', LEAKS)
HONESTLY = re.findall(r'@feature\("(\w+)"', HONEST)
AHEAD = {
    "next_close": "looks 1 bar ahead",
    "far_close": "looks 50 bars ahead",
    "centred_mean": "looks 2 bars ahead",
    "gradient": "looks 1 bar ahead",
    "z_score": "looks at all later bars",
    "rank": "looks at all later bars",
    "fourier": "looks at all later bars",
    "bar_count": "looks at all later bars",
    "tiny_shift": "looks 1 bar ahead",
    "tiny_mean": "looks at all later bars",
    "every_hundredth": "looks 1 bar ahead",
    "weak_hundredth": "looks 1 bar ahead",
    "last_of_day": "looks 1 bar ahead",
}


@pytest.fixture(autouse=True)
def registers():
    """Put the registers back as they were."""
    kept = [(register, dict(register)) for register in (REGISTRY, REGISTERED_LABELS, MEMBERS)]
    kept.append((plugins.LOADED, dict(plugins.LOADED)))
    yield
    for register, content in kept:
        register.clear()
        register.update(content)


@pytest.fixture(scope="module")
def hourly():
    """1,800 and 6,000 bars of an hour: short enough to cut all bars, and long enough not to."""
    found = []
    for count in (1_800, 6_000):
        bars = random_walk(count, seed=4)
        bars.index = bars.index[0] + np.arange(count) * np.timedelta64(1, "h")
        found.append(bars)
    return found


def loaded(tmp_path, text, name="mine.py"):
    path = tmp_path / name
    path.write_text(text)
    load_plugin(path)
    return path


@pytest.mark.parametrize("name", LEAKING)
def test_a_feature_that_looks_ahead_is_found(name, hourly, tmp_path):
    loaded(tmp_path, LEAKS)
    for bars in hourly:
        with pytest.raises(LookAheadError, match=f"feature {name}.* looks ahead") as found:
            check_causality([name], bars)
        assert AHEAD.get(name, "it looks") in str(found.value)
        stamp = re.search(r"its value at (\S+ \S+) changes", str(found.value))[1]
        assert stamp in {str(time) for time in bars.index}


@pytest.mark.parametrize("name", HONESTLY)
def test_an_honest_feature_is_left_alone(name, hourly, tmp_path):
    loaded(tmp_path, HONEST)
    for bars in (*hourly, planted_edge(4_000, seed=2)):
        if name == "midnight_close" and len(bars) == 4_000:  # daily bars have no midnight
            continue
        check_causality([name], bars)


@pytest.mark.parametrize("case", DECLARED)
def test_a_declaration_that_is_too_short_is_named(case, hourly, tmp_path):
    declared, value, what, least = DECLARED[case]
    loaded(
        tmp_path,
        "import pandas as pd\nimport talib\nfrom bt_fusion import feature\nseries = pd.Series\n"
        f"@feature({declared})\ndef {case}(bars):\n    return {value}\n",
    )
    for bars in hourly:
        with pytest.raises(OptionError, match=rf"feature {case}: {what} \d+.* too short") as found:
            check_causality([case], bars)
        assert not isinstance(found.value, LookAheadError)
        needed = int(re.search(r"needs at least (\d+)", str(found.value))[1])
        assert least <= needed <= 2.5 * least


def test_a_sum_since_the_first_bar_has_no_memory(hourly, tmp_path):
    loaded(
        tmp_path,
        "import numpy as np\nfrom bt_fusion import feature\n@feature(lookback=1, memory=500)\n"
        "def total(bars):\n    return np.cumsum(bars.volume)\n",
    )
    with pytest.raises(OptionError, match="A sum since the first bar has no memory"):
        check_causality(["total"], hourly[0])


def test_a_table_without_other_stamps_is_not_verified_and_no_fault(hourly, tmp_path):
    loaded(
        tmp_path,
        "import numpy as np\nimport pandas as pd\nfrom bt_fusion import feature\n"
        "from bt_fusion.data.samples import random_walk\n"
        "STAMPS = random_walk(1_800, seed=4).index[0] + np.arange(1_800) * np.timedelta64(1, 'h')\n"
        "RATES = pd.Series(np.random.default_rng(0).random(1_800), STAMPS)\n"
        "@feature(lookback=1)\ndef rate(bars):\n"
        "    return RATES.loc[pd.DatetimeIndex(bars.time)].to_numpy()\n",
    )
    check_causality(["rate"], hourly[0])
    found = audit_features(["rate"], hourly[0])
    assert found.passed
    assert found.unverified == (
        "feature rate: it fails at stamps 28 years away (KeyError); a table cannot be checked by "
        "other futures",
    )


def test_a_random_feature_is_called_random_and_no_leak(hourly, tmp_path):
    loaded(
        tmp_path,
        "import numpy as np\nfrom bt_fusion import feature\n@feature(lookback=1)\n"
        "def dice(bars):\n    return np.random.default_rng().random(len(bars))\n",
    )
    with pytest.raises(OptionError, match="feature dice is random: two calls") as found:
        check_causality(["dice"], hourly[0])
    assert not isinstance(found.value, LookAheadError)


@pytest.mark.parametrize("name", ["rise", "rise_over_spread"])
def test_an_honest_label_is_left_alone(name, hourly, tmp_path):
    loaded(tmp_path, LABELS)
    for bars in hourly:
        check_causality(None, bars, make_label(name))


@pytest.mark.parametrize(
    ("name", "further"),
    [
        ("early_t1", "bars up to 1 later"),
        ("above_mean", "all later bars"),
        ("seldom_early", "bars up to 1 later"),
    ],
)
def test_a_label_that_is_not_known_at_its_t1_is_found(name, further, hourly, tmp_path):
    loaded(tmp_path, LABELS)
    for bars in hourly:
        with pytest.raises(LookAheadError, match="looks further than its t1") as found:
            check_causality(None, bars, make_label(name))
        assert further in str(found.value)


def small(feature, **options):
    return SignalModel([feature, "return_1"], Direction(5), Ensemble(["lr"]), **options)


def test_every_fit_refuses_a_leak(hourly, tmp_path):
    loaded(tmp_path, LEAKS)
    bars = hourly[0]
    with pytest.raises(LookAheadError, match="feature gradient"):
        small("gradient").fit(bars)
    with pytest.raises(LookAheadError, match="feature gradient"):
        WalkForward(small("gradient"), 400, 200, cache=None).predict(bars)
    with pytest.raises(LookAheadError, match="feature gradient"):
        tune(small("gradient"), bars, trials=1)
    unchecked = small("gradient", causality_check=False).fit(bars[:1_000])
    assert unchecked.look_ahead_checked_ is False
    assert evaluate(unchecked, bars).rows > 100
    with pytest.raises(LookAheadError, match="feature gradient"):
        evaluate(unchecked.set_params(causality_check=True), bars)


def test_a_fit_that_repeats_checks_nothing(hourly, tmp_path, monkeypatch):
    loaded(tmp_path, HONEST)
    monkeypatch.setenv("BT_FUSION_CACHE", str(tmp_path / "cache"))
    model, calls, compute = small("loop"), [], REGISTRY["loop"].compute
    model.fit(hourly[0])
    assert model.look_ahead_checked_ is True
    for where in ("this process", "another one"):
        if where == "another one":
            own_parts.PASSED_HERE.clear()
            own_parts.LONGEST_BARS.clear()
        monkeypatch.setattr(own_parts, "check_entry", lambda *parts: calls.append(parts))
        model.fit(hourly[0])
        assert calls == [], where
    model.fit(hourly[0][:-1])  # the first of the same bars
    assert calls == []
    model.fit(hourly[0][1:])  # other bars may show what these did not
    model.fit(hourly[1])
    assert [entry.compute for entry, _ in calls] == [compute] * 2


def test_an_edited_feature_is_checked_again(hourly, tmp_path):
    text = "from bt_fusion import feature\n@feature(lookback=1)\ndef edited(bars):\n    return {}\n"
    path = loaded(tmp_path, text.format("bars.close - bars.open"))
    small("edited").fit(hourly[0])
    plugins.LOADED.clear()
    path.write_text(text.format("bars.close - bars.close.mean()"))
    load_plugin(path)
    with pytest.raises(LookAheadError, match="feature edited"):
        small("edited").fit(hourly[0])


def test_built_in_parts_are_not_checked_at_a_fit(hourly, monkeypatch):
    def fail(*parts):
        raise AssertionError("checked")

    monkeypatch.setattr(own_parts, "check_entry", fail)
    monkeypatch.setattr(own_parts, "check_label", fail)
    check_own(small("rsi_14"), hourly[0])
