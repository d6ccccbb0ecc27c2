"""Help in groups, and the examples at its end."""

import shlex

import pytest
import typer

from bt_fusion.cli import main as cli
from bt_fusion.cli.help.help_groups import COMMAND_GROUPS, GROUPS
from tests.cli.running import command, run

COMMANDS = typer.main.get_command(cli.app).commands
NAMES = sorted(COMMANDS)


def shown(name, width, capsys, monkeypatch):
    """Return the help of a command at a width of the terminal."""
    monkeypatch.setenv("COLUMNS", str(width))
    assert command(*([name] if name else []), "--help") == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", ["", *NAMES])
def test_help_fits_the_terminal(name, capsys, monkeypatch):
    narrow, wide = (shown(name, width, capsys, monkeypatch) for width in (80, 120))
    assert max(map(len, narrow.splitlines())) <= 80 and max(map(len, wide.splitlines())) <= 120
    assert wide.split() == narrow.split() and "-\n" not in narrow + wide


@pytest.mark.parametrize("name", NAMES)
def test_every_option_has_a_group_and_a_text(name):
    for param in COMMANDS[name].params:
        assert param.help and param.help[-1] in ".]", param.name
        if param.param_type_name == "option":
            assert param.rich_help_panel in GROUPS, param.name
            assert param.is_flag or param.metavar, param.name


def test_groups_list_each_option_once_and_each_command():
    listed = [name for names in GROUPS.values() for name in names]
    known = {param.name for each in COMMANDS.values() for param in each.params}
    assert len(listed) == len(set(listed)) and set(listed) <= known
    assert sorted(name for names in COMMAND_GROUPS.values() for name in names) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_example_is_a_command_of_its_own(name):
    program, verb, *words = shlex.split(COMMANDS[name].epilog.partition("\n")[2])
    assert (program, verb) == ("bt-fusion", name)
    COMMANDS[name].make_context(name, words)  # refuses an unknown option, and a missing one


def test_the_most_used_options_come_first():
    params = [param.name for param in COMMANDS["backtest"].params]
    places = [params.index(name) for name in ("data", "repair", "model", "strategy", "cash", "out")]
    assert places == sorted(places) and params[0] == "data"


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_the_version_is_one_line(flag, capsys):
    assert command(flag) == 0
    words = capsys.readouterr().out.split()
    assert words[::2] == ["bt_fusion", "Python", "Backtrader"] and len(words) == 6
    run(flag)  # as run_backtest.py
    assert capsys.readouterr().out.split() == words
