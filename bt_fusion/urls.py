"""URLs in the place of a folder, and what of them may be shown."""

import re

__all__ = ["is_url", "redacted"]

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")  # two letters at least: C:\ is a drive
# user:password before a host; of S3 whatever looks like keys, which may hold slashes
SECRET = re.compile(r"(?<=://)[^\s/@:]*:[^\s/]*@|(?<=s3://)[^\s/@:]+:\S+@")
QUERY = re.compile(r"(\b[A-Za-z][A-Za-z0-9+.-]+://[^\s?]*)\?[^\s'\"]*")


def is_url(text: object) -> bool:
    r"""Tell a URL from a path: a scheme of two letters or more, then ``://``.

    >>> is_url("s3://bucket/model"), is_url(r"C:\models\mine"), is_url("models/mine")
    (True, False, False)
    """
    return isinstance(text, str) and SCHEME.match(text) is not None


def redacted(text: str) -> str:
    """Return a text without the passwords and the queries of the URLs in it.

    >>> redacted("sftp://me:secret@host/model cannot be read")
    'sftp://***@host/model cannot be read'
    >>> redacted("https://host/model?signature=abc was refused")
    'https://host/model?*** was refused'
    """
    return QUERY.sub(r"\1?***", SECRET.sub("***@", text))
