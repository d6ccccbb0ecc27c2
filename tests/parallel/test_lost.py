"""A walk-forward on a cluster of which a worker, or the scheduler, is killed."""

import pytest

pytest.importorskip("distributed", reason="needs the extra distributed")

from bt_fusion import Ensemble, SchedulerError, SignalModel, WalkForward, scheduler
from tests.parallel.clusters import end, running_scheduler, running_worker

MODEL = SignalModel(["wick_balance", "gap"], ensemble=Ensemble(["lgb"]))


def walk(cache):
    return WalkForward(MODEL, 400, 50, cache=cache)


def killing(process, at):
    """Return what kills a process once so many refits are done."""
    return lambda done, total: end(process) if done == at else None


@pytest.mark.slow
def test_a_killed_worker_changes_no_number(edge, tmp_path):
    with (
        running_scheduler(tmp_path) as (_, address),
        running_worker(address, tmp_path),
        running_worker(address, tmp_path) as second,
        scheduler(f"dask://{address}"),
    ):
        found = walk(None).predict(edge, on_refit=killing(second, at=3))
        assert second.poll() is not None
    assert found.votes.tobytes() == walk(None).predict(edge).votes.tobytes()


@pytest.mark.slow
def test_the_same_command_goes_on_after_a_killed_scheduler(edge, tmp_path):
    with (
        running_scheduler(tmp_path) as (made, address),
        running_worker(address, tmp_path),
        scheduler(f"dask://{address}", patience=5),
        pytest.raises(SchedulerError, match="was lost: start it and its workers again"),
    ):
        walk(tmp_path / "cache").predict(edge, on_refit=killing(made, at=5))
    again = walk(tmp_path / "cache")
    found = again.predict(edge)
    assert 5 <= sum(refit.cached for refit in again.refits_) < len(again.refits_) == 22
    assert found.votes.tobytes() == walk(None).predict(edge).votes.tobytes()
