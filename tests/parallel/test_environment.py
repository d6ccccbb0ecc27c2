"""Versions of what computes: compared before work begins, and on workers that join later."""

import shutil

import numpy
import pytest

from bt_fusion.parallel.environment import CODE, difference, environment
from tests.parallel.clusters import (
    ROOT,
    running_scheduler,
    running_worker,
    sleeps,
)
from tests.parallel.clusters import (
    environment as variables,
)


def test_nothing_differs_here():
    assert difference(environment()) == ""
    assert environment()["numpy"] == numpy.__version__
    assert environment()["python"].startswith("CPython 3.")


def test_each_difference_is_named_with_both_versions():
    wanted = environment(extras=("torch",)) | {"numpy": "1.0", CODE: "0123"}
    text = difference(wanted)
    assert text.startswith(f"numpy {numpy.__version__} instead of 1.0, code of bt_fusion ")
    assert text.endswith(" instead of 0123")


@pytest.fixture
def other_checkout(tmp_path):
    """A checkout whose code differs by a comment."""
    place = tmp_path / "other"
    for name in ("bt_fusion", "indicators", "strategies", "analyzers"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    with (place / "bt_fusion" / "labels" / "base.py").open("a") as file:
        file.write("# edited\n")
    return place


@pytest.mark.slow
def test_a_worker_with_other_code_gets_no_work(other_checkout, tmp_path):
    pytest.importorskip("distributed", reason="needs the extra distributed")
    from bt_fusion import WorkerError
    from bt_fusion.parallel import run_unordered, scheduler

    message = r"worker tcp://\S+ would compute other numbers, it has code of bt_fusion \w+ instead"
    calls = [(str(tmp_path), number) for number in range(200)]
    with running_scheduler(tmp_path) as (_, address):
        with (
            running_worker(address, tmp_path, env=variables(other_checkout)),
            scheduler(f"dask://{address}"),
            pytest.raises(WorkerError, match=message),
        ):
            list(run_unordered(sleeps, calls, 1))
        assert not (tmp_path / "0").exists()
        with running_worker(address, tmp_path), scheduler(f"dask://{address}"):
            results = run_unordered(sleeps, calls, 1)
            assert next(results) == 0
            with (
                running_worker(address, tmp_path, env=variables(other_checkout)),
                pytest.raises(WorkerError, match=message),
            ):
                list(results)
