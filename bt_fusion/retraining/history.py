"""The folder beside a model: its earlier models, and what was decided.

`DIR.history` holds up to N earlier models, each a saved model that loads, `log.txt` for people and
`log.jsonl` for machines. What a killed process left there begins with a dot; the next one removes
it. Nothing half-made is ever visible: a model appears by one rename and goes by one.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from bt_fusion.bundle.commit import commit_files
from bt_fusion.bundle.files import MANIFEST_CAP, read_bundle, read_manifest, read_regular
from bt_fusion.bundle.load import read_model
from bt_fusion.bundle.manifest import MANIFEST
from bt_fusion.errors import BundleError, OptionError
from bt_fusion.files import writing

__all__ = ["CANDIDATE", "History", "append_whole", "copy_model", "digest_of"]

CANDIDATE, PENDING = ".candidate", ".pending.json"
BACK = "-rolled-back"  # what the names of models end with that a rollback took out


@dataclass(frozen=True)
class History:
    """What is kept beside the folder of a saved model.

    Attributes
    ----------
    model : Path
        Resolved.
    """

    model: Path

    @classmethod
    def of(cls, folder: str | Path) -> "History":
        """Return the history of a saved model.

        Raises
        ------
        BundleError
            When there is no such folder.
        """
        model = Path(folder).expanduser().resolve()
        if not model.is_dir():
            raise BundleError(f"{model} is not a folder; give the folder of a saved model")
        return cls(model)

    @property
    def root(self) -> Path:
        """The folder itself, which need not be there yet."""
        return self.model.with_name(f"{self.model.name}.history")

    @property
    def log(self) -> Path:
        """The log for people."""
        return self.root / "log.txt"

    @property
    def pending(self) -> Path:
        """What is being done, while it is being done."""
        return self.root / PENDING

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other retrainings of the same model out; a killed one keeps nobody out.

        Raises
        ------
        OptionError
            When another one is at work.
        FileError
            When the folder of the model's folder cannot be written.
        """
        lock = FileLock(self.model.with_name(f".{self.model.name}.retraining.lock"), timeout=0)
        try:
            with writing(self.model.parent):
                lock.acquire()
        except Timeout:
            raise OptionError(
                f"{self.model} is being retrained by another process; wait for it"
            ) from None
        try:
            yield
        finally:
            lock.release()

    def decisions(self) -> list[dict[str, Any]]:
        """Return what was decided, the oldest first; see `Retraining.to_dict`."""
        try:
            lines = self._records.read_text(encoding="utf-8").splitlines(keepends=True)
        except FileNotFoundError:
            return []
        try:
            return [json.loads(line) for line in lines if line.endswith("\n") and line.strip()]
        except ValueError as error:
            raise OptionError(
                f"{self._records} holds a line that is no JSON: {error}; remove the line"
            ) from error

    def record(self, decision: dict[str, Any], text: str) -> None:
        """Append a decision to both logs, unless it is there."""
        if decision["number"] not in [each["number"] for each in self.decisions()]:
            append_whole(self._records, json.dumps(decision, allow_nan=False))
        self.write(text)

    def write(self, text: str) -> None:
        """Append a block to the log for people, unless it is the last one there."""
        known = self.log.read_text(encoding="utf-8") if self.log.exists() else ""
        if not known.endswith(f"{text}\n"):
            append_whole(self.log, text)

    def write_failure(self, error: Exception, when: str) -> None:
        """Append what failed to the log for people, unless that is the last thing there."""
        said = f"failed: {' '.join(str(error).split()) or type(error).__name__}"
        known = self.log.read_text(encoding="utf-8") if self.log.exists() else ""
        if not known.endswith(f"{said}\n"):
            append_whole(self.log, f"{when} UTC  {said}")

    def earlier(self) -> list[Path]:
        """Return the models that a rollback can put back, the oldest first."""
        return [path for path in self._models() if not path.name.endswith(BACK)]

    def rolled_back(self) -> list[Path]:
        """Return the models that a rollback took out, the oldest first."""
        return [path for path in self._models() if path.name.endswith(BACK)]

    def prune(self, keep: int) -> None:
        """Remove all but the last `keep` earlier models, and rolled back ones."""
        for models in (self.earlier(), self.rolled_back()):
            for path in models[:-keep]:
                self.remove(path)

    def remove(self, path: Path) -> None:
        """Remove a model: it goes by one rename, its files afterwards."""
        if path.exists():
            gone = self.root / f".gone-{path.name.lstrip('.')}"
            shutil.rmtree(gone, ignore_errors=True)
            os.rename(path, gone)
            shutil.rmtree(gone)

    def clean(self) -> None:
        """Remove what nobody needs, such as files of killed processes; the lock must be held."""
        if not self.root.is_dir():
            return
        for path in self.root.glob(".*"):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    @property
    def _records(self) -> Path:
        return self.root / "log.jsonl"

    def _models(self) -> list[Path]:
        found = self.root.glob("[0-9]*") if self.root.is_dir() else ()
        return sorted((path for path in found if path.is_dir()), key=_numbered)


def _numbered(path: Path) -> tuple[int, str]:
    number = path.name.partition("-")[0]
    return (int(number) if number.isdigit() else 0), path.name


def digest_of(folder: Path) -> str:
    """Return the digest that a saved model states; empty where there is none."""
    try:
        return str(read_manifest(folder)[0].get("digest", ""))
    except BundleError:
        return ""


def copy_model(source: Path, target: Path, check: Callable[[Path], Any] = read_model) -> None:
    """Put a copy of a saved model into a folder, all of it or nothing.

    Raises
    ------
    BundleError, ModelCompatibilityError
        When it is broken, or fails the check; the target stays as it was.
    """
    _, files = read_bundle(source)
    manifest = read_regular(source, MANIFEST, MANIFEST_CAP)

    def checked(stage: Path) -> dict[str, bytes]:
        check(stage)
        return {}

    commit_files(target, {**files, MANIFEST: manifest}, check=checked)


def append_whole(path: Path, text: str) -> None:
    """Append a text and a line break to a file, in one write; a torn last line is cut off first.

    Raises
    ------
    FileError
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        with os.fdopen(handle, "r+b", buffering=0) as file:
            known = file.readall() or b""
            if known and not known.endswith(b"\n"):
                file.truncate(known.rfind(b"\n") + 1)
            file.write(f"{text}\n".encode())
            os.fsync(file.fileno())
