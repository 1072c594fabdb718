"""Settings: one frozen object, refused at the door.

`nimdesk.toml` (or `--config`) below environment variables `NIMDESK_<SECTION>__<KEY>`; a secret may be given as
`<key>_file`. Nothing else in nimdesk reads the environment. The keys are a contract (docs/settings.md).
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict
from rapidfuzz import process
from typing_extensions import override

from bot.errors import SettingsError
from bot.model.actor import Role

PREFIX = "NIMDESK_"
DEFAULT_FILE = Path("nimdesk.toml")
CliRole = Literal["off", "viewer", "operator", "approver", "auditor"]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as why:
        raise ValueError(f"{name!r} is no time zone such as Europe/Paris") from why
    return name


def _web_address(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{url!r} is no address such as https://identity.example.com")
    return url.rstrip("/")


WebAddress = Annotated[str, AfterValidator(_web_address)]
TimeZone = Annotated[str, AfterValidator(_zone)]


class Part(BaseModel):
    """A table of the settings. A secret field `x` may be given as `x_file`, the path of a file that holds it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    secrets: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, given: object) -> object:
        if not isinstance(given, Mapping):
            return given
        taken = dict(given)
        for name in cls.secrets:
            path = taken.pop(f"{name}_file", None)
            if path and not taken.get(name):
                try:
                    taken[name] = Path(str(path)).read_text(encoding="utf-8").strip()
                except OSError as why:
                    raise ValueError(f"{name}_file: {path} cannot be read ({why.strerror})") from why
        return taken


class SlackSettings(Part):
    secrets: ClassVar[tuple[str, ...]] = ("bot_token", "app_token", "signing_secret")

    mode: Literal["socket", "http"] = "socket"
    bot_token: SecretStr
    app_token: SecretStr | None = None
    signing_secret: SecretStr | None = None
    api_url: WebAddress = "https://slack.com/api"
    default_channel: str = "#iam-alerts"
    command: str = "/nim"

    @model_validator(mode="after")
    def _has_what_its_mode_needs(self) -> "SlackSettings":
        if self.mode == "socket" and not self.app_token:
            raise ValueError('app_token is missing: mode = "socket" needs it')
        if self.mode == "http" and not self.signing_secret:
            raise ValueError('signing_secret is missing: mode = "http" needs it')
        host = self.api_url.split("//", 1)[1].split("/", 1)[0].rsplit(":", 1)[0]
        if self.api_url.startswith("http://") and host not in {"127.0.0.1", "localhost", "[::1]"}:
            raise ValueError("api_url must be https:// outside this machine: the bot's token travels on it")
        return self


class HttpSettings(Part):
    """Health, metrics, and Slack's events in http mode."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 3000


class StoreSettings(Part):
    url: str = "sqlite+aiosqlite:///nimdesk.db"


class PersonSettings(Part):
    """How people are named in this installation: entity type and the properties of login and employee id."""

    entity_type: str = "Directory_User"
    login: str = "Login"
    employee_id: str = "Identifier"


class EnvironmentSettings(Part):
    secrets: ClassVar[tuple[str, ...]] = ("client_secret", "companion_token")

    url: WebAddress
    client_id: str = "nimdesk"
    client_domain: str
    client_secret: SecretStr
    timezone: TimeZone = "UTC"
    poll_seconds: PositiveFloat = 15
    timeout_seconds: PositiveFloat = 20
    concurrency: PositiveInt = 4
    companion_url: WebAddress | None = None
    companion_token: SecretStr | None = None
    person: PersonSettings = PersonSettings()
    complete_job: Mapping[str, str] = {}
    states: Mapping[str, str] = {}
    links: Mapping[str, str] = {}
    label: str = ""
    owners: Mapping[str, str] = {}
    test_users: tuple[str, ...] = ()
    service_reviewers: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


class AccessSettings(Part):
    """Slack user-group handles, user ids, or "*" = full members of this workspace. Absent = nobody."""

    viewer: tuple[str, ...] = ()
    operator: tuple[str, ...] = ()
    approver: tuple[str, ...] = ()
    auditor: tuple[str, ...] = ()
    cli: CliRole = "viewer"

    @property
    def grants(self) -> Mapping[Role, tuple[str, ...]]:
        """Whom the settings name for each role."""
        return {
            Role.VIEWER: self.viewer,
            Role.OPERATOR: self.operator,
            Role.APPROVER: self.approver,
            Role.AUDITOR: self.auditor,
        }


class TemplateSettings(Part):
    folder: Path | None = None
    reload: bool = False


class NetworkSettings(Part):
    ca_file: str = ""
    proxy: str = ""


class WatchSettings(Part):
    """What is watched, and its limits."""

    enabled: bool = True
    overlap_seconds: PositiveFloat = 300
    first_look_hours: PositiveFloat = 24
    list_from: PositiveInt = 6
    unreachable_after_polls: PositiveInt = 3
    follow_hours: PositiveFloat = 12
    verify_hours: PositiveFloat = 26


class RouteSettings(Part):
    """First match wins; none = the default channel."""

    job: str = "*"
    environment: str = "*"
    channel: str


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid", hide_input_in_errors=True
    )

    slack: SlackSettings | None = None
    http: HttpSettings = HttpSettings()
    store: StoreSettings = StoreSettings()
    environments: Annotated[Mapping[str, EnvironmentSettings], Field(min_length=1)]
    access: AccessSettings = AccessSettings()
    templates: TemplateSettings = TemplateSettings()
    network: NetworkSettings = NetworkSettings()
    companion: Mapping[str, Any] = {}
    watch: WatchSettings = WatchSettings()
    routes: tuple[RouteSettings, ...] = ()

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file, which arrives as the arguments of the constructor."""
        del settings_cls, dotenv_settings, file_secret_settings
        return (env_settings, init_settings)


def load(path: Path | None = None) -> Settings:
    """Reads the settings.

    Raises SettingsError with one line that names the key and the file or variable it came from.
    """
    file = path or DEFAULT_FILE
    given: dict[str, Any] = {}
    if path is not None or file.exists():
        try:
            given = tomllib.loads(file.read_text(encoding="utf-8"))
        except OSError as why:
            raise SettingsError(f"{file}: cannot be read ({why.strerror})") from why
        except tomllib.TOMLDecodeError as why:
            raise SettingsError(f"{file}: {why}") from why
    try:
        return Settings(**given)
    except ValidationError as why:
        raise SettingsError(_told(why, file, given)) from why
    except ValueError as why:
        raise SettingsError(f"{file}: {why}") from why


def _told(error: ValidationError, file: Path, given: Mapping[str, Any]) -> str:
    """The first thing that is wrong, in one line."""
    found = error.errors(include_input=False, include_url=False)
    first = next((one for one in found if one["type"] == "extra_forbidden"), found[0])
    place = [str(part) for part in first["loc"]]
    key = ".".join(place)
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        known = sorted(_keys_beside(place))
        nearest = process.extractOne(place[-1], known) if known else None
        message = "unknown key" + (f"; did you mean {nearest[0]!r}?" if nearest else "")
    elif first["type"] == "missing":
        message = "is missing"
    variable = PREFIX + "__".join(part.upper() for part in place)
    source = variable if not _has(given, place) and _in_environment(place) else str(file)
    return f"{source}: {key}: {message}" if key else f"{source}: {message}"


def _in_environment(place: list[str]) -> bool:
    source = EnvSettingsSource(Settings, env_prefix=PREFIX, env_nested_delimiter="__")
    wanted = (PREFIX + "__".join(place)).lower()
    return any(name == wanted for name in source.env_vars)


def _has(given: object, place: list[str]) -> bool:
    for part in place:
        if isinstance(given, Mapping) and part in given:
            given = given[part]
        else:
            return False
    return True


def _keys_beside(place: list[str]) -> Iterator[str]:
    """The keys that are known at the place of an unknown one."""
    model: type[BaseModel] | None = Settings
    path = list(place[:-1])
    while path and model is not None:
        head = path.pop(0)
        field = model.model_fields.get(head)
        if field is None:
            return
        model = _SECTIONS.get(head)
        if model in {EnvironmentSettings, RouteSettings} and path:
            path.pop(0)
    if model is not None:
        yield from model.model_fields
        yield from (f"{name}_file" for name in getattr(model, "secrets", ()))


_SECTIONS: Mapping[str, type[BaseModel]] = {
    "slack": SlackSettings,
    "http": HttpSettings,
    "store": StoreSettings,
    "environments": EnvironmentSettings,
    "person": PersonSettings,
    "access": AccessSettings,
    "templates": TemplateSettings,
    "network": NetworkSettings,
    "watch": WatchSettings,
    "routes": RouteSettings,
}


def effective(settings: Settings) -> Iterator[tuple[str, str]]:
    """Every key with its effective value for `nimdesk doctor`; secrets masked."""
    yield from _flat("", settings.model_dump(mode="python"))


def _flat(prefix: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), inner)
    elif isinstance(value, SecretStr):
        yield prefix, "******"
    else:
        yield prefix, "" if value is None else str(value)
