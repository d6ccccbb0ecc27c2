"""A transfer that stops at each of its steps, one after the other."""

import os

import pytest

from bt_fusion import BtFusionError, pull_model, push_model
from bt_fusion.bundle import load_saved
from tests.hub.conftest import held

pytest.importorskip("fsspec", reason="needs the extra hub")


class Stopped(BaseException):
    """As a Ctrl-C comes."""


def stop_at(monkeypatch, step):
    """Let the nth call of those that change a folder or a place stop the work, before it."""
    from bt_fusion.hub.folder_store import FolderStore
    from bt_fusion.hub.local_store import LocalStore

    calls = []

    def counted(owner, name):
        usual = getattr(owner, name)

        def call(*words, **named):
            calls.append(name)
            if len(calls) == step:
                raise Stopped
            return usual(*words, **named)

        monkeypatch.setattr(owner, name, call)

    for owner in (FolderStore, LocalStore):
        counted(owner, "put")
        counted(owner, "get")
    for name in ("replace", "rename", "fsync"):
        counted(os, name)
    return calls


def steps(monkeypatch, transfer):
    with monkeypatch.context() as patch:
        calls = stop_at(patch, 0)
        transfer()
    return len(calls)


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("kind", ["file", "memory"])
def test_a_push_stopped_at_every_step(kind, models, digests, tmp_path, monkeypatch):
    def url(number):
        return f"file://{tmp_path}/{number}" if kind == "file" else f"memory://push/{number}"

    push_model(models[0], url("count"))
    count = steps(monkeypatch, lambda: push_model(models[1], url("count")))
    assert count >= (6 if kind == "file" else 4)
    for step in range(1, count + 1):
        push_model(models[0], url(step))
        with monkeypatch.context() as patch, pytest.raises(Stopped):
            stop_at(patch, step)
            push_model(models[1], url(step))
        assert pull_model(url(step), tmp_path / "seen").digest in digests
        assert pull_model(f"{url(step)}@{digests[0]}", tmp_path / "seen").digest == digests[0]
        push_model(models[1], url(step))
        assert pull_model(url(step), tmp_path / "seen").digest == digests[1]


def test_a_pull_stopped_at_every_step(models, digests, tmp_path, monkeypatch):
    url = f"file://{tmp_path}/place"
    push_model(models[0], url)
    push_model(models[1], url)

    def pull(target, digest):
        return pull_model(f"{url}@{digest}", tmp_path / target)

    pull("count", digests[0])
    count = steps(monkeypatch, lambda: pull("count", digests[1]))
    assert count >= 8
    for step in range(1, count + 1):
        target = f"got-{step}"
        pull(target, digests[0])
        with monkeypatch.context() as patch, pytest.raises(Stopped):
            stop_at(patch, step)
            pull(target, digests[1])
        load_saved(tmp_path / target)
        pull(target, digests[1])
        assert held(tmp_path / target) == held(models[1])
    left = {path.name for path in tmp_path.iterdir() if path.name.startswith(".")}
    assert {name for name in left if not name.endswith(".lock")} == set()


def test_a_killed_pull_leaves_no_folder_behind_for_the_next(models, tmp_path):
    url = push_model(models[0], f"file://{tmp_path}/place").url
    stage = tmp_path / ".got.pulling"
    stage.mkdir()
    (stage / "manifest.json").write_text("half")
    pull_model(url, tmp_path / "got")
    assert not stage.exists() and held(tmp_path / "got") == held(models[0])
    with pytest.raises(BtFusionError):
        pull_model(f"file://{tmp_path}/nothing", tmp_path / "got")
    assert not stage.exists()
