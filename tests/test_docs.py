"""The documentation says what the code does."""

import json
import os
import re
import shlex
import subprocess
import textwrap
import tomllib
from pathlib import Path

import click
import pytest
import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bot import errors, settings
from bot.cli import main
from bot.desk.commands import COMMANDS
from bot.desk.contract import as_object
from bot.model.answer import Answer, AnswerKind
from bot.model.finding import ActionKind
from bot.settings import load
from bot.store.tables import metadata
from companion import settings as companion_settings
from tools.access_page import page as access_page
from tools.symptom_pictures import PICTURES

ROOT = Path(__file__).parent.parent
DECISIONS = ROOT / "docs" / "decisions"
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)|!\[[^\]]*\]\((?!https?:)([^)\s]+)\)")
SHELL = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
TOML = re.compile(r"^ *```toml\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
OUR_PATH = re.compile(r"`((?:bot|handlers|companion|templates|tools|sandbox|tests)/[\w./-]*)`")
PROGRAMS = {
    "sandbox": {"--scenario", "--port", "--speed"},
    "workspace": {"--port", "--manifest", "--config"},
    "companion": {"--config"},
}
"""Options of the programs that `nimdesk` starts without looking at their words."""
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


# --- The pages against the code --------------------------------------------------------------------------------------


def shell_lines() -> list[tuple[str, list[str]]]:
    """Every command of the pages' shell blocks as words, with its page."""
    found = []
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")]:
        for block in SHELL.findall(page.read_text()):
            for line in textwrap.dedent(block).splitlines():
                command = line.split(" | ")[0].split("  #")[0]
                found += [
                    (page.name, shlex.split(part.replace("<", "").replace(">", "")))
                    for part in command.split(" && ")
                    if part.strip() and not part.lstrip().startswith("#")
                ]
    return found


def test_shell_blocks_use_only_commands_and_options_of_the_program():
    unknown: list[tuple[str, list[str]]] = []
    seen = 0
    for page, words in shell_lines():
        if words[0].removeprefix(".venv/bin/") != "nimdesk":
            continue
        seen += 1
        command: click.Command = main
        given = words[1:]
        while given and isinstance(command, click.Group) and given[0] in command.commands:
            command, given = command.commands[given[0]], given[1:]
        if isinstance(command, click.Group) and given[:1] != ["--help"]:
            unknown.append((page, words))
            continue
        options = {name for option in command.params for name in option.opts}
        if command.name in PROGRAMS:
            options |= PROGRAMS[command.name]
        unknown += [(page, [word]) for word in given if word.startswith("--") and word not in options | {"--help"}]

    assert seen > 10
    assert unknown == []


def test_shell_blocks_start_only_python_programs_that_are_there():
    started = [
        (page, word)
        for page, words in shell_lines()
        for word in words
        if word.startswith("tools/") or word.endswith(".py")
    ]

    assert [(page, word) for page, word in started if not (ROOT / word).exists()] == []


def test_scenarios_that_pages_name_are_shipped():
    shipped = [path.stem for path in (ROOT / "sandbox" / "scenarios").glob("*.toml")]
    named = [
        (page.name, name)
        for page in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]
        for name in re.findall(r"SCENARIO=([\w-]+)|`(s\d\d-[\w-]+)`", page.read_text())
        for name in name
        if name
    ]

    assert named
    assert [one for one in named if not any(path.startswith(one[1]) for path in shipped)] == []


@pytest.mark.parametrize("page", ["README.md", "docs/install.md"])
def test_settings_that_pages_print_are_accepted(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("NIMDESK_"):
            monkeypatch.delenv(name)
    (tmp_path / "secrets").mkdir()
    for name in ("slack-bot", "slack-app", "nim", "nim-test", "companion"):
        (tmp_path / "secrets" / name).write_text("secret\n")
    whole = [
        text for block in TOML.findall((ROOT / page).read_text()) if "client_domain" in (text := textwrap.dedent(block))
    ]
    (tmp_path / "nimdesk.toml").write_text(whole[0])

    settings = load()

    assert settings.environments["production"].client_secret.get_secret_value() == "secret"
    assert all(load(written(tmp_path, text)) for text in whole)


def test_the_companions_settings_that_the_page_prints_are_accepted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    block = next(text for text in TOML.findall((ROOT / "docs/install.md").read_text()) if "certificate" in text)
    (tmp_path / "companion-token").write_text("0123456789abcdef\n")

    read = companion_settings.load(written(tmp_path, block.replace("C:/identitymanager", tmp_path.as_posix())))

    assert read.port == 8443


def written(folder: Path, text: str) -> Path:
    file = folder / "printed.toml"
    file.write_text(text)
    return file


SECTIONS: dict[str, type[BaseModel]] = {
    "[slack]": settings.SlackSettings,
    "[http]": settings.HttpSettings,
    "[store]": settings.StoreSettings,
    "[environments.NAME]": settings.EnvironmentSettings,
    "[environments.NAME.person]": settings.PersonSettings,
    "[access]": settings.AccessSettings,
    "[templates]": settings.TemplateSettings,
    "[network]": settings.NetworkSettings,
    "[watch]": settings.WatchSettings,
    "[[routes]]": settings.RouteSettings,
    "[companion]": companion_settings.Settings,
    "[companion.folders]": companion_settings.Folders,
    "[companion.logs]": companion_settings.Logs,
}


def documented(section: str) -> dict[str, str]:
    """Key → default, as docs/settings.md has them."""
    text = (ROOT / "docs" / "settings.md").read_text()
    part = re.search(rf"^###? `{re.escape(section)}`\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    assert part, f"docs/settings.md has no heading {section}"
    return dict(re.findall(r"^\| `(\w+)` \|.*\| ([^|]+) \|$", part[1], re.MULTILINE))


def default_of(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.default
    if isinstance(value, BaseModel):
        return "see below"
    if value is None:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


@pytest.mark.parametrize("section", SECTIONS)
def test_every_setting_is_explained_with_its_default(section):
    expected = {name: default_of(field) for name, field in SECTIONS[section].model_fields.items()}
    if section == "[companion.logs]":
        expected["line"] = "Serilog's usual lines"

    assert documented(section) == expected


def test_every_section_of_the_settings_has_its_heading():
    covered = {re.sub(r"[\[\]]", "", section).split(".")[0] for section in SECTIONS}

    assert set(settings.Settings.model_fields) == covered


def test_every_secret_says_that_a_file_can_hold_it():
    for section, model in SECTIONS.items():
        for secret in getattr(model, "secrets", ()):
            assert f"`{secret}_file`" in (ROOT / "docs" / "settings.md").read_text(), (section, secret)


def test_every_command_of_help_is_explained_and_no_other():
    headings = re.findall(r"^### `(.+)`$", (ROOT / "docs" / "commands.md").read_text(), re.MULTILINE)

    assert sorted(headings) == sorted(command.usage for command in COMMANDS if command.usage)


def test_every_metric_is_explained_and_no_other():
    source = "".join(path.read_text() for room in ("bot", "handlers") for path in (ROOT / room).rglob("*.py"))
    made = set(re.findall(r"(?:Counter|Gauge|Histogram)\(\s*\"(nimdesk_\w+)\"", source))
    explained = re.findall(r"^\| `(nimdesk_\w+)", (ROOT / "docs" / "operate.md").read_text(), re.MULTILINE)

    assert len(made) > 5
    assert set(explained) == made


def test_every_button_of_an_answer_is_explained():
    source = "".join((ROOT / "bot" / "slack" / name).read_text() for name in ("deck.py", "render.py"))
    made = set(re.findall(r'Press\(\s*"([^"]+)"', source))
    explained = (ROOT / "docs" / "commands.md").read_text()

    assert len(made) > 5
    assert [label for label in made if f"*{label}*" not in explained] == []


def test_the_page_of_roles_is_what_the_code_decides():
    assert (ROOT / "docs" / "access.md").read_text() == access_page(), "run tools/access_page.py"


def codes(error: type[errors.DeskError]) -> set[str]:
    return {error.code}.union(*(codes(one) for one in error.__subclasses__() if one.__module__ == errors.__name__))


def test_every_error_has_a_heading_and_no_other():
    headings = re.findall(r"^## `(.+)`$", (ROOT / "docs" / "errors.md").read_text(), re.MULTILINE)

    assert set(headings) == codes(errors.DeskError)


def test_every_field_of_the_object_for_scripts_is_explained_and_in_the_example():
    page = (ROOT / "docs" / "ask.md").read_text()
    made = set(as_object(Answer(kind=AnswerKind.ANSWER, title="", text="")))
    table = page.split("## Fields")[1].split("## An example")[0]
    rows = re.findall(r"^\| (`.+?`) \|", table, re.MULTILINE)
    (example,) = re.findall(r"```json\n(.+?)```", page, re.DOTALL)

    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == made
    assert set(json.loads(example)) == made


def test_every_action_that_scripts_may_meet_is_listed():
    page = (ROOT / "docs" / "ask.md").read_text()
    later = {"release_rest"}

    assert [kind.value for kind in ActionKind if kind.value not in later and f"`{kind.value}`" not in page] == []


def test_paths_that_pages_name_are_there():
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SOURCES.md", *ROOT.glob("docs/*.md")]
    named = {(page.name, path) for page in pages for path in OUR_PATH.findall(page.read_text()) if "NAME" not in path}

    assert len(named) > 20
    assert {one for one in named if not (ROOT / one[1]).exists() and not (ROOT / f"{one[1]}.py").exists()} == set()


# --- The symptoms ----------------------------------------------------------------------------------------------------

SYMPTOMS = ROOT / "docs" / "symptoms"


def page_of(number: int) -> Path:
    return next(SYMPTOMS.glob(f"{number}-*.md"))


@pytest.mark.parametrize("number", range(1, 9))
def test_a_symptoms_page_says_all_that_a_helpdesk_needs(number):
    headings = re.findall(r"^## (.+)$", page_of(number).read_text(), re.MULTILINE)

    assert headings == [
        "What nimdesk looks at",
        "What it tells apart",
        "What it offers",
        "How you know that it worked",
        "What looks alike",
        "What it cannot know",
    ]


@pytest.mark.parametrize("number", range(1, 9))
def test_a_symptoms_page_explains_each_row_that_the_code_can_name(number):
    source = "".join(path.read_text() for path in (ROOT / "bot" / "diagnosis").rglob("*.py"))
    named = set(re.findall(rf'"({number}[a-o])"', source))
    explained = set(re.findall(rf"^\| ({number}[a-o]) \|", page_of(number).read_text(), re.MULTILINE))

    assert named
    assert named - explained == set()


@pytest.mark.parametrize("number", range(1, 9))
def test_a_symptoms_page_shows_a_picture_that_a_program_makes(number):
    pictures = {picture.number: picture.file for picture in PICTURES}

    assert pictures[number].exists()
    assert f"../images/symptoms/{pictures[number].name}" in page_of(number).read_text()


def test_every_rule_of_every_symptom_is_done_or_exempt_with_a_reason():
    quality = yaml.safe_load((SYMPTOMS / "quality.yaml").read_text())
    rules = {"picture", "rows", "scenarios", "offers", "walk"}

    assert sorted(quality) == list(range(1, 9))
    assert {number for number, given in quality.items() if set(given) != rules} == set()
    for number, given in quality.items():
        for rule, standing in given.items():
            assert standing == "done" or len(standing["exempt"]) > 20, (number, rule)


@pytest.mark.parametrize("number", range(1, 9))
def test_at_least_three_shipped_worlds_hold_each_symptom(number):
    asked = [
        tomllib.loads(path.read_text()).get("acceptance", {}) for path in (ROOT / "sandbox/scenarios").glob("s*.toml")
    ]

    assert sum(one.get("symptom") == number for one in asked) >= 3


# --- The sources -----------------------------------------------------------------------------------------------------

NAMED_SOURCE = re.compile(r"(nim-api|troubleshooting|slack-platform),? (?:chapter )?(\d+(?:\.\d+)?)")


def test_every_source_that_code_names_is_a_row():
    rows = set()
    for kind, table in re.findall(
        r"^\| (nim-api|troubleshooting|slack-platform) \|(.*?)(?=^## |\Z)",
        (ROOT / "SOURCES.md").read_text(),
        re.MULTILINE | re.DOTALL,
    ):
        rows |= {(kind, number) for number in re.findall(r"^\| (\d[\d.]*) \|", table, re.MULTILINE)}
    named = {
        (found, path.relative_to(ROOT).as_posix())
        for folder in ("bot", "handlers", "companion")
        for path in (ROOT / folder).rglob("*.py")
        for found in NAMED_SOURCE.findall(path.read_text())
    }

    assert len(named) > 20
    assert {one for one in named if one[0] not in rows} == set()


def test_every_source_says_how_far_to_trust_it():
    standings = ("documented", "seen", "inferred", "choice", "situation documented", "the advice documented")
    lines = re.findall(r"^\| \d[\d.]* \|.+$", (ROOT / "SOURCES.md").read_text(), re.MULTILINE)

    assert len(lines) > 60
    assert [line for line in lines if not line.split(" | ")[2].startswith(standings)] == []


def test_the_security_page_says_what_each_table_holds():
    part = (ROOT / "docs" / "security.md").read_text().split("## What is stored")[1].split("\n## ")[0]
    listed = {name for row in re.findall(r"^\| ([a-z_, ]+) \|", part, re.MULTILINE) for name in row.split(", ")}

    assert listed - {"table"} == set(metadata.tables)


def test_every_safety_rule_that_code_names_is_a_row():
    rows = set(re.findall(r"^\| (\d+) \|", (ROOT / "docs" / "security.md").read_text(), re.MULTILINE))
    named = {
        (number, path.relative_to(ROOT).as_posix())
        for folder in ("bot", "handlers", "companion")
        for path in (ROOT / folder).rglob("*.py")
        for found in re.findall(r"[Ss]afety(?: rules?)? (\d+(?:(?:, | and | to )\d+)*)", path.read_text())
        for number in re.findall(r"\d+", found)
    }

    assert named
    assert {one for one in named if one[0] not in rows} == set()
