"""Hides secrets and private values in what Identity Manager shows: error texts, log lines, values of properties.

Sources: troubleshooting 3.4, safety rule 16. Escaping for Slack is not done here: values travel as data.
"""

import re
from collections.abc import Callable
from typing import Final

MASK: Final = "••••"

LONGEST_SAMPLE: Final = 600
"""Characters of a raw error text that are shown."""

PRIVATE_PROPERTIES: Final = frozenset(
    {
        "password",
        "unicodepwd",
        "userpassword",
        "initialpassword",
        "pwd",
        "secret",
        "clientsecret",
        "pin",
        "birthdate",
        "dateofbirth",
        "birthname",
        "birthplace",
        "gender",
        "nationality",
        "socialsecuritynumber",
        "ssn",
        "nir",
        "iban",
        "bankaccount",
        "salary",
        "homephone",
        "privatephone",
        "personalphone",
        "personalmobile",
        "privatemail",
        "personalmail",
        "personalemail",
        "homeaddress",
        "homepostaladdress",
        "privateaddress",
        "street",
        "photo",
        "thumbnailphoto",
        "jpegphoto",
    }
)
"""Properties whose value is never shown, by name without case, dots, dashes and underscores."""

_Change = str | Callable[[re.Match[str]], str]
_NAMES_OF_HIDDEN = (
    r"(?:password|passwd|pwd|passphrase|secret|client[_-]?secret|account[_-]?key|shared[_-]?access[_-]?key|api[_-]?key"
    r"|access[_-]?token|refresh[_-]?token|token|unicode[_-]?pwd|private[_-]?key)"
)
_KEPT_OF_A_CONNECTION: Final = ("server", "data source", "host", "database", "initial catalog")
_CONNECTION = re.compile(
    r"(?<![\w.])(?:(?:server|data source|host|database|initial catalog|user id|uid|user|password|pwd|port|encrypt"
    r"|trusted_connection|integrated security|persist security info|multipleactiveresultsets|connect timeout"
    r"|trustservercertificate|application name|accountname|accountkey|defaultendpointsprotocol|endpointsuffix)"
    r"\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^;\r\n]*?)(?:;\s*|(?=['\"\r\n]|\s-|$))){2,}",
    re.IGNORECASE,
)


def _connection(found: re.Match[str]) -> str:
    """Keeps server and database of a connection string, drops the rest."""
    parts = [part.partition("=") for part in found.group(0).split(";") if "=" in part]
    kept = [
        f"{name.strip()}={value.strip()}" for name, _, value in parts if name.strip().lower() in _KEPT_OF_A_CONNECTION
    ]
    return ";".join([*kept, MASK])


_RULES: Final[tuple[tuple[re.Pattern[str], _Change], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), change)
    for pattern, change in (
        (r"-----BEGIN [A-Z0-9 ]+-----.*?(?:-----END [A-Z0-9 ]+-----|\Z)", f"-----{MASK}-----"),
        (
            r"(\bAuthorization[\"']?\s*[:=]\s*[\"']?)(?:(?:Basic|Bearer|NTLM)\s+)?[^\s\"',;]+",
            rf"\1{MASK}",
        ),
        (r"(\bBearer\s+)[\w.~+/=-]{8,}", rf"\1{MASK}"),
        (r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*", MASK),
        (r"(://[^\s/:@'\"]*:)[^\s/@'\"]+(@)", rf"\1{MASK}\2"),
        (
            rf"(\b[\w-]*{_NAMES_OF_HIDDEN}[\"']?\s*(?:=|:=|:(?!//))\s*)(\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[^\s;,&\"'<>()]+)",
            rf"\1{MASK}",
        ),
        (r"(?<![\w+/=-])(?=[\w+/-]*\d)(?=[\w+/-]*[A-Za-z])[A-Za-z0-9+/_-]{40,}={0,2}(?![\w+/=-])", MASK),
    )
)


def masked(text: str) -> str:
    """The text with the values of secrets replaced; what is left can be shown, stored and logged."""
    text = _CONNECTION.sub(_connection, text)
    for pattern, change in _RULES:
        text = pattern.sub(change, text)
    return text


def sample(text: str) -> str:
    """A raw error text as it is shown: masked and at most `LONGEST_SAMPLE` characters long."""
    text = masked(text).strip()
    return text if len(text) <= LONGEST_SAMPLE else text[: LONGEST_SAMPLE - 1] + "…"


def is_private(property_name: str, also: frozenset[str] = frozenset()) -> bool:
    """Whether a property's value must not be shown; `also` holds names that an installation adds to the deny-list."""
    name = re.sub(r"[\W_]", "", property_name.rsplit(".", 1)[-1]).lower()
    return name in PRIVATE_PROPERTIES or name in also or "password" in name or "secret" in name


def shown_value(property_name: str, value: str | None, also: frozenset[str] = frozenset()) -> str | None:
    """A property's value as it may be shown."""
    if value is None:
        return None
    return MASK if is_private(property_name, also) else masked(value)
