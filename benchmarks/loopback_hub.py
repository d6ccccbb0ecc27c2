"""A model hub on the loopback address that answers as Hugging Face's does, with faults at will.

It has the calls that `huggingface_hub` makes to create a repository, commit to it, tag it, list it
and download from it: /api/repos/create, /api/models/..., Git LFS' batch and its PUT, and resolve.
Commits are kept whole, and a commit is all or nothing.
"""

import base64
import hashlib
import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import unquote, urlsplit

__all__ = ["READER", "WRITER", "LoopbackHub", "Repository"]

WRITER, READER = "hf_loopback_write", "hf_loopback_read"
REPOSITORY = re.compile(r"/api/(models|datasets)/([^/]+/[^/]+)(?:/(\w+)(?:/([^/]+))?(?:/(.+))?)?")
RESOLVE = re.compile(r"/(?:(datasets)/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
BATCH = re.compile(r"/(?:(datasets)/)?([^/]+/[^/]+)\.git/info/lfs/objects/batch")
PIECE = 2**16


class Refusal(Exception):
    """An answer that is an error.

    Parameters
    ----------
    status : int
    code : str
        What the client tells errors apart by.
    message : str
    """

    def __init__(self, status: int, code: str, message: str):
        super().__init__(message)
        self.status, self.code = status, code


@dataclass
class Repository:
    """Commits, and what names them."""

    private: bool
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def commit(self, branch: str, files: dict[str, bytes]) -> str:
        """Add a commit and move a branch to it."""
        said = json.dumps([[name, blob(data)] for name, data in sorted(files.items())])
        name = hashlib.sha1(f"{self.branches.get(branch)} {said}".encode()).hexdigest()
        self.commits[name] = files
        self.branches[branch] = name
        return name

    def at(self, revision: str) -> str:
        """Return the commit of a revision."""
        found = self.branches.get(revision) or self.tags.get(revision)
        if found is None and revision in self.commits:
            found = revision
        if found is None:
            raise Refusal(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return found

    @property
    def head(self) -> dict[str, bytes]:
        """The files of the newest commit."""
        return self.commits[self.branches["main"]]


@dataclass
class LoopbackHub:
    """A hub.

    Attributes
    ----------
    repositories : dict of str to Repository
        By kind and name, such as models/owner/name.
    objects : dict of str to bytes
        Of Git LFS, by SHA-256.
    spoil : callable, optional
        Called with the path and the content of a file that is downloaded; returns what is sent.
    cut : int or None
        Bytes of a download after which the connection ends.
    endless : bool
        Downloads never end, and do not say how long they are.
    drop : str or None
        The connection ends without an answer, once, before the first call whose method and path
        hold this text; with a + before it after the call was carried out.
    pause : float
        Seconds before each answer.
    requests : list of str
        Method and path of each call.
    """

    repositories: dict[str, Repository] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    spoil: Callable[[str, bytes], bytes] | None = None
    cut: int | None = None
    endless: bool = False
    drop: str | None = None
    pause: float = 0.0
    requests: list[str] = field(default_factory=list)

    def __enter__(self) -> "LoopbackHub":
        hub = self

        class Handler(Answers):
            served = hub

        self.lock = Lock()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.thread = Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def host(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, method: str, path: str, body: bytes, token: str) -> Any:
        """Return what a call gives: JSON, or the bytes of a file."""
        if (method, path) == ("POST", "/api/repos/create"):
            return self.create(json.loads(body), token)
        if found := RESOLVE.fullmatch(path):
            repository = self.repository(found[1], found[2], token, write=False)
            return self.file(repository, unquote(found[3]), unquote(found[4]))
        if found := BATCH.fullmatch(path):
            self.repository(found[1], found[2], token, write=True)
            return self.batch(json.loads(body))
        if method == "PUT" and path.startswith("/lfs/"):
            self.objects[path.removeprefix("/lfs/")] = body
            return {}
        if found := REPOSITORY.fullmatch(path):
            kind, name, what, revision, inside = found.groups()
            repository = self.repository(kind, name, token, write=method == "POST")
            call = getattr(self, f"{method.lower()}_{what or 'info'}", None)
            if call is not None:
                return call(repository, name, unquote(revision or "main"), unquote(inside or body))
        raise Refusal(404, "", f"no {method} {path}")

    def repository(self, kind: str | None, name: str, token: str, write: bool) -> Repository:
        """Return a repository, where the token allows it; a private one looks as if absent."""
        found = self.repositories.get(f"{kind or 'models'}/{name}")
        if found is None or (found.private and token not in (WRITER, READER)):
            raise Refusal(404 if token else 401, "RepoNotFound", "Repository not found")
        if write and token != WRITER:
            raise Refusal(403, "", "you must use a write token to upload to a repository.")
        return found

    def create(self, content: dict[str, Any], token: str) -> dict[str, Any]:
        """Create a repository with a first commit."""
        if token != WRITER:
            raise Refusal(401 if not token else 403, "", "Invalid username or password.")
        name = f"{content['organization']}/{content['name']}"
        kind = "datasets" if content.get("type") == "dataset" else "models"
        if f"{kind}/{name}" in self.repositories:
            raise Refusal(409, "", "You already created this model repo")
        private = content.get("private") or content.get("visibility") == "private"
        made = self.repositories[f"{kind}/{name}"] = Repository(bool(private))
        made.commit("main", {".gitattributes": b"*.skops filter=lfs\n"})
        return {"url": f"{self.host}/{name}", "name": name}

    def get_info(self, repository: Repository, name: str, *_: Any) -> dict[str, Any]:
        """Return what is known of a repository at main."""
        return self.get_revision(repository, name, "main")

    def get_revision(
        self, repository: Repository, name: str, revision: str, *_: Any
    ) -> dict[str, Any]:
        """Return what is known of a repository at a revision."""
        commit = repository.at(revision)
        names = [{"rfilename": each} for each in repository.commits[commit]]
        return {"id": name, "sha": commit, "private": repository.private, "siblings": names}

    def get_refs(self, repository: Repository, *_: Any) -> dict[str, Any]:
        """Return branches and tags."""
        return {
            "branches": refs("heads", repository.branches),
            "tags": refs("tags", repository.tags),
            "converts": [],
        }

    def get_tree(
        self, repository: Repository, name: str, revision: str, inside: str | bytes
    ) -> list[dict[str, Any]]:
        """Return files and folders of a folder."""
        files = repository.commits[repository.at(revision)]
        start = f"{inside}/" if isinstance(inside, str) and inside else ""
        found = {path: data for path, data in files.items() if path.startswith(start)}
        if not found:
            raise Refusal(404, "EntryNotFound", f"{inside} does not exist")
        below = [path.removeprefix(start) for path in found]
        folders = {path.partition("/")[0] for path in below if "/" in path}
        return [
            *({"type": "directory", "path": start + each, "oid": "0" * 40} for each in folders),
            *(entry(path, data) for path, data in found.items() if "/" not in path[len(start) :]),
        ]

    def post_preupload(
        self, repository: Repository, name: str, revision: str, body: bytes
    ) -> dict[str, Any]:
        """Say which files go by Git LFS, and which are there."""
        files = repository.commits[repository.at(revision)]
        return {
            "files": [
                {
                    "path": each["path"],
                    "uploadMode": "lfs" if is_lfs(each["path"]) else "regular",
                    "shouldIgnore": False,
                    "oid": known(files, each["path"]),
                }
                for each in json.loads(body)["files"]
            ]
        }

    def batch(self, content: dict[str, Any]) -> dict[str, Any]:
        """Say where to put the objects of Git LFS that are not there."""
        told = []
        for each in content["objects"]:
            upload = {"upload": {"href": f"{self.host}/lfs/{each['oid']}"}}
            told.append({**each, **({} if each["oid"] in self.objects else {"actions": upload})})
        return {"transfer": "basic", "objects": told}

    def post_commit(
        self, repository: Repository, name: str, revision: str, body: bytes
    ) -> dict[str, Any]:
        """Commit all of what is asked for, or nothing."""
        lines = [json.loads(line) for line in body.splitlines()]
        with self.lock:
            if revision not in repository.branches:
                raise Refusal(404, "RevisionNotFound", f"no branch {revision}")
            parent = lines[0]["value"].get("parentCommit")
            if parent not in (None, repository.branches[revision]):
                raise Refusal(412, "", "A commit has happened since. Please refresh and try again.")
            files = dict(repository.commits[repository.branches[revision]])
            for line in lines[1:]:
                self.apply(files, line["key"], line["value"])
            made = repository.commit(revision, files)
        return {"commitUrl": f"{self.host}/{name}/commit/{made}", "commitOid": made}

    def apply(self, files: dict[str, bytes], key: str, value: dict[str, Any]) -> None:
        """Carry out one line of a commit."""
        if key == "file":
            files[value["path"]] = base64.b64decode(value["content"])
        elif key == "lfsFile":
            data = self.objects.get(value["oid"])
            if data is None or hashlib.sha256(data).hexdigest() != value["oid"]:
                raise Refusal(400, "", "LFS pointer pointed to a file that does not exist")
            files[value["path"]] = data
        elif key == "deletedFile":
            del files[value["path"]]
        else:
            raise Refusal(400, "", f"unknown operation {key}")

    def post_tag(self, repository: Repository, name: str, revision: str, body: bytes) -> Any:
        """Name a commit."""
        tag = json.loads(body)["tag"]
        if tag in repository.tags:
            raise Refusal(409, "", "Tag reference exists already")
        repository.tags[tag] = repository.at(revision)
        return {}

    def file(self, repository: Repository, revision: str, path: str) -> bytes:
        """Return a file as it is sent."""
        files = repository.commits[repository.at(revision)]
        if path not in files:
            raise Refusal(404, "EntryNotFound", "Entry not found")
        return files[path] if self.spoil is None else self.spoil(path, files[path])


def refs(kind: str, named: dict[str, str]) -> list[dict[str, str]]:
    """Return names of commits as the hub lists them."""
    return [
        {"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": commit}
        for name, commit in named.items()
    ]


def is_lfs(path: str) -> bool:
    """Tell what .gitattributes would."""
    return path.endswith((".skops", ".onnx", ".safetensors"))


def blob(data: bytes) -> str:
    """Return git's digest of a file."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def known(files: dict[str, bytes], path: str) -> str | None:
    """Return the digest that the client compares with its own."""
    data = files.get(path)
    if data is None:
        return None
    return hashlib.sha256(data).hexdigest() if is_lfs(path) else blob(data)


def entry(path: str, data: bytes) -> dict[str, Any]:
    """Return a file as a tree lists it."""
    about = {"type": "file", "path": path, "size": len(data), "oid": blob(data)}
    if is_lfs(path):
        oid = hashlib.sha256(data).hexdigest()
        about["lfs"] = {"oid": oid, "size": len(data), "pointerSize": 130}
    return about


class Server(ThreadingHTTPServer):
    """Serves clients that may be killed."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Answers(BaseHTTPRequestHandler):
    """Answers calls."""

    served: LoopbackHub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        hub, path = self.served, urlsplit(self.path).path
        hub.requests.append(f"{self.command} {unquote(path)}")
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # the client was killed
            self.close_connection = True
            return
        time.sleep(hub.pause)
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        dropped = hub.drop is not None and hub.drop.lstrip("+") in hub.requests[-1]
        after, hub.drop = bool(hub.drop and hub.drop[0] == "+"), None if dropped else hub.drop
        if dropped and not after:
            self.close_connection = True
            return
        try:
            found = hub.answer(self.command, path, body, token)
        except Refusal as error:
            self.refuse(error)
            return
        if dropped:
            self.close_connection = True
        elif isinstance(found, bytes):
            self.send_file(found)
        else:
            self.send(200, json.dumps(found).encode())

    do_POST = do_PUT = do_GET

    def refuse(self, error: Refusal) -> None:
        """Send an error as the hub does."""
        told = {"X-Error-Code": error.code, "X-Error-Message": str(error)}
        body = json.dumps({"error": str(error)}).encode()
        self.send(error.status, body, {name: text for name, text in told.items() if text})

    def send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        """Send a whole answer."""
        self.send_response(status)
        for name, text in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_file(self, data: bytes) -> None:
        """Send a file, from where the client wants it, with a fault or without."""
        start = int((self.headers.get("Range") or "bytes=0-").split("=")[1].split("-")[0])
        part = data[start:]
        self.send_response(206 if start else 200)
        self.send_header("ETag", f'"{blob(data)}"')
        if self.served.endless:
            self.close_connection = True
            self.end_headers()
            while True:
                self.wfile.write(data[:PIECE] or b"{}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if self.served.cut is not None and len(part) > self.served.cut:
            self.close_connection = True
            part = part[: self.served.cut]
        self.wfile.write(part)

    def log_message(self, format: str, *args: Any) -> None:
        return
