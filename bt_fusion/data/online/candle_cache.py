"""CandleCache: the candles of one market on this computer, and the spans they cover."""

import json
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from bt_fusion.data.bar_format import COLUMNS
from bt_fusion.data.online.market import Market
from bt_fusion.data.online.paging import Page
from bt_fusion.data.online.spans import Span, joined
from bt_fusion.errors import BtFusionWarning
from bt_fusion.files import write_whole, writing

__all__ = ["CachedCandles", "CandleCache", "no_candles"]

NOTES = b"bt_fusion"  # key of our own in the file's metadata
WHOLE, PAGES = "candles.parquet", "page-*.parquet"


@dataclass(frozen=True, eq=False)
class CachedCandles:
    """Cached candles.

    Attributes
    ----------
    bars : DataFrame
    spans : list of Span
        In these, every candle there is is in `bars`.
    requested : Timestamp or None
        Naive UTC time of the last request for the newest candles.
    """

    bars: pd.DataFrame
    spans: list[Span]
    requested: pd.Timestamp | None = None

    def with_newer(self, others: "Iterable[CachedCandles]") -> "CachedCandles":
        """Return these and newer candles; for the same stamp the last one is kept."""
        found = [self, *others]
        bars = newest([kept.bars for kept in found])
        return CachedCandles(
            bars, joined(span for kept in found for span in kept.spans), self.requested
        )


class CandleCache:
    """A folder per market: one Parquet file, plus a file per page during a download.

    Every file is written under a temporary name, then renamed, and records the spans it covers, so
    the cache stays correct if the process is killed. A file that cannot be read counts as absent,
    with a warning.

    Parameters
    ----------
    folder : Path
        Root folder of all markets.
    market : Market
    host : str, optional
        Each host has its own candles.
    """

    def __init__(self, folder: Path, market: Market, host: str | None = None):
        elsewhere = f" {sha256(host.encode()).hexdigest()[:8]}" if host else ""
        symbol = quote(market.symbol, safe="=^.-")
        self.folder = folder / market.provider / f"{symbol} {market.timeframe}{elsewhere}"

    @contextmanager
    def lock(self, say: Callable[[str], Any] = print) -> Iterator[None]:
        """Hold the market's lock; report if another process holds it first."""
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / "lock")
            try:
                lock.acquire(timeout=0)
            except Timeout:
                say("Waiting    for another process that fetches the same candles")
                lock.acquire()
            except NotImplementedError:  # a file system without locks
                pass
        try:
            yield
        finally:
            lock.release()

    def read(self) -> CachedCandles:
        """Return all cached candles, with pages of an unfinished download."""
        whole = read_file(self.folder / WHOLE) or CachedCandles(no_candles(), [])
        pages = [page for path in self._pages() if (page := read_file(path)) is not None]
        return whole.with_newer(pages) if pages else whole

    def add(self, page: Page) -> None:
        """Save a page."""
        self._write(
            self.folder / f"page-{time.time_ns():020d}.parquet",
            CachedCandles(page.bars, [(page.start, page.end)]),
        )

    def store(self, kept: CachedCandles) -> None:
        """Save everything in one file, and remove the pages it replaces."""
        pages = self._pages()
        self._write(self.folder / WHOLE, kept)
        for path in (*pages, *self.folder.glob(".*.parquet")):  # left by a killed process
            path.unlink(missing_ok=True)

    def _pages(self) -> list[Path]:
        return sorted(self.folder.glob(PAGES))

    def _write(self, path: Path, kept: CachedCandles) -> None:
        table = pa.Table.from_pandas(kept.bars)
        notes = {
            "spans": [[each.isoformat() for each in span] for span in kept.spans],
            "asked": None if kept.requested is None else kept.requested.isoformat(),
        }
        table = table.replace_schema_metadata(
            {**(table.schema.metadata or {}), NOTES: json.dumps(notes).encode()}
        )
        write_whole(path, lambda file: pq.write_table(table, file))


def read_file(path: Path) -> CachedCandles | None:
    """Return the candles of a file, or None if it is absent or cannot be read."""
    if not path.is_file():
        return None
    try:
        table = pq.read_table(path)
        notes = json.loads(table.schema.metadata[NOTES])
        spans = [(pd.Timestamp(start), pd.Timestamp(end)) for start, end in notes["spans"]]
        requested = None if notes["asked"] is None else pd.Timestamp(notes["asked"])
        bars = table.to_pandas()[list(COLUMNS)]
        bars.index = pd.DatetimeIndex(bars.index).as_unit("ns")
        return CachedCandles(bars, spans, requested)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        warnings.warn(
            f"{path} cannot be read ({error}): its candles are fetched again",
            BtFusionWarning,
            stacklevel=2,
        )
        return None


def newest(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the candles of all frames, sorted; for the same stamp the last one is kept."""
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return no_candles()
    bars = pd.concat(filled)
    return bars[~bars.index.duplicated(keep="last")].sort_index()


def no_candles() -> pd.DataFrame:
    """Return bars without a row."""
    index = pd.DatetimeIndex([], name="datetime").as_unit("ns")
    return pd.DataFrame(columns=list(COLUMNS), index=index, dtype=float)
