"""The file that a name runs, found without running it."""

from hashlib import sha256

import pytest

from bt_fusion.engine.named_code import check_same_code, digests_of_code
from bt_fusion.errors import OptionError


def test_files_and_modules_of_the_users_have_digests(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inner").mkdir()
    for name, text in (("mine.py", "raise SystemExit\n"), ("inner/part.py", "1 / 0\n")):
        (tmp_path / name).write_text(text)
    names = [f"{tmp_path / 'mine.py'}:Mine", "mine:Mine", "inner.part:Part"]
    others = ["fusion", "0.95", None, "backtrader.sizers:FixedSize", "no.such:Thing", "__main__:X"]
    found = digests_of_code([*names, *others])
    mine, part = (sha256(text).hexdigest() for text in (b"raise SystemExit\n", b"1 / 0\n"))
    assert found == dict(zip(names, (mine, mine, part), strict=True))
    check_same_code("mine:Mine", found, "--strategy")
    check_same_code("backtrader.sizers:FixedSize", {}, "--sizer")
    with pytest.raises(OptionError, match=r"has changed since .* give --strategy mine:Mine"):
        check_same_code("mine:Mine", {"mine:Mine": part}, "--strategy")
