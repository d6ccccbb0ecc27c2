"""The terminal: errors and warnings as one line."""

import os
import signal
import warnings
from contextlib import suppress

import pytest
from rich.table import Table

from bt_fusion.cli.screen import Screen, exit_on_error, reported_interruption, warnings_as_lines
from bt_fusion.errors import BarsError, BtFusionWarning, FileError, OptionError


def test_each_of_our_warnings_is_one_line_and_comes_once(capsys):
    with warnings_as_lines():
        for _ in range(2):
            warnings.warn("no model\n for bars 4..9", BtFusionWarning, stacklevel=1)
        warnings.warn("no model for bars 10..12", BtFusionWarning, stacklevel=1)
    shown = capsys.readouterr()
    assert shown.err == ("Warning    no model for bars 4..9\nWarning    no model for bars 10..12\n")
    assert shown.out == ""


def test_names_are_no_markup(capsys):
    table = Table("[bold]", title="[/nope] :smile:")
    table.add_row("B[red]")
    Screen().show(table)
    shown = capsys.readouterr().out
    assert all(text in shown for text in ("[bold]", "[/nope] :smile:", "B[red]"))


def test_the_warnings_of_others_stay_as_they_are(capsys):
    with pytest.warns(FutureWarning, match="soon"), warnings_as_lines():
        warnings.warn("soon", FutureWarning, stacklevel=1)
    assert capsys.readouterr().err == ""


def test_outside_a_command_ours_are_warnings_again():
    with warnings_as_lines():
        pass
    with pytest.warns(BtFusionWarning, match="no model"):
        warnings.warn("no model", BtFusionWarning, stacklevel=1)


def test_an_error_ends_with_2_and_an_interruption_with_130(capsys):
    for error, code, text in (
        (OptionError("no such place"), 2, "error: no such place\n"),
        (OptionError("several\n  lines"), 2, "error: several lines\n"),
        (PermissionError(13, "Permission denied", "a.csv"), 2, "error: a.csv: Permission denied\n"),
        (FileError("a.csv cannot be written"), 2, "error: a.csv cannot be written\n"),
        (KeyboardInterrupt(), 130, "interrupted; refits are kept\n"),
    ):
        with pytest.raises(SystemExit) as end, exit_on_error("refits are kept"):
            raise error
        assert end.value.code == code and capsys.readouterr().err == text


def imported_while_interrupted():
    """What a library makes of a Ctrl-C while it is imported."""
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt as error:
        raise ImportError("initialization failed") from error


def test_an_import_that_was_interrupted_is_an_interruption(capsys):
    with pytest.raises(SystemExit) as end, exit_on_error("refits are kept"):
        imported_while_interrupted()
    assert end.value.code == 130 and capsys.readouterr().err == "interrupted; refits are kept\n"
    with pytest.raises(ImportError, match="no such module"), exit_on_error("refits are kept"):
        raise ImportError("no such module")


def test_an_interruption_taken_for_a_fault_of_a_file_is_an_interruption(capsys):
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)  # a background ignores it
    try:
        with pytest.raises(SystemExit) as end, exit_on_error("refits are kept"):
            with suppress(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
            raise BarsError("a.csv: broken CSV")
    finally:
        signal.signal(signal.SIGINT, usual)
    assert end.value.code == 130 and capsys.readouterr().err == "interrupted; refits are kept\n"


@pytest.mark.parametrize("end", [SystemExit(130), KeyboardInterrupt(), None])
def test_every_interruption_is_told_once(end, capsys):
    with pytest.raises(SystemExit) as ended, reported_interruption():
        if end is not None:
            raise end
        with exit_on_error("refits are kept"):
            raise KeyboardInterrupt
    assert ended.value.code == 130
    shown = capsys.readouterr().err
    assert shown == ("interrupted\n" if end is not None else "interrupted; refits are kept\n")


@pytest.mark.parametrize("code", [0, 1, 2])
def test_other_ends_stay_as_they_are(code, capsys):
    with pytest.raises(SystemExit) as ended, reported_interruption():
        raise SystemExit(code)
    assert ended.value.code == code and capsys.readouterr().err == ""
