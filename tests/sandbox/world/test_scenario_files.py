"""The format of scenario files, and its documentation."""

from __future__ import annotations

import typing
from pathlib import Path

import pytest
from pydantic import BaseModel

from sandbox.identity_manager.world import scenario
from sandbox.identity_manager.world.moments import instant
from sandbox.identity_manager.world.scenario import ACTS, BadScenario, Scenario, read, shipped
from sandbox.identity_manager.world.systems.table import FILE_FAULTS

DOCUMENT = (Path(__file__).parents[3] / "docs" / "scenarios.md").read_text(encoding="utf-8")
MODELS = (
    Scenario,
    scenario.Time,
    scenario.Server,
    scenario.Chaos,
    scenario.Group,
    scenario.LeverDefinition,
    scenario.Confounder,
    scenario.Scale,
)


def section(heading: str) -> str:
    _, found, rest = DOCUMENT.partition(f"\n{heading}\n")
    assert found, f"docs/scenarios.md has no {heading}"
    level = heading.split(maxsplit=1)[0]
    return rest.split(f"\n{level} ")[0]


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_every_key_is_documented(model: type[BaseModel]) -> None:
    missing = [name for name in model.model_fields if f"`{name}`" not in DOCUMENT]
    assert not missing


@pytest.mark.parametrize("act", ACTS, ids=lambda a: a.__name__)
def test_every_act_and_its_keys_are_documented(act: type[BaseModel]) -> None:
    (kind,) = typing.get_args(act.model_fields["do"].annotation)
    text = section(f"#### `{kind}`")
    missing = [name for name in act.model_fields if name not in {"do", "at"} and f"`{name}`" not in text]
    assert not missing


def test_every_kind_of_file_fault_is_documented() -> None:
    text = section("#### `file-fault`")
    assert not [kind for kind in FILE_FAULTS if f"`{kind}`" not in text]


def test_every_shipped_file_can_be_read() -> None:
    for name in shipped():
        assert read(name).name == name


def test_an_acceptance_table_makes_no_difference(tmp_path: Path) -> None:
    plain, labelled = tmp_path / "plain.toml", tmp_path / "labelled.toml"
    plain.write_text('name = "one"\npeople = 30\n', encoding="utf-8")
    labelled.write_text(
        'name = "one"\npeople = 30\n[acceptance]\ncause = "5a"\nanything = { deep = [1, 2] }\n', encoding="utf-8"
    )
    assert read(plain).model_dump() == read(labelled).model_dump()


def test_a_profile_can_be_asked_for() -> None:
    assert read("leavers-rights").settings("harsh").profile == "harsh"
    assert read("leavers-rights").settings(None).profile == "plain"
    with pytest.raises(BadScenario, match="plain and harsh"):
        read("leavers-rights").settings("rough")


def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text("poeple = 30\n", encoding="utf-8")
    with pytest.raises(BadScenario, match=r"wrong\.toml: poeple"):
        read(file)


def test_an_unknown_scenario_or_confounder_is_answered_with_those_there_are() -> None:
    with pytest.raises(BadScenario, match="leavers-rights"):
        read("nonsense")
    with pytest.raises(BadScenario, match="job_running"):
        read("s24+nonsense")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now-4h", 1_772_500_000 - 14_400),
        ("now-1d+30m", 1_772_500_000 - 86_400 + 1800),
        ("night", 1_772_416_800),
        ("22:05", 1_772_489_100),
        ("02:00-1d", 1_772_416_800 - 86_400),
        ("2026-03-01T03:00:00Z", 1_772_334_000),
    ],
)
def test_times_are_relative_to_the_present(text: str, expected: float) -> None:
    assert instant(text, 1_772_500_000, 0) == expected


@pytest.mark.parametrize(("past_two", "expected"), [(-1, -1), (0, 1800), (1799, 1800), (1800, 1800), (9000, 9000)])
def test_no_world_begins_while_the_nights_runs_are_under_way(past_two: int, expected: int) -> None:
    two_in_the_morning = 1_772_416_800
    world = read("leavers-rights")
    assert world.present(two_in_the_morning + past_two) == two_in_the_morning + expected


def test_a_text_that_is_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="is no time"):
        instant("yesterday", 0, 0)
