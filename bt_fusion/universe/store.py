"""Store of finished comparisons of many files on disk."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from bt_fusion.files import plain
from bt_fusion.saved_runs.parts_store import PartsStore
from bt_fusion.universe.row import FileRow
from bt_fusion.verdict.pooled import Market
from bt_fusion.verdict.stouffer import DailyGains

__all__ = ["StoredMarkets", "Trial", "UniverseStore"]

SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("file", pa.string()),
        ("variant", pa.string()),
        ("row", pa.string()),
        ("first_day", pa.int64()),
        ("above_chance", pa.list_(pa.float64())),
        ("ranked", pa.list_(pa.float64())),
    ]
)


@dataclass(frozen=True)
class Trial:
    """One trial: the digest of a file, and that of the variant tried on it."""

    file: str
    variant: str


class UniverseStore(PartsStore):
    """Finished files by key, in a folder: `universe_rows.parquet`, and parts not yet gathered.

    Parameters
    ----------
    folder : path
    """

    def __init__(self, folder: Path):
        super().__init__(folder, "universe", "rows", SCHEMA)

    def put(
        self, key: str, trial: Trial, row: FileRow, gains: tuple[DailyGains, DailyGains] | None
    ) -> None:
        """Store a file: its row, and its daily gains above chance and by rank."""
        none = np.empty(0)
        first, days = 0, (none, none)
        if gains is not None:
            first, days = gains[0].first, (gains[0].values, gains[1].values)
        text = json.dumps(plain(row.to_dict()), allow_nan=False)
        values = (key, trial.file, trial.variant, text, first, *days)
        self.put_row(dict(zip(SCHEMA.names, values, strict=True)))

    def read(self, keys: list[str]) -> dict[str, FileRow]:
        """Return gathered rows by key, without daily gains."""
        table = self.read_rows(keys, ["key", "row"]).to_pydict()
        texts = zip(table["key"], table["row"], strict=True)
        return {key: FileRow.from_dict(json.loads(text)) for key, text in texts}

    def trials(self, rows: Mapping[str, FileRow]) -> dict[str, int]:
        """Return the number of variants tried on each row's file, including its own.

        A variant counts if its traded bars overlap the row's.
        """
        tried: dict[str, list[tuple[str, str, FileRow]]] = {}
        for batch in self.batches(("key", "file", "variant", "row")):
            for one in batch.to_pylist():
                row = FileRow.from_dict(json.loads(one["row"]))
                tried.setdefault(one["file"], []).append((one["key"], one["variant"], row))
        counts = {}
        for each in tried.values():
            for key, variant, row in each:
                if key in rows:
                    others = {v for _, v, other in each if v and share_a_bar(row, other)}
                    counts[key] = len({*others, variant} - {""}) if variant else 1
        return counts

    def markets(self, rows: Mapping[str, FileRow]) -> "StoredMarkets":
        """Return the markets of these rows for a pooled verdict."""
        return StoredMarkets(self, rows)


def share_a_bar(row: FileRow, other: FileRow) -> bool:
    """Return whether two rows of one file traded a common bar; none without evidence."""
    if other.evidence is None or row.evidence is None:
        return False
    return row.start <= other.end and row.end >= other.start


class StoredMarkets:
    """Markets read from the store a few at a time, on each iteration.

    Parameters
    ----------
    store : UniverseStore
    rows : mapping of FileRow
        Rows to iterate over, by key, each with evidence.
    """

    def __init__(self, store: UniverseStore, rows: Mapping[str, FileRow]):
        self._store, self._rows = store, rows

    def __iter__(self) -> Iterator[Market]:
        columns = ("key", "first_day", "above_chance", "ranked")
        for batch in self._store.batches(columns):
            for key, first, above, ranked in zip(*(batch[c] for c in columns), strict=True):
                row = self._rows.get(key.as_py())
                if row is None or row.evidence is None:
                    continue
                gains = (
                    DailyGains(first.as_py(), part.values.to_numpy()) for part in (above, ranked)
                )
                yield Market("", row.evidence, *gains)
