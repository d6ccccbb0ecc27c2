"""Whatever is done to a pushed model, a pull refuses it and says why."""

import os
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bt_fusion import BtFusionError, BundleError, HubError, pull_model, push_model
from tests.hub.conftest import held

pytest.importorskip("fsspec", reason="needs the extra hub")

from benchmarks.hub_faults import FAULTS, PINNED_FAULTS


@pytest.mark.slow_after(12)
@pytest.mark.parametrize("fault", FAULTS)
def test_tampering_is_refused_with_the_reason(fault, place, models, tmp_path):
    edit, reason = FAULTS[fault]
    push_model(models[0], place.url)
    pull_model(place.url, tmp_path / "got")
    push_model(models[1], place.url)
    edit(place)
    with pytest.raises(BtFusionError) as error:
        pull_model(place.url, tmp_path / "got")
    assert reason in str(error.value) and ".pulling" not in str(error.value)
    assert isinstance(error.value, BundleError | HubError)
    assert held(tmp_path / "got") == held(models[0])
    left = {path.name for path in tmp_path.iterdir() if path.suffix != ".lock"}
    assert left - {"cache"} <= {"got", place.url.rpartition("/")[2]}


@pytest.mark.parametrize("fault", PINNED_FAULTS)
def test_only_a_pinned_digest_betrays_a_sound_substitute(fault, place, models, digests, tmp_path):
    push_model(models[0], place.url)
    PINNED_FAULTS[fault](place)
    pull_model(place.url, tmp_path / "got")  # whoever may write there can substitute a model
    with pytest.raises(BtFusionError, match=f"not the {digests[0]} asked for"):
        pull_model(place.url, tmp_path / "other", digest=digests[0])
    assert not (tmp_path / "other").exists()


def test_a_tag_cannot_lead_elsewhere(folder_place, models, digests, tmp_path):
    push_model(models[0], folder_place.url, tag="v1")
    for content in (b"sha256:../../etc\n", b"", b"sha256:" + b"0" * 64, b"x" * 10_000):
        folder_place.write("tags/v1.txt", content)
        with pytest.raises((BundleError, HubError), match="v1"):
            pull_model(folder_place.at("v1"), tmp_path / "got")
    other = push_model(models[1], folder_place.url)
    folder_place.write("tags/v1.txt", f"sha256:{digests[0]}\n".encode())
    folder_place.write(
        f"revisions/{digests[0]}.json", folder_place.read(f"revisions/{other.digest}.json")
    )
    with pytest.raises(BtFusionError, match=f"not the {digests[0]} asked for"):
        pull_model(folder_place.at("v1"), tmp_path / "got")


def test_links_and_pipes_are_not_followed(folder_place, models, tmp_path):
    push_model(models[0], folder_place.url)
    (part,) = (name for name in held(models[0]) if name != "manifest.json")
    path = folder_place.folder / part
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BundleError, match="is not a regular file"):
        pull_model(folder_place.url, tmp_path / "got")
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(BundleError, match="is not a regular file"):
        pull_model(folder_place.url, tmp_path / "got")


def test_an_endless_answer_ends_at_the_announced_size(hub_place, models, tmp_path, monkeypatch):
    monkeypatch.setattr("bt_fusion.hub.pull.MANIFEST_CAP", 10**6)
    push_model(models[0], hub_place.url)
    hub_place.hub.endless = True
    with pytest.raises(BundleError, match="bytes or more, at most 1,000,000 are expected"):
        pull_model(hub_place.url, tmp_path / "got")
    assert [path for path in tmp_path.iterdir() if path.suffix != ".lock"] == []


def test_a_file_that_hugging_face_changes_on_the_way(hub_place, models, tmp_path):
    push_model(models[0], hub_place.url)
    hub_place.hub.spoil = lambda path, data: data[:-1] + b"!" if path.endswith("skops") else data
    with pytest.raises(BundleError, match="its digest differs"):
        pull_model(hub_place.url, tmp_path / "got")


class Endless(BaseHTTPRequestHandler):
    """A bucket that sends without end, and does not say how much."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with suppress(OSError):  # until the client has had enough
            while True:
                self.wfile.write(b"10000\r\n" + bytes(2**16) + b"\r\n")

    def log_message(self, *_):
        return


def test_a_bucket_that_never_ends_is_cut_off(tmp_path, monkeypatch):
    pytest.importorskip("s3fs", reason="needs the extra hub")
    monkeypatch.setattr("bt_fusion.hub.pull.MANIFEST_CAP", 10**6)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endless)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_address[1]}",
        "AWS_ACCESS_KEY_ID": "loopback",
        "AWS_SECRET_ACCESS_KEY": "loopback",
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BundleError, match="bytes or more, at most 1,000,000 are expected"):
        pull_model("s3://models/m", tmp_path / "got")
    server.shutdown()
    server.server_close()
    assert [path for path in tmp_path.iterdir() if path.suffix != ".lock"] == []
