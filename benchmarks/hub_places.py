"""Places of models for tests and measurements: a folder, a bucket of a real S3 server, a hub.

All of them are on this computer. S3 is moto's server, Hugging Face the one of `loopback_hub`.
"""

import logging
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.loopback_hub import WRITER, LoopbackHub

__all__ = ["PLACES", "BucketPlace", "FolderPlace", "HubPlace", "Place", "open_place"]

# Before huggingface_hub is imported: its other way of uploading has a server of its own
os.environ["HF_HUB_DISABLE_XET"] = "1"
os.environ["NO_PROXY"] = "127.0.0.1"
NUMBERS = count()


class Place(ABC):
    """Where a model is, and what somebody who may write there can do to it.

    Attributes
    ----------
    url : str
    """

    url: str

    @abstractmethod
    def names(self) -> list[str]:
        """Return the files there, as paths below the place."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """Return the content of a file there."""

    @abstractmethod
    def write(self, name: str, data: bytes | None) -> None:
        """Replace a file there, or remove it."""

    @abstractmethod
    def fresh(self) -> "Place":
        """Return another place beside it, which is empty."""

    def at(self, revision: str) -> str:
        """Return the URL of a revision."""
        return f"{self.url}@{revision}"


class FolderPlace(Place):
    """A folder.

    Parameters
    ----------
    parent : Path
    """

    def __init__(self, parent: Path):
        self.folder = parent / f"place-{next(NUMBERS)}"
        self.url = f"file://{self.folder}"

    def names(self) -> list[str]:
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return sorted(str(path.relative_to(self.folder)) for path in found)

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def write(self, name: str, data: bytes | None) -> None:
        if data is None:
            (self.folder / name).unlink()
        else:
            (self.folder / name).write_bytes(data)

    def fresh(self) -> "FolderPlace":
        return FolderPlace(self.folder.parent)


class BucketPlace(Place):
    """A folder of a bucket.

    Parameters
    ----------
    client : botocore client
    """

    bucket = "models"

    def __init__(self, client: Any):
        self.client, self.path = client, f"place-{next(NUMBERS)}"
        self.url = f"s3://{self.bucket}/{self.path}"

    def names(self) -> list[str]:
        found = self.client.list_objects_v2(Bucket=self.bucket, Prefix=f"{self.path}/")
        return sorted(each["Key"][len(self.path) + 1 :] for each in found.get("Contents", ()))

    def read(self, name: str) -> bytes:
        found = self.client.get_object(Bucket=self.bucket, Key=f"{self.path}/{name}")
        return found["Body"].read()

    def write(self, name: str, data: bytes | None) -> None:
        place = {"Bucket": self.bucket, "Key": f"{self.path}/{name}"}
        if data is None:
            self.client.delete_object(**place)
        else:
            self.client.put_object(**place, Body=data)

    def fresh(self) -> "BucketPlace":
        return BucketPlace(self.client)


class HubPlace(Place):
    """A folder of a repository.

    Parameters
    ----------
    hub : LoopbackHub
    """

    def __init__(self, hub: LoopbackHub):
        self.hub, self.name = hub, f"me/place-{next(NUMBERS)}"
        self.url = f"hf://{self.name}/edge"

    @property
    def head(self) -> dict[str, bytes]:
        """The files of the newest commit; none where there is no repository."""
        found = self.hub.repositories.get(f"models/{self.name}")
        return {} if found is None else found.head

    def names(self) -> list[str]:
        return sorted(name.removeprefix("edge/") for name in self.head if name.startswith("edge/"))

    def read(self, name: str) -> bytes:
        return self.head[f"edge/{name}"]

    def write(self, name: str, data: bytes | None) -> None:
        files = {key: value for key, value in self.head.items() if key != f"edge/{name}"}
        if data is not None:
            files[f"edge/{name}"] = data
        self.hub.repositories[f"models/{self.name}"].commit("main", files)

    def fresh(self) -> "HubPlace":
        return HubPlace(self.hub)

    def at(self, revision: str) -> str:
        return f"hf://{self.name}@{revision}/edge"


@contextmanager
def folder_place(parent: Path) -> Iterator[Place]:
    """Yield an empty folder."""
    yield FolderPlace(parent)


@contextmanager
def bucket_place(parent: Path) -> Iterator[Place]:
    """Yield an empty folder of a bucket, with the variables that lead there."""
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    known = {
        "AWS_ACCESS_KEY_ID": "loopback",
        "AWS_SECRET_ACCESS_KEY": "loopback-secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with variables(known):
        client = boto3.client("s3")
        client.create_bucket(Bucket=BucketPlace.bucket)
        try:
            yield BucketPlace(client)
        finally:
            server.stop()


@contextmanager
def hub_place(parent: Path) -> Iterator[Place]:
    """Yield a folder of a repository that is not there yet, with the variables that lead there."""
    with LoopbackHub() as hub, variables({"HF_ENDPOINT": hub.host, "HF_TOKEN": WRITER}):
        yield HubPlace(hub)


@contextmanager
def variables(known: dict[str, str]) -> Iterator[None]:
    """Set variables of the environment, and put back those that were."""
    before = {name: os.environ.get(name) for name in known}
    os.environ.update(known)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


PLACES = {"folder": folder_place, "S3": bucket_place, "Hugging Face": hub_place}


@contextmanager
def open_place(name: str, parent: Path) -> Iterator[Place]:
    """Yield an empty place of one kind, below a folder where it needs one."""
    with PLACES[name](parent) as place:
        yield place
