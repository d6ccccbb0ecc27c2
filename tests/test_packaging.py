"""setup.cfg lists packages and the files beside them by hand: none is forgotten."""

from configparser import ConfigParser
from pathlib import Path

import bt_fusion

ROOT = Path(bt_fusion.__file__).resolve().parent.parent
TOP = ("indicators", "strategies", "analyzers")
CONFIG = ConfigParser()
CONFIG.read(ROOT / "setup.cfg")


def test_every_package_is_listed():
    inside = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in (ROOT / "bt_fusion").rglob("__init__.py")
    }
    inside |= {
        ".".join(("bt_fusion", *path.parent.relative_to(ROOT).parts))
        for top in TOP
        for path in (ROOT / top).rglob("__init__.py")
    }
    listed = CONFIG["options"]["packages"].split()
    assert set(listed) == inside
    assert len(listed) == len(set(listed))


def test_every_file_beside_the_modules_is_shipped():
    shipped = set()
    for package, patterns in CONFIG["options.package_data"].items():
        folder = ROOT / package.replace(".", "/")
        for pattern in patterns.split():
            found = set(folder.glob(pattern))
            assert found, f"{package}: {pattern} matches no file"
            shipped |= found
    beside = {
        path
        for path in (ROOT / "bt_fusion").rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    assert beside - shipped == set()


def test_the_version_is_the_same_everywhere():
    version = CONFIG["metadata"]["version"]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"\n## {version} " in (ROOT / "CHANGELOG.md").read_text()
