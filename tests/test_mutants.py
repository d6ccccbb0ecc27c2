"""Planted faults of the purge fit the code; benchmarks/mutants.py runs the tests against each."""

import pytest

from benchmarks.mutants import MUTANTS, Mutant
from benchmarks.timing import ROOT


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_can_be_planted(mutant, tmp_path):
    path = tmp_path / mutant.file
    path.parent.mkdir(parents=True)
    text = (ROOT / mutant.file).read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    assert mutant.apply(tmp_path) == text
    changed = path.read_text(encoding="utf-8")
    assert changed != text and mutant.new in changed
    compile(changed, mutant.file, "exec")
    assert all((ROOT / place).exists() for place in mutant.tests)


def test_a_mutant_of_another_text_says_so(tmp_path):
    (tmp_path / "a.py").write_text("x = 1\nx = 1\n")
    for old, times in (("y", 0), ("x = 1", 2)):
        with pytest.raises(LookupError, match=f"mutant 'm': a.py holds '{old}' {times} times"):
            Mutant("m", "a.py", old, "z", ()).apply(tmp_path)


def test_names_are_their_own():
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) > 35
