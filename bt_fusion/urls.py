"""URLs in place of a folder, and their form without secrets."""

import re

__all__ = ["is_url", "redacted"]

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")  # at least two letters: C:\ is a drive
# user:password before a host; for S3 anything like keys, which may contain slashes
SECRET = re.compile(r"(?<=://)[^\s/@:]*:[^\s/]*@|(?<=s3://)[^\s/@:]+:\S+@")
QUERY = re.compile(r"(\b[A-Za-z][A-Za-z0-9+.-]+://[^\s?]*)\?[^\s'\"]*")


def is_url(text: object) -> bool:
    r"""Return whether a text is a URL: a scheme of two letters or more, then ``://``.

    >>> is_url("s3://bucket/model"), is_url(r"C:\models\mine"), is_url("models/mine")
    (True, False, False)
    """
    return isinstance(text, str) and SCHEME.match(text) is not None


def redacted(text: str) -> str:
    """Return a text without passwords and queries in its URLs.

    >>> redacted("sftp://me:secret@host/model cannot be read")
    'sftp://***@host/model cannot be read'
    >>> redacted("https://host/model?signature=abc was refused")
    'https://host/model?*** was refused'
    """
    return QUERY.sub(r"\1?***", SECRET.sub("***@", text))
