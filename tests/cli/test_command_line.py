"""The command a report repeats a run with."""

import shlex

import pytest
import typer

from bt_fusion.cli import main as cli
from bt_fusion.cli.options.command_line import given_command


def command_of(*argv):
    """What `given_command` makes of a command line, without running it."""
    backtest = typer.main.get_command(cli.app).commands["backtest"]
    return given_command(backtest.make_context("backtest", list(argv)))


def test_only_what_was_given_is_repeated():
    assert command_of() == "bt-fusion backtest"
    argv = ["--data", "sp500", "--train-bars", "400", "--ml", "both", "--long-only"]
    assert command_of(*argv) == f"bt-fusion backtest {' '.join(argv)}"


def test_it_is_quoted_for_a_shell_and_repeats_itself():
    argv = ["--data", "A B='$x';c.csv", "--param", "a=1", "--param", "b='t u'", "--fee", "0.001"]
    command = command_of(*argv)
    words = shlex.split(command)
    assert words[:4] == ["bt-fusion", "backtest", "--data", "A B='$x';c.csv"]
    assert words.count("--param") == 2 and "b='t u'" in words
    assert command_of(*words[2:]) == command


@pytest.mark.parametrize("flag", ["-q", "-v", "--overwrite"])
def test_how_much_is_reported_is_no_part_of_it(flag):
    assert command_of(flag) == "bt-fusion backtest"


def test_a_configuration_file_is_written_out(tmp_path):
    path = tmp_path / "job.toml"
    path.write_text('members = "lgb"\nparam = ["x=1", "y=2"]\nlong-only = true\n')
    words = shlex.split(command_of("--config", str(path), "--seed", "3"))
    assert "--config" not in words
    for pair in (["--members", "lgb"], ["--param", "x=1"], ["--param", "y=2"], ["--seed", "3"]):
        assert pair in [words[at : at + 2] for at in range(len(words))]
    assert "--long-only" in words
