"""Each section has its heading, and no heading is left over."""

from bt_fusion.report.charts.headings import HEADINGS
from bt_fusion.report.html.sections import PLAN
from bt_fusion.report.pictures.run import PICTURES


def test_sections_and_pictures_share_their_headings():
    assert set(PLAN) == set(HEADINGS)
    assert {heading for heading, _, _ in PICTURES.values()} <= set(HEADINGS)
    titles = [heading.title for heading in HEADINGS.values()]
    assert len(titles) == len(set(titles))
