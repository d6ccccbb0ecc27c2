"""Models in a Hugging Face repository: a push is one commit; it has the revisions."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bt_fusion.bundle.files import NAME
from bt_fusion.bundle.manifest import MANIFEST
from bt_fusion.errors import HubError
from bt_fusion.hub.address import Address
from bt_fusion.hub.capped import CappedFile, Limit
from bt_fusion.hub.faults import hub_errors
from bt_fusion.hub.store import Report, recorded_digest

__all__ = ["HuggingFace", "HuggingFaceSnapshot"]

TYPES = {"models": "model", "datasets": "dataset", "spaces": "space"}


class HuggingFace:
    """A folder of a repository.

    Parameters
    ----------
    address : Address
    """

    def __init__(self, address: Address):
        kind, _, rest = address.repo.partition("/")
        self.address = address
        self.kind = TYPES.get(kind, "model")
        self.repo = rest if kind in TYPES and "/" in rest else address.repo
        with hub_errors(address):
            from huggingface_hub import HfApi

            self.api = HfApi(endpoint=endpoint())

    def snapshot(self) -> "HuggingFaceSnapshot":
        """Return the model at the branch, tag or commit, by default at ``main``."""
        with hub_errors(self.address):
            return HuggingFaceSnapshot(self, self._commit(self.address.revision))

    def push(
        self, files: dict[str, bytes], digest: str, tag: str | None, report: Report
    ) -> tuple[Address, list[str]]:
        """Commit a model: add its files, remove those of the previous one.

        A missing repository is created as private. Earlier commits keep their content; a tag does
        not move.
        """
        from huggingface_hub import CommitOperationAdd

        with hub_errors(self.address), without_progress_bars():
            head = self._head()
            self._check_tag(tag, digest)
            there = self._remote_files(head)
            additions = [
                CommitOperationAdd(self._inside(name), data) for name, data in files.items()
            ]
            done = self.api.create_commit(
                self.repo,
                [*additions, *self._deletions(there.keys() - files.keys())],
                commit_message=f"Model {digest[:16]}",
                repo_type=self.kind,
                revision=self.address.revision,
                parent_commit=head,
            )
            report(sum(map(len, files.values())))
            if tag is not None:
                self._set_tag(tag, done.oid)
            now = self._remote_files(done.oid)
        moved = [name for name in files if there.get(name) != now[name]]
        return self.address.pinned(digest, done.oid), moved

    def _head(self) -> str:
        """Return the parent commit; create a missing repository."""
        from huggingface_hub.errors import RepositoryNotFoundError

        try:
            return self._commit(self.address.revision)
        except RepositoryNotFoundError:
            self.api.create_repo(self.repo, private=True, repo_type=self.kind, exist_ok=True)
            return self._commit(self.address.revision)

    def _commit(self, revision: str | None) -> str:
        info = self.api.repo_info(self.repo, repo_type=self.kind, revision=revision, timeout=30)
        return str(info.sha)

    def _remote_files(self, commit: str) -> dict[str, str]:
        """Return the files of a model in the folder, with their git digests."""
        from huggingface_hub import RepoFile
        from huggingface_hub.errors import EntryNotFoundError

        try:
            found = [
                each
                for each in self.api.list_repo_tree(
                    self.repo, self.address.path or None, revision=commit, repo_type=self.kind
                )
                if isinstance(each, RepoFile)
            ]
        except EntryNotFoundError:
            return {}
        names = {each.path.rpartition("/")[2]: each.blob_id for each in found}
        return {
            name: oid for name, oid in names.items() if name == MANIFEST or NAME.fullmatch(name)
        }

    def _deletions(self, names: set[str]) -> list[Any]:
        from huggingface_hub import CommitOperationDelete

        return [CommitOperationDelete(self._inside(name)) for name in sorted(names)]

    def _check_tag(self, tag: str | None, digest: str) -> None:
        """Raise HubError if a tag belongs to another commit with another model."""
        refs = self.api.list_repo_refs(self.repo, repo_type=self.kind).tags if tag else []
        for ref in refs:
            if ref.name == tag and self._digest_at(ref.target_commit) != digest:
                raise HubError(
                    f"{self.address}: the tag {tag} is another model's, and tags of Hugging Face "
                    "do not move; give another name, or push to a branch"
                )

    def _set_tag(self, tag: str, commit: str) -> None:
        self.api.create_tag(self.repo, tag=tag, revision=commit, repo_type=self.kind, exist_ok=True)

    def _digest_at(self, commit: str) -> str | None:
        """Return the digest in the manifest of a commit."""
        try:
            return recorded_digest(HuggingFaceSnapshot(self, commit))
        except HubError:
            return None

    def _inside(self, name: str) -> str:
        return "/".join(filter(None, (self.address.path, name)))


class HuggingFaceSnapshot:
    """A model at a commit.

    Parameters
    ----------
    store : HuggingFace
    commit : str
    """

    def __init__(self, store: HuggingFace, commit: str):
        from huggingface_hub import HfFileSystem

        self.requested, self.address = store.address, replace(store.address, revision=commit)
        self.digest: str | None = None
        self.system = HfFileSystem(endpoint=endpoint(), skip_instance_cache=True)
        repo = store.address.repo
        self.root = "/".join(filter(None, (f"{repo}@{commit}", store.address.path)))

    def fetch(self, name: str, to: Path, most: int, report: Report) -> None:
        """Download a file."""
        limit = Limit(f"{self.requested}: {name}", most, report)
        missing = f"{name} is missing; push a model there, or correct the URL"
        with (
            hub_errors(self.requested, missing),
            without_progress_bars(),
            CappedFile(to, limit) as file,
        ):
            self.system.get_file(f"{self.root}/{name}", outfile=file)


def endpoint() -> str | None:
    """Return the server, None for the default; the library reads it once, when imported."""
    return os.environ.get("HF_ENDPOINT") or None


@contextmanager
def without_progress_bars() -> Iterator[None]:
    """Hide the library's bars and notes: progress is shown as in all commands."""
    from huggingface_hub.utils import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
        logging,
    )

    hidden, level = are_progress_bars_disabled(), logging.get_verbosity()
    disable_progress_bars()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if not hidden:
            enable_progress_bars()
