"""Two models, and an empty place of each kind."""

import pytest

from bt_fusion import Ensemble, SignalModel
from bt_fusion.bundle import describe
from bt_fusion.data.samples import planted_edge

KINDS = ("folder", "S3", "Hugging Face")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of each test's own."""
    monkeypatch.setenv("BT_FUSION_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "models"


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """The folders of an old and a new model."""
    folder, made = tmp_path_factory.mktemp("models"), []
    for seed, name in enumerate(("old", "new")):
        model = SignalModel(["wick_balance", "gap"], ensemble=Ensemble(["lr"]))
        made.append(model.fit(planted_edge(600, seed=seed)).save(folder / name))
    return made


@pytest.fixture(scope="session")
def digests(models):
    return [describe(folder)["digest"] for folder in models]


@pytest.fixture(scope="session", params=KINDS)
def served(request, tmp_path_factory):
    """A place of each kind, with the server behind it."""
    for name in ("fsspec", "s3fs", "huggingface_hub", "moto"):
        pytest.importorskip(name, reason="needs the extra hub, and moto")
    from benchmarks.hub_places import open_place

    with open_place(request.param, tmp_path_factory.mktemp("places")) as place:
        yield place


@pytest.fixture
def place(served):
    return served.fresh()


@pytest.fixture
def folder_place(tmp_path):
    """A folder alone."""
    pytest.importorskip("fsspec", reason="needs the extra hub")
    from benchmarks.hub_places import FolderPlace

    return FolderPlace(tmp_path)


@pytest.fixture
def hub_place(tmp_path):
    """A repository alone, on a hub of its own."""
    pytest.importorskip("fsspec", reason="needs the extra hub")
    pytest.importorskip("huggingface_hub", reason="needs the extra hub")
    from benchmarks.hub_places import open_place

    with open_place("Hugging Face", tmp_path) as place:
        yield place


def held(folder):
    """Return the files of a folder by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}
