"""The report is drawn from a saved folder: neither Backtrader nor what made the run is imported."""

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

SAVED = Path(__file__).parent.parent / "saved" / "run_schema_1.tar.gz"
DRAW = """
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import bt_fusion.report

names = [each.name for each in walk_packages(bt_fusion.report.__path__, "bt_fusion.report.")]
for name in names:
    import_module(name)
assert len(names) > 15, names
paths = bt_fusion.report.draw.redraw(Path(sys.argv[1]), png=True)
assert len(paths) > 5 and all(path.stat().st_size > 1_000 for path in paths), paths
later = ("bt_fusion.engine", "bt_fusion.backtest", "bt_fusion.sweep", "bt_fusion.why")
print(*(name for name in sys.modules if name.startswith(("backtrader", *later))))
"""


@pytest.mark.slow
def test_every_report_module_and_a_saved_run_drawn_need_no_backtrader(tmp_path):
    with tarfile.open(SAVED) as archive:
        archive.extractall(tmp_path, filter="data")
    command = [sys.executable, "-c", DRAW, str(tmp_path / "run")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr
