"""Every example in a docstring runs."""

import doctest
import importlib
import pkgutil

import pytest

import bt_fusion


def names():
    found = pkgutil.walk_packages(bt_fusion.__path__[:1], "bt_fusion.")
    layers = ("bt_fusion.indicators", "bt_fusion.strategies", "bt_fusion.analyzers")
    below = [
        module.name
        for layer in layers
        for module in pkgutil.iter_modules(importlib.import_module(layer).__path__, f"{layer}.")
    ]
    return sorted({module.name for module in found} | set(layers) | set(below))


@pytest.mark.parametrize("name", names())
def test_examples(name):
    results = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert results.failed == 0


def test_there_are_examples():
    assert sum(doctest.testmod(importlib.import_module(name)).attempted for name in names()) > 20
