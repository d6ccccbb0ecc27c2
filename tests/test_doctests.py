"""Every example in a docstring runs."""

import doctest
import importlib
import pkgutil

import pytest

import bt_fusion

EXTRAS = {"dask", "distributed", "fsspec", "skorch", "torch"}
OF_AN_EXTRA = {
    "bt_fusion.ensemble.members.lstm",
    "bt_fusion.ensemble.members.lstm_network",
    "bt_fusion.hub.capped",
    "bt_fusion.hub.folder_store",
    "bt_fusion.hub.hugging_face",
    "bt_fusion.hub.local_store",
    "bt_fusion.parallel.cluster",
}


def names():
    found = pkgutil.walk_packages(bt_fusion.__path__[:1], "bt_fusion.")
    layers = ("bt_fusion.indicators", "bt_fusion.strategies", "bt_fusion.analyzers")
    below = [
        module.name
        for layer in layers
        for module in pkgutil.iter_modules(importlib.import_module(layer).__path__, f"{layer}.")
    ]
    return sorted({module.name for module in found} | set(layers) | set(below))


def import_or_skip(name):
    """Import a module; what needs an extra that is not installed is skipped."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name not in EXTRAS:
            raise
        pytest.skip(f"{name} needs {error.name}")


@pytest.mark.parametrize("name", names())
def test_examples(name):
    results = doctest.testmod(import_or_skip(name), optionflags=doctest.ELLIPSIS)
    assert results.failed == 0


def test_there_are_examples():
    examples = doctest.DocTestFinder().find
    modules = [importlib.import_module(name) for name in names() if name not in OF_AN_EXTRA]
    assert sum(len(test.examples) for module in modules for test in examples(module)) > 20
