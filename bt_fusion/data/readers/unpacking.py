"""Open files as text streams: plain, gzipped, or the only file of a ZIP."""

import gzip
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from bt_fusion.errors import BarsError

__all__ = ["EXPORT", "head_of", "opened", "text_of"]

EXPORT = "give a CSV, Parquet, Feather or JSON file"
HEAD = 65_536  # characters used to detect the encoding
GZIP, ZIP, OLE = b"\x1f\x8b", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@contextmanager
def opened(path: Path, assumed: list[str] | None = None) -> Iterator[IO[bytes]]:
    """Open a file and unpack it while reading, never fully in memory.

    Parameters
    ----------
    path : Path
    assumed : list of str, optional
        Receives a line if only one file of an archive is read.

    Raises
    ------
    BarsError
        For an archive of several tables or an encrypted one, and for an Excel workbook.
    """
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(0)
        if start == OLE:
            raise BarsError(f"an Excel workbook, whatever its name; save it as CSV, or {EXPORT}")
        if start[:2] == GZIP:
            with gzip.open(file) as stream:
                yield cast(IO[bytes], stream)
        elif start == ZIP:
            with zipfile.ZipFile(file) as archive, _member(archive, assumed) as stream:
                yield stream
        else:
            yield file


@contextmanager
def text_of(path: Path) -> Iterator[IO[str]]:
    """Open a file as text: UTF-8, or UTF-16 if it begins with that byte order mark."""
    with opened(path) as stream:
        start = stream.read(2)
    encoding = "utf-16" if start in UTF_16 else "utf-8-sig"
    with opened(path) as stream, io.TextIOWrapper(stream, encoding, newline="") as text:
        yield text


def head_of(path: Path, assumed: list[str]) -> str:
    """Return the first complete lines of a text file.

    Raises
    ------
    BarsError
        If it is not text or is empty, and as `opened`.
    """
    with opened(path, assumed) as stream:
        data = stream.read(HEAD)
    encoding = "utf-16" if data[:2] in UTF_16 else "utf-8-sig"
    head = data.decode(encoding, errors="ignore")
    if "\0" in head:
        raise BarsError(f"not a text file; {EXPORT}")
    if not head.strip():
        raise BarsError(f"the file is empty; {EXPORT}")
    end = max(head.rfind("\n"), head.rfind("\r"))
    return head[: end + 1] if len(data) == HEAD and end > 0 else head


def _member(archive: zipfile.ZipFile, assumed: list[str] | None) -> IO[bytes]:
    """Open the one table of an archive."""
    files = [name for name in archive.namelist() if not name.endswith("/")]
    names = [name for name in files if not name.startswith("__MACOSX/")]
    if "[Content_Types].xml" in names:
        raise BarsError(f"an Excel workbook, whatever its name; save it as CSV, or {EXPORT}")
    tables = [name for name in names if name.lower().endswith(".csv")]
    if len(names) > 1 and len(tables) == 1:  # HistData packs a report with its bars
        if assumed is not None:
            others = ", ".join(name for name in names if name not in tables)
            assumed.append(f"{tables[0]} of the ZIP file; not read: {others}")
        names = tables
    if len(names) != 1:
        raise BarsError(f"a ZIP file of {len(names)} files; unpack it, or {EXPORT}")
    try:
        return archive.open(names[0])
    except RuntimeError as error:  # encrypted, or a compression unknown to Python
        raise BarsError(f"cannot be unpacked ({error}); {EXPORT}") from error
