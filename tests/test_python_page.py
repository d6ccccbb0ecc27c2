"""docs/python.md: its blocks run one after the other as they stand."""

import re
from pathlib import Path

import matplotlib as mpl
import pytest

from bt_fusion import Predictions
from tests.test_readme import ROOT

PAGE = (ROOT / "docs" / "python.md").read_text()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """What the blocks leave behind, in a folder of their own, with what they print."""
    mpl.use("agg")
    from matplotlib import pyplot

    folder, printed = tmp_path_factory.mktemp("page"), []
    names = {"print": lambda *values: printed.append(" ".join(map(str, values)))}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for block in re.findall(r"^```python\n(.*?)```", PAGE, flags=re.M | re.S):
            exec(compile(block, "python.md", "exec"), names)
    pyplot.close("all")
    return names, folder, printed


def test_every_block_runs_and_prints(made):
    names, _, printed = made
    result, verdict, trials, predictions, fitted, best, variant = printed
    assert trials == "3"
    assert "Matched chance" in result and verdict.startswith(names["result"].verdict.grade)
    assert isinstance(names["predictions"], Predictions) and "Predictions of 5,031" in predictions
    assert fitted.startswith("SignalModel, fitted") and "\nDSR " in best
    assert variant.startswith("Best of 4 variants") and names["heatmap"].unstack().shape == (3, 2)


def test_its_files_are_there(made):
    _, folder, _ = made
    files = ("equity.png", "report.html", "results/summary.json", "model/manifest.json")
    assert all((folder / name).stat().st_size for name in (*files, "swept/ledger.jsonl"))


@pytest.mark.parametrize("link", re.findall(r"\]\((\w+\.md)\)", PAGE))
def test_its_links_lead_somewhere(link):
    assert Path(ROOT / "docs" / link).is_file()
