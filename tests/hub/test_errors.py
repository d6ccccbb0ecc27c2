"""What goes wrong at a place is one error with its remedy."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

from bt_fusion import (
    BundleError,
    FileError,
    HubError,
    ModelCompatibilityError,
    OptionError,
    SignalModel,
    pull_model,
    push_model,
)
from bt_fusion.hub.address import Address
from bt_fusion.hub.faults import hub_errors
from tests.hub.conftest import held

NOBODY = "http://127.0.0.1:9"  # where nothing listens
KEYS = "AWS_ACCESS_KEY_ID"


def variables(monkeypatch, **known):
    for name, value in known.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)


@pytest.mark.slow_after(1)
def test_buckets_and_keys(served, models, tmp_path, monkeypatch):
    if not served.url.startswith("s3"):
        pytest.skip("of S3")
    with pytest.raises(HubError, match="there is no such bucket; create it"):
        push_model(models[0], "s3://no-such-bucket/m")
    with pytest.raises(HubError, match="there is no such bucket; create it"):
        pull_model("s3://no-such-bucket/m", tmp_path / "got")
    home = {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"), "AWS_CONFIG_FILE": "none"}
    variables(monkeypatch, AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None, **home)
    with pytest.raises(HubError, match=f"no credentials; set {KEYS}"):
        push_model(models[0], served.fresh().url)
    variables(monkeypatch, AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="s3cret-key")
    monkeypatch.setenv("AWS_ENDPOINT_URL", NOBODY)
    with pytest.raises(HubError, match="cannot be reached, or broke off") as error:
        pull_model(served.fresh().url, tmp_path / "got")
    assert "s3cret-key" not in str(error.value) and "@sha256:DIGEST" in str(error.value)


def test_tokens_and_repositories(hub_place, models, tmp_path, monkeypatch):
    push_model(models[0], hub_place.url)
    monkeypatch.setenv("HF_TOKEN", "hf_loopback_read")
    pull_model(hub_place.url, tmp_path / "got")
    with pytest.raises(HubError, match="the token does not allow it; run `hf auth login`"):
        push_model(models[1], hub_place.url)
    monkeypatch.setenv("HF_TOKEN", "hf_unknown_secret")
    with pytest.raises(HubError, match="no such repository, or none you may see") as error:
        pull_model(hub_place.url, tmp_path / "got")
    assert "secret" not in str(error.value)
    with pytest.raises(HubError, match="no such branch, tag or commit"):
        monkeypatch.setenv("HF_TOKEN", "hf_loopback_write")
        push_model(models[0], hub_place.at("no-such-branch"))
    monkeypatch.setenv("HF_ENDPOINT", NOBODY)
    with pytest.raises(HubError, match="cannot be reached, or broke off"):
        pull_model(hub_place.url, tmp_path / "got")


def test_a_tag_of_hugging_face_does_not_move(hub_place, models):
    push_model(models[0], hub_place.url, tag="v1")
    push_model(models[0], hub_place.url, tag="v1")
    with pytest.raises(HubError, match="tags of Hugging Face do not move; give another name"):
        push_model(models[1], hub_place.url, tag="v1")
    assert len(hub_place.names()) == 2


def test_a_push_that_others_overtook_is_refused(hub_place, models, digests, tmp_path):
    push_model(models[0], hub_place.url)
    hub = hub_place.hub
    hub.drop = "/commit/"
    with pytest.raises(HubError, match="cannot be reached, or broke off"):
        push_model(models[1], hub_place.url)
    assert pull_model(hub_place.url, tmp_path / "got").digest == digests[0]
    hub.drop = "+/commit/"  # carried out, and the answer is lost
    with pytest.raises(HubError, match="cannot be reached, or broke off"):
        push_model(models[1], hub_place.url)
    assert pull_model(hub_place.url, tmp_path / "got").digest == digests[1]
    assert push_model(models[1], hub_place.url).moved == 0


@pytest.mark.slow
def test_a_download_that_breaks_off_leaves_nothing(hub_place, models, tmp_path):
    push_model(models[0], hub_place.url)
    hub_place.hub.cut = 30_000
    with pytest.raises(HubError, match="cannot be reached, or broke off"):
        pull_model(hub_place.url, tmp_path / "got")
    assert [path for path in tmp_path.iterdir() if path.suffix != ".lock"] == []
    hub_place.hub.cut = None
    pull_model(hub_place.url, tmp_path / "got")
    assert held(tmp_path / "got") == held(models[0])


@pytest.mark.parametrize(
    ("url", "error", "message"),
    [
        ("nosuch://x/m", OptionError, "fsspec knows no nosuch://"),
        ("gs://bucket/m", HubError, "gcsfs"),
        ("memory://empty/m", HubError, "manifest.json is missing"),
    ],
)
def test_other_schemes(url, error, message, tmp_path):
    pytest.importorskip("fsspec", reason="needs the extra hub")
    if url.startswith("gs") and find_spec("gcsfs"):
        pytest.skip("gcsfs is installed")
    with pytest.raises(error, match=message):
        pull_model(url, tmp_path / "got")


def test_memory_is_a_place(models, digests, tmp_path):
    pytest.importorskip("fsspec", reason="needs the extra hub")
    push_model(models[0], "memory://models/m", tag="v1")
    push_model(models[1], "memory://models/m")
    assert pull_model("memory://models/m@v1", tmp_path / "got").digest == digests[0]


def test_a_place_without_whole_uploads_renames(models, digests, tmp_path):
    fsspec = pytest.importorskip("fsspec", reason="needs the extra hub")
    from fsspec.implementations.local import LocalFileSystem

    class Share(LocalFileSystem):
        protocol = ("share",)

        @classmethod
        def _strip_protocol(cls, path):
            return super()._strip_protocol(path.removeprefix("share://"))

    fsspec.register_implementation("share", Share, clobber=True)
    url = f"share://{tmp_path}/place"
    push_model(models[0], url, tag="v1")
    push_model(models[1], url)
    assert pull_model(f"{url}@v1", tmp_path / "got").digest == digests[0]
    names = [path.name for path in (tmp_path / "place").rglob("*")]
    assert not [name for name in names if name.startswith(".")]


def test_a_folder_that_cannot_be_written(folder_place, models, tmp_path):
    folder_place.folder.write_text("a file in its place")
    with pytest.raises((FileError, HubError), match=folder_place.folder.name):
        push_model(models[0], folder_place.url)
    push_model(models[0], folder_place.fresh().url)
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(BundleError, match="is not a folder; give another place"):
        pull_model(folder_place.fresh().url, tmp_path / "file")


def test_what_else_is_there_is_not_overwritten(place, models, digests, tmp_path):
    if place.url.startswith("hf"):
        return  # a repository holds other files beside a model
    if place.url.startswith("file"):
        place.folder.mkdir()
    place.write("manifest.json", b'{"name": "a web page"}')
    with pytest.raises(HubError, match=r"holds another manifest.json, which is no saved model's"):
        push_model(models[0], place.url)
    place.write("manifest.json", None)
    place.write("thesis.docx", b"years of work")
    with pytest.raises(HubError, match=r"holds 'thesis.docx' and no saved model"):
        push_model(models[0], place.url)


def test_a_pushed_folder_is_a_model_and_not_saved_over(folder_place, models):
    push_model(models[0], folder_place.url)
    model = SignalModel.load(folder_place.folder)
    with pytest.raises(BundleError, match="holds models that were pushed; save to another place"):
        model.save(folder_place.folder)
    with pytest.raises(BundleError, match="holds models that were pushed"):
        pull_model(f"file://{models[1]}", folder_place.folder)


@pytest.mark.slow
def test_a_model_that_needs_a_plug_in(folder_place, tmp_path):
    plugin = tmp_path / "mine.py"
    plugin.write_text(
        "from bt_fusion import feature\n\n\n@feature(lookback=2)\n"
        "def half_range(bars):\n    return (bars.high - bars.low) / 2 / bars.close\n"
    )
    make = (
        "from bt_fusion import *\n"
        f"load_plugin({str(plugin)!r})\n"
        "model = SignalModel(['half_range', 'gap'], ensemble=Ensemble(['lr']))\n"
        f"model.fit(load_sample('planted-edge:600')).save({str(tmp_path / 'm')!r})\n"
        f"push_model({str(tmp_path / 'm')!r}, {folder_place.url!r})\n"
    )
    subprocess.run([sys.executable, "-c", make], check=True)
    with pytest.raises(ModelCompatibilityError, match=r"needs the plug-in mine.py: give --plugin"):
        pull_model(folder_place.url, tmp_path / "got")
    with pytest.raises(ModelCompatibilityError, match=r"needs the plug-in mine.py: give --plugin"):
        push_model(tmp_path / "m", folder_place.fresh().url)
    assert not (tmp_path / "got").exists()


def test_no_password_is_told():
    address = Address.of("sftp://me:hunter2@host/m")
    with pytest.raises(HubError) as error, hub_errors(address):
        raise RuntimeError("login to sftp://me:hunter2@host/m failed")
    assert "hunter2" not in str(error.value) and error.value.__cause__ is None
    assert error.value.__suppress_context__


def test_without_the_extra_it_is_named():
    code = (
        "import sys; sys.modules['fsspec'] = None\n"
        "from bt_fusion import SignalModel\n"
        "SignalModel.load('s3://bucket/m')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "need the extra hub; pip install 'bt-fusion[hub]'" in done.stderr.splitlines()[-1]
