"""What is checked is checked once: the bars of a backtest, the features of a user's in `train`."""

import pytest

from bt_fusion import Backtest, Ensemble, SignalModel, WalkForward, load_sample, plugins
from bt_fusion.features import REGISTRY
from bt_fusion.models.causality import own_parts
from tests.cli.running import command


@pytest.fixture
def registers():
    """Put the registers back as they were."""
    kept = [(register, dict(register)) for register in (REGISTRY, plugins.LOADED)]
    yield
    for register, content in kept:
        register.clear()
        register.update(content)


def test_a_backtest_checks_each_frame_once(bar_checks):
    walk = WalkForward(SignalModel("fusion", ensemble=Ensemble(["lr"])))
    bars = load_sample("sp500")
    Backtest(walk, audit=False).run(bars)
    assert len(bar_checks) == 2 and bar_checks[0] == len(bars) > bar_checks[1]


@pytest.mark.parametrize("more", [(), ("--tune", "1", "--folds", "2")])
def test_train_looks_for_look_ahead_once(more, tmp_path, monkeypatch, registers):
    file = tmp_path / "once.py"
    file.write_text(
        "from bt_fusion import feature\n@feature(lookback=1)\n"
        f"def checked_once_{len(more)}(bars):\n    return bars.close / bars.open\n"
    )
    checked, check = [], own_parts.check_entry

    def counted(entry, bars):
        checked.append((entry.names, len(bars.arrays)))
        check(entry, bars)

    monkeypatch.setattr(own_parts, "check_entry", counted)
    name = f"checked_once_{len(more)}"
    words = ("--data", "random-walk:900", "--plugin", file, "--features", name, "--members", "lr")
    assert command("train", *words, *more, "--out", tmp_path / "model") == 0
    assert checked == [((name,), 900)]
