"""The docs site: its blocks run and print what is shown, its references name all there is."""

import doctest
import json
import re
from importlib import import_module
from itertools import chain

import pytest

from bt_fusion.cli.main import app
from docs.making.api import NAMED_FOLDERS, homes, names_of
from docs.making.blocks import PageRun, blocks
from docs.making.commands import command_reference
from docs.making.links import ROOT, linked_files, relinked
from docs.making.outputs import ELSEWHERE, page_folder, pages, refreshed, run_page

pytestmark = pytest.mark.usefixtures("registers")

NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
SUMMARY = (ROOT / "docs" / "reference" / "summary.md").read_text()
MADE_ELSEWHERE = {"command"}  # the command line adds it


def name(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", pages(), ids=name)
def test_the_blocks_of_a_page_run_and_print_what_it_shows(page, tmp_path):
    for block, printed in run_page(page, tmp_path):
        refreshed(block.code, printed)  # raises where words differ


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=name)
def test_a_notebook_runs_and_is_stored_without_outputs(notebook, tmp_path):
    cells = [cell for cell in json.loads(notebook.read_text())["cells"] if "outputs" in cell]
    assert len(cells) >= 5
    assert [cell for cell in cells if cell["outputs"] or cell["execution_count"]] == []
    names = {"__name__": "__main__"}
    with page_folder(tmp_path):
        for cell in cells:
            exec("".join(cell["source"]), names)
    assert "result" in names


def test_every_block_is_of_a_kind_that_is_checked():
    for page in pages():
        text = page.read_text()
        found = [*blocks(text)]
        fences = len(re.findall(r"^```", text, re.MULTILINE))
        hidden = len(re.findall(r"^<!-- run: ", text, re.MULTILINE))
        assert 2 * (len(found) - hidden) == fences, page
        for block in found:
            assert block.language in ("python", "sh", "text", "output"), (page, block.line)
            elsewhere = block.comment.startswith("not run: ")
            assert block.language in ("python", "sh") or block.shows_output or elsewhere, (
                page,
                block.line,
            )


def test_the_home_page_shows_what_the_first_result_shows():
    (shown,) = (
        block.code
        for block in blocks((ROOT / "docs" / "index.md").read_text())
        if block.language == "output"
    )
    assert shown in (ROOT / "docs" / "first_result.md").read_text()


def test_pages_with_tests_of_their_own_are_there():
    assert {page.stem for page in (ROOT / "docs").glob("*.md")} >= ELSEWHERE


@pytest.mark.parametrize("module", ["api", "blocks", "commands", "links", "outputs"])
def test_the_examples_of_the_docs_own_code_hold(module):
    found = doctest.testmod(import_module(f"docs.making.{module}"))
    assert found.failed == 0 and found.attempted > 0


def test_an_output_in_other_words_is_an_error():
    with pytest.raises(LookupError, match="Trades 3"):
        refreshed("AUC 0.5\n...\nTrades 3\n", "AUC 0.6\nOrders 4\n")


def test_a_command_that_fails_stops_the_page(tmp_path):
    run = PageRun("page", tmp_path)
    (block,) = blocks("```sh\nbt-fusion show missing\n```\n")
    with page_folder(tmp_path), pytest.raises(RuntimeError, match="exit code 2"):
        run.run(block)


def test_a_program_that_is_not_known_is_an_error(tmp_path):
    (block,) = blocks("```sh\nrm file\n```\n")
    with pytest.raises(ValueError, match="mark it <!-- not run: reason -->"):
        PageRun("page", tmp_path).run(block)


def test_the_command_reference_has_every_command_and_option():
    import typer

    reference = command_reference()
    commands = typer.main.get_command(app).commands
    assert re.findall(r"^## (\S+)", reference, re.MULTILINE) == [*commands]
    options = chain.from_iterable(param.opts for each in commands.values() for param in each.params)
    assert [
        option for option in options if option.startswith("-") and option not in reference
    ] == []


def test_the_python_reference_has_every_public_name_once():
    pattern = r"<!-- generated: api (.*) -->"
    marks = [
        re.search(pattern, page.read_text())[1].split()
        for page in sorted((ROOT / "docs" / "reference" / "python").glob("*.md"))
    ]
    shown = [path for packages in marks for path in names_of(*packages)]
    assert sorted(shown) == sorted(f"{home}.{name}" for name, home in homes())
    for folder in NAMED_FOLDERS:
        assert [path for path in shown if path.startswith(f"{folder}.")]


def test_the_table_of_names_has_those_of_the_top():
    import bt_fusion

    page = (ROOT / "docs" / "reference" / "python.md").read_text()
    packages = re.search(r"<!-- generated: names (.*) -->", page)[1].split()
    shown = [path.rpartition(".")[2] for path in names_of(*packages)]
    assert sorted(shown) == bt_fusion.__all__


def leaves(value, path=""):
    """Every place in a summary, as the page writes it."""
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from leaves(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from leaves(value[0], f"{path}[]")
    else:
        yield path


def covers(row, leaf):
    pattern = re.escape(row).replace(r"\*", r"[^.\[\]]+")
    return re.match(rf"{pattern}(?:$|\.|\[)", leaf)


@pytest.fixture(scope="module")
def summary_rows():
    cells = re.findall(r"^\| (`.*?) \|", SUMMARY, re.MULTILINE)
    return [row for cell in cells for row in re.findall(r"`([^`]+)`", cell)]


def test_the_reference_names_every_key_of_a_summary(run_folder, summary_rows):
    found = [*leaves(json.loads((run_folder / "summary.json").read_text()))]
    assert len(found) > 300
    assert [leaf for leaf in found if not any(covers(row, leaf) for row in summary_rows)] == []


def test_the_reference_names_no_key_that_is_not_there(run_folder, summary_rows):
    found = [*leaves(json.loads((run_folder / "summary.json").read_text()))]
    missing = [row for row in summary_rows if not any(covers(row, leaf) for leaf in found)]
    assert set(missing) <= MADE_ELSEWHERE


def test_links_out_of_the_docs_lead_to_files_of_the_site():
    files = [*linked_files()]
    assert "examples/paper_trading.py" in files
    assert [file for file in files if not (ROOT / file).is_file()] == []
    link = "[a](../../examples/paper_trading.py)"
    assert relinked(link, "howto/live.md") == "[a](../source/examples/paper_trading.py)"
