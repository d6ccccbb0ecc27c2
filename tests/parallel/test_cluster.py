"""Work on clusters of Dask: real schedulers and workers on the loopback."""

import os
import signal
import time

import pytest

pytest.importorskip("distributed", reason="needs the extra distributed")

from bt_fusion import OptionError, SchedulerError, WorkerError
from bt_fusion.parallel import Shared, run_unordered, scheduler, worker_count
from tests.parallel.clusters import (
    DATA,
    alone,
    dies,
    dies_once,
    end,
    environment,
    running_scheduler,
    running_worker,
    sleeps,
    total,
)


@pytest.mark.slow
def test_what_is_shared_reaches_every_call(cluster):
    with scheduler(cluster):
        calls = [(number,) for number in range(20)]
        found = sorted(run_unordered(total, calls, 1, shared=Shared(DATA)))
    assert found == [(number, DATA.sum() + number) for number in range(20)]


def test_what_a_killed_worker_had_is_done_again(cluster, tmp_path):
    with scheduler(cluster):
        calls = [(str(tmp_path), number) for number in range(20)]
        found = sorted(run_unordered(dies_once, calls, 1))
    assert found == list(range(20)) and (tmp_path / "died").exists()


@pytest.mark.slow
def test_a_call_that_kills_one_worker_after_the_other_is_named(cluster):
    with scheduler(cluster), pytest.raises(WorkerError, match="the third killed 4 workers"):
        calls = [(number,) for number in range(5)]
        list(run_unordered(dies, calls, 1, name=lambda number: ("the third", "x")[number != 3]))


@pytest.mark.slow
def test_a_lost_scheduler_is_an_error_and_what_is_finished_was_given(tmp_path):
    found = []
    with (
        running_scheduler(tmp_path) as (made, address),
        running_worker(address, tmp_path),
        scheduler(f"dask://{address}", patience=5),
        pytest.raises(SchedulerError, match=f"scheduler at tcp://{address} was lost: start it"),
    ):
        for number in run_unordered(sleeps, [(str(tmp_path), each) for each in range(50)], 1):
            found.append(number)
            if len(found) == 3:
                end(made)
    assert len(found) == len(set(found)) < 50


@pytest.mark.slow
def test_a_scheduler_without_a_worker_is_an_error_in_time(tmp_path):
    with running_scheduler(tmp_path) as (_, address):
        start = time.monotonic()
        with (
            pytest.raises(SchedulerError, match=r"no worker for 1 s: start some with `dask worker"),
            scheduler(f"dask://{address}", patience=1),
        ):
            list(run_unordered(dies, [(1,)], 1))
        assert time.monotonic() - start < 25
    with (
        pytest.raises(SchedulerError, match=r"no scheduler answers at dask://.* within 1 s"),
        scheduler(f"dask://{address}", patience=1),
    ):
        pass


@pytest.mark.parametrize("url", ["dask://", "dask://:x", "dask://localhost", "tcp://a:b", "dusk"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(OptionError, match="dask://HOST:PORT"), scheduler(url):
        pass


@pytest.mark.slow
def test_a_scheduler_that_stops_answering_is_lost_in_time(tmp_path):
    with running_scheduler(tmp_path) as (made, address), running_worker(address, tmp_path):
        start = time.monotonic()
        with (
            scheduler(f"dask://{address}", patience=2),
            pytest.raises(SchedulerError, match="was lost"),
        ):
            for number in run_unordered(sleeps, [(str(tmp_path), each) for each in range(50)], 1):
                if number == 3:
                    os.kill(made.pid, signal.SIGSTOP)
        assert time.monotonic() - start < 20


@pytest.mark.slow
@pytest.mark.parametrize("who", ["worker", "scheduler"])
def test_one_without_bt_fusion_is_named(who, tmp_path):
    hides = tmp_path / "none" / "bt_fusion"
    hides.mkdir(parents=True)
    (hides / "__init__.py").write_text("")
    none = environment(hides.parent)
    with (
        running_scheduler(tmp_path, env=none if who == "scheduler" else None) as (_, address),
        running_worker(address, tmp_path, env=none if who == "worker" else None),
        scheduler(f"dask://{address}"),
        pytest.raises(WorkerError, match=rf"the {who} \S*.*has no bt_fusion, or another one"),
    ):
        list(run_unordered(dies, [(1,)], 1))


@pytest.mark.slow
def test_threads_of_a_worker_take_turns_where_they_must(tmp_path):
    with (
        running_scheduler(tmp_path) as (_, address),
        running_worker(address, tmp_path, "--nthreads", "3"),
        scheduler(f"dask://{address}"),
    ):
        calls = [(str(tmp_path), number) for number in range(4)]
        assert worker_count(1, 10) == 3
        together = [max(run_unordered(alone, calls, 1, threads=safe)) for safe in (False, True)]
    assert together[0] == 1 < together[1]
