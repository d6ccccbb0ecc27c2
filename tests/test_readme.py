"""What the README shows, runs."""

import re
from pathlib import Path

import bt_fusion

README = Path(bt_fusion.__file__).resolve().parent.parent / "README.md"


def test_the_drop_in_example_runs_as_it_stands(capsys):
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)
    assert len(blocks) == 1
    assert len([line for line in blocks[0].splitlines() if line.strip()]) < 30
    namespace = {"__name__": "readme"}
    exec(compile(blocks[0], str(README), "exec"), namespace)
    value = float(capsys.readouterr().out)
    assert value != 10_000  # it traded
    ml = namespace["cerebro"].runningstrats[0].ml
    assert sum(p == p for p in ml.probability.array) == 5_031 - 2_000


def test_its_links_lead_somewhere():
    links = re.findall(r"\]\((?!http)([^)]+)\)", README.read_text())
    assert len(links) > 5
    assert [link for link in links if not (README.parent / link).exists()] == []
