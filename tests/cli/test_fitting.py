"""Output that fits the width of the terminal."""

from io import StringIO

import pytest
from rich.console import Console, Group
from rich.text import Text

from bt_fusion.cli.fitting import fitted, wrapped
from bt_fusion.report.terminal.titled import titled

LINE = "Robust     profit factor as traded 0.85, a bar later 0.90"
CUT = "Robust     profit factor as\n           traded 0.85, a bar\n           later 0.90"


def console(width, terminal):
    return Console(
        file=StringIO(), width=width, force_terminal=terminal, color_system=None, soft_wrap=True
    )


def shown(part, width, terminal=True):
    """What a console prints of a part."""
    screen = console(width, terminal)
    screen.print(fitted(part, screen))
    return screen.file.getvalue()


@pytest.mark.parametrize("line", [LINE, Text(LINE)])
def test_a_line_is_broken_between_words_below_its_text(line):
    assert str(wrapped(line, 30)) == CUT
    assert str(wrapped(line, len(LINE))) == LINE


def test_a_line_without_a_label_is_not_indented():
    plain = "Confidence of the side is its probability"
    assert str(wrapped(plain, 26)) == "Confidence of the side is\nits probability"


def test_styles_survive():
    line = Text.assemble("Verdict    ", ("no evidence", "bold yellow"), ": too few trades for it")
    assert [(span.start, span.end) for span in wrapped(line, 30).spans] == [(11, 22)]


def test_lines_are_whole_in_a_pipe_and_broken_on_a_terminal():
    assert shown(Group(LINE), 30) == CUT + "\n"
    assert shown(Group(LINE), 30, terminal=False) == LINE + "\n"


@pytest.mark.parametrize("terminal", [True, False])
def test_a_table_that_is_too_wide_loses_its_borders_and_no_cell_is_broken(terminal):
    def table():
        made = titled("A title of several words", "", "95 % interval", "Chance, 95 %")
        made.add_row("Expectancy a trade", "-0.197 % to 0.824 %", "-0.407 % to 0.550 %")
        return made

    wide, narrow = shown(table(), 80, terminal), shown(table(), 64, terminal)
    assert "┃" in wide and "┃" not in narrow
    assert "Expectancy a trade -0.197 % to 0.824 %" in narrow.replace("  ", " ")
    assert max(map(len, narrow.splitlines())) <= 64


def test_a_title_is_broken_between_words():
    made = titled("Agreed: its probability reaches the break-even probability", "A", "B")
    made.add_row("1", "2")
    first, second, *_ = shown(Group(made), 40).splitlines()
    assert (first.strip(), second.strip()) == (
        "Agreed: its probability reaches the",
        "break-even probability",
    )
