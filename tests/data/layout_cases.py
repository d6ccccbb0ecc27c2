"""What tests of layouts share: a case, and ways of packing its text."""

import gzip
import io
import zipfile
from dataclasses import dataclass

HOURS = ("2024-01-31 00:00", "2024-01-31 01:00")
DAYS = ("2024-01-30", "2024-01-31")


@dataclass(frozen=True)
class Read:
    """A file, the bars it holds, and what its reader says was assumed."""

    content: str | bytes
    stamps: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]
    report: tuple[str, ...] = ()
    name: str = "bars.csv"


@dataclass(frozen=True)
class Refused:
    """A file, and the reason for which it is refused."""

    content: str | bytes
    reason: str
    name: str = "bars.csv"


def zipped(**members):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_DOT_", "."), content)
    return data.getvalue()


def gzipped(text):
    return gzip.compress(text.encode())
