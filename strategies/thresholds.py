"""Threshold: what a value had to reach for an entry, and how far it was from it."""

from typing import NamedTuple

__all__ = ["Threshold"]


class Threshold(NamedTuple):
    """
    A value of a bar and the limit it was held against. ``rule`` is ``>=``, ``>`` or ``<``: what
    the value must be to the limit. ``basis`` says what a limit that differs by bar is made of.
    """

    name: str
    value: float
    limit: float
    rule: str = ">="
    basis: str = ""

    @property
    def passed(self):
        """Whether the value was where it had to be; NaN is not"""
        if self.rule == "<":
            return self.value < self.limit
        return self.value > self.limit or (self.rule == ">=" and self.value == self.limit)

    @property
    def margin(self):
        """How far on the right side of the limit the value was, negative on the wrong one"""
        return self.limit - self.value if self.rule == "<" else self.value - self.limit
