"""Threshold: the limit a value had to reach for an entry, and its distance from it."""

from typing import NamedTuple

__all__ = ["Threshold"]


class Threshold(NamedTuple):
    """
    A value of a bar and its limit. ``rule`` is ``>=``, ``>`` or ``<``: how the value must compare
    with the limit. ``basis`` explains a limit that differs by bar.
    """

    name: str
    value: float
    limit: float
    rule: str = ">="
    basis: str = ""

    @property
    def passed(self):
        """Whether the value met the limit; False for NaN"""
        if self.rule == "<":
            return self.value < self.limit
        return self.value > self.limit or (self.rule == ">=" and self.value == self.limit)

    @property
    def margin(self):
        """Distance of the value from the limit, negative on the wrong side"""
        return self.limit - self.value if self.rule == "<" else self.value - self.limit
