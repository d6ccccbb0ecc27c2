"""The history folder of a model: its earlier models, and the decisions.

`DIR.history` holds up to N earlier models, each complete, `log.txt` for people and `log.jsonl` for
machines. Files left by a killed process begin with a dot; the next process removes them. Incomplete
models are never visible: a model appears, and disappears, by one rename.
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
ROLLED_BACK_SUFFIX = "-rolled-back"  # suffix of the models that a rollback removed


@dataclass(frozen=True)
class History:
    """The files kept next to the folder of a saved model.

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
            If there is no such folder.
        """
        model = Path(folder).expanduser().resolve()
        if not model.is_dir():
            raise BundleError(f"{model} is not a folder; give the folder of a saved model")
        return cls(model)

    @property
    def root(self) -> Path:
        """The history folder; it may not exist yet."""
        return self.model.with_name(f"{self.model.name}.history")

    @property
    def log(self) -> Path:
        """The log for people."""
        return self.root / "log.txt"

    @property
    def pending(self) -> Path:
        """The decision being applied."""
        return self.root / PENDING

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Lock out other retrainings of the same model; a killed process leaves no lock.

        Raises
        ------
        OptionError
            If another one is running.
        FileError
            If the parent of the model's folder cannot be written.
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
        """Return the decisions, oldest first; see `Retraining.to_dict`."""
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
        """Append a decision to both logs, unless it is there already."""
        if decision["number"] not in [each["number"] for each in self.decisions()]:
            append_whole(self._records, json.dumps(decision, allow_nan=False))
        self.write(text)

    def write(self, text: str) -> None:
        """Append a block to the log for people, unless it is already the last."""
        known = self.log.read_text(encoding="utf-8") if self.log.exists() else ""
        if not known.endswith(f"{text}\n"):
            append_whole(self.log, text)

    def write_failure(self, error: Exception, when: str) -> None:
        """Append a failure to the log for people, unless it is already the last entry."""
        entry = f"failed: {' '.join(str(error).split()) or type(error).__name__}"
        known = self.log.read_text(encoding="utf-8") if self.log.exists() else ""
        if not known.endswith(f"{entry}\n"):
            append_whole(self.log, f"{when} UTC  {entry}")

    def earlier(self) -> list[Path]:
        """Return the models that a rollback can restore, oldest first."""
        return [path for path in self._models() if not path.name.endswith(ROLLED_BACK_SUFFIX)]

    def rolled_back(self) -> list[Path]:
        """Return the models that a rollback removed, oldest first."""
        return [path for path in self._models() if path.name.endswith(ROLLED_BACK_SUFFIX)]

    def prune(self, keep: int) -> None:
        """Remove all but the last `keep` earlier models, and all rolled back ones."""
        for models in (self.earlier(), self.rolled_back()):
            for path in models[:-keep]:
                self.remove(path)

    def remove(self, path: Path) -> None:
        """Remove a model: one rename hides it, then its files are deleted."""
        if path.exists():
            gone = self.root / f".gone-{path.name.lstrip('.')}"
            shutil.rmtree(gone, ignore_errors=True)
            os.rename(path, gone)
            shutil.rmtree(gone)

    def clean(self) -> None:
        """Remove unneeded files, such as those of killed processes; the lock must be held."""
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
    """Return the digest recorded in a saved model; empty if there is none."""
    try:
        return str(read_manifest(folder)[0].get("digest", ""))
    except BundleError:
        return ""


def copy_model(source: Path, target: Path, check: Callable[[Path], Any] = read_model) -> None:
    """Copy a saved model into a folder, all or nothing.

    Raises
    ------
    BundleError, ModelCompatibilityError
        If it is broken or fails the check; the target is unchanged.
    """
    _, files = read_bundle(source)
    manifest = read_regular(source, MANIFEST, MANIFEST_CAP)

    def checked(stage: Path) -> dict[str, bytes]:
        check(stage)
        return {}

    commit_files(target, {**files, MANIFEST: manifest}, check=checked)


def append_whole(path: Path, text: str) -> None:
    """Append a text and a newline to a file in one write; first remove an incomplete last line.

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
