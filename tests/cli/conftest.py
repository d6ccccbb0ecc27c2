"""What the commands read."""

import pytest

from bt_fusion import plugins
from bt_fusion.data.samples import planted_edge
from bt_fusion.ensemble.members.registry import MEMBERS
from bt_fusion.features import REGISTRY
from bt_fusion.labels import LABELS
from tests.cli.running import MINE, command


@pytest.fixture(scope="session")
def csv(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "edge.csv"
    planted_edge(1_200, seed=1, auc=0.8).to_csv(path)
    return path


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    return path


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "edge.csv"
    planted_edge(600, seed=1, auc=0.8).to_csv(path, index_label="datetime")
    return path


@pytest.fixture(scope="session")
def trained(data, tmp_path_factory):
    """A model trained on the first four fifths of `data`."""
    out = tmp_path_factory.mktemp("models") / "edge"
    words = ("--features", "wick_balance,return_1", "--members", "lr")
    assert command("train", "--data", data, "--out", out, *words) == 0
    return out


@pytest.fixture
def registers():
    """Put the registers back as they were."""
    known = (REGISTRY, LABELS, MEMBERS, plugins.LOADED)
    kept = [dict(each) for each in known]
    yield
    for register, content in zip(known, kept, strict=True):
        register.clear()
        register.update(content)
