"""Scenario files: TOML that states a world and what happens in it. docs/scenarios.md describes every key."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sandbox.identity_manager import interface
from sandbox.identity_manager.world.acts import Happening
from sandbox.identity_manager.world.acts_inside import INSIDE
from sandbox.identity_manager.world.acts_outside import OUTSIDE
from sandbox.identity_manager.world.acts_systems import SYSTEMS
from sandbox.identity_manager.world.catalogue import EACH_QUARTER, JOBS
from sandbox.identity_manager.world.clock import MINUTE
from sandbox.identity_manager.world.moments import after_the_night, last_time_of_day

SHIPPED = Path(__file__).resolve().parents[2] / "scenarios"
DEFAULT = "leavers-rights"

ACTS = (*OUTSIDE, *SYSTEMS, *INSIDE)
if TYPE_CHECKING:
    AnyAct = Happening
else:
    AnyAct = Annotated[Union[ACTS], Field(discriminator="do")]  # noqa: UP007  (a union of a tuple has no other spelling)
Row = dict[str, bool | int | str]


class BadScenario(ValueError):
    """The file cannot be read; the text names the file and the key."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Time(_Part):
    """`clock`: the world's present: `now`, a time of day (its last occurrence), or a date and time in UTC.

    `quarter_started`: minutes before the present at which the jobs of each quarter of an hour last started; without it
    they start with the full hour's quarters.
    """

    clock: str = "now"
    quarter_started: int | None = Field(default=None, ge=0, lt=15)
    history_days: float = Field(default=2.0, ge=0, le=60)
    task_scale: float = Field(default=1.0, gt=0)
    speed: float = Field(default=1.0, ge=0)


class Group(_Part):
    """People with something in common.

    `members`: employee ids of known people who belong to it, besides `count` new ones.
    """

    name: str
    count: int = Field(default=0, ge=0)
    members: list[str] = Field(default_factory=list)
    site: str = ""
    function: str = ""
    values: dict[str, str] = Field(default_factory=dict)
    start: str = ""
    end: str = ""


class LeverDefinition(_Part):
    """Something that an administrator can do; `on` happens when it is pulled, `off` when it is put back."""

    name: str
    group: Literal["rights", "files", "network", "rules", "settings", "people"]
    label: str
    description: str = ""
    on: list[AnyAct] = Field(default_factory=list)
    off: list[AnyAct] = Field(default_factory=list)
    begins_on: bool = False


class Server(_Part):
    """What the server shows (interface.Settings)."""

    extra_endpoints: bool = False
    companion: list[str] = Field(default_factory=lambda: list(interface.COMPANION_CAPABILITIES))
    hide_resource_type_thresholds: bool = False
    token_seconds: int = 3600
    max_page_size: int = 1000


class Chaos(_Part):
    """A fault of the server itself (interface.ChaosRule)."""

    kind: str
    path: str = "*"
    count: int = 1
    seconds: float = 1.0
    method: str = "*"


class Confounder(_Part):
    """A second circumstance, added to the world under its name."""

    acts: list[AnyAct] = Field(default_factory=list)
    server: Server | None = None
    chaos: list[Chaos] = Field(default_factory=list)
    title: str = ""


class Scale(_Part):
    """Stored beside the living world: `people` with three accounts each, `errored` of their deletions refused."""

    people: int = Field(default=0, ge=0)
    errored: int = Field(default=0, ge=0)


class Scenario(_Part):
    """The whole file."""

    name: str = ""
    title: str = ""
    description: str = ""
    profile: Literal["plain", "harsh"] = "plain"
    seed: int = 7
    people: int = Field(default=2400, ge=20)
    time: Time = Time()
    server: Server = Server()
    chaos: list[Chaos] = Field(default_factory=list)
    connectors: dict[str, Row] = Field(default_factory=dict)
    resource_types: dict[str, Row] = Field(default_factory=dict)
    jobs: dict[str, Row] = Field(default_factory=dict)
    tasks: dict[str, Row] = Field(default_factory=dict)
    groups: list[Group] = Field(default_factory=list)
    before: list[AnyAct] = Field(default_factory=list)
    acts: list[AnyAct] = Field(default_factory=list)
    levers: list[LeverDefinition] = Field(default_factory=list)
    confounders: dict[str, Confounder] = Field(default_factory=dict)
    confounder: str = ""
    scale: Scale = Scale()
    acceptance: dict[str, Any] = Field(default_factory=dict, exclude=True)

    @model_validator(mode="after")
    def _confounder_exists(self) -> Scenario:
        if self.confounder and self.confounder not in self.confounders:
            raise ValueError(
                f"there is no confounder {self.confounder!r}; there are {', '.join(self.confounders) or 'none'}"
            )
        return self

    def all_acts(self) -> list[Happening]:
        """What happens, the chosen confounder's acts last."""
        chosen = self.confounders.get(self.confounder)
        return [*self.acts, *(chosen.acts if chosen else [])]

    def settings(self, profile: str | None) -> interface.Settings:
        chosen = self.confounders.get(self.confounder)
        server = chosen.server if chosen and chosen.server else self.server
        chaos = [*self.chaos, *(chosen.chaos if chosen else [])]
        wanted = profile or self.profile
        if wanted not in ("plain", "harsh"):
            raise BadScenario(f"there is no profile {wanted!r}; there are plain and harsh")
        return interface.Settings(
            name=self.name,
            title=self.title,
            profile="harsh" if wanted == "harsh" else "plain",
            extra_endpoints=server.extra_endpoints,
            companion=tuple(server.companion),
            hide_resource_type_thresholds=server.hide_resource_type_thresholds,
            token_seconds=server.token_seconds,
            max_page_size=server.max_page_size,
            chaos=tuple(interface.ChaosRule(c.kind, c.path, c.count, c.seconds, c.method) for c in chaos),
        )

    def present(self, real_now: float) -> float:
        """The instant at which the world goes live."""
        text = self.time.clock
        if text == "now":
            return after_the_night(float(int(real_now)))
        if len(text) == 5:
            return last_time_of_day(text, real_now)
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()

    def job_changes(self, present: float) -> dict[str, Row]:
        """Fields of jobs that differ from the default installation, by identifier."""
        if self.time.quarter_started is None:
            return self.jobs
        first = int(present // MINUTE - self.time.quarter_started) % 15
        shifted: Row = {"CronTabExpression": f"{first}-59/15 * * * *"}
        each_quarter = (identifier for identifier, *_, cron in JOBS if cron == EACH_QUARTER)
        return self.jobs | {identifier: shifted | self.jobs.get(identifier, {}) for identifier in each_quarter}


def find(scenario: str | Path) -> tuple[Path, str]:
    """The file of a shipped name or a path, and the confounder after `+` (`s24-leavers+job_running`).

    Raises BadScenario.
    """
    text, _, confounder = str(scenario).partition("+")
    path = Path(text)
    if path.suffix == ".toml":
        if not path.is_file():
            raise BadScenario(f"there is no scenario file {path}")
        return path, confounder
    names = shipped()
    matches = [n for n in names if n == text] or [n for n in names if n.startswith(f"{text}-")]
    if len(matches) != 1:
        raise BadScenario(f"there is no scenario {text!r}; there are {', '.join(names)}")
    return SHIPPED / f"{matches[0]}.toml", confounder


def shipped() -> list[str]:
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def read(scenario: str | Path) -> Scenario:
    """Raises BadScenario."""
    path, confounder = find(scenario)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return Scenario.model_validate({"name": path.stem, "confounder": confounder, **data})
    except tomllib.TOMLDecodeError as error:
        raise BadScenario(f"{path.name}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadScenario(f"{path.name}: {where}: {first['msg']}") from error
