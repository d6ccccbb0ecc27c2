"""The digest of a user's class: its code, wherever it came from."""

import backtrader as bt

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


def test_a_class_that_a_function_made_is_known_by_what_it_was_given():
    assert class_digest(made(10)) == class_digest(made(10)) != class_digest(made(25))


def test_a_parameter_tells_classes_apart():
    other = type("FusionStrategy", (FusionStrategy,), {"params": (("ema_fast", 5),)})
    same = type("FusionStrategy", (FusionStrategy,), {})
    assert class_digest(other) != class_digest(same)
