"""The documentation says what the code does."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
DECISIONS = ROOT / "docs" / "decisions"
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)|!\[[^\]]*\]\((?!https?:)([^)\s]+)\)")
FRAGMENT = re.compile(r"^[a-z0-9-]+\.(added|changed|fixed|removed|security)\.md$")


def pages() -> list[Path]:
    return [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("changes/*.md")]


def test_no_page_links_to_a_file_that_is_not_there():
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages()
        for found in LINK.finditer(page.read_text())
        if not (page.parent / (target := found[1] or found[2])).exists()
    ]

    assert broken == []


def test_each_decision_says_what_forced_it_what_it_costs_and_what_would_change_it():
    expected = ["What forced the choice", "What was chosen", "What it costs", "What would change it"]
    headings = {
        decision.name: re.findall(r"^## (.+)$", decision.read_text(), re.MULTILINE)
        for decision in DECISIONS.glob("[0-9]*.md")
    }

    assert {name: found for name, found in headings.items() if found != expected} == {}


def test_decisions_are_numbered_without_gaps_and_all_listed():
    numbered = sorted(DECISIONS.glob("[0-9]*.md"))
    listed = (DECISIONS / "README.md").read_text()

    assert [int(path.name[:4]) for path in numbered] == list(range(1, len(numbered) + 1))
    assert [path.name for path in numbered if path.name not in listed] == []


def test_every_change_fragment_says_which_kind_of_change_it_is():
    fragments = [path.name for path in (ROOT / "changes").glob("*.md") if path.name != "README.md"]

    assert [name for name in fragments if not FRAGMENT.match(name)] == []


def test_the_verbs_that_the_pages_name_exist_in_the_makefile():
    verbs = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        (str(page.relative_to(ROOT)), verb)
        for page in pages()
        for verb in re.findall(r"`make ([a-z-]+)", page.read_text())
    }

    assert {(page, verb) for page, verb in named if verb not in verbs} == set()


def test_make_without_a_verb_lists_the_verbs_with_what_they_do():
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    for verb in ("setup", "demo", "test", "check", "chaos", "bench"):
        assert re.search(rf"^make {verb} +\S", listed, re.MULTILINE), verb
