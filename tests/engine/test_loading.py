"""Strategies and sizers of the user's own: found, named when not, blamed by line."""

import sys

import backtrader as bt
import pytest

from bt_fusion.engine.account import Account
from bt_fusion.engine.loading import STRATEGIES, load_sizer, load_strategy, why_here
from bt_fusion.engine.runner import Run, run_strategy
from bt_fusion.engine.variants import check_variants, takes_ml, variant
from bt_fusion.errors import OptionError, StrategyError
from bt_fusion.strategies import FusionStrategy, with_ml
from bt_fusion.user_code import line_in, locate_errors
from tests.engine.test_engine import given
from tests.strategies.test_fusion import steps

MINE = """
import backtrader as bt
import beside

class Crossing(bt.Strategy):
    params = (("period", beside.PERIOD),)

class Holding(bt.Strategy):
    pass

class Half(bt.Sizer):
    def _getsizing(self, comminfo, cash, data, isbuy):
        return cash / 2 / data.close[0]

cerebro = "a name that is no strategy"
if __name__ == "__main__":
    raise SystemExit("a script's own run")
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "beside.py").write_text("PERIOD = 7\n")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in ("beside", "mine"):
        sys.modules.pop(name, None)


def test_names_modules_and_files(folder):
    assert all(load_strategy(name) is found for name, found in STRATEGIES.items())
    before = list(sys.path)
    for text in ("mine.py:Crossing", str(folder / "mine.py:Crossing"), "mine:Crossing"):
        found = load_strategy(text)
        assert found.__name__ == "Crossing" and found.params.period == 7, text
    assert load_sizer("mine.py:Half").__name__ == "Half"
    assert sys.path == before


def test_a_file_is_run_once_until_it_changes(folder, capsys):
    mine = folder / "mine.py"
    mine.write_text(f"print('run')\n{MINE}")
    assert load_strategy("mine.py:Crossing") is load_strategy(str(mine) + ":Crossing")
    assert load_sizer("mine.py:Half") is not None
    assert capsys.readouterr().out == "run\n"
    mine.write_text(f"print('again')\n{MINE}")
    load_strategy("mine.py:Crossing")
    assert capsys.readouterr().out == "again\n"


def test_a_class_that_is_filtered_already_is_loaded_plain(folder):
    with open(folder / "mine.py", "a") as file:
        file.write("from bt_fusion.strategies import with_ml\nFiltered = with_ml(Crossing)\n")
    assert load_strategy("mine.py:Filtered").__name__ == "Crossing"


def test_a_file_takes_no_other_modules_place(folder):
    (folder / "json.py").write_text("import backtrader as bt\nclass S(bt.Strategy): pass\n")
    import json

    assert load_strategy("json.py:S").__name__ == "S"
    assert sys.modules["json"] is json


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fuson", "unknown strategy 'fuson': did you mean 'fusion'"),
        ("mine.py:Crosing", "did you mean 'Crossing'? Known: Crossing, Holding"),
        ("mine.py:cerebro", "unknown strategy in mine.py 'cerebro'"),
        ("mine.py:Half", "Known: Crossing, Holding"),
        ("mine.py", "does not say which strategy; add one of :Crossing, :Holding"),
        ("mine:Crosing", "did you mean 'Crossing'"),
        ("nowhere.py:S", "nowhere.py; give file.py:Class"),
        ("nowhere:S", "no module 'nowhere'; give module:Class or file.py:Class"),
        ("nowhere.deeper:S", "no module 'nowhere.deeper'"),
        (":S", "no module ''"),
        ("beside.py:S", "has no strategy: no class derives from bt.Strategy"),
    ],
)
def test_what_is_not_there_is_named(text, message, folder):
    with pytest.raises(OptionError) as raised:
        load_strategy(text)
    assert message in str(raised.value)


def test_sizers_that_are_not_there(folder):
    with pytest.raises(OptionError, match="is neither a share of the account"):
        load_sizer("half")
    with pytest.raises(OptionError, match="did you mean 'Half'"):
        load_sizer("mine.py:Haf")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("x = 1\ny = x +\n", r"broken.py, line 2: SyntaxError: invalid syntax"),
        ("\n\nprint(unknown)\n", r"broken.py, line 3: NameError: name 'unknown'"),
        ("import no_such_thing\n", r"broken.py, line 1: ModuleNotFoundError"),
        ("def f():\n    return 1 / 0\n\nf()\n", r"line 2, in f: ZeroDivisionError: division"),
        ("import sys\nsys.exit('done')\n", r"broken.py, line 2: SystemExit: done"),
    ],
)
@pytest.mark.parametrize("text", ["broken.py:S", "broken:S"])
def test_errors_inside_a_file_come_with_their_line(text, code, message, folder):
    (folder / "broken.py").write_text(code)
    with pytest.raises(StrategyError, match=message):
        load_strategy(text)
    assert not [name for name in sys.modules if name.startswith("broken")]


def test_blame_stays_where_it_belongs(tmp_path):
    with pytest.raises(ZeroDivisionError), locate_errors(tmp_path / "other.py"):
        1 / 0  # noqa: B018
    with pytest.raises(OptionError), locate_errors(tmp_path / "other.py"):
        raise OptionError("ours")
    assert line_in(ValueError("never raised"), tmp_path) is None


class Plain(bt.Strategy):
    """Knows nothing of ML; buys once, and fails if told to."""

    params = (("hold_bars", 3), ("fail", False), ("skip", False))

    def __init__(self):
        self.signal = "a word"
        if self.p.skip:
            raise bt.errors.StrategySkipError

    def next(self):
        if self.p.fail:
            [][1]
        if len(self) == 2:
            self.buy()


def test_variants_of_a_plain_strategy_and_of_one_that_takes_ml():
    bars = steps(range(100, 110))
    predictions = given(bars.index, 0.9)
    assert not takes_ml(Plain) and takes_ml(FusionStrategy)
    params = {"ml_threshold": 0.7, "fail": False}
    assert variant(Plain, params) == (Plain, {"fail": False})
    on = variant(Plain, params, {"hold_bars": 5}, predictions)
    assert on == (with_ml(Plain), {**params, "ml_model": predictions})
    off = variant(FusionStrategy, {"ml_threshold": 0.7}, {"hold_bars": 5, "stop": 0.01})
    known = {"hold_bars": 5, "stop": 0.01, "ml_threshold": 0.7, "ml": False, "model": None}
    assert off == (FusionStrategy, known)


@pytest.mark.parametrize(
    ("strategy", "param"), [(FusionStrategy, "ml"), (FusionStrategy, "model"), (Plain, "ml_model")]
)
def test_what_the_variants_differ_in_is_no_option(strategy, param):
    with pytest.raises(OptionError, match=f"parameter {param} of .* choose by --ml and --model"):
        check_variants(strategy, {param: False})


def test_a_run_without_the_lines_of_a_technical_side():
    bars = steps(range(100, 110))
    run = run_strategy(bars, Plain)
    assert isinstance(run, Run) and len(run.trades) == 1
    assert run.signal is run.technical is run.vetoes is None
    assert run.signal_counts == {} and run.veto_counts is None
    vetoed = run_strategy(bars, with_ml(Plain), ml_model=given(bars.index, 0.5))
    assert vetoed.veto_counts == {"entries": 1, "long": 1, "short": 0, "unknown": 0}


def test_a_users_own_index_error_is_not_taken_for_too_few_bars():
    with pytest.raises(IndexError, match="list index"):
        run_strategy(steps(range(100, 110)), Plain, fail=True)
    with pytest.raises(StrategyError, match="Plain skips a run with the parameters"):
        run_strategy(steps(range(100, 110)), Plain, skip=True)


def test_a_sizer_of_ones_own_decides():
    class Two(bt.Sizer):
        def _getsizing(self, comminfo, cash, data, isbuy):
            return 2

    run = run_strategy(steps(range(100, 110)), Plain, Account(sizer=Two))
    assert run.trades["size"].tolist() == [2]


def test_the_other_name_of_hybrid():
    assert load_strategy("CryptoScalping") is load_strategy("hybrid")


def test_which_classes_other_processes_cannot_load(folder):
    class Local(bt.Strategy):
        pass

    assert why_here(Plain) == why_here(load_strategy(f"{folder}/mine.py:Crossing")) == ""
    assert why_here(Local).startswith("is defined inside a function")
    lost = type("Lost", (), {"__module__": __name__})
    assert "is not in tests.engine.test_loading by its name" in why_here(lost)
