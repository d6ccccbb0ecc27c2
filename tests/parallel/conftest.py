"""A cluster that all tests of a process share."""

import pytest

from tests.parallel.clusters import running_cluster


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """The URL of a cluster of two workers."""
    with running_cluster(tmp_path_factory.mktemp("away")) as address:
        yield f"dask://{address}"
