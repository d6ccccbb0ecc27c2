"""Code that a run's summary names: it is run only while it is what the run was made of."""

import json
import shutil

import pytest

from bt_fusion.data.samples import planted_edge
from bt_fusion.errors import OptionError
from bt_fusion.why.why import explain_entry
from tests.cli.running import MINE, QUICK, command

LEAVES_A_MARK = "import pathlib\npathlib.Path({mark!r}).touch()\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run with a strategy and a sizer of a user's file."""
    folder = tmp_path_factory.mktemp("made")
    planted_edge(900, seed=1, auc=0.8).to_csv(folder / "edge.csv")
    (folder / "mine.py").write_text(MINE)
    words = ["--data", folder / "edge.csv", "--strategy", f"{folder / 'mine.py'}:Reversal"]
    words += ["--sizer", f"{folder / 'mine.py'}:Tenth", "--param", "ml_threshold=0.5"]
    options = ["--out", folder / "run", "--no-report", "-q", "--placebo", "none", *QUICK]
    assert command("backtest", *words, *options) == 0
    return folder


@pytest.fixture
def folder(made, tmp_path):
    """A copy of the run, whose summary can be altered."""
    return shutil.copytree(made / "run", tmp_path / "run")


def alter(folder, **changes):
    path = folder / "summary.json"
    summary = json.loads(path.read_text())
    for name, value in changes.items():
        if name in ("sizer", "plugins"):
            summary["config"]["source"][name] = value
        else:
            summary["config"][name] = value
    path.write_text(json.dumps(summary))


@pytest.mark.slow
def test_the_run_keeps_digests_and_its_own_code_is_run(made, folder):
    kept = json.loads((folder / "summary.json").read_text())["config"]["code_sha256"]
    assert set(kept) == {f"{made / 'mine.py'}:{name}" for name in ("Reversal", "Tenth")}
    assert all(len(digest) == 64 for digest in kept.values())
    assert explain_entry(folder, trade=1).technical.outcome == "ordered"


@pytest.mark.parametrize("named", ["strategy", "sizer", "plugins", "module"])
def test_code_without_its_digest_is_not_run(named, folder, tmp_path, monkeypatch):
    mark, file = tmp_path / "was_run", tmp_path / "foreign.py"
    file.write_text(MINE + LEAVES_A_MARK.format(mark=str(mark)))
    monkeypatch.chdir(tmp_path)
    changes = {
        "strategy": {"strategy": f"{file}:Reversal"},
        "sizer": {"sizer": f"{file}:Tenth"},
        "plugins": {"plugins": [str(file)]},
        "module": {"strategy": "foreign:Reversal"},
    }
    alter(folder, **changes[named])
    option = {"plugins": "plugin", "module": "strategy"}.get(named, named)
    with pytest.raises(OptionError, match=f"is named without its digest .* give --{option} "):
        explain_entry(folder, trade=1)
    assert not mark.exists()


def test_code_of_a_folder_without_digests_is_asked_for(made, folder, capsys):
    alter(folder, code_sha256={})
    assert command("why", folder, "--trade", 1) == 2
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1 and "if you trust it, give --strategy" in shown
    strategy, sizer = (f"{made / 'mine.py'}:{name}" for name in ("Reversal", "Tenth"))
    assert command("why", folder, "--trade", 1, "--strategy", strategy) == 2
    assert "give --sizer" in capsys.readouterr().err
    assert command("why", folder, "--trade", 1, "--strategy", strategy, "--sizer", sizer) == 0


def test_a_file_that_changed_or_moved_is_asked_for(made, folder, tmp_path):
    file = made / "mine.py"
    code = file.read_text()
    moved = tmp_path / "moved.py"
    moved.write_text(code)
    try:
        file.write_text(code + "# another line\n")
        with pytest.raises(OptionError, match=r"Reversal of the run has changed since"):
            explain_entry(folder, trade=1)
        file.unlink()
        with pytest.raises(OptionError, match=r"Reversal of the run is not there any more"):
            explain_entry(folder, trade=1)
        given = {"strategy": f"{moved}:Reversal", "sizer": f"{moved}:Tenth"}
        assert explain_entry(folder, trade=1, **given).technical.outcome == "ordered"
    finally:
        file.write_text(code)


def test_a_sizer_given_in_python_is_asked_for(made, folder):
    alter(folder, sizer=None)
    with pytest.raises(OptionError, match=r"Tenth, was given as a class in Python; give --sizer"):
        explain_entry(folder, trade=1)
    sizer = f"{made / 'mine.py'}:Tenth"
    assert explain_entry(folder, trade=1, sizer=sizer).technical.outcome == "ordered"
