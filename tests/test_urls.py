"""URLs told from paths, and what of them is shown."""

import pytest

from bt_fusion.urls import is_url, redacted


@pytest.mark.parametrize(
    "text", ["s3://bucket/model", "hf://me/models", "file:///srv/model", "memory://x", "S3://b/m"]
)
def test_a_scheme_makes_a_url(text):
    assert is_url(text)


@pytest.mark.parametrize(
    "text", ["models/mine", r"C:\models\mine", "C:/models", "c://models", "BTC=s3://b/m", "", None]
)
def test_a_path_is_no_url(text):
    assert not is_url(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sftp://me:pa@ss@host/m was refused", "sftp://***@host/m was refused"),
        ("https://:token@host/m", "https://***@host/m"),
        ("s3://AKIA:abc/de+f@bucket/m", "s3://***@bucket/m"),
        ("az://box/m?sig=abc&x=1 and more", "az://box/m?*** and more"),
        ("http://host:9000/m@v1", "http://host:9000/m@v1"),
        ("hf://me/models@main/edge", "hf://me/models@main/edge"),
        ("which model? none", "which model? none"),
    ],
)
def test_secrets_are_left_out(text, shown):
    assert redacted(text) == shown
