"""Push and pull through a folder, S3 and Hugging Face."""

import pytest

from bt_fusion import (
    HubError,
    ModelCompatibilityError,
    OptionError,
    SignalModel,
    pull_model,
    push_model,
)
from bt_fusion.bundle.manifest import MANIFEST
from tests.hub.conftest import held


@pytest.mark.slow_after(1)
def test_what_was_pushed_is_pulled_again(place, models, digests, tmp_path):
    done = push_model(models[0], place.url)
    files = held(models[0])
    size = sum(map(len, files.values()))
    assert (done.digest, done.files, done.moved, done.moved_bytes) == (digests[0], 2, 2, size)
    assert {name: place.read(name) for name in files} == files
    pulled = pull_model(place.url, tmp_path / "got")
    assert held(tmp_path / "got") == files
    assert (pulled.digest, pulled.moved_bytes) == (digests[0], size)
    left = {path.name for path in tmp_path.iterdir() if path.suffix != ".lock"}
    assert left - {"cache"} == {"got"}


def test_a_second_push_moves_nothing(place, models):
    push_model(models[0], place.url)
    done = push_model(models[0], place.url)
    assert (done.moved, done.moved_bytes) == (0, 0)


def test_a_push_moves_what_is_missing_or_broken(place, models, tmp_path):
    push_model(models[0], place.url)
    (part,) = (name for name in held(models[0]) if name != MANIFEST)
    for damaged in (None, b"x" * len(place.read(part))):
        place.write(part, damaged)
        done = push_model(models[0], place.url)
        assert (done.moved, done.moved_bytes) == (1, len(held(models[0])[part]))
    pull_model(place.url, tmp_path / "got")


@pytest.mark.slow_after(1)
def test_a_new_model_takes_the_place_and_the_old_one_stays(place, models, digests, tmp_path):
    first = push_model(models[0], place.url, tag="v1")
    second = push_model(models[1], place.url)
    assert (first.tag, second.tag) == ("v1", None)
    found = {
        what: pull_model(url, tmp_path / "got").digest
        for what, url in {
            "newest": place.url,
            "tag": place.at("v1"),
            "first": first.url,
            "second": second.url,
        }.items()
    }
    old, new = digests
    assert found == {"newest": new, "tag": old, "first": old, "second": new}
    assert held(tmp_path / "got") == held(models[1])


def test_a_digest_pins_the_model(place, models, digests, tmp_path):
    push_model(models[0], place.url)
    push_model(models[1], place.url)
    pull_model(place.url, tmp_path / "got", digest=f"sha256:{digests[1]}")
    before = held(tmp_path / "got")
    with pytest.raises(ModelCompatibilityError, match=r"asked for\. Nothing was pulled") as error:
        pull_model(place.url, tmp_path / "got", digest=digests[0])
    assert digests[0] in str(error.value) and digests[1] in str(error.value)
    with pytest.raises(ModelCompatibilityError, match=f"not the {'0' * 64} asked for"):
        pull_model(f"{place.url}@sha256:{'0' * 64}", tmp_path / "got")
    assert held(tmp_path / "got") == before


@pytest.mark.slow_after(1)
def test_what_is_not_there_is_reported(place, models, tmp_path):
    with pytest.raises(HubError, match=r"manifest.json is missing; push|no such repository"):
        pull_model(place.url, tmp_path / "got")
    push_model(models[0], place.url)
    with pytest.raises(HubError, match=r"no such tag; known here: none|no such branch, tag"):
        pull_model(place.at("v9"), tmp_path / "got")
    assert not (tmp_path / "got").exists()


def test_only_a_sound_model_is_pushed(place, models, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    for name, data in held(models[0]).items():
        (broken / name).write_bytes(data if name == MANIFEST else data[:-1] + b"!")
    with pytest.raises(ValueError, match="its digest differs"):
        push_model(broken, place.url)
    assert place.names() == []


def test_a_url_loads_everywhere(place, models, digests, cache):
    push_model(models[0], place.url, tag="v1")
    rows = SignalModel.load(models[0]).n_rows_
    for url in (place.url, place.at("v1"), f"{place.url}@sha256:{digests[0]}"):
        assert SignalModel.load(url).n_rows_ == rows
    kept = [path.name for path in cache.iterdir() if not path.name.startswith(".")]
    assert sorted(kept) == sorted([digests[0], "places"])


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ("s3://b/m", "s3://b/n", "push needs"),
        ("model", "hf://me", "is not a place on Hugging Face"),
        ("model", "s3://b/m?x=1", "has no . or #"),
    ],
)
def test_what_cannot_be_pushed(source, target, message, models):
    given = models[0] if source == "model" else source
    with pytest.raises(OptionError, match=message.replace("push needs", "give the folder")):
        push_model(given, target)


def test_source_and_target_differ(folder_place, models, tmp_path):
    push_model(models[0], folder_place.url)
    with pytest.raises(OptionError, match="give another folder to pull into"):
        pull_model(folder_place.url, folder_place.folder)
    with pytest.raises(OptionError, match="give another place to push to"):
        push_model(models[0], models[0])
    with pytest.raises(OptionError, match="is a URL; give a folder here"):
        pull_model(folder_place.url, "s3://bucket/m")
