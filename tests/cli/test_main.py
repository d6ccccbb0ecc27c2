"""The program as a whole: the script, its help, its exit codes."""

import pytest

from tests.cli.running import FILES, QUICK, ROOT, in_a_process, run, written


def test_unknown_options_and_help(capsys):
    run("--trian-bars", "3", expect=2)
    assert "--train-bars" in capsys.readouterr().err
    run("--help")
    assert "--ml" in capsys.readouterr().out


@pytest.mark.slow
def test_the_script_runs_from_any_folder_without_a_warning(csv, tmp_path):
    argv = [str(ROOT / "run_backtest.py"), "--data", str(csv), *QUICK]
    done = in_a_process("-W", "error::UserWarning", *argv, cwd=tmp_path, MPLBACKEND="TkAgg")
    assert (done.returncode, done.stderr) == (0, "")
    assert written(tmp_path / "results") == FILES


@pytest.mark.slow
def test_ctrl_c_ends_with_130(csv, tmp_path):
    code = (
        "import bt_fusion.models.refit as w\n"
        "def stop(*parts): raise KeyboardInterrupt\n"
        "w.fit_copy = stop\n"
        "from bt_fusion.cli.main import run_backtest\n"
        f"run_backtest(['--data', {str(csv)!r}, '--jobs', '1', '--cache', 'none'])\n"
    )
    done = in_a_process("-c", code, cwd=tmp_path)
    assert done.returncode == 130
    assert (
        done.stderr
        == "interrupted; finished refits are kept in the cache; run the same command again\n"
    )
    assert not (tmp_path / "results").exists()


def test_importing_the_package_is_light(tmp_path):
    code = (
        "import sys, bt_fusion\n"
        "heavy = {'sklearn', 'backtrader', 'xgboost', 'lightgbm', 'pandas'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert in_a_process("-c", code, cwd=tmp_path).stdout == "[]\n"


def test_help_comes_at_once(tmp_path):
    code = (
        "import sys\n"
        "from bt_fusion.cli.main import run_backtest\n"
        "try:\n    run_backtest(['--help'])\n"
        "except SystemExit as end:\n    assert not end.code\n"
        "heavy = {'numpy', 'pandas', 'sklearn', 'backtrader'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert in_a_process("-c", code, cwd=tmp_path).stdout.endswith("\n[]\n")
