"""An audit as text: every kind has a name and a mark."""

import re
from pathlib import Path

import bt_fusion
from bt_fusion.data.bar_audit import audit_bars
from bt_fusion.data.samples import nasdaq
from bt_fusion.report.checks.data_audit import KINDS, audit_line, audit_rows, audits_of, stamp_line
from bt_fusion.report.pictures.data_audit import MARKS, draw_audit

PACKAGE = Path(bt_fusion.__file__).parent / "data" / "bar_audit"


def test_every_kind_that_can_be_found_has_a_name_and_a_mark():
    text = "".join(path.read_text() for path in PACKAGE.glob("*.py"))
    kinds = re.findall(r'Finding\.of\(\s*"(\w+)"', text)
    assert len(kinds) == 9
    assert set(KINDS) == set(MARKS) == set(kinds)


def test_more_than_three_cases_are_not_all_named():
    gaps = {"kind": "gaps", "count": 4, "bars": 9, "first": ["2024-01-01 00:00:00"] * 3}
    assert audit_rows({"findings": [gaps]}) == [
        ["Gaps", "4", "9", "2024-01-01, 2024-01-01, 2024-01-01, ..."]
    ]


def test_a_run_of_an_older_version_has_no_audit():
    assert audits_of({"schema": 2}) == {}


def test_the_nasdaq_in_a_line_and_in_a_picture(tmp_path):
    audit = audit_bars(nasdaq())
    assert audit_line(audit.to_dict()) == (
        "gaps 3 (8 bars, first 2001-09-17), no volume 2 (2 bars, first 2015-05-12)"
    )
    assert stamp_line(audit.to_dict()).startswith("bars of 1d; stamps are of the open: days from")
    path = draw_audit(tmp_path / "audit.png", nasdaq(), audit, "NASDAQ")
    assert path.read_bytes().startswith(b"\x89PNG")
