"""Errors are the builtins they stand for, and names come with a hint."""

import pytest

import bt_fusion
from bt_fusion import errors
from bt_fusion.errors import unknown_name

KINDS = ["BarsError", "InSampleError", "OptionError", "TrainingError"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_ours_and_a_value_error(kind):
    assert issubclass(getattr(errors, kind), errors.BtFusionError)
    assert issubclass(getattr(errors, kind), ValueError)


def test_a_part_of_another_model_is_both_a_broken_model_and_one_that_does_not_fit():
    assert issubclass(errors.PartError, errors.BundleError)
    assert issubclass(errors.PartError, errors.ModelCompatibilityError)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("soft ", "unknown voting 'soft ': did you mean 'soft'? Known: majority, soft"),
        ("Majority", "unknown voting 'Majority': did you mean 'majority'? Known: majority, soft"),
        ("xyz", "unknown voting 'xyz': Known: majority, soft"),
        (None, "unknown voting None: Known: majority, soft"),
    ],
)
def test_the_nearest_name_is_offered(given, message):
    assert str(unknown_name("voting", given, ("soft", "majority"))) == message


def test_every_public_name_can_be_imported():
    for name in bt_fusion.__all__:
        assert getattr(bt_fusion, name).__name__ == name
    assert set(bt_fusion.__all__) <= set(dir(bt_fusion))
    with pytest.raises(AttributeError, match="no attribute 'Bars'"):
        _ = bt_fusion.Bars
