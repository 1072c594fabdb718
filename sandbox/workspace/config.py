"""What a workspace is made of: people, groups, channels, and the app as its Slack manifest declares it."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

import yaml

TEAM = "T0NIMDESK01"
PARTNER_TEAM = "T0PARTNER01"


class ConfigError(Exception):
    """The configuration file or manifest cannot be used; the text says which key and why."""


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str
    real_name: str
    title: str = ""
    team: str = TEAM
    guest: bool = False
    bot: bool = False
    """Another app's bot user: it can speak, and its messages carry a `bot_id`."""
    deleted: bool = False

    @property
    def foreign(self) -> bool:
        return self.team != TEAM

    @property
    def email(self) -> str:
        return f"{self.name}@{'partner' if self.foreign else 'nimdesk'}.example.com"

    @property
    def bot_id(self) -> str:
        return "B" + self.id[1:]


@dataclass(frozen=True, slots=True)
class Group:
    id: str
    handle: str
    name: str
    members: tuple[str, ...] = ()
    """Names of people."""


@dataclass(frozen=True, slots=True)
class Channel:
    id: str
    name: str
    members: tuple[str, ...] | None = None
    """Names of people; None = every full member of the workspace."""
    with_app: bool = True
    private: bool = False
    archived: bool = False
    shared: bool = False
    """Shared with another company through Slack Connect."""
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    command: str
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = True
    hints: tuple[str, ...] = ()
    """What the composer proposes after the command."""


@dataclass(frozen=True, slots=True)
class Shortcut:
    name: str
    type: Literal["message", "global"]
    callback_id: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class App:
    """The installed app: only what is declared here exists, as in Slack."""

    name: str = "nimdesk"
    id: str = "A0NIMDESK01"
    bot_user: str = "U0NIMBOT001"
    bot_id: str = "B0NIMBOT001"
    home_tab: bool = True
    messages_tab: bool = True
    interactivity: bool = True
    commands: tuple[Command, ...] = (
        Command(
            "/nim",
            "Ask why, and repair safely",
            "why NAME | jobs failed | order ID | help",
            hints=(
                "help", "status", "jobs failed", "jobs running", "job NAME", "orders errored", "orders blocked",
                "order ID", "order PERSON SYSTEM", "user NAME", "why WORDS", "sync", "relaunch JOB", "last",
            ),
        ),
    )  # fmt: skip
    shortcuts: tuple[Shortcut, ...] = (
        Shortcut("Explain with nimdesk", "message", "explain_message", "Find the order, user or job in this message"),
        Shortcut("Open nimdesk", "global", "open_nimdesk", "Ask a question in a form"),
    )
    scopes: frozenset[str] = frozenset(
        "app_mentions:read channels:history channels:read chat:write commands files:read files:write groups:history "
        "groups:read im:history im:read im:write reactions:write team:read usergroups:read users:read".split()
    )
    events: frozenset[str] = frozenset(
        "app_home_opened app_mention app_uninstalled member_joined_channel message.im subteam_members_changed "
        "subteam_updated tokens_revoked user_change".split()
    )


PEOPLE = (
    Person("U0NADIA0001", "nadia", "Nadia Benali", "Helpdesk · viewer"),
    Person("U0OMAR00001", "omar", "Omar Haddad", "Helpdesk lead · operator"),
    Person("U0OTTO00001", "otto", "Otto Lindqvist", "Identity team · operator"),
    Person("U0INES00001", "ines", "Ines Carvalho", "Identity owner · approver"),
    Person("U0AUDE00001", "aude", "Aude Marchand", "Internal audit · auditor"),
    Person("U0GIL000001", "gil", "Gil Moreau", "Contractor · guest", guest=True),
    Person("U0PETRA0001", "petra", "Petra Novak", "Partner company", team=PARTNER_TEAM),
    Person("U0DEPLOYBOT", "deploybot", "Deploy Bot", "Another app", bot=True),
)
GROUPS = (
    Group("S0HELPDESK1", "helpdesk", "Helpdesk", ("nadia", "omar")),
    Group("S0OPERATOR1", "iam-operators", "IAM operators", ("omar", "otto")),
    Group("S0OWNERS001", "iam-owners", "IAM owners", ("ines",)),
    Group("S0AUDITORS1", "auditors", "Auditors", ("aude",)),
)
CHANNELS = (
    Channel("C0GENERAL01", "general", ("nadia", "omar", "otto", "ines", "aude", "deploybot"), purpose="Everybody"),
    Channel("C0IAMALERT1", "iam-alerts", ("nadia", "omar", "otto", "ines", "aude", "deploybot"),
            purpose="Failed jobs and blocked orders of PRODUCTION"),
    Channel("C0HRFEEDS01", "hr-feeds", ("nadia", "omar", "otto", "ines", "aude"), purpose="HR imports"),
    Channel("C0HELPDESK1", "helpdesk", ("nadia", "omar", "otto", "ines", "aude", "gil"),
            purpose="Questions and answers of the helpdesk"),
    Channel("C0PARTNERS1", "partners", ("nadia", "omar", "ines", "petra"), with_app=False, shared=True,
            purpose="Shared with the partner company"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class WorkspaceConfig:
    team_id: str = TEAM
    team_name: str = "nimdesk demo"
    team_domain: str = "nimdesk-demo"
    people: tuple[Person, ...] = PEOPLE
    groups: tuple[Group, ...] = GROUPS
    channels: tuple[Channel, ...] = CHANNELS
    app: App = field(default_factory=App)
    mode: Literal["socket", "http"] = "socket"
    request_url: str = ""
    """Where an app in HTTP mode listens, for instance http://127.0.0.1:3000/slack/events."""
    panel_url: str = ""
    """A page shown beside the chat, in a frame."""
    panel_title: str = "Outside world"
    rate_limits: bool = False
    ack_seconds: float = 3.0
    trigger_seconds: float = 3.0
    retry_seconds: tuple[float, ...] = (0.0, 60.0, 300.0)
    """How long after a failed delivery an event is sent again."""
    bot_token: str = ""
    """Made at random when empty, like the other secrets below."""
    app_token: str = ""
    signing_secret: str = ""
    person_token: str = ""

    def __post_init__(self) -> None:
        if re.match(r"xoxb-\d+-\d+-", self.bot_token):
            raise ConfigError("bot_token: this looks like the token of a real workspace; it has no place here")


def load_config(path: Path, base: WorkspaceConfig | None = None) -> WorkspaceConfig:
    """Read a TOML or JSON file; its keys are the fields above, lists replace the defaults.

    Raises ConfigError for what cannot be read or is not known.
    """
    data = _read(path)
    values: dict[str, Any] = {}
    rows = {"people": Person, "groups": Group, "channels": Channel}
    for key, value in data.items():
        if key in rows:
            values[key] = tuple(_row(rows[key], key, item) for item in value)
        elif key == "app":
            values[key] = _app(value)
        else:
            values[key] = value
    return with_options(base or WorkspaceConfig(), values, path.name)


def with_options(config: WorkspaceConfig, values: Mapping[str, Any], where: str = "options") -> WorkspaceConfig:
    """Raises ConfigError for keys that are none."""
    changed: WorkspaceConfig = _row(WorkspaceConfig, where, values, config)
    return changed


def with_manifest(config: WorkspaceConfig, path: Path) -> WorkspaceConfig:
    """Install the app that a Slack manifest (YAML or JSON) describes, with its scopes, events and commands."""
    manifest = _read(path)
    features = manifest.get("features", {})
    settings = manifest.get("settings", {})
    home = features.get("app_home", {})
    known = {command.command: command.hints for command in config.app.commands}
    commands = tuple(
        Command(
            row["command"],
            row.get("description", ""),
            row.get("usage_hint", ""),
            bool(row.get("should_escape", False)),
            known.get(row["command"], ()),
        )
        for row in features.get("slash_commands", ())
    )
    scopes = manifest.get("oauth_config", {}).get("scopes", {})
    app = replace(
        config.app,
        name=features.get("bot_user", {}).get("display_name", config.app.name),
        home_tab=bool(home.get("home_tab_enabled", False)),
        messages_tab=bool(home.get("messages_tab_enabled", False)),
        interactivity=bool(settings.get("interactivity", {}).get("is_enabled", False)),
        commands=commands,
        shortcuts=tuple(_row(Shortcut, "shortcuts", row) for row in features.get("shortcuts", ())),
        scopes=frozenset(scopes.get("bot", ())) | frozenset(scopes.get("bot_optional", ())),
        events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", ())),
    )
    return replace(config, app=app)


def _app(data: Mapping[str, Any]) -> App:
    values = dict(data)
    if "commands" in values:
        values["commands"] = tuple(_row(Command, "app.commands", row) for row in values["commands"])
    if "shortcuts" in values:
        values["shortcuts"] = tuple(_row(Shortcut, "app.shortcuts", row) for row in values["shortcuts"])
    for key in ("scopes", "events"):
        if key in values:
            values[key] = frozenset(values[key])
    app: App = _row(App, "app", values, App())
    return app


def _row(kind: type[Any], where: str, data: Mapping[str, Any], base: Any = None) -> Any:
    names = {item.name for item in fields(kind)}
    if unknown := sorted(set(data) - names):
        raise ConfigError(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(sorted(names))}")
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    try:
        return replace(base, **values) if base is not None else kind(**values)
    except TypeError as error:
        raise ConfigError(f"{where}: {error}") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".toml":
            data: Any = tomllib.loads(text)
        elif path.suffix in {".yml", ".yaml"}:
            data = yaml.safe_load(text)
        else:
            data = json.loads(text)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: the file holds no table of settings")
    return data
