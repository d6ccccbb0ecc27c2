"""The digest of a user's class: its code, wherever it came from."""

import sys
import threading
from types import ModuleType

import backtrader as bt
import pytest
from sklearn.naive_bayes import GaussianNB

from bt_fusion import member
from bt_fusion.ensemble.members.registry import MEMBERS
from bt_fusion.errors import OptionError
from bt_fusion.parallel import run_unordered
from bt_fusion.strategies import FusionStrategy
from bt_fusion.user_code import class_digest

TYPED = """
import backtrader as bt

class Typed(bt.Strategy):
    def next(self):
        if len(self) > {bars}:
            self.buy()
"""


def made(bars):
    class Made(bt.Strategy):
        def next(self):
            if len(self) > bars:
                self.buy()

    return Made


def typed(bars):
    names = {"__name__": "__main__"}
    exec(TYPED.format(bars=bars), names)
    return names["Typed"]


def test_a_class_typed_into_a_session_is_known_by_its_methods():
    assert class_digest(typed(10)) == class_digest(typed(10)) != class_digest(typed(25))


def test_a_notebook_cell_run_again_replaces_its_own(monkeypatch):
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))  # without a file
    cell = "@member('cell')\ndef cell(seed):\n    return GaussianNB({})"
    names = {"__name__": "__main__", "member": member, "GaussianNB": GaussianNB}
    for number in range(2):  # each has a file name of its own
        exec(
            compile(cell.format(f"var_smoothing=0.{number}1"), f"/tmp/cell{number}.py", "exec"),
            names,
        )
    assert MEMBERS.pop("cell").make(0).var_smoothing == 0.11


def test_a_class_that_a_function_made_is_known_by_what_it_was_given():
    assert class_digest(made(10)) == class_digest(made(10)) != class_digest(made(25))


def test_a_parameter_tells_classes_apart():
    other = type("FusionStrategy", (FusionStrategy,), {"params": (("ema_fast", 5),)})
    same = type("FusionStrategy", (FusionStrategy,), {})
    assert class_digest(other) != class_digest(same)


def test_what_cannot_travel_to_another_process_is_one_clear_error():
    tasks = [(threading.Lock(),), (threading.Lock(),)]
    with pytest.raises(OptionError, match=r"cannot pickle '_thread\.lock' object\): take one job"):
        list(run_unordered(repr, tasks, workers=2))
