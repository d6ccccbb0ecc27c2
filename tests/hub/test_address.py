"""Places, revisions and digests in one text."""

from pathlib import Path

import pytest

from bt_fusion import OptionError
from bt_fusion.hub.address import Address, checked_digest, checked_tag

DIGEST = "0123456789abcdef" * 4
COMMIT = "0123456789" * 4


@pytest.mark.parametrize(
    ("text", "url", "revision", "digest"),
    [
        ("s3://bucket/a/m", "s3://bucket/a/m", None, None),
        ("s3://bucket/a/m/", "s3://bucket/a/m", None, None),
        ("S3://bucket/m@v1.2", "s3://bucket/m", "v1.2", None),
        (f"s3://bucket/m@{DIGEST}", "s3://bucket/m", None, DIGEST),
        (f"s3://bucket/m@sha256:{DIGEST.upper()}", "s3://bucket/m", None, DIGEST),
        (f"s3://bucket/m@v1@sha256:{DIGEST}", "s3://bucket/m", "v1", DIGEST),
        (f"s3://bucket@sha256:{DIGEST}", "s3://bucket", None, DIGEST),
        ("s3://bucket/@v1", "s3://bucket", "v1", None),
        ("file:///srv/me@home/m", "file:///srv/me@home/m", None, None),
        ("file:///srv/me@home/", "file:///srv/me@home", None, None),
        ("file:///srv/me@home/@v1", "file:///srv/me@home", "v1", None),
        ("sftp://me:secret@host/m@v1", "sftp://me:secret@host/m", "v1", None),
        ("sftp://me@host", "sftp://me@host", None, None),
        ("hf://me/models", "hf://me/models", None, None),
        ("hf://me/models@v1/a/b", "hf://me/models/a/b", "v1", None),
        ("hf://datasets/me/models@feature%2Fx/a", "hf://datasets/me/models/a", "feature/x", None),
        ("hf://me/models@refs/pr/7/a", "hf://me/models/a", "refs/pr/7", None),
        (f"hf://me/models@main/a@sha256:{DIGEST}", "hf://me/models/a", "main", DIGEST),
    ],
)
def test_a_url_is_taken_apart(text, url, revision, digest):
    found = Address.of(text)
    assert (found.url, found.revision, found.digest) == (url, revision, digest)


@pytest.mark.parametrize(
    "text",
    [
        "s3://bucket/m@v1",
        f"s3://bucket/m@v1@sha256:{DIGEST}",
        f"hf://me/models@{COMMIT}/a@sha256:{DIGEST}",
        "hf://datasets/me/models@feature%2Fx/a",
    ],
)
def test_an_address_is_written_as_it_is_read(text):
    assert str(Address.of(text)) == text
    assert Address.of(str(Address.of(text))) == Address.of(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("s3://bucket/m@..", "tag '..' is not"),
        ("s3://bucket/m@-v1", "tag '-v1' is not"),
        ("s3://bucket/m@", "tag '' is not"),
        ("s3://bucket/m@sha256:abc", "is not sha256: and 64 hexadecimal digits"),
        ("s3://bucket/m@sha256:" + "g" * 64, "is not sha256: and 64 hexadecimal digits"),
        (f"s3://bucket/m@{DIGEST}@sha256:{'0' * 64}", "another digest"),
        ("s3://", "names no place"),
        ("s3:///", "names no place"),
        ("s3://bucket/s3://other/m", "names no place"),
        ("https://host/m?token=secret", "has no . or #"),
        ("hf://me", "is not a place on Hugging Face"),
        ("hf://me/models/a@v1", "hf://owner/repository@REVISION/folder"),
    ],
)
def test_what_is_no_address_is_refused(text, message):
    with pytest.raises(OptionError, match=message) as error:
        Address.of(text)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("text", ["s3://AKIA:se/cret@bucket/m", "hf://user:secret@me/models"])
def test_keys_in_the_url_are_refused_and_not_shown(text):
    with pytest.raises(OptionError, match="no keys or passwords in the URL") as error:
        Address.of(text)
    assert "cret" not in str(error.value) and "AKIA" not in str(error.value)


def test_the_url_of_one_model_holds_no_password():
    pinned = Address.of("sftp://me:secret@host/m@v1").pinned(DIGEST)
    assert str(pinned) == f"sftp://host/m@sha256:{DIGEST}"
    assert "secret" in Address.of("sftp://me:secret@host/m").url
    assert "secret" not in str(Address.of("sftp://me:secret@host/m"))


def test_a_folder_is_taken_as_it_is(tmp_path):
    pytest.importorskip("fsspec", reason="needs the extra hub")
    found = Address.of(tmp_path / "me@v1")
    assert found.revision is None and found.folder == tmp_path / "me@v1"
    assert Address.of("models/m").folder == Path("models/m").absolute()
    assert Address.of("s3://bucket/m").folder is None


def test_a_commit_never_changes():
    assert Address.of(f"hf://me/models@{COMMIT}/a").is_fixed
    assert not Address.of("hf://me/models@v1/a").is_fixed
    assert not Address.of(f"s3://bucket/m@{COMMIT}").is_fixed


def test_digests_and_tags():
    assert checked_digest(f"sha256:{DIGEST}") == checked_digest(DIGEST) == DIGEST
    assert checked_tag("v1.0_rc-2") == "v1.0_rc-2"
    for name in ("", "a/b", "..", ".v", "v.", "a b", "v" * 65, DIGEST, "v1\n", "ü"):
        with pytest.raises(OptionError, match="is not up to 64 letters"):
            checked_tag(name)
