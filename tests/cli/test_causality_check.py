"""The causality check on the command line: a plug-in that looks ahead, refused or said."""

import json

import pytest

from bt_fusion import plugins
from bt_fusion.features import REGISTRY
from tests.cli.running import command

MINE = """
import numpy as np
from bt_fusion import feature


@feature(lookback=1)
def rises_next(bars):
    return np.append(np.diff(bars.close), 0.0)


@feature(lookback=1)
def own_body(bars):
    return (bars.close - bars.open) / bars.open
"""


@pytest.fixture(autouse=True)
def registers():
    """Put the registers back as they were."""
    before, loaded = dict(REGISTRY), dict(plugins.LOADED)
    yield
    for register, content in ((REGISTRY, before), (plugins.LOADED, loaded)):
        register.clear()
        register.update(content)


@pytest.fixture
def options(tmp_path):
    """The plug-in, and a small model of a feature of it that looks ahead."""
    file = tmp_path / "mine.py"
    file.write_text(MINE)
    parts = ("--plugin", file, "--features", "rises_next,gap", "--members", "lr", "--quiet")
    return ["--data", "random-walk", *map(str, parts)]


def test_commands_that_fit_refuse_a_feature_that_looks_ahead(options, tmp_path, capsys):
    for given in (
        ("train", "--out", str(tmp_path / "model")),
        ("tune", "--trials", "1", "--storage", str(tmp_path / "tuning.db")),
        ("backtest", "--out", str(tmp_path / "run"), "--train-bars", "400", "--cache", "none"),
    ):
        assert command(*given, *options) == 2, given
        message = capsys.readouterr().err
        assert "feature rises_next looks ahead" in message
        assert "it looks 1 bar ahead" in message
        assert "--no-causality-check" in message
    assert not (tmp_path / "model").exists()


@pytest.mark.slow
def test_without_the_check_the_results_say_so(options, tmp_path, capsys):
    note = "look-ahead was not checked: feature rises_next"
    run = tmp_path / "run"
    small = ("--train-bars", "400", "--jobs", "1", "--placebo", "none", "--out", str(run))
    shown = [option for option in options if option != "--quiet"]
    assert command("backtest", *shown, *small, "--no-causality-check") == 0
    assert f"Note       {note}" in " ".join(capsys.readouterr().out.split("\n"))
    assert note in json.loads((run / "summary.json").read_text())["notes"]
    assert note in (run / "report.html").read_text()


@pytest.mark.slow
def test_a_model_that_was_not_checked_says_so(options, tmp_path, capsys):
    model, plugin = tmp_path / "model", options[2:4]
    assert command("train", *options, "--no-causality-check", "--out", str(model)) == 0
    assert json.loads((model / "manifest.json").read_text())["look_ahead_checked"] is False
    assert command("show", str(model), *plugin) == 0
    assert "look-ahead was not checked" in capsys.readouterr().out
    given = ("evaluate", "--model", str(model), "--data", "random-walk", *plugin)
    assert command(*given, "--no-cross-validation") == 2
    assert "feature rises_next looks ahead" in capsys.readouterr().err
    assert command(*given, "--no-cross-validation", "--no-causality-check") == 0
    assert "look-ahead was not checked: feature rises_next" in capsys.readouterr().out
    traded = tmp_path / "traded"
    small = ("--placebo", "none", "--no-report", "--quiet", "--out", str(traded))
    assert command("backtest", "--model", str(model), "--data", "random-walk", *plugin, *small) == 0
    notes = json.loads((traded / "summary.json").read_text())["notes"]
    assert "look-ahead was not checked: feature rises_next" in notes


def test_an_honest_plug_in_is_trained_and_its_card_says_it_was_checked(options, tmp_path, capsys):
    options[options.index("rises_next,gap")] = "own_body,gap"
    assert command("train", *options, "--out", str(tmp_path / "model")) == 0
    capsys.readouterr()
    assert command("show", str(tmp_path / "model"), "--json", *options[2:4]) == 0
    assert json.loads(capsys.readouterr().out)["look_ahead_checked"] is True


def test_train_says_what_bar_by_bar_differs(tmp_path, capsys):
    file = tmp_path / "drift.py"
    file.write_text(
        "import numpy as np\nfrom bt_fusion import feature\n\n"
        "@feature(lookback=1, memory=3)\n"
        "def drift(bars):\n    return np.cumsum(bars.close - bars.open)\n"
    )
    words = ("--data", "random-walk:900", "--plugin", file, "--features", "drift,gap")
    words = (*words, "--members", "lr", "--no-causality-check", "--out", tmp_path / "model")
    assert command("train", *words) == 0
    printed = capsys.readouterr()
    assert "Parity     bar by bar: DIFFERS on " in printed.out
    assert "; features drift\n" in printed.out and "reloaded: agrees on" in printed.out
    assert "feature drift; it was saved anyway" in " ".join(printed.err.split())
    assert command("show", tmp_path / "model") == 0
    assert "DIFFERS on" in capsys.readouterr().out
