"""What all tests share: a cache of their own, and bars made once."""

import os
import signal
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings

from bt_fusion import Ensemble, SignalModel, WalkForward, plugins
from bt_fusion.data import bars as bars_module
from bt_fusion.data.samples import planted_edge, sp500
from bt_fusion.ensemble.members.registry import MEMBERS
from bt_fusion.features import REGISTRY
from bt_fusion.labels import LABELS

settings.register_profile("tests", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("tests")
# a shell that starts the tests in the background has them ignore Ctrl-C, which some of them send
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark as slow the cases after the first n of a test marked slow_after(n)."""
    seen = Counter()
    for item in items:
        if mark := item.get_closest_marker("slow_after"):
            name = (item.path, item.originalname)
            seen[name] += 1
            if seen[name] > mark.args[0]:
                item.add_marker("slow")


def pytest_terminal_summary(terminalreporter):
    """Write the ids of skipped tests to the file named in SKIPPED_TESTS, for another pass."""
    if file := os.environ.get("SKIPPED_TESTS"):
        skipped = terminalreporter.stats.get("skipped", ())
        Path(file).write_text("\n".join(dict.fromkeys(report.nodeid for report in skipped)))


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Keep the tests' refits away from the user's cache folder, in one for all workers."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    os.environ["BT_FUSION_CACHE"] = str(shared / "cache")


@pytest.fixture(scope="session")
def daily():
    """Real bars: the S&P 500, 5,031 days."""
    return sp500()


@pytest.fixture(scope="session")
def edge():
    """Synthetic bars with an edge that a small model finds."""
    return planted_edge(1_500, seed=3, auc=0.75)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory):
    """The folder of a finished backtest, 800 unseen bars, nothing drawn; copy it to change it."""
    from bt_fusion import Backtest

    model = SignalModel(["wick_balance", "gap"], ensemble=Ensemble(["lgb"]))
    walk = WalkForward(model, train_bars=400, refit_bars=200)
    job = Backtest(walk, params={"ml_threshold": 0.6}, draws=100)
    result = job.run(planted_edge(1_200, seed=1, auc=0.8), "edge")
    folder = tmp_path_factory.mktemp("runs") / "edge"
    result.write(folder)
    return folder


@pytest.fixture
def bar_checks(monkeypatch):
    """The length of every whole frame that was checked, in order."""
    made, check = [], bars_module._check

    def counted(frame):
        made.append(len(frame))
        return check(frame)

    monkeypatch.setattr(bars_module, "_check", counted)
    return made


@pytest.fixture
def registers():
    """Put the registers back as they were; returns what empties them of plug-ins."""
    all_of_them = (REGISTRY, LABELS, MEMBERS, plugins.LOADED)
    before = [dict(register) for register in all_of_them]

    def reset():
        for register, content in zip(all_of_them, before, strict=True):
            register.clear()
            register.update(content)

    yield reset
    reset()
