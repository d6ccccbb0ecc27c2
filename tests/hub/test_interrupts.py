"""Pushes and pulls killed at random moments leave the old model or the new one."""

import pytest

pytest.importorskip("s3fs", reason="needs the extra hub")
pytest.importorskip("huggingface_hub", reason="needs the extra hub")
pytest.importorskip("moto", reason="needs moto's server")

from benchmarks.hub import CONTEXT, PRELOADED, Trials
from benchmarks.hub_places import open_place


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["folder", "S3", "Hugging Face"])
def test_killed_transfers(kind, models, tmp_path):
    CONTEXT.set_forkserver_preload(PRELOADED)
    with open_place(kind, tmp_path) as place:
        trials = Trials(place, (models[0], models[1]), tmp_path / "work")
        found = trials.killed(12)
    assert {what for what, times in found.items() if times} == {"killed push", "killed pull"}
    assert +trials.wrong == {}
