"""Finished files on disk: rows, days, and how many variants were tried on each file."""

import numpy as np

from bt_fusion.universe.row import FileRow
from bt_fusion.universe.store import Trial, UniverseStore
from bt_fusion.verdict.stouffer import DailyGains
from tests.verdict.test_rules import GOOD

DAYS = DailyGains(100, np.array([0.5, 0.0, -0.25])), DailyGains(100, np.array([1.0, 2.0, 3.0]))


def row(start="2024-01-01", end="2024-02-01", evidence=GOOD):
    return FileRow(start=start, end=end, evidence=evidence, setting_p=0.01)


def put(store, key, file="f", variant="v", kept=None):
    kept = row() if kept is None else kept
    store.put(key, Trial(file, variant), kept, DAYS if kept.evidence else None)


def test_a_row_and_its_days_come_back(tmp_path):
    store = UniverseStore(tmp_path)
    put(store, "b")
    put(store, "a", kept=FileRow(error="broken"))
    assert store.keys() == {"a", "b"}
    store.gather()
    rows = store.read(["a", "b", "c"])
    assert rows["a"] == FileRow(error="broken") and rows["b"].setting_p == 0.01
    for _ in range(2):  # it can be gone through again
        (market,) = store.markets(rows)
        assert market.evidence == rows["b"].evidence
        assert (market.above_chance.first, market.ranked.first) == (100, 100)
        assert market.above_chance.values.tolist() == DAYS[0].values.tolist()
        assert market.ranked.values.tolist() == DAYS[1].values.tolist()
    assert list(store.markets({})) == []


def test_the_file_is_the_same_however_often_it_was_gathered(tmp_path):
    once, often = UniverseStore(tmp_path / "once"), UniverseStore(tmp_path / "often")
    for key in "dbac":
        put(once, key)
        put(often, key)
        often.gather()
    once.gather()
    assert often.read_rows("abcd").equals(once.read_rows("abcd"))
    assert once.read_rows("abcd")["key"].to_pylist() == list("abcd")


def test_variants_on_the_same_bars_of_a_file_count(tmp_path):
    store = UniverseStore(tmp_path)
    put(store, "a", variant="one")
    put(store, "b", variant="two")
    put(store, "c", variant="two")  # another seed, say
    put(store, "d", variant="three", kept=row("2023-01-01", "2023-02-01"))
    put(store, "e", variant="four", kept=row(evidence=None))
    put(store, "f", variant="")  # a control
    put(store, "g", file="other", variant="five")
    store.gather()
    rows = store.read(list("abcdefg"))
    assert store.trials(rows) == {"a": 2, "b": 2, "c": 2, "d": 1, "e": 1, "f": 1, "g": 1}
    assert store.trials({"a": rows["a"]}) == {"a": 2}
