"""What becomes of results when a folder is written again."""

import os
from pathlib import Path

import pytest

from bt_fusion.errors import FileError, OptionError
from bt_fusion.saved_runs.earlier_results import EarlierResults

FILES = ("summary.json", "trades.csv", "pictures/roc.png")


def results(folder, text="first", **given):
    """Write results, and more that stays in the folder."""
    for name in (*FILES, "ledger.jsonl"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{text} {name}")
    return EarlierResults(folder, FILES, **given)


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_results_get_a_number_and_the_ledger_stays(tmp_path):
    earlier = results(tmp_path / "results")
    os.utime(tmp_path / "results" / "summary.json", (0, 1_600_000_000))
    message = earlier.keep()
    first = tmp_path / "results-1"
    assert names(first) == sorted(FILES)
    assert f"moved from {tmp_path / 'results'} to {first}" in message and "2020-09-1" in message
    (tmp_path / "results" / "summary.json").unlink()  # as the new results are written: a new file
    results(tmp_path / "results", "second").keep()
    assert (first / "summary.json").read_text() == "first summary.json"
    assert (tmp_path / "results-2" / "summary.json").read_text() == "second summary.json"


def test_the_highest_number_counts_and_no_hole_is_filled(tmp_path):
    for name in ("run-7", "run-x", "running-9", "run-3"):
        (tmp_path / name).mkdir()
    results(tmp_path / "run").keep()
    assert names(tmp_path / "run-8") == sorted(FILES)


def test_nothing_is_kept_where_nothing_is_finished_or_it_is_replaced(tmp_path):
    missing = EarlierResults(tmp_path / "none", FILES)
    missing.check()
    assert missing.keep() == "" and not (tmp_path / "none").exists()
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "trades.csv").write_text("")
    assert EarlierResults(tmp_path / "half", FILES).keep() == ""
    assert results(tmp_path / "old", replace=True).keep() == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["half", "old"]


def test_the_folder_one_stands_in_has_a_name_too(tmp_path, monkeypatch):
    results(tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    EarlierResults(Path("."), FILES).keep()
    assert names(tmp_path / "here-1") == sorted(FILES)


def test_it_copies_where_links_are_unknown(tmp_path, monkeypatch):
    def refuse(*paths):
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    results(tmp_path / "results").keep()
    assert names(tmp_path / "results-1") == sorted(FILES)


def test_what_cannot_be_kept_is_refused_before_any_work_and_stays(tmp_path, monkeypatch):
    earlier = results(tmp_path / "place" / "results")

    def full(*paths, **given):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with pytest.raises(OptionError, match=r"earlier results, which cannot be kept .*--overwrite"):
        earlier.check()
    monkeypatch.setattr(os, "rename", full)
    with pytest.raises(FileError, match="No space left"):
        earlier.keep()
    assert names(earlier.folder) == sorted([".run.lock", *FILES, "ledger.jsonl"])
    assert [path.name for path in earlier.folder.parent.iterdir()] == ["results"]
