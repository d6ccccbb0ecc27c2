"""Plug-ins: what a file of a user's registers, in models, saved, in processes, in commands."""

import importlib
import io
import json
import sys
import zipfile

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB

from benchmarks.fault_kinds import reseal
from bt_fusion import (
    Ensemble,
    FeatureSet,
    Labels,
    ManagedModel,
    SignalModel,
    WalkForward,
    feature,
    load_model,
    load_plugin,
    member,
    module_sources,
    plugins,
)
from bt_fusion.bundle import load_saved
from bt_fusion.bundle.before_fit import check_can_be_saved
from bt_fusion.ensemble.members.registry import MEMBERS
from bt_fusion.errors import (
    BtFusionWarning,
    BundleError,
    ModelCompatibilityError,
    OptionError,
    PluginError,
)
from bt_fusion.features import REGISTRY
from bt_fusion.labels import Direction, labels_of
from bt_fusion.trade_models.position_model import PositionModel
from bt_fusion.user_code import importable, own_code_digest
from tests.cli.running import command
from tests.test_extending import PAGE

FILE = PAGE.split("run by tests/test_extending.py -->\n```python\n")[1].split("```")[0]
FEATURES = ["return_1", "gap", "range_position"]


pytestmark = pytest.mark.usefixtures("registers")


@pytest.fixture
def file(tmp_path):
    """The plug-in of docs/extending.md."""
    path = tmp_path / "my_parts.py"
    path.write_text(FILE)
    return path


@pytest.fixture
def saved(file, edge, tmp_path):
    """A model of a feature, a label and two members of the plug-in, saved; and the model."""
    load_plugin(file)
    model = SignalModel(FEATURES, "close_above_high", Ensemble(["lr", "bayes", "halves"]))
    model.fit(edge[:900])
    return model.save(tmp_path / "model"), model


def test_a_plug_in_says_what_it_registered_and_runs_once(file):
    found = ["feature range_position", "label close_above_high", "member bayes", "member halves"]
    assert load_plugin(file) == found
    file.write_text("raise RuntimeError('again')")
    assert load_plugin(str(file)) == found


@pytest.mark.parametrize(
    ("code", "error", "message"),
    [
        (None, OptionError, r"no file .*p\.py; give a Python file"),
        ("x = 1", PluginError, "registers nothing; put @feature, @label or @member"),
        ("\n1 / 0", PluginError, r"p\.py, line 2: ZeroDivisionError"),
        (
            "from bt_fusion import feature\n@feature('gap', lookback=1)\ndef f(bars): ...",
            OptionError,
            "a feature called 'gap' exists already",
        ),
        (
            "from bt_fusion import member\n@member('rf')\ndef f(seed):\n"
            "    from sklearn.naive_bayes import GaussianNB\n    return GaussianNB()",
            OptionError,
            "a member called 'rf' exists already",
        ),
        (
            "from bt_fusion import label\n@label('direction')\nclass L: ...",
            OptionError,
            "label 'direction' must be a dataclass",
        ),
        (
            "from bt_fusion import label\nfrom dataclasses import dataclass\n@label('mine')\n"
            "@dataclass\nclass L:\n    horizon: int = 1",
            OptionError,
            "label 'mine' has no classes, two_sided, __call__",
        ),
        (
            "from bt_fusion import member\n@member('mine')\ndef f(seed): return 1",
            OptionError,
            "member 'mine' makes a int, which is no classifier",
        ),
    ],
)
def test_a_plug_in_that_cannot_be_used_is_one_clear_error(code, error, message, tmp_path):
    if code is not None:
        (tmp_path / "p.py").write_text(code)
    with pytest.raises(error, match=message):
        load_plugin(tmp_path / "p.py")
    assert plugins.loaded_plugins() == []


def test_a_saved_model_needs_its_plug_in(saved, file, edge, registers):
    folder, model = saved
    (entry,) = json.loads((folder / "manifest.json").read_text())["plugins"]
    assert entry["file"] == "my_parts.py"
    registers()
    with pytest.raises(ModelCompatibilityError, match=r"load_plugin\('my_parts.py'\)"):
        load_model(folder)
    load_plugin(file)
    votes = load_model(folder).predict(edge).votes
    assert np.array_equal(votes, model.predict(edge).votes, equal_nan=True)


def test_voters_of_a_position_model_need_their_plug_in_too(file, edge, registers, tmp_path):
    load_plugin(file)
    voters = PositionModel(Ensemble(["bayes", "halves"], voting="majority"))
    managed = ManagedModel(["return_1", "gap"], ensemble=Ensemble(["lr"]), position=voters)
    managed.set_params(min_trades=10)
    check_can_be_saved(managed)
    folder = managed.fit(edge).save(tmp_path / "managed")
    assert managed.trade_models_.position is not None
    registers()
    with pytest.raises(ModelCompatibilityError, match=r"load_plugin\('my_parts.py'\)"):
        load_model(folder)
    load_plugin(file)
    again, X = load_model(folder), managed.trade_models_.position.sample_
    advised = [each.trade_models_.position.advise(X) for each in (managed, again)]
    np.testing.assert_array_equal(*advised)


def test_voters_that_cannot_be_saved_are_refused_before_the_fit():
    class Mine(GaussianNB):
        pass

    managed = ManagedModel(position=PositionModel(Ensemble({"mine": Mine()}, voting="majority")))
    with pytest.raises(OptionError, match="position member mine"):
        check_can_be_saved(managed)


def test_a_changed_plug_in_is_a_warning_and_a_changed_feature_an_error(saved, file, registers):
    folder, _ = saved
    registers()
    load_plugin(file)
    assert load_saved(folder).checks["plug-in my_parts.py"].startswith("as it was when")
    registers()
    file.write_text(FILE + "\n# a remark\n")
    load_plugin(file)
    with pytest.warns(BtFusionWarning, match=r"my_parts\.py has changed since"):
        checks = load_saved(folder).checks
    assert checks["plug-in my_parts.py"].startswith("has changed since")
    registers()
    file.write_text(FILE.replace("(bars.close - low)", "(bars.open - low)"))
    load_plugin(file)
    with (
        pytest.warns(BtFusionWarning, match="has changed"),
        pytest.raises(ModelCompatibilityError, match="range_position"),
    ):
        load_model(folder)


@pytest.mark.parametrize(
    ("module", "kind"),
    [
        ("plugin:my_parts.py", "np"),
        ("plugin:my_parts.py", "ClassifierMixin"),
        ("plugin:my_parts.py", "np.random.Generator"),
        ("plugin:other.py", "Halves"),
        ("os", "Halves"),
    ],
)
def test_a_part_names_classes_of_its_plug_in_and_no_others(module, kind, saved):
    folder, _ = saved
    part = next(folder.glob("member-halves.*"))
    with zipfile.ZipFile(part) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(entries["schema.json"])
    schema |= {"__module__": module, "__class__": kind}
    entries["schema.json"] = json.dumps(schema).encode()
    changed = io.BytesIO()
    with zipfile.ZipFile(changed, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    part.write_bytes(changed.getvalue())
    reseal(folder)
    with pytest.raises(BundleError, match="member halves names"):
        load_model(folder)


def test_own_and_built_in_members_mix_and_are_saved(edge, tmp_path):
    mixed = Ensemble({"rf": "rf", "trees": "lgb", "bayes": GaussianNB()}, seed=4)
    model = SignalModel(["gap", "return_1"], ensemble=mixed).fit(edge[:900])
    loaded = load_model(model.save(tmp_path / "model"))
    for bars in (edge[:900], edge[900:]):
        ours, theirs = (each.predict(bars, allow_in_sample=True).votes for each in (model, loaded))
        assert np.array_equal(ours, theirs, equal_nan=True)
    named = SignalModel(["gap", "return_1"], ensemble=Ensemble(["rf", "lgb"], seed=4))
    named.fit(edge[:900])
    alike = named.predict(edge[900:]).votes
    assert np.array_equal(alike, model.predict(edge[900:]).votes[:, :2], equal_nan=True)


def test_members_without_a_name_are_refused_with_the_remedy():
    with pytest.raises(OptionError, match=r"has no name; give a mapping, \{'mine': GaussianNB"):
        Ensemble([GaussianNB()]).make_members()


def test_features_are_given_by_function_set_and_name(file):
    load_plugin(file)
    function = plugins.unwrapped(REGISTRY["range_position"].compute)
    names = (*FeatureSet("fusion").names, "range_position")
    assert SignalModel(["fusion", function]).feature_set().names == names
    assert SignalModel(FeatureSet(["fusion", function])).feature_set().names == names


@pytest.mark.slow
def test_refits_in_two_processes_know_the_plug_in(file, edge, tmp_path):
    load_plugin(file)
    model = SignalModel(FEATURES, "close_above_high", Ensemble(["bayes", "halves"]))
    alone, together = (
        WalkForward(model, train_bars=600, refit_bars=300, jobs=jobs, cache=None).predict(edge)
        for jobs in (1, 2)
    )
    assert np.array_equal(alone.votes, together.votes, equal_nan=True)


def test_an_edited_member_is_fitted_again(file, edge, tmp_path, registers):
    def cached():
        load_plugin(file)
        model = SignalModel(["gap", "return_1"], ensemble=Ensemble(["halves"]))
        walk = WalkForward(model, train_bars=600, refit_bars=450, cache=tmp_path / "cache")
        walk.predict(edge)
        registers()
        return [refit.cached for refit in walk.refits_]

    assert cached() == [False, False]
    assert cached() == [True, True]
    file.write_text(FILE.replace("np.median(X[:, self.column])", "np.mean(X[:, self.column])"))
    assert cached() == [False, False]


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (lambda y, t1: (y, t1), "must return Labels with y and t1 of 40 bars"),
        (lambda y, t1: Labels(y[1:], t1), "must return Labels with y and t1 of 40 bars"),
        (lambda y, t1: Labels(y + 1, t1), r"row \d+: y is not one of its classes \(0, 1\)"),
        (lambda y, t1: Labels(y, t1 + 1), r"row 0: t1 is not a bar within its horizon of 5"),
        (lambda y, t1: Labels(y, np.maximum(t1, 0)), r"row 35: y is unknown and t1 is not -1"),
        (lambda y, t1: Labels(y, np.where(t1 < 0, 40, t1)), "row 35: t1 is not one of the 40"),
        (lambda y, t1: Labels(y, t1.astype(float)), "t1 must be an array of whole .* not float"),
        (lambda y, t1: Labels(y.astype(str), t1), "y must be an array of numbers, not <U"),
        (lambda y, t1: Labels(list(y), t1), "y must be an array of numbers, not list"),
    ],
)
def test_a_label_is_checked(returned, message, edge):
    class Mine(Direction):
        def __call__(self, bars):
            found = super().__call__(bars)
            return returned(found.y, found.t1)

    with pytest.raises(OptionError, match=f"label Mine.*{message}"):
        labels_of(Mine(), edge[:40])
    assert labels_of(Direction(), edge[:40]).y.shape == (40,)


def test_a_horizon_is_a_whole_number_of_bars(edge):
    class Mine(Direction):
        horizon = 3.0

        def __init__(self):
            pass

    with pytest.raises(OptionError, match=r"label Mine: horizon 3.0 must be a whole number"):
        labels_of(Mine(), edge[:40])


BESIDE = """
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

class Fixed(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.full((len(X), 2), 0.5)
"""
IMPORTING = """
from bt_fusion import feature, member
from {package}.steps import STEPS
from {package}_beside import Fixed

@feature(lookback=1)
def stepped(bars):
    return bars.close * STEPS

@member("fixed")
def fixed(seed):
    return Fixed()
"""


@pytest.fixture
def importing(tmp_path, request):
    """A plug-in that imports a class and a constant from modules in its folder."""
    package = f"p{abs(hash(request.node.nodeid))}"  # modules stay imported
    (tmp_path / package).mkdir()
    (tmp_path / package / "steps.py").write_text("STEPS = 1")
    (tmp_path / f"{package}_beside.py").write_text(BESIDE)
    path = tmp_path / "importing.py"
    path.write_text(IMPORTING.format(package=package))
    yield path
    for name in [name for name in sys.modules if name.startswith(package)]:
        del sys.modules[name]


def forget(importing):
    """Drop the modules of the folder, as a new process would."""
    for name, module in [*sys.modules.items()]:
        if str(getattr(module, "__file__", "")).startswith(str(importing.parent)):
            del sys.modules[name]


def test_modules_that_a_plug_in_imports_belong_to_its_digest(importing, registers):
    def digests():
        forget(importing)
        registers()
        load_plugin(importing)
        made = MEMBERS["fixed"].make(0)
        return plugins.registered_files()["importing.py"], own_code_digest([type(made)])

    (first, _), (steps,) = digests(), importing.parent.glob("*/steps.py")
    steps.write_text("STEPS = 2")
    second, member_code = digests()
    (beside,) = importing.parent.glob("*_beside.py")
    beside.write_text(BESIDE.replace("0.5", "0.500"))
    third, edited_code = digests()
    assert len({first, second, third}) == 3
    assert digests()[0] == third
    assert member_code != edited_code


def test_a_module_of_the_same_name_in_another_folder_is_refused(importing, tmp_path):
    load_plugin(importing)
    (beside,) = importing.parent.glob("*_beside.py")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / beside.name).write_text(BESIDE)
    other = tmp_path / "other" / "second.py"
    other.write_text(f"from {beside.stem} import Fixed\n")
    with pytest.raises(OptionError, match=rf"second\.py imports {beside.stem}, and .* rename one"):
        load_plugin(other)


def test_a_module_of_the_same_name_is_refused_through_one_between(importing, tmp_path):
    load_plugin(importing)
    (beside,) = importing.parent.glob("*_beside.py")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / beside.name).write_text(BESIDE)
    (tmp_path / "other" / f"between_{beside.stem}.py").write_text(f"import {beside.stem}\n")
    other = tmp_path / "other" / "third.py"
    other.write_text(f"import between_{beside.stem}\n")
    with pytest.raises(OptionError, match=rf"between_.*\.py imports {beside.stem}, and .* rename"):
        load_plugin(other)


def test_an_import_that_has_not_run_yet_counts_in_the_digest(tmp_path, registers):
    late, plug_in = tmp_path / "late_one.py", tmp_path / "lazy.py"
    late.write_text("VALUE = 1.0\n")
    plug_in.write_text(
        "from bt_fusion import feature\n\n\n"
        "@feature(lookback=1)\ndef late(bars):\n"
        "    import late_one\n    return bars.close * late_one.VALUE\n"
    )
    load_plugin(plug_in)
    before = plugins.registered_files()["lazy.py"]
    with importable(tmp_path):
        importlib.import_module("late_one")
    assert plugins.registered_files()["lazy.py"] == before
    del sys.modules["late_one"]
    registers()
    late.write_text("VALUE = 2.0\n")
    module_sources.READ.clear()  # as in another process
    load_plugin(plug_in)
    assert plugins.registered_files()["lazy.py"] != before


def test_refits_in_two_processes_know_the_modules_beside_a_plug_in(importing, edge):
    load_plugin(importing)
    model = SignalModel(["gap", "stepped"], ensemble=Ensemble(["fixed"]))
    walk = WalkForward(model, train_bars=600, refit_bars=300, jobs=2, cache=None)
    assert walk.predict(edge).votes.shape == (1500, 1, 2)


def test_a_file_edited_after_it_was_loaded_has_the_digest_of_what_runs(file, tmp_path, registers):
    load_plugin(file)
    made = type(MEMBERS["halves"].make(0))
    before = plugins.registered_files(), own_code_digest([made])
    file.write_text(FILE + "\n# a remark\n")
    assert (plugins.registered_files(), own_code_digest([made])) == before
    registers()
    load_plugin(file)
    again = type(MEMBERS["halves"].make(0))
    assert plugins.registered_files() != before[0]
    assert own_code_digest([again]) != before[1]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("@member('lr')\ndef logistic_regression(seed):\n    return GaussianNB()", "member"),
        ("@feature('rsi_14', lookback=14)\ndef rsi(bars): ...", "feature"),
        (
            "@label('direction')\n@dataclass(frozen=True)\nclass Direction:\n    horizon: int = 1\n"
            "    classes = (0, 1)\n    two_sided = True\n    def __call__(self, bars): ...",
            "label",
        ),
    ],
)
def test_a_plug_in_replaces_neither_ours_nor_anothers(code, kind, tmp_path):
    head = (
        "from dataclasses import dataclass\nfrom sklearn.naive_bayes import GaussianNB\n"
        "from bt_fusion import feature, label, member\n\n"
    )
    (tmp_path / "ours.py").write_text(head + code)
    with pytest.raises(OptionError, match=f"a {kind} called .* exists already, in bt_fusion; cho"):
        load_plugin(tmp_path / "ours.py")
    name = code.split("'")[1]
    for number in (1, 2):
        (tmp_path / f"p{number}.py").write_text(head + code.replace(name, "mine"))
    load_plugin(tmp_path / "p1.py")
    with pytest.raises(OptionError, match=rf"a {kind} called 'mine' exists already, in .*p1\.py;"):
        load_plugin(tmp_path / "p2.py")


def test_a_plug_in_that_fails_registers_nothing(tmp_path):
    path = tmp_path / "p.py"
    path.write_text("from bt_fusion import feature\n@feature(lookback=1)\ndef f1(bars): ...\n1 / 0")
    with pytest.raises(PluginError, match="line 4"):
        load_plugin(path)
    assert "f1" not in REGISTRY


def test_two_plug_ins_of_one_file_name_are_refused(file, tmp_path):
    load_plugin(file)
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / file.name
    other.write_text("from bt_fusion import feature\n@feature(lookback=1)\ndef f1(bars): ...")
    with pytest.raises(OptionError, match=r"my_parts\.py is loaded already.*rename one"):
        load_plugin(other)


@pytest.mark.parametrize(
    "compute",
    [
        lambda bars: bars.close[1:],
        lambda bars: (bars.close, bars.open),
        lambda bars: np.full(len(bars), "a"),
        lambda bars: [[1], *bars.close[1:]],
    ],
)
def test_a_feature_of_another_shape_is_named(compute, edge):
    feature("odd", lookback=1)(compute)
    with pytest.raises(
        OptionError, match=r"feature odd returned .* for 1500 bars; return an array"
    ):
        FeatureSet(["gap", "odd"]).transform(edge)


def test_a_feature_may_return_a_list(edge):
    feature("listed", lookback=1)(lambda bars: list(bars.close))
    found = FeatureSet(["listed"]).transform(edge)[:, 0]
    assert np.array_equal(found, edge.close.to_numpy(np.float32))


def test_a_member_without_probabilities_is_named(edge):
    class Mean(GaussianNB):
        def predict_proba(self, X):
            return super().predict_proba(X) * np.nan

    model = SignalModel(["return_1"], ensemble=Ensemble({"mean": Mean()})).fit(edge[:300])
    with pytest.raises(OptionError, match=r"member 'mean', row 0: .* returned \[nan, nan\]"):
        model.predict(edge)


def test_a_member_defined_again_replaces_itself():
    def define():
        @member("again")
        def again(seed):
            return GaussianNB()

        return again

    first, second = define(), define()
    assert MEMBERS["again"].make is second is not first


def test_the_command_line_names_the_line_of_a_plug_in(tmp_path, capsys):
    broken, out = tmp_path / "late.py", tmp_path / "out"
    broken.write_text(
        "from bt_fusion import feature\n\n@feature(lookback=1)\ndef late(bars):\n"
        "    return bars.close / bars.nothing\n"
    )
    words = ("--data", "random-walk:900", "--plugin", broken, "--features", "gap,late")
    assert command("backtest", *words, "--out", out) == 2
    assert "late.py, line 5, in late: AttributeError" in capsys.readouterr().err
    assert not out.exists()


def test_a_run_remembers_its_plug_ins(file, tmp_path, registers, capsys):
    config, out = tmp_path / "mine.toml", tmp_path / "out"
    config.write_text(
        f'plugin = ["{file}"]\ndata = "random-walk:900"\nmembers = "bayes"\n'
        'features = "gap,range_position"\nlabel = "close_above_high"\nplacebo = "none"\n'
    )
    assert command("backtest", "--config", config, "--out", out, "-q", "--no-report") == 0
    kept = json.loads((out / "summary.json").read_text())["config"]
    assert kept["source"]["plugins"] == [str(file)]
    assert kept["features"] == ["gap", "range_position"]
    why = ("why", out, "--bar", "2024-01-01T13:00")
    registers()
    assert command(*why) == 0
    moved = file.rename(tmp_path / "elsewhere.py")
    registers()
    assert command(*why) == 2
    assert (
        "my_parts.py of the run is not there any more: it was moved or removed; give --plugin"
        in capsys.readouterr().err
    )
    (tmp_path / "new").mkdir()
    again = moved.rename(tmp_path / "new" / "my_parts.py")
    assert command(*why, "--plugin", again) == 0
    assert "changed" not in capsys.readouterr().err
    again.write_text(FILE.replace("(bars.close - low)", "(bars.open - low)"))
    registers()
    again.rename(file)
    assert command(*why) == 2
    assert "my_parts.py of the run has changed since and is not run" in capsys.readouterr().err
    again = file.rename(again)
    registers()
    assert command(*why, "--plugin", again) == 0
    printed = capsys.readouterr()
    assert "Warning    plug-in my_parts.py has changed since the run" in printed.err
    assert "plug-in my_parts.py has changed since" in " ".join(printed.out.split())


def test_a_member_that_cannot_be_saved_is_refused_before_the_fit(tmp_path, capsys):
    file = tmp_path / "near.py"
    file.write_text(
        "from sklearn.neighbors import KNeighborsClassifier\nfrom bt_fusion import member\n\n"
        "@member('near')\ndef near(seed):\n    return KNeighborsClassifier(50)\n"
    )
    words = ("--data", "random-walk:900", "--plugin", file, "--members", "near")
    assert command("train", *words, "--out", tmp_path / "m") == 2
    printed = capsys.readouterr()
    assert "member near: a sklearn.neighbors" in printed.err
    assert "Classes" not in printed.out  # nothing was counted or fitted


@pytest.mark.parametrize("kept", ["pandas.DataFrame(X)", "lambda: 1", "{1, 2}", "map"])
def test_a_class_that_keeps_what_cannot_be_saved_is_refused_before_the_fit(kept, tmp_path, capsys):
    file = tmp_path / "keeps.py"
    code = BESIDE.replace("return self\n", f"self.kept_ = {kept}\n        return self\n")
    made = "\nfrom bt_fusion import member\n@member('keeps')\ndef keeps(seed): return Fixed()\n"
    file.write_text("import pandas\n" + code + made)
    words = ("--data", "random-walk:900", "--plugin", file, "--members", "keeps")
    assert command("train", *words, "--out", tmp_path / "m") == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("error: ") and "Classes" not in printed.out


def test_a_plug_in_without_py_is_one_clear_error(file):
    with pytest.raises(
        OptionError, match=r"my_parts is not a Python file: its name does not end in"
    ):
        load_plugin(file.rename(file.with_suffix("")))
