"""readers: memory and time of reading files of many rows, by how they are written."""

import gzip
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.child import peak_bytes
from benchmarks.registry import Measured, Ratio
from benchmarks.timing import in_child
from bt_fusion import read_bars

__all__ = ["measure"]

SIX = range(1, 7)  # columns of a kline dump that bars do not need
SMALL = "2024-01-01,1,1,1,1,1\n"  # read first, so that the peak before counts what is imported


def measure(rows: int = 3_000_000) -> Measured:
    """Read one-minute bars from files of every kind, each in a process of its own.

    The peak is what `read_bars` adds to that of a file of one row, in units of the frame that
    comes out. CPU time, so that other work on the machine counts little.

    Parameters
    ----------
    rows : int
    """
    parts: dict[str, float] = {}
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "small.csv").write_text(SMALL)
        for name, path in files(place, rows):
            found = in_child(read, path=str(path), small=str(place / "small.csv"))
            parts |= {f"{name}: {key}": value for key, value in found.items()}
            parts[f"{name}: file_mb"] = path.stat().st_size / 1e6
            most = 4.0 if path.name.startswith(("text", "klines")) else None
            ratios.append(Ratio(f"{name}: peak in frames", found["frames"], most=most))
            path.unlink()
    return Measured(f"files of {rows:,} one-minute bars", parts, tuple(ratios))


def read(path: str, small: str) -> dict[str, float]:
    """Read a file; return CPU seconds and the memory it took."""
    read_bars(small)
    before, start = peak_bytes(), time.process_time()
    bars = read_bars(path)
    seconds = time.process_time() - start
    frame, above = bars.memory_usage().sum(), peak_bytes() - before
    return {"cpu_s": seconds, "peak_mb": above / 1e6, "frames": above / frame}


def files(place: Path, rows: int) -> Iterator[tuple[str, Path]]:
    """Write files one after the other, and yield each by what it is."""
    bars = minutes(rows)
    text = place / "text.csv"
    bars.to_csv(text, date_format="%Y-%m-%d %H:%M:%S")
    for name, path in packed(text):
        yield f"text stamps, {name}", path
    klines = place / "klines.csv"
    dump = bars.assign(**{f"more{i}": (bars["close"] * bars["volume"] / i).round(6) for i in SIX})
    dump = dump.set_axis(bars.index.as_unit("ms").asi8, axis="index")
    dump.to_csv(klines, header=False)
    for name, path in packed(klines):
        yield f"kline dump, {name}", path
    days = place / "days.csv"
    bars.to_csv(days, date_format="%d/%m/%Y %H:%M")
    yield "days first", days
    candles = place / "BTC_USDT-1m.json"
    columns = [dump.index.tolist(), *(bars[name].tolist() for name in bars)]
    candles.write_text("[" + ",".join(map(str, map(list, zip(*columns, strict=True)))) + "]")
    yield "JSON", candles
    feather = place / "BTC_USDT-1m.feather"
    bars.tz_localize("UTC").reset_index().to_feather(feather)
    yield "Feather", feather


def minutes(rows: int) -> pd.DataFrame:
    """Return bars that look like BTCUSDT's: prices of two decimals, volumes of five."""
    rng = np.random.default_rng(0)
    close = np.round(40_000 * np.exp(np.cumsum(rng.normal(0, 1e-4, rows))), 2)
    open_ = np.r_[40_000, close[:-1]]
    high, low = np.maximum(open_, close) * 1.0003, np.minimum(open_, close) * 0.9997
    index = pd.date_range("2020-01-01", periods=rows, freq="min", name="date")
    columns = {"open": open_, "high": high.round(2), "low": low.round(2), "close": close}
    return pd.DataFrame({**columns, "volume": rng.uniform(1, 500, rows).round(5)}, index=index)


def packed(path: Path) -> Iterator[tuple[str, Path]]:
    """Yield a file gzipped, in a ZIP file, and plain."""
    gzipped = path.with_suffix(".csv.gz")
    with path.open("rb") as file, gzip.open(gzipped, "wb", compresslevel=1) as out:
        shutil.copyfileobj(file, out)
    yield "gzip", gzipped
    in_zip = path.with_suffix(".zip")
    with zipfile.ZipFile(in_zip, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.write(path, path.name)
    yield "ZIP", in_zip
    yield "plain", path
