"""Retries: how often, after how long, and as the other side wishes."""

from email.utils import formatdate
from time import time

import pytest

from bt_fusion.data.online.retries import Retries, RetryableError, retry_after
from bt_fusion.errors import DownloadError


def failing(times, **options):
    """Return a function that fails so many times, and then returns how often it was called."""
    calls = []

    def request():
        calls.append(1)
        if len(calls) <= times:
            raise RetryableError("busy", **options)
        return len(calls)

    return request


def test_the_wait_doubles_and_is_shortened_by_chance(waits):
    assert Retries(tries=8, first=1.0, most=16.0).call(failing(7), say=lambda line: None) == 8
    whole = [1, 2, 4, 8, 16, 16, 16]
    shares = {round(wait / most, 6) for wait, most in zip(waits, whole, strict=True)}
    assert all(0.5 <= share <= 1.0 for share in shares) and len(shares) > 3


def test_the_last_error_is_told_with_the_tries(waits):
    with pytest.raises(DownloadError, match=r"^busy \(3 tries\)$"):
        Retries(tries=3).call(failing(9), say=lambda line: None)
    with pytest.raises(DownloadError, match=r"^busy \(2 tries\)$"):
        Retries(tries=3).call(failing(9, tries=2), say=lambda line: None)
    assert len(waits) == 2 + 1


def test_a_requested_wait_is_kept_and_reported(waits):
    messages = []
    assert Retries().call(failing(1, wait=30.0), messages.append) == 2
    assert waits == [30.0] and messages == ["Waiting    30 s: busy"]


def test_a_wait_of_hours_is_not_waited(waits):
    with pytest.raises(DownloadError, match="busy; it asks to wait 7,200 s, run it again then"):
        Retries().call(failing(1, wait=7_200.0))
    assert waits == []


def test_other_errors_are_not_tried_again(waits):
    def request():
        raise KeyError("mine")

    with pytest.raises(KeyError):
        Retries().call(request)
    assert waits == []


def test_a_date_to_wait_for_is_seconds():
    assert 85 <= retry_after(formatdate(time() + 90, usegmt=True)) <= 91
    assert retry_after(formatdate(time() - 90, usegmt=True)) == 0.0
