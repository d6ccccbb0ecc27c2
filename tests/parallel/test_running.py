"""Who does the work: names of schedulers, and what is told without the extra."""

from importlib.util import find_spec

import pytest

from bt_fusion import OptionError, scheduler
from bt_fusion.parallel import run_unordered, shares_disk, worker_count


@pytest.mark.parametrize("name", [None, "threads", "loky"])
def test_work_stays_on_this_machine(name):
    with scheduler(name):
        assert shares_disk()
        assert worker_count(2, 1) == 1 and worker_count(2, 9) == 2
        assert sorted(run_unordered(pow, [(2, n) for n in range(4)], 2)) == [1, 2, 4, 8]


@pytest.mark.skipif(find_spec("distributed") is not None, reason="the extra is here")
def test_without_the_extra_its_name_is_told():
    with pytest.raises(OptionError, match=r'pip install "bt-fusion\[distributed\]"'):
        scheduler("dask").__enter__()
