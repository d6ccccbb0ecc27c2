"""What all tests share: a cache of their own, and bars made once."""

import os

import pytest
from hypothesis import settings

from bt_fusion.samples import planted_edge, sp500

settings.register_profile("tests", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("tests")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Keep the tests' refits away from the user's cache folder."""
    os.environ["BT_FUSION_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def daily():
    """Real bars: the S&P 500, 5,031 days."""
    return sp500()


@pytest.fixture(scope="session")
def edge():
    """Synthetic bars with an edge that a small model finds."""
    return planted_edge(1_500, seed=3, auc=0.75)
