"""The address of a model: a URL, its revision, and the required digest."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

from bt_fusion.errors import OptionError
from bt_fusion.urls import is_url, redacted

__all__ = ["Address", "checked_digest", "checked_tag"]

PIN = re.compile(r"(?P<place>.*)@sha256:(?P<digest>[^/@]*)")
DIGEST = re.compile(r"[0-9a-f]{64}")
TAG = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
COMMIT = re.compile(r"[0-9a-f]{40}")
REPOSITORY = re.compile(
    r"hf://(?P<repo>(?:(?:models|datasets|spaces)/)?[\w.-]+/[\w.-]+)"
    r"(?:@(?P<revision>refs/(?:convert/[\w.-]+|pr/\d+)|[^/@]+))?(?:/(?P<path>[^@]*))?"
)
EXAMPLES = {
    "hf": "hf://owner/repository/folder, or hf://owner/repository@REVISION/folder",
    "s3": "s3://bucket/folder",
}


@dataclass(frozen=True)
class Address:
    """A place of models.

    Attributes
    ----------
    protocol : str
        Such as file, s3 or hf.
    url : str
        Of the place, without revision and digest; may contain a password.
    revision : str or None
        A tag; of Hugging Face a branch, tag or commit.
    digest : str or None
        64 hexadecimal digits: the digest of the manifest.
    repo, path : str
        Of Hugging Face: the repository, and the folder in it.
    """

    protocol: str
    url: str
    revision: str | None = None
    digest: str | None = None
    repo: str = ""
    path: str = ""

    @classmethod
    def of(cls, text: str | Path) -> "Address":
        """Parse a URL, or a local folder.

        The last part of a URL may end in ``@TAG``, ``@DIGEST`` or ``@sha256:DIGEST``; an earlier @
        belongs to the address. A folder is used unchanged.

        Raises
        ------
        OptionError
            If it cannot be the URL of a place.

        Examples
        --------
        >>> address = Address.of("s3://bucket/models/mine@v1")
        >>> address.url, address.revision
        ('s3://bucket/models/mine', 'v1')
        >>> Address.of("hf://me/models@main/mine").revision
        'main'
        """
        if not is_url(text):
            return cls("file", f"file://{Path(text).expanduser().absolute().as_posix()}")
        text = str(text)
        protocol = text.partition("://")[0].lower()
        text = protocol + text[len(protocol) :]
        pinned = PIN.fullmatch(text)
        place = pinned["place"] if pinned else text
        _check(protocol, place)
        digest = checked_digest(pinned["digest"]) if pinned else None
        if protocol == "hf":
            return cls._of_repository(place, digest)
        return cls._of_folder(protocol, place, digest)

    @classmethod
    def _of_repository(cls, place: str, digest: str | None) -> "Address":
        found = REPOSITORY.fullmatch(place)
        if found is None:
            raise OptionError(f"{redacted(place)} is not a place on Hugging Face: {EXAMPLES['hf']}")
        revision = unquote(found["revision"]) if found["revision"] else None
        path = (found["path"] or "").strip("/")
        url = "/".join(filter(None, (f"hf://{found['repo']}", path)))
        return cls("hf", url, revision, digest, found["repo"], path)

    @classmethod
    def _of_folder(cls, protocol: str, place: str, digest: str | None) -> "Address":
        scheme, _, address = place.partition("://")
        head, slash, last = address.rpartition("/")
        name, at, revision = last.rpartition("@")
        if not (slash and at):
            return cls(protocol, place.rstrip("/") if address.strip("/") else place, None, digest)
        url = f"{scheme}://{head}/{name}".rstrip("/")
        if DIGEST.fullmatch(revision):
            if digest not in (None, revision):
                raise OptionError(f"{redacted(place)} is followed by another digest; give one")
            return cls(protocol, url, None, revision)
        return cls(protocol, url, checked_tag(revision), digest)

    def __str__(self) -> str:
        """Return the URL in a form that may be shown."""
        pin = f"@sha256:{self.digest}" if self.digest else ""
        return f"{redacted(self._named())}{pin}"

    def _named(self) -> str:
        if self.revision is None:
            return self.url
        if self.protocol == "hf":
            return "/".join(filter(None, (f"hf://{self.repo}@{self.quoted}", self.path)))
        return f"{self.url}@{self.revision}"

    @property
    def quoted(self) -> str:
        """The revision as written in a Hugging Face URL."""
        return (self.revision or "").replace("/", "%2F")

    @property
    def is_fixed(self) -> bool:
        """Whether the revision is a commit, which never changes."""
        return self.protocol == "hf" and COMMIT.fullmatch(self.revision or "") is not None

    @property
    def folder(self) -> Path | None:
        """The local folder, None if the place is elsewhere."""
        if self.protocol not in ("file", "local"):
            return None
        from fsspec.implementations.local import LocalFileSystem

        return Path(LocalFileSystem._strip_protocol(self.url))

    def pinned(self, digest: str, revision: str | None = None) -> "Address":
        """Return the address of exactly one model, without a password."""
        scheme, _, rest = self.url.partition("://")
        host, slash, path = rest.partition("/")
        url = f"{scheme}://{host.rpartition('@')[2] if ':' in host else host}{slash}{path}"
        return replace(self, url=url, digest=digest, revision=revision)


def checked_digest(text: str) -> str:
    """Return the 64 digits of a digest; the prefix ``sha256:`` is optional.

    A partial digest is refused: someone could search for another model with the same 16 digits.

    Raises
    ------
    OptionError
    """
    digest = text.lower().removeprefix("sha256:")
    if not DIGEST.fullmatch(digest):
        raise OptionError(
            f"digest {text[:80]!r} is not sha256: and 64 hexadecimal digits; give all of it, as "
            "bt-fusion push and show print it"
        )
    return digest


def checked_tag(name: str) -> str:
    """Return the name of a tag.

    Raises
    ------
    OptionError
        If it is not a valid file name on every system, or is a digest.
    """
    if not TAG.fullmatch(name) or DIGEST.fullmatch(name):
        raise OptionError(
            f"tag {name[:80]!r} is not up to 64 letters, digits, dots, - and _, with a letter or "
            "digit first and last; of a folder whose own name holds an @, end the URL with a slash"
        )
    return name


def _check(protocol: str, text: str) -> None:
    """Raise OptionError for an invalid place; the message shows no part that may be secret."""
    host = text.partition("://")[2].partition("/")[0]
    if "?" in text or "#" in text:
        raise OptionError(f"{redacted(text.partition('#')[0])}: a place of models has no ? or #")
    if protocol in EXAMPLES and ":" in host:
        raise OptionError(
            f"{protocol}://***: no keys or passwords in the URL; give {EXAMPLES[protocol]}, and "
            "the keys as the environment variables or files of that service"
        )
    if "://" in text.partition("://")[2] or not text.partition("://")[2].strip("/"):
        raise OptionError(f"{redacted(text)} names no place; such as {EXAMPLES['s3']}")
