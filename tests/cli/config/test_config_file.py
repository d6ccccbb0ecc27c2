"""Options from a TOML file, and the file that `bt-fusion init` writes."""

import json
import tomllib

import pytest
import typer

from bt_fusion.cli import main as cli
from bt_fusion.cli.config.config_file import config_options
from bt_fusion.cli.config.init import config_text
from bt_fusion.errors import OptionError
from tests.cli.running import command, run

COMMANDS = typer.main.get_command(cli.app)


def options(verb, path, text):
    """What a command makes of a file of these options."""
    path.write_text(text)
    own = COMMANDS.commands[verb]
    context = typer.Context(own, parent=typer.Context(COMMANDS))
    return config_options(context, path)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "job.toml"


@pytest.mark.slow
def test_a_config_file_gives_defaults_and_the_command_line_wins(csv, tmp_path, path):
    path.write_text(
        f'data = "{csv}"\nfeatures = ["gap", "wick_balance"]\nmembers = ["lgb"]\n'
        "train-bars = 500\nlong-only = true\n[param]\nml_threshold = 0.55\n"
    )
    run("--config", path, "--out", tmp_path, "-q", "--train-bars", "600")
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["config"]["train_bars"] == 600
    assert summary["config"]["features"] == ["gap", "wick_balance"]
    assert summary["config"]["params"] == {"ml_threshold": 0.55, "long_only": True}
    assert "--features gap,wick_balance" in summary["command"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trian-bars = 3", "unknown option in {} 'trian-bars': did you mean 'train-bars'?"),
        ("ema_fast = 5", "parameters of the strategy go into a table [param]"),
        ("train-bars = = 3", "config {} is not a TOML file: "),
        ('train-bars = "3"', '{}: train-bars = "3" must be a whole number'),
        ("commission = 0.1\nfee = 0.2", "{}: fee is another name of an option given before"),
        ('config = "other.toml"', "{}: config names another file"),
    ],
)
def test_a_mistake_is_one_line_with_file_key_and_remedy(text, message, path, capsys):
    path.write_text(text)
    run("--config", path, expect=2)
    shown = capsys.readouterr().err
    assert message.format(path) in shown
    assert shown.count("\n") == 1


def test_an_option_of_another_command_is_left_out_with_a_warning(path, capsys):
    assert options("train", path, 'breakdown = ["day"]\nseed = 3\n') == {"seed": 3}
    assert capsys.readouterr().err == (
        f"Warning    {path}: breakdown (of backtest) not used by train\n"
    )
    with pytest.raises(OptionError, match="did you mean 'breakdown'"):
        options("backtest", path, 'breakdwon = ["day"]\n')


def test_a_sweep_goes_through_the_lists_of_its_parameters(path):
    assert options("sweep", path, "[param]\nfast = [5, 10]\n")["param"] == ["fast=5,10"]
    assert options("backtest", path, "[param]\nfast = [5, 10]\n")["param"] == ["fast=[5, 10]"]


def test_init_writes_every_common_option_and_all_of_them_are_read(tmp_path, path):
    lines = config_text(COMMANDS.commands["backtest"]).splitlines()
    known = {param.name for param in COMMANDS.commands["backtest"].params}
    keys = [line.removeprefix("# ") for line in lines if " = " in line or line == "[param]"]
    found = options("backtest", path, "\n".join(["", *keys]))
    left_out = {"config", "quiet", "overwrite", "ml_entry_threshold"}
    assert found.keys() == {name for name in known if name not in left_out}
    for param in COMMANDS.commands["backtest"].params:
        if param.name in ("seed", "commission", "cache", "window", "ml", "train_bars"):
            assert found[param.name] == (param.default or found[param.name])
    assert all(len(line) > 3 for line in lines if line.startswith("# "))


def test_init_leaves_a_file_that_can_be_used_and_is_not_replaced(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert command("init") == 0
    written = (tmp_path / "bt-fusion.toml").read_text()
    assert tomllib.loads(written) == {"data": ["sp500"], "strategy": "fusion", "param": {}}
    assert "Next       bt-fusion backtest --config bt-fusion.toml" in capsys.readouterr().out
    (tmp_path / "bt-fusion.toml").write_text("seed = 1\n")
    assert command("init") == 2
    assert "bt-fusion.toml exists; give --overwrite to replace it" in capsys.readouterr().err
    assert command("init", "--force", "-q") == 0
    assert (tmp_path / "bt-fusion.toml").read_text() == written and not capsys.readouterr().out
    assert command("init", tmp_path) == 2
