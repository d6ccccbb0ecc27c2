"""Whole files or none, and nothing left behind for ever."""

import os
import time

import pytest

from bt_fusion.errors import FileError
from bt_fusion.files import write_whole


def age(path, days):
    then = time.time() - 86_400 * days
    os.utime(path, (then, then))


def test_what_an_interruption_left_goes_when_it_is_old(tmp_path):
    for name, days in ((".a-abcd1234.txt", 2), (".a-bcde2345.txt", 0), (".b-abcd1234.txt", 2)):
        (tmp_path / name).write_text("half")
        age(tmp_path / name, days)
    write_whole(tmp_path / "a.txt", lambda file: file.write_text("whole"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".a-bcde2345.txt",
        ".b-abcd1234.txt",
        "a.txt",
    ]


def test_a_refusal_of_the_system_names_the_file_and_keeps_the_old_one(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail(file):
        file.write_text("new")
        raise OSError(28, "No space left on device")

    with pytest.raises(FileError, match=r"a\.txt cannot be written: No space left on device"):
        write_whole(path, fail)
    assert path.read_text() == "old" and len(list(tmp_path.iterdir())) == 1
