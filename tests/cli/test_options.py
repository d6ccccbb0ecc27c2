"""Option groups, and help texts that list what registries hold."""

from dataclasses import dataclass, field
from inspect import signature
from typing import Annotated

import pandas as pd
import pytest
import typer

from bt_fusion.backtest.pair_verdict import PLACEBOS
from bt_fusion.cli.backtest import ComparedStrategy
from bt_fusion.cli.command import Ml, command, option
from bt_fusion.cli.main import app
from bt_fusion.cli.options import (
    PeriodOptions,
    StrategyOptions,
)
from bt_fusion.data.samples import SAMPLES
from bt_fusion.engine.loading import STRATEGIES
from bt_fusion.ensemble.calibration import CALIBRATION
from bt_fusion.ensemble.ensemble import VOTING
from bt_fusion.ensemble.members.registry import MEMBERS
from bt_fusion.errors import OptionError
from bt_fusion.features import SETS
from bt_fusion.labels import LABELS
from bt_fusion.models.presets import PRESETS
from bt_fusion.models.walk_forward import WINDOWS
from bt_fusion.saved_runs.trade_groups import PERIODS
from bt_fusion.tuning.objectives import OBJECTIVES
from tests.cli.running import run

COMMANDS = typer.main.get_command(app).commands


def listed(names, conjunction="or"):
    """Write names as a sentence lists them: a, b or c."""
    *first, last = names
    return f"{', '.join(first)} {conjunction} {last}"


HELP = {
    "data": f"File of candles (CSV, Parquet, Feather, JSON); or a sample: {', '.join(SAMPLES)}",
    "strategy": f"{listed(STRATEGIES)}; or yours",
    "preset": f"A whole model: {', '.join(sorted(PRESETS))}.",
    "features": f"eature set ({', '.join(sorted(SETS))}), or features",
    "members": f"Members of the ensemble, of {', '.join(MEMBERS)}.",
    "voting": f"How members vote: {listed(VOTING)}.",
    "calibration": f"Calibrate probabilities: {listed(CALIBRATION)}.",
    "window": f"{listed(WINDOWS)} training window.",
    "objective": f"What tuning improves: {listed(OBJECTIVES)}.",
    "breakdown": f"Also sum trades by {listed(PERIODS)}.",
}


NO_SAMPLE = {("universe", "data")}  # files alone; all options of `why` move what a run names


@pytest.mark.parametrize("name", HELP)
def test_help_lists_what_the_registry_holds(name):
    of_name = [
        param.help
        for each in COMMANDS.values()
        for param in each.params
        if param.name == name and (each.name, name) not in NO_SAMPLE and each.name != "why"
    ]
    assert of_name and all(HELP[name] in text for text in of_name)


def test_help_lists_every_label_and_placebo():
    texts = {param.name: param.help for each in COMMANDS.values() for param in each.params}
    label = texts["label"].partition(": ")[2].partition(";")[0].replace(" or ", ", ")
    assert set(label.split(", ")) == set(LABELS)
    assert [name for name in PLACEBOS if name not in texts["placebo"]] == []


def test_a_threshold_under_its_other_name_is_a_parameter():
    assert StrategyOptions().params() == {}
    given = StrategyOptions(ml_entry_threshold=0.0, long_only=True)
    assert given.params() == {"ml_entry_threshold": 0.0, "long_only": True}
    compared = ComparedStrategy(ml_entry_threshold=0.7, param=["ema_fast=8"])
    assert compared.params() == {"ml_entry_threshold": 0.7, "ema_fast": 8}


@pytest.mark.parametrize("name", ["ml_entry_threshold", "long_only"])
def test_a_parameter_is_given_once(name):
    compared = ComparedStrategy(ml_entry_threshold=0.7, long_only=True, param=[f"{name}=0"])
    option = f"--{name.replace('_', '-')}"
    with pytest.raises(OptionError, match=f"{name} is given by {option} and --param; give it once"):
        compared.params()


def test_dates_with_a_time_zone_are_turned_into_utc():
    start, end = PeriodOptions(fromdate="2024-01-01T10:00+02:00", todate="2024-01-02").dates()
    assert (start, end) == (pd.Timestamp("2024-01-01T08:00"), pd.Timestamp("2024-01-02"))


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where something is."""

    path: Annotated[str, option("Where it is.")]
    tags: Annotated[list[str], option("What else it is.", "--tag")] = field(
        default_factory=lambda: ["old"]
    )


@dataclass(frozen=True, kw_only=True)
class OtherPlace(Place):
    """The same with a default."""

    path: Annotated[str, option("Where it is.")] = "here"


def called(words, place=Place, fails=False):
    """Run a command with one group of options; returns what it was called with."""
    got = []

    @command("nothing was kept")
    def show(*, where: place, kind: Annotated[Ml, option("Which.")] = Ml.on) -> None:
        """Show it."""
        if fails:
            raise OptionError("no such place")
        got.extend([where, kind])

    own = typer.Typer()
    own.command()(show)
    with pytest.raises(SystemExit) as end:
        own(words)
    return got, end.value.code or 0, show


def test_a_group_becomes_options_and_comes_back_whole():
    (where, kind), code, show = called(["--path", "there", "--kind", "both"])
    assert (where, kind, code) == (Place(path="there", tags=["old"]), Ml.both, 0)
    parameters = signature(show).parameters
    assert list(parameters) == ["context", "path", "tags", "kind"] and show.__doc__ == "Show it."
    assert parameters["tags"].default == ["old"] and parameters["kind"].default is Ml.on
    (where, _), *_ = called(["--tag", "new", "--tag", "big"], OtherPlace)
    assert where == OtherPlace(path="here", tags=["new", "big"])


def test_what_a_group_requires_is_asked_for(capsys):
    assert called([])[:2] == ([], 2)
    assert "--path" in capsys.readouterr().err


def test_an_error_of_a_command_is_one_line(capsys):
    assert called(["--path", "x"], fails=True)[1] == 2
    assert capsys.readouterr().err == "error: no such place\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--seed", "-1"], "--seed"),
        (["--seed", "9" * 25], "--seed"),
        (["--cache", "a\0b"], "--cache holds a null byte; remove it"),
        (["--strategy", "a\0.py:X"], "--strategy holds a null byte; remove it"),
        (["--param", "atr_stop=nan"], "atr_stop nan must be a distance"),
        (["--param", "stop=soon"], "stop soon must be a fraction"),
        (["--param", f"ema_fast={'[' * 100_000}"], "give one number"),
        (["--fromdate", "2200-12-31T00:00+01:00"], "no predicted bar from 2200-12-30 23:00:00"),
    ],
)
def test_odd_values_are_one_line(words, message, tmp_path, capsys):
    made = ["--data", "random-walk:600", "--members", "lr", "--features", "gap", "--out", tmp_path]
    run(*made, *words, expect=2)
    shown = capsys.readouterr().err
    assert message in shown and "Traceback" not in shown
    assert message == "--seed" or shown.count("\n") == 1


def test_whatever_has_jobs_has_a_scheduler():
    options = {name: {each.name for each in made.params} for name, made in COMMANDS.items()}
    with_jobs = {name for name, known in options.items() if "jobs" in known}
    assert with_jobs == {"backtest", "sweep", "universe", "train", "tune"}
    assert all("scheduler" in options[name] for name in with_jobs)


def test_an_unknown_scheduler_is_refused_before_any_work(tmp_path, capsys):
    config = tmp_path / "options.toml"
    config.write_text('scheduler = "dusk"\n')
    for given in (("--scheduler", "dusk"), ("--config", config)):
        run("--data", "planted-edge", *given, "--out", tmp_path / "out", expect=2)
        assert (
            "error: scheduler 'dusk' is not one of threads, loky, dask" in capsys.readouterr().err
        )
    assert not (tmp_path / "out" / "summary.json").exists()
