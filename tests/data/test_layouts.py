"""Files as they come in the world: each is read to the exact bars, or refused with the reason."""

import pandas as pd
import pytest

from bt_fusion import BarsError, read_bars
from tests.data.layouts_read import EXCHANGES, PLATFORMS, VENDORS, WRITING
from tests.data.layouts_refused import REFUSED

READ = EXCHANGES | PLATFORMS | VENDORS | WRITING


@pytest.fixture
def saved(tmp_path):
    def save(case):
        path = tmp_path / case.name
        content = case.content
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return save


def test_the_table_is_as_long_as_promised():
    assert len(READ) == sum(map(len, (EXCHANGES, PLATFORMS, VENDORS, WRITING))) >= 80
    assert len(REFUSED) >= 40


@pytest.mark.parametrize("name", READ)
def test_a_file_is_read_to_the_exact_bars_and_says_what_was_assumed(saved, name):
    case, report = READ[name], []
    bars = read_bars(saved(case), report=report)
    assert bars.index.tolist() == [pd.Timestamp(stamp) for stamp in case.stamps]
    assert bars.index.tz is None and bars.index.unit == "ns"
    assert list(bars.columns) == ["open", "high", "low", "close", "volume"]
    assert bars.to_numpy().tolist() == [list(row) for row in case.rows]
    assert report == list(case.report)


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_is_refused_with_its_path_and_the_reason(saved, name):
    case = REFUSED[name]
    path = saved(case)
    with pytest.raises(BarsError, match=case.reason) as error:
        read_bars(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)
