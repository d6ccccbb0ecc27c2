"""What `import bt_fusion` offers, from an install and from a checkout alone."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import bt_fusion

ROOT = Path(bt_fusion.__file__).resolve().parent.parent
NOUNS = (
    "FeatureSet Labels Direction Gain TripleBarrier ProfitBeforeStop Ensemble SignalModel "
    "WalkForward Predictions Signal Confidence Regime Account Backtest DataAudit Sweep "
    "StudyOptions ManagedModel TradePlan Advice Retrainer"
)
VERBS = (
    "read_bars audit_bars tidy_bars check_bars repair_bars load_sample feature label member "
    "load_plugin make_preset load_model check_causality fused_signals evaluate tune tune_position "
    "explain_entry "
    "export_onnx "
    "load_onnx load_pickle redraw draw_signals scheduler push_model pull_model"
)
FOLDERS = ("indicators", "strategies", "analyzers")


def python(code: str, cwd: Path, *flags: str) -> str:
    """Run code in a fresh interpreter; return what it printed."""
    done = subprocess.run(
        [sys.executable, *flags, "-c", code], capture_output=True, text=True, cwd=cwd, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def test_the_names_are_those_of_the_layout():
    errors = {name for name in bt_fusion.__all__ if name.endswith(("Error", "Warning"))}
    assert len(errors) == 19
    assert set(bt_fusion.__all__) == {*NOUNS.split(), *VERBS.split(), *errors}


@pytest.mark.parametrize("name", bt_fusion.__all__)
def test_every_name_is_there_and_documented(name):
    assert getattr(bt_fusion, name).__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'SignalModle'"):
        bt_fusion.SignalModle  # noqa: B018


def test_the_import_is_light():
    heavy = "{'numpy', 'pandas', 'sklearn', 'backtrader', 'matplotlib', 'xgboost'}"
    code = f"import sys, bt_fusion; print(sorted({heavy} & set(sys.modules)))"
    assert python(code, ROOT) == "[]"


def test_the_core_needs_no_backtrader():
    core = [name for name in (*NOUNS.split(), *VERBS.split()) if name not in ENGINE]
    code = f"import sys, bt_fusion\nfor name in {core}: getattr(bt_fusion, name)\n"
    assert python(code + "print('backtrader' in sys.modules)", ROOT) == "False"


ENGINE = ("Account", "Backtest", "Sweep", "explain_entry")


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))])
def test_the_docs_import_nothing_deeper(page):
    deeper = {"bt_fusion", *(f"bt_fusion.{name}" for name in (*FOLDERS, "audit", "engine", "live"))}
    used = re.findall(r"^\s*(?:>>> )?(?:from|import) (bt_fusion[\w.]*)", page.read_text(), re.M)
    assert set(used) <= deeper


# -S leaves out site-packages' hooks, and with them an editable install's finder
CHECKOUT = (
    "import sys; sys.path[:0] = [{root!r}, *{packages!r}]\n"
    "import bt_fusion, bt_fusion.indicators, bt_fusion.strategies.fusion\n"
)
PACKAGES = [path for path in sys.path if path.endswith("site-packages")]


@pytest.mark.slow
def test_a_checkout_without_install_serves_three_folders(tmp_path):
    code = CHECKOUT.format(root=str(ROOT), packages=PACKAGES)
    code += "print(bt_fusion.indicators.__file__)"
    assert python(code, tmp_path, "-S") == str(ROOT / "indicators" / "__init__.py")


def test_the_rest_of_the_checkout_is_no_part_of_the_package(tmp_path):
    code = CHECKOUT.format(root=str(ROOT), packages=PACKAGES) + "import importlib.util as u\n"
    names = ("bt_fusion", "tests", "benchmarks", "docs")
    code += f"print(*(u.find_spec(f'bt_fusion.{{name}}') for name in {names}))"
    assert python(code, tmp_path, "-S") == "None None None None"


@pytest.mark.slow
def test_a_folder_stays_its_own_where_the_package_comes_from_elsewhere(tmp_path):
    """As a checkout's `strategies/mine.py` beside an installed wheel."""
    (tmp_path / "strategies").mkdir()
    text = (ROOT / "strategies" / "__init__.py").read_text()
    (tmp_path / "strategies" / "__init__.py").write_text(text)
    (tmp_path / "strategies" / "mine.py").write_text("MINE = 1")
    code = f"import sys; sys.path.insert(1, {str(ROOT)!r})\nimport strategies.mine as mine\n"
    printed = python(code + "print(sys.modules['strategies'].__file__)", tmp_path)
    assert printed == str(tmp_path / "strategies" / "__init__.py")


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    "first", ["from indicators import MLEnsemble", "from bt_fusion.indicators import MLEnsemble"]
)
def test_a_class_is_one_under_both_names(first):
    code = (
        f"{first}\n"
        "import indicators, indicators.ml_ensemble, bt_fusion.indicators, strategies.parameters\n"
        "import bt_fusion.strategies.parameters\n"
        "print(indicators.MLEnsemble is bt_fusion.indicators.MLEnsemble, "
        "indicators.ml_ensemble is bt_fusion.indicators.ml_ensemble, "
        "strategies.parameters is bt_fusion.strategies.parameters)"
    )
    assert python(code, ROOT) == "True True True"
