"""Like orders: same connector, resource type, change and normalised error (troubleshooting 2.5 and 3.3)."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from bot.diagnosis.catalogue import ErrorKind, classify
from bot.diagnosis.masking import sample
from bot.diagnosis.normalise import error_key
from bot.model.ids import ConnectorId
from bot.model.order import ChangeType, Order, OrderState

MOST_GROUPS: Final = 5
"""Groups shown; the others are counted."""

KNOWN_PROPERTIES: Final = frozenset(
    """
    accountEnabled alias badge birthName city cn company country department description displayName distinguishedName dn
    employeeID employeeNumber employeeType extensionAttribute1 facsimileTelephoneNumber givenName homePhone jobTitle l
    login mail mailNickname manager member memberOf members mobile name objectClass office organization otherMails ou
    parentdn physicalDeliveryOfficeName postalCode preferredLanguage primarySmtpAddress proxyAddresses sAMAccountName
    sn st street surname targetAddress telephoneNumber thumbnailPhoto title uid unicodePwd usageLocation
    userAccountControl userName userPrincipalName
    """.split()
)
"""Quoted words that are the error, not a value. One fixed set: a key must not depend on what else was read."""

_DN_PART: Final = re.compile(r"(?<!\\),\s*(?=(?:CN|OU|DC|O|L|C|ST|UID)=)", re.IGNORECASE)
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LikeOrders:
    """Orders that fail alike, oldest first."""

    connector_id: ConnectorId | None
    resource_type: str
    change: ChangeType
    key: str
    kind: ErrorKind
    text: str
    """One raw error text; "" where Identity Manager recorded none."""
    orders: tuple[Order, ...]

    @property
    def rule_error(self) -> bool:
        return self.orders[0].state is OrderState.RULE_ERROR

    def __len__(self) -> int:
        return len(self.orders)


def text_of(order: Order) -> str:
    """The newest error's text, "" where none was recorded."""
    return order.error.text.strip() if order.error else ""


_QUOTED: Final = re.compile(
    rf"(?<!\w)(['\"])(?!(?:{'|'.join(re.escape(name) for name in sorted(KNOWN_PROPERTIES))})\1)[^'\"]{{1,200}}\1",
    re.IGNORECASE,
)
_DN: Final = re.compile(r"\b(?:CN|UID)=(?:\\.|[^,;'\"<>\r\n\\])+(?=,)", re.IGNORECASE)
_MAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


def public_text(text: str) -> str:
    """An error text for a channel: what it quotes, the name in a distinguished name and mail addresses are left out.

    Source: safety rules 14 and 16.
    """
    return _QUOTED.sub(r"\1…\1", _MAIL.sub("…", _DN.sub("CN=…", sample(text))))


def kind_of(order: Order) -> ErrorKind:
    return classify(text_of(order), order.change)


def key_of(order: Order) -> str:
    """The versioned error key of one order. Equal keys of like orders are one error."""
    if order.state is OrderState.RULE_ERROR and not text_of(order):
        return error_key("nim/expression", "role model error")
    return error_key(kind_of(order).error_class, text_of(order), KNOWN_PROPERTIES)


def _age(order: Order) -> tuple[datetime, int, str]:
    number = order.id.lstrip("-")
    return order.created_at or order.performed_at or _EARLIEST, int(number) if number.isdigit() else 0, order.id


def oldest_first(orders: Iterable[Order]) -> tuple[Order, ...]:
    return tuple(sorted(orders, key=_age))


def group_errored(
    orders: Iterable[Order], connector_of: Callable[[Order], ConnectorId | None]
) -> tuple[LikeOrders, ...]:
    """Groups of errored orders, largest first; the order of the input does not matter."""
    found: dict[tuple[ConnectorId | None, str, ChangeType, bool, str], list[Order]] = {}
    for order in orders:
        place = (
            connector_of(order),
            order.resource_type,
            order.change,
            order.state is OrderState.RULE_ERROR,
            key_of(order),
        )
        found.setdefault(place, []).append(order)
    groups = []
    for (connector_id, resource_type, change, _, key), members in found.items():
        ordered = oldest_first(members)
        groups.append(
            LikeOrders(connector_id, resource_type, change, key, kind_of(ordered[0]), text_of(ordered[0]), ordered)
        )
    return tuple(sorted(groups, key=lambda one: (-len(one), one.resource_type, one.change, one.key)))


def parent_of(dn: str) -> str:
    """The container of a distinguished name, "" where it has none."""
    parts = _DN_PART.split(dn, maxsplit=1)
    return parts[1].strip() if len(parts) > 1 and "=" in parts[0] else ""


def short_container(dn: str) -> str:
    """ "OU=FR,OU=Leavers" of "OU=FR,OU=Leavers,DC=contoso,DC=com": what an administrator needs to see."""
    return ",".join(part.strip() for part in _DN_PART.split(dn) if not part.strip().upper().startswith("DC=")) or dn


def containers(dns: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """Distinct containers of accounts with their counts, most frequent first. Accounts without a name are left out."""
    counts = Counter(parent for dn in dns if (parent := parent_of(dn)))
    return tuple(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def common_branch(parents: Iterable[str]) -> str:
    """The deepest container that holds all of them, "" where they have none in common beyond the domain."""
    split = [[part.strip() for part in reversed(_DN_PART.split(parent))] for parent in parents]
    if not split:
        return ""
    shared: list[str] = []
    for level in zip(*split, strict=False):
        if len({part.lower() for part in level}) > 1:
            break
        shared.append(level[0])
    if all(part.upper().startswith("DC=") for part in shared):
        return ""
    return ",".join(reversed(shared))


def canary(orders: Iterable[Order]) -> Order | None:
    """The order to test with by default: the oldest that is neither pre-empted by a review nor not yet due."""
    candidates = [order for order in oldest_first(orders) if order.state is OrderState.ERRORED]
    return candidates[0] if candidates else None
