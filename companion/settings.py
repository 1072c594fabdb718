"""The companion's settings: the table [companion] of nimdesk.toml, or a file of its own with the same keys."""

import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, tzinfo
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

DEFAULT_FILE: Final = Path("nimdesk.toml")
SHORTEST_TOKEN: Final = 16


class WrongSettings(Exception):
    """One line that names the file and the key."""


def _pattern(text: str) -> str:
    if Path(text).is_absolute() or ".." in Path(text).parts or re.match(r"[A-Za-z]:|\\\\", text):
        raise ValueError("is a path below the folder of its table, without ..")
    return text


def _expression(text: str) -> str:
    try:
        named = re.compile(text).groupindex
    except re.error as why:
        raise ValueError(f"is no regular expression: {why}") from why
    if not {"time", "level", "text"} <= named.keys():
        raise ValueError("needs the groups (?P<time>…), (?P<level>…) and (?P<text>…)")
    return text


def _zone(name: str) -> str:
    zone_named(name)
    return name


def zone_named(name: str) -> tzinfo:
    """Raises ValueError for an unknown zone. UTC needs no table of zones, which Windows lacks."""
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as why:
        raise ValueError(f"{name!r} is no time zone such as Europe/Paris") from why


Pattern = Annotated[str, AfterValidator(_pattern)]
LINE: Final = (
    r"^(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|[+-]\d\d:?\d\d))?)"
    r"\s+\[?(?P<level>[A-Za-z]+)\]?:?\s?(?P<text>.*)$"
)
"""The lines of Serilog's usual templates, with the level in full or as three letters, in brackets or not."""


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Folders(Part):
    """Where the installation keeps its files (nim-api 7.1), below `root` or absolute; "" is not shown."""

    ExportOutput: str = "Temp/ExportOutput"
    ExportCookies: str = "Temp/ExportCookies"
    Collect: str = "Work/Collect"
    Synchronization: str = "Work/Synchronization"
    ProvisioningOrders: str = "Work/ProvisioningOrders"


class Logs(Part):
    """Log files below `folder`. The newest file that fits a pattern is read.

    `task` is the file of one task's execution, `{id}` its id; a pattern without it names a common log, of which only
    what mentions the id is shown. An empty pattern: not shown.
    """

    folder: str = "log"
    task: Pattern = "tasks/{id}.log"
    server: Pattern = "server*.log"
    line: Annotated[str, AfterValidator(_expression)] = LINE
    encoding: str = "utf-8"
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """Of times that are written without one."""


class Settings(Part):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8443
    token: SecretStr
    """For reading. Also `token_file`, the path of a file that holds it."""
    certificate: str = ""
    key: str = ""
    root: Path
    """The installation's folder; relative folders lie below it."""
    folders: Folders = Folders()
    previous: Pattern = "previous"
    """Below Collect: the exports before, which the preparation compared with."""
    logs: Logs = Logs()
    agents: tuple[str, ...] = ()
    """Ids of the agents that run here; none: whatever is asked for."""
    key_columns: Mapping[str, int] = {}
    """Table → position of its key among the columns, from 0; 0 where a table is not named."""

    @model_validator(mode="before")
    @classmethod
    def _read_token(cls, given: object) -> object:
        if not isinstance(given, Mapping):
            return given
        taken = dict(given)
        path = taken.pop("token_file", None)
        if path and not taken.get("token"):
            try:
                taken["token"] = Path(str(path)).read_text(encoding="utf-8").strip()
            except OSError as why:
                raise ValueError(f"token_file: {path} cannot be read ({why.strerror})") from why
        return taken

    @model_validator(mode="after")
    def _is_safe(self) -> "Settings":
        if len(self.token.get_secret_value()) < SHORTEST_TOKEN:
            raise ValueError(f"token: has at least {SHORTEST_TOKEN} characters")
        if bool(self.certificate) != bool(self.key):
            raise ValueError("certificate and key belong together")
        if not self.certificate and not _is_this_machine(self.host):
            raise ValueError(
                "certificate and key are missing: without them the token and the logs travel in clear text"
            )
        if not self.root.is_dir():
            raise ValueError(f"root: {self.root} is no folder")
        return self

    def folder(self, name: str) -> Path | None:
        """The folder of one of the documented names; None when it is not to be shown."""
        given: str = getattr(self.folders, name)
        return self.root / given if given else None

    @property
    def log_folder(self) -> Path:
        return self.root / self.logs.folder


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def load(path: Path | None) -> Settings:
    """Raises WrongSettings."""
    file = path or DEFAULT_FILE
    try:
        given: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as why:
        raise WrongSettings(f"{file}: cannot be read ({why.strerror})") from why
    except tomllib.TOMLDecodeError as why:
        raise WrongSettings(f"{file}: {why}") from why
    section = given.get("companion", given)
    place = "companion." if "companion" in given else ""
    try:
        return Settings.model_validate(section)
    except ValidationError as why:
        first = why.errors(include_input=False, include_url=False)[0]
        key = place + ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise WrongSettings(f"{file}: {key.rstrip('.')}: {message}") from why
