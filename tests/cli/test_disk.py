"""A disk that is full or refuses: one line, exit code 2, and what stood there stays."""

import pytest

from tests.cli.running import QUICK, command, in_a_process, run

FULL = """
import resource, sys
from bt_fusion.cli.main import main
resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))
main(sys.argv[1:])
"""


def on_a_full_disk(*words, cwd, most=3_000):
    """Run a command of which no file may grow above so many bytes."""
    pytest.importorskip("resource")
    return in_a_process("-c", FULL.format(most=most), *map(str, words), cwd=cwd)


def held(folder):
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def assert_one_line(done, *texts):
    assert done.returncode == 2, done.stderr
    errors = [line for line in done.stderr.splitlines() if not line.startswith("Warning ")]
    assert len(errors) == 1 and errors[0].startswith("error: "), done.stderr
    assert all(text in errors[0] for text in (*texts, "cannot be written"))


@pytest.mark.slow
def test_a_backtest_leaves_the_files_of_the_run_before(csv, tmp_path):
    out = tmp_path / "out"
    words = [
        "--data",
        csv,
        "--out",
        out,
        "--cache",
        tmp_path / "cache",
        "--placebo",
        "none",
        *QUICK,
    ]
    run(*words, "-q", "--placebo", "none")
    before = held(out)
    done = on_a_full_disk("backtest", *words, "--seed", 1, cwd=tmp_path)
    assert_one_line(done, str(out), "File too large")
    assert held(out) == before
    assert [path.name for path in out.iterdir() if path.name.startswith(".new-")] == []


@pytest.mark.slow
def test_a_cache_that_cannot_be_written_is_a_warning(csv, tmp_path, capsys):
    (tmp_path / "cache").write_text("a file, no folder")
    words = ["--data", csv, "--placebo", "none", "--no-report", *QUICK]
    run(*words, "--out", tmp_path / "a", "--cache", tmp_path / "cache")
    shown = capsys.readouterr().err.splitlines()
    assert len(shown) == 1 and shown[0].startswith("Warning    the cache ")
    assert "refits are not kept; give another --cache, or none" in shown[0]
    run(*words, "--out", tmp_path / "b", "--cache", "none")
    files = ("trades.csv", "predictions.parquet")
    assert [held(tmp_path / "a")[name] for name in files] == [
        held(tmp_path / "b")[name] for name in files
    ]


@pytest.mark.slow
def test_a_model_that_cannot_be_saved_leaves_the_one_before(csv, tmp_path):
    words = ["train", "--data", csv, "--out", tmp_path / "model", "--test-share", 0, *QUICK[:4]]
    assert command(*words) == 0
    before = held(tmp_path)
    done = on_a_full_disk(*words, "--seed", 1, cwd=tmp_path)
    assert_one_line(done, str(tmp_path / "model"))
    assert held(tmp_path) == before


def test_a_folder_in_the_place_of_a_file_is_refused(csv, tmp_path, capsys):
    (tmp_path / "trades.csv").mkdir()
    (tmp_path / "summary.json").write_text("of another run")
    run("--data", csv, "--out", tmp_path, "-q", "--placebo", "none", *QUICK, expect=2)
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1 and "trades.csv is a folder; remove it" in shown
    assert (tmp_path / "summary.json").read_text() == "of another run"


@pytest.mark.slow
def test_a_storage_of_trials_that_is_full_is_one_line(csv, tmp_path):
    words = ["tune", "--data", csv, "--trials", 40, "--storage", tmp_path / "t.db", *QUICK[:4]]
    done = on_a_full_disk(*words, cwd=tmp_path, most=118_000)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("error: storage ") and "cannot be written" in done.stderr
