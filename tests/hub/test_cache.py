"""Models of URLs in the cache: kept by digest, checked, and used without a network."""

import json

import pytest

from bt_fusion import (
    BtFusionError,
    HubError,
    ModelCompatibilityError,
    SignalModel,
    pull_model,
    push_model,
)
from bt_fusion.hub import model_folder, pinned_model
from bt_fusion.models.saved_models import model_folders
from tests.hub.conftest import held


def test_a_folder_stays_as_it_is(models):
    assert model_folder(models[0]) == models[0]
    assert pinned_model(str(models[0])) == str(models[0])


def test_a_pinned_model_needs_no_network(hub_place, models, digests):
    done = push_model(models[0], hub_place.url)
    commit = done.url.partition("@sha256")[0]
    pinned = (done.url, f"{hub_place.url}@sha256:{digests[0]}", commit)
    for url in pinned:
        assert held(model_folder(url)) == held(models[0])
    before = len(hub_place.hub.requests)
    for url in pinned:
        model_folder(url)
    assert len(hub_place.hub.requests) == before
    model_folder(hub_place.url)
    assert len(hub_place.hub.requests) > before


def test_without_a_pin_the_newest_is_loaded(folder_place, models, digests):
    push_model(models[0], folder_place.url)
    assert model_folder(folder_place.url).name == digests[0]
    push_model(models[1], folder_place.url)
    assert model_folder(folder_place.url).name == digests[1]


def test_where_the_place_is_gone_the_last_one_is_named(folder_place, models, digests):
    push_model(models[0], folder_place.url, tag="v1")
    model_folder(folder_place.at("v1"))
    folder_place.folder.rename(folder_place.folder.parent / "gone")
    with pytest.raises(HubError, match="there is no such tag") as error:
        model_folder(folder_place.at("v1"))
    url = f"{folder_place.url}@sha256:{digests[0]}"
    assert str(error.value).endswith(f"The one used last: {url}")
    assert SignalModel.load(url).n_rows_ == SignalModel.load(models[0]).n_rows_


def test_a_broken_copy_is_fetched_again(folder_place, models, digests):
    url = push_model(models[0], folder_place.url).url
    kept = model_folder(url)
    for name in held(models[0]):
        (kept / name).write_bytes(b"{}")
        assert held(model_folder(url)) == held(models[0])


def test_another_model_never_stands_for_a_pinned_one(folder_place, models, digests):
    push_model(models[0], folder_place.url, tag="v1")
    model_folder(folder_place.url)  # the cache has it
    with pytest.raises(ModelCompatibilityError, match=f"not the {digests[1]} asked for"):
        model_folder(f"{folder_place.url}@sha256:{digests[1]}")
    push_model(models[1], folder_place.url, tag="v1")
    with pytest.raises(ModelCompatibilityError, match=f"not the {digests[0]} asked for"):
        pull_model(folder_place.at("v1"), folder_place.folder / "got", digest=digests[0])


def test_a_digest_that_is_a_path_leads_nowhere(folder_place, models, cache):
    push_model(models[0], folder_place.url)
    content = json.loads(folder_place.read("manifest.json"))
    for digest in ("../../evil", "x" * 64, 7, None):
        folder_place.write("manifest.json", json.dumps({**content, "digest": digest}).encode())
        with pytest.raises(BtFusionError, match="was altered after it was written"):
            model_folder(folder_place.url)
    assert not cache.exists() or {path.name for path in cache.iterdir()} <= {"places"}


def test_a_model_saved_on_a_share_loads_by_its_url(models, digests):
    pytest.importorskip("fsspec", reason="needs the extra hub")
    url = f"file://{models[0]}"
    assert model_folder(url).name == digests[0]
    assert model_folder(f"{url}@sha256:{digests[0]}").name == digests[0]


def test_the_command_line_notes_the_exact_model(folder_place, models, digests):
    push_model(models[0], folder_place.url)
    pinned = f"{folder_place.url}@sha256:{digests[0]}"
    assert model_folders([folder_place.url], "fusion") == pinned
    assert model_folders([f"A={folder_place.url}", f"B={models[1]}"], "fusion") == {
        "A": pinned,
        "B": str(models[1]),
    }
    push_model(models[1], folder_place.url)
    assert model_folder(pinned).name == digests[0]
