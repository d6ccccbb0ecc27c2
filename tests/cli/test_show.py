"""`bt-fusion show`: the card from the manifest alone, and everything with --verify."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.running import command


@pytest.fixture
def folder(trained, tmp_path):
    return Path(shutil.copytree(trained, tmp_path / "model"))


def parts(folder):
    return sorted(path for path in folder.iterdir() if path.name != "manifest.json")


def test_the_card_opens_no_part(folder, capsys):
    for path in parts(folder):
        path.unlink()
    assert command("show", folder) == 0
    shown = capsys.readouterr().out
    assert "Model card" in shown and "Checked" not in shown
    for way in ("bar by bar", "reloaded"):
        assert f"parity {way}" in shown
    assert shown.count("agrees on 216 training bars") == 2
    assert command("show", folder, "--json") == 0
    assert "checks" not in json.loads(capsys.readouterr().out)


def test_verify_prints_what_was_checked(folder, capsys):
    assert command("show", folder, "--verify") == 0
    shown = capsys.readouterr().out
    for text in ("Model card", "Checked", "schema 5", "part member lr", "the same on 2"):
        assert text in shown
    assert command("show", folder, "--verify", "--json") == 0
    card = json.loads(capsys.readouterr().out)
    assert list(card["checks"])[:4] == ["manifest", "files", "versions", "features"]
    assert card["checks"]["the ensemble"].startswith("the same on 2")
    assert card["digest"] in card["checks"]["manifest"]


@pytest.mark.parametrize("fault", ["missing", "foreign", "flipped", "versions"])
def test_verify_ends_with_2_on_a_fault(fault, folder, capsys):
    (path,) = parts(folder)
    if fault == "missing":
        path.unlink()
    elif fault == "foreign":
        path.write_bytes(b"of another model")
    elif fault == "flipped":
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    else:
        from bt_fusion.bundle.manifest import with_digest

        content = json.loads((folder / "manifest.json").read_text())
        content["versions"]["scikit-learn"] = "0.1"
        (folder / "manifest.json").write_bytes(with_digest(content))
    assert command("show", folder) == 0
    capsys.readouterr()
    assert command("show", folder, "--verify") == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("error: ") and printed.out == ""
    assert (path.name in printed.err) == (fault != "versions")


def test_a_folder_without_a_model_is_reported(tmp_path, capsys):
    assert command("show", tmp_path, "--verify") == 2
    assert "manifest.json is missing" in capsys.readouterr().err
