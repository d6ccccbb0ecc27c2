"""Finished runs on disk: whole or absent, gathered without loss, for one sweep at a time."""

import numpy as np
import pytest

from bt_fusion import OptionError
from bt_fusion.sweep.store import SweepStore, row_of

RETURNS = np.array([0.5, -0.25, 0.0])


def put(store, *keys):
    for key in keys:
        store.put(key, "on", {"x": 1}, {"sharpe": 0.5, "sqn": np.nan}, RETURNS)


def test_a_run_is_read_as_it_was_kept(tmp_path):
    store = SweepStore(tmp_path)
    put(store, "a")
    assert store.keys() == {"a"}
    store.gather()
    run = store.read(["a"]).loc["a"]
    assert (run["run"], run.params, run.figures) == ("on", {"x": 1}, {"sharpe": 0.5, "sqn": None})
    assert run.returns.dtype == np.float32 and run.returns.tolist() == RETURNS.tolist()


def test_gathering_keeps_what_was_there_and_leaves_one_file(tmp_path):
    store = SweepStore(tmp_path)
    put(store, "a", "b")
    store.gather()
    put(store, "c")
    assert store.keys() == {"a", "b", "c"}
    store.gather()
    store.gather()
    assert [path.name for path in tmp_path.iterdir()] == ["sweep_runs.parquet"]
    assert set(store.read("abc").index) == store.keys() == {"a", "b", "c"}
    assert list(store.read(["c", "x"]).index) == ["c"]
    assert store.bytes_each() == store.whole.stat().st_size / 3


def test_parts_that_outlived_their_gathering_are_not_gathered_twice(tmp_path, monkeypatch):
    store = SweepStore(tmp_path)
    put(store, "a", "b")
    with monkeypatch.context() as killed:
        killed.setattr("shutil.rmtree", lambda *_, **__: None)
        store.gather()
    assert store.parts.is_dir()
    put(store, "c")
    store.gather()
    assert list(store.read("abc").index) == ["a", "b", "c"] and not store.parts.exists()


def test_broken_and_half_written_files_count_as_absent(tmp_path):
    store = SweepStore(tmp_path)
    assert store.keys() == set() and store.bytes_each() is None and len(store.read(["a"])) == 0
    put(store, "a", "b")
    (store.parts / "b.parquet").write_bytes(b"PAR1 half")
    (store.parts / ".c-1.parquet").write_bytes((store.parts / "a.parquet").read_bytes())
    store.whole.write_bytes(b"")
    assert store.keys() == {"a"}
    store.gather()
    assert store.keys() == {"a"} and list(store.read("abc").index) == ["a"]


def test_one_sweep_at_a_time(tmp_path):
    refused = pytest.raises(OptionError, match="another sweep writes into")
    with SweepStore(tmp_path).lock(), refused, SweepStore(tmp_path).lock():
        raise AssertionError
    with SweepStore(tmp_path).lock():
        assert (tmp_path / ".sweep.lock").exists()


def rows_of(*keys):
    return [row_of(key, "on", {"x": 1}, {"sharpe": 0.5}, RETURNS) for key in keys]


def test_several_runs_are_kept_at_once_and_gathered_among_the_others(tmp_path):
    store = SweepStore(tmp_path)
    put(store, "b")
    store.put_rows(rows_of("c", "a"))
    store.put_rows([])
    assert len(list(store.parts.glob("*.parquet"))) == 2
    assert store.keys() == {"a", "b", "c"}
    store.gather()
    assert store.read("abc").index.tolist() == ["a", "b", "c"]
    store.put_rows(rows_of("b", "d"))  # b is there: an interruption left the part
    store.gather()
    assert store.read("abcd").index.tolist() == ["a", "b", "c", "d"]
