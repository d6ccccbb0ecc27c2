"""`bt-fusion init`: write a commented configuration file from the declared options."""

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from bt_fusion.cli.command import Quiet, command, option
from bt_fusion.cli.config.config_values import written
from bt_fusion.cli.screen import Screen
from bt_fusion.errors import OptionError

__all__ = ["config_text", "init"]

LEFT_OUT = ("config", "quiet", "overwrite", "ml_entry_threshold", "param")
USED = ("data", "strategy")  # not commented out
EXAMPLES: dict[str, Any] = {  # of options without a plain default
    "fromdate": "2020-01-01",
    "todate": "2024-01-01",
    "timerange": "20200101-20240101",
    "model": "models/mine",
    "preset": "hybrid",
    "features": ["default", "rsi_14"],
    "label": "gain(horizon=5, threshold=0.005)",
    "horizon": 5,
    "members": ["rf", "xgb", "lgb"],
    "voting": "soft",
    "timeframes": ["4h", "1d"],
    "other": ["ETH=eth.csv"],
    "recipe": "models/mine",
    "plugin": ["my_parts.py"],
    "train_bars": 5_000,
    "refit_bars": 500,
    "breakdown": ["month"],
    "scheduler": "threads",
}
HEAD = """\
# Options of `bt-fusion backtest`; most of them are those of other commands, too.
#
#     bt-fusion backtest --config {name}
#
# A line without # is used, and the command line wins over it. Values are the defaults, or
# examples where the comment above tells the default.
"""


@command("nothing was written", "bt-fusion init bt-fusion.toml")
def init(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="[FILE]", help="File to write. [default: bt-fusion.toml]")
    ] = Path("bt-fusion.toml"),
    overwrite: Annotated[
        bool, option("Replace the file if it exists.", "--overwrite", "--force")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Write a configuration file with every common option, its default and one line about it."""
    from bt_fusion.files import check_writable_file, write_whole

    check_writable_file(file)
    if file.exists() and not overwrite:
        raise OptionError(f"{file} exists; give --overwrite to replace it, or another name")
    assert context.parent is not None
    text = config_text(vars(context.parent.command)["commands"]["backtest"], file.name)
    write_whole(file, lambda path: path.write_text(text, encoding="utf-8"))
    screen = Screen(quiet)
    screen.list_files([file])
    screen.say(f"Next       bt-fusion backtest --config {file}")


def config_text(backtest: Any, name: str = "bt-fusion.toml") -> str:
    """Return the file: the options of a command in the groups of its help."""
    parts, group = [HEAD.format(name=name)], ""
    for param in backtest.params:
        if param.name in LEFT_OUT or param.param_type_name != "option":
            continue
        if param.rich_help_panel != group:
            group = param.rich_help_panel
            parts.append(f"\n# ---- {group} ----\n")
        parts.append(entry(param))
    return "".join([*parts, parameters()])


def entry(param: Any) -> str:
    """Return an option as two lines: its help, and its value."""
    text, _, default = str(param.help).partition("[default: ")
    about = re.split(r"(?<=[.:]) (?=[A-Z])", text.strip())[0]
    usual = param.default
    if param.name in EXAMPLES:
        about += f" Default: {default.rstrip(']') or 'none'}."
    value = EXAMPLES.get(param.name, usual)
    key = next(name for name in param.opts if name.startswith("--")).removeprefix("--")
    hidden = "" if param.name in USED else "# "
    return f"# {about}\n{hidden}{key} = {toml(value)}\n"


def parameters() -> str:
    """Return the table of the strategy's parameters, with those of `fusion` as an example."""
    from bt_fusion.engine.loading import load_strategy
    from bt_fusion.engine.variants import default_params

    usual = default_params(load_strategy("fusion"))
    own = {name: value for name, value in usual.items() if name not in ("ml", "model", "long_only")}
    lines = [f"# {name} = {toml(value)}" for name, value in own.items() if value is not None]
    head = "# ---- Parameters of the strategy; these are those of fusion ----\n[param]\n"
    return "\n" + head + "\n".join(lines) + "\n"


def toml(value: Any) -> str:
    """Return a value as TOML.

    >>> toml(["a", "b"]), toml(0.5), toml(False)
    ('["a", "b"]', '0.5', 'false')
    """
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(written(each) for each in value)}]"
    return written(str(value)) if isinstance(value, (Path, str)) else written(value)
