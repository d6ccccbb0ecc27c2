"""`bt-fusion audit`: the table, the JSON and the picture."""

import json

import pandas as pd
import pytest

from bt_fusion.data.samples import random_walk
from tests.cli.running import command


@pytest.fixture
def holed(tmp_path):
    """A file of 500 minutes, five of them missing in two places."""
    bars = random_walk(500).drop(pd.date_range("2024-01-01 02:00", periods=4, freq="min"))
    path = tmp_path / "holed.csv"
    bars.drop(pd.Timestamp("2024-01-01 05:00")).to_csv(path)
    return path


def test_it_names_what_it_found_and_what_to_do(holed, capsys):
    assert command("audit", "--data", holed) == 0
    shown = capsys.readouterr().out
    row = next(line for line in shown.splitlines() if "Gaps" in line)
    assert [cell.strip() for cell in row.split("│")][1:5] == [
        "Gaps",
        "2",
        "5",
        "2024-01-01 02:04, 2024-01-01 05:01",
    ]
    assert "To do: get the missing bars" in shown
    assert "bars of 1m; stamps are of the open or the close" in shown


def test_it_says_so_where_there_is_nothing(capsys):
    assert command("audit", "--data", "random-walk:500") == 0
    assert "500 bars, 2024-01-01 to 2024-01-01 08:19: nothing found" in capsys.readouterr().out


def test_the_tables_as_json_and_the_picture(holed, tmp_path, capsys):
    table, picture = tmp_path / "audit.json", tmp_path / "audit.png"
    assert command("audit", "--data", holed, "--json", table, "--png", picture, "--quiet") == 0
    assert capsys.readouterr().out == ""
    told = json.loads(table.read_text())["data"]
    assert (told["name"], told["bars"]) == ("holed", 495)
    assert [(each["kind"], each["bars"]) for each in told["findings"]] == [("gaps", 5)]
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("option", "file", "message"),
    [
        ("--json", "holed.csv", "holds the bars that are read"),
        ("--png", "holed.csv", "is no PNG file"),
        ("--png", "audit.svg", "give a name that ends in .png"),
    ],
)
def test_a_file_that_must_not_be_written(holed, tmp_path, capsys, option, file, message):
    before = holed.read_bytes()
    assert command("audit", "--data", holed, option, tmp_path / file) == 2
    assert message in capsys.readouterr().err
    assert holed.read_bytes() == before
