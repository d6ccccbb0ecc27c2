"""Options that change nothing beside others say so."""

import pytest
import typer

from bt_fusion.cli import main as cli
from bt_fusion.cli.unused_options import RULES, unused_option_notes
from tests.cli.running import command

COMMANDS = typer.main.get_command(cli.app).commands
SAVED = "a saved model keeps what it was trained with"
SHOWN = {
    "backtest --model m --members rf --train-bars 3 --features gap": [
        f"--features, --members, --train-bars not used: {SAVED}"
    ],
    "backtest --model m --label gain --horizon 3 --voting majority --timeframes 4h": [
        f"--label, --horizon, --voting, --timeframes not used: {SAVED}"
    ],
    "sweep --param a=1 --model m --refit-bars 3 --window expanding --embargo-bars 1": [
        f"--refit-bars, --window, --embargo-bars not used: {SAVED}"
    ],
    "backtest --model m --jobs 1 --cache none --scheduler threads": [
        "--cache not used: a saved model is not refitted",
        "--jobs, --scheduler not used: a saved model is not refitted",
    ],
    "universe --data d --model m --cache c --jobs 2": [
        "--cache not used: a saved model is not refitted"
    ],
    "backtest --model auto --members rf": [],
    "backtest --members rf --train-bars 300 --jobs 1 --placebo none": [],
    "backtest --allow-in-sample": [
        "--allow-in-sample not used: a walk-forward predicts no bar it was trained on"
    ],
    "backtest --model m --allow-in-sample": [],
    "train --data d --out o --no-causality-check": [
        "--no-causality-check not used: no --plugin brings features, labels or members of your own"
    ],
    "backtest --ml on --placebo none": [
        "--placebo not used: chance is compared with both runs, and --ml asks for one"
    ],
    "backtest --ml off --ml-entry-threshold 0.6": [
        "--ml-entry-threshold not used: --ml off trades without ML"
    ],
    "backtest --max-age 5": ["--max-age not used: no candles are fetched from a market"],
    "predict --model m --data garch:500 --max-age 5": [
        "--max-age not used: no candles are fetched from a market"
    ],
    "backtest --data BTC=binance:BTC/USDT:1h --data ETH=eth.csv --max-age 5": [],
    "backtest --other SPY=yahoo:SPY:1d --max-age 5": [],
    "train --data d --out o --folds 3 --objective auc --jobs 2": [
        "--objective, --folds, --jobs not used: nothing is tuned; give --tune N"
    ],
    "train --data d --out o --folds 3 --tune 5": [],
    "evaluate --model m --data d --overwrite": ["--overwrite not used: no --out is given"],
    "retrain --model m --rollback --data d --keep 3": [
        "--data, --keep not used: --rollback puts an earlier model back and trains none"
    ],
    "retrain --model m --data d --poll 3": [
        "--poll not used: only --watch looks at the bars again"
    ],
    "retrain --model m --data d --poll 3 --watch": [],
    "download --source garch --out a.csv --host h --refetch --seed 3": [
        "--host, --refetch not used: made-up candles are not fetched"
    ],
    "download --source yahoo --symbol SPY --out a.csv --seed 3": [
        "--seed not used: only made-up candles are random"
    ],
    "audit --data d --cuts 3 --cash 5": [
        "--cuts not used: only a strategy or an indicator is run over bars that are cut",
        "--cash not used: only a strategy trades",
    ],
    "audit --data d --strategy fusion --cuts 3 --cash 5 --other A=a.csv": [
        "--other not used: only a saved model uses other markets"
    ],
    "report a --json f.json": [
        "--json not used: it holds the verdict over several runs, and one is given"
    ],
    "report a b --json f.json": [],
    "why r --trade 1 --symbol A": ["--symbol not used: a trade has its own symbol"],
    "why r --data d --json f.json": [
        "--data, --json not used: the list of trades needs none of them; give --trade N or "
        "--bar TIME"
    ],
    "why r --bar 2020-01-01 --symbol A --data d --strategy s --sizer 1": [],
    "backtest --verbose --quiet": ["--verbose not used: --quiet prints nothing"],
}


@pytest.mark.parametrize("line", SHOWN)
def test_what_has_no_effect_is_named_with_the_reason(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    verb, *words = line.split()
    context = COMMANDS[verb].make_context(verb, words)
    assert list(unused_option_notes(context, context.params)) == SHOWN[line]


def example(verb):
    """The options of a command as its example gives them."""
    words = COMMANDS[verb].epilog.split()[3:]
    return COMMANDS[verb].make_context(verb, words).params


EXAMPLES = {verb: example(verb) for verb in COMMANDS}


def test_every_rule_is_shown_and_names_options_that_exist():
    known = {verb: {param.name for param in each.params} for verb, each in COMMANDS.items()}
    for rule in RULES:
        where = rule.commands or [verb for verb in known if known[verb] & {*rule.options}]
        assert where and all(known[verb] >= {*rule.options} for verb in where if rule.commands)
        for verb in where:
            assert isinstance(rule.when(EXAMPLES[verb]), bool)
        assert any(rule.why in note for notes in SHOWN.values() for note in notes), rule.why


def test_a_note_is_printed_unless_quiet(tmp_path, capsys):
    out = tmp_path / "walk.csv"
    made = ["download", "--source", "random-walk:50", "--out", out, "--refetch"]
    assert command(*made) == 0
    note = "Note       --refetch not used: made-up candles are not fetched"
    assert note in capsys.readouterr().out
    assert command(*made, "-q") == 0 and capsys.readouterr().out == ""
