"""The cache gives back what was put, or nothing."""

import threading
from pathlib import Path

import numpy as np
import platformdirs
import pytest

from bt_fusion.errors import BtFusionWarning
from bt_fusion.models.refit_cache import ArrayCache, open_cache


@pytest.fixture
def cache(tmp_path):
    return ArrayCache(tmp_path / "made when needed")


@pytest.mark.parametrize("array", [np.arange(6.0).reshape(2, 3), np.empty((0, 2)), np.array(3)])
def test_arrays_come_back_as_they_were(cache, array):
    cache.put("abc", array)
    found = cache.get("abc")
    np.testing.assert_array_equal(found, array)
    assert found.dtype == array.dtype and found.shape == array.shape
    assert cache.get("abd") is None


def test_a_later_array_takes_the_place_of_the_first(cache):
    cache.put("abc", np.zeros(2))
    cache.put("abc", np.ones(3))
    assert cache.get("abc").tolist() == [1, 1, 1]
    assert [path.suffix for path in cache.folder.rglob("*") if path.is_file()] == [".npy"]


@pytest.mark.parametrize("cut", [0, 5, 60, -1])
def test_a_broken_file_counts_as_absent(cache, cut):
    cache.put("abc", np.arange(100.0))
    (path,) = cache.folder.rglob("*.npy")
    path.write_bytes(path.read_bytes()[:cut])
    assert cache.get("abc") is None
    cache.put("abc", np.arange(2))
    assert cache.get("abc").tolist() == [0, 1]


@pytest.mark.parametrize("kind", ["altered", "npz", "of an older version", "a folder"])
def test_what_is_not_what_was_put_counts_as_absent(cache, kind):
    cache.put("abc", np.arange(100.0))
    (path,) = cache.folder.rglob("*.npy")
    if kind == "altered":
        stored = bytearray(path.read_bytes())
        stored[-100] ^= 1
        path.write_bytes(stored)
    elif kind == "npz":
        with path.open("wb") as file:
            np.savez(file, np.arange(3))
    elif kind == "of an older version":
        with path.open("wb") as file:
            np.save(file, np.arange(3))
    else:
        path.unlink()
        path.mkdir()
    assert cache.get("abc") is None


def test_a_place_that_cannot_be_written_is_a_warning(tmp_path):
    (tmp_path / "file").write_text("")
    cache = ArrayCache(tmp_path / "file")
    with pytest.warns(BtFusionWarning, match="cannot be written .*another --cache, or none"):
        cache.put("abc", np.arange(3))
    with pytest.warns(BtFusionWarning, match="Not a directory|exists"), cache.lock("abc"):
        assert cache.get("abc") is None


def test_objects_are_never_stored(cache):
    with pytest.raises(ValueError, match="allow_pickle"):
        cache.put("abc", np.array([{}], dtype=object))
    assert cache.get("abc") is None
    assert not [path for path in cache.folder.rglob("*") if path.is_file()]


def test_the_lock_lets_one_in_at_a_time(cache):
    inside, most = [], []

    def work():
        with cache.lock("abc"):
            inside.append(1)
            most.append(len(inside))
            cache.put("abc", np.zeros(1_000))
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 8


def test_places(tmp_path, monkeypatch):
    assert open_cache(None) is None and open_cache("none") is None
    assert open_cache(tmp_path).folder == tmp_path
    assert open_cache(str(tmp_path)).folder == tmp_path
    monkeypatch.setenv("BT_FUSION_CACHE", str(tmp_path / "own"))
    assert open_cache("auto").folder == tmp_path / "own"
    monkeypatch.delenv("BT_FUSION_CACHE")
    assert open_cache("auto").folder == Path(platformdirs.user_cache_path("bt_fusion"))
