"""A run's files are found from any folder, and where its project was moved to."""

import json
import shutil

import pytest

from bt_fusion.data.samples import planted_edge
from bt_fusion.errors import BarsError, OptionError
from bt_fusion.why.run_places import RunPlaces
from bt_fusion.why.why import explain_entry
from tests.cli.running import MINE, command

QUICK = ["--features", "gap", "--members", "lr", "--train-bars", "400", "--refit-bars", "300"]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A run of a strategy, a sizer and bars that are named relative to a project's folder."""
    folder = tmp_path_factory.mktemp("project")
    planted_edge(700, seed=1, auc=0.8).to_csv(folder / "edge.csv")
    (folder / "mine.py").write_text(MINE)
    words = ["--data", "edge.csv", "--strategy", "mine.py:Reversal", "--sizer", "mine.py:Tenth"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        made = [*words, "--no-report", "-q", "--ml", "on", "--no-audit", "--jobs", "1", *QUICK]
        assert command("backtest", *made) == 0
    return folder


def test_a_run_is_explained_from_another_folder(project, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert explain_entry(project / "results", trade=1).technical.outcome == "ordered"
    kept = json.loads((project / "results" / "summary.json").read_text())["config"]
    assert kept["source"]["folder"] == str(project) and kept["strategy"] == "mine.py:Reversal"


def test_a_project_that_was_moved_is_found_and_a_file_that_was_moved_is_asked_for(
    project, tmp_path, monkeypatch
):
    moved = tmp_path / "moved"
    shutil.copytree(project, moved)
    path = moved / "results" / "summary.json"
    summary = json.loads(path.read_text())
    summary["config"]["source"]["folder"] = str(tmp_path / "gone")
    path.write_text(json.dumps(summary))
    monkeypatch.chdir(tmp_path)
    assert explain_entry(moved / "results", trade=1).technical.outcome == "ordered"
    (moved / "mine.py").rename(moved / "ours.py")
    with pytest.raises(
        OptionError, match=r"mine\.py:Reversal .* moved or removed; give --strategy"
    ):
        explain_entry(moved / "results", trade=1)
    given = {name: f"moved/ours.py:{part}" for name, part in NEW.items()}
    assert explain_entry("moved/results", trade=1, **given).technical.outcome == "ordered"
    (moved / "edge.csv").unlink()
    with pytest.raises(BarsError, match="give --data, where it is now"):
        explain_entry(moved / "results", trade=1, **given)


NEW = {"strategy": "Reversal", "sizer": "Tenth"}


def test_where_a_path_is_looked_for(tmp_path, monkeypatch):
    started, run, here = (tmp_path / name for name in ("started", "a/b/run", "here"))
    for folder in (started, run, here):
        folder.mkdir(parents=True)
    monkeypatch.chdir(here)
    places = RunPlaces(run, started)
    assert places.file("x.csv") == "x.csv"
    for folder in (tmp_path / "a", here, started):
        (folder / "x.csv").touch()
        assert places.file("x.csv") == str(folder / "x.csv")
    assert places.bars("sp500") == "sp500" and places.bars("x.csv") == str(started / "x.csv")
    assert places.code("x.csv:Mine") == "x.csv:Mine" and places.code("fusion") == "fusion"
    (started / "m.py").touch()
    assert places.code("m.py:Mine") == f"{started / 'm.py'}:Mine"
    assert places.code("m.py") == str(started / "m.py")
    assert places.model({"A": "x.csv"}) == {"A": str(started / "x.csv")}
    assert places.model(None) is None and places.file("s3://x.csv") == "s3://x.csv"
    assert places.file(str(here / "y.csv")) == str(here / "y.csv")


def test_a_module_is_imported_from_where_the_run_was_started(tmp_path):
    (tmp_path / "away").mkdir()
    (tmp_path / "away" / "only_there.py").write_text("value = 1\n")
    places = RunPlaces(tmp_path / "run", tmp_path / "away")
    with places.importing("only_there:Mine"):
        import only_there
    assert only_there.value == 1
    with pytest.raises(ImportError), places.importing("fusion"):
        import only_there_too  # noqa: F401
