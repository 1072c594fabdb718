"""An Active Directory: entries, rights per container, constraints, and the error texts that a domain controller sends.

The texts follow Microsoft's forms (an LDAP result's message and the extended error with its DSID).
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field

from sandbox.identity_manager.world.systems.access import Access, check_certificate, check_network
from sandbox.identity_manager.world.systems.errors import TargetError

Attributes = dict[str, str | None]

BASE = "DC=contoso,DC=com"

REFUSED_RIGHT = (
    "System.DirectoryServices.Protocols.DirectoryOperationException: The user has insufficient access rights. "
    "00000005: SecErr: DSID-03152501, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0"
)

LOGIN_LENGTH = 20
"""Longest sAMAccountName of a user (documented by Microsoft)."""

_BIND_CODES = {"expired": "532", "wrong": "52e", "locked": "775", "disabled": "533", "missing": "525", "hours": "530"}

OPERATIONS = ("read", "create", "modify", "delete")


@dataclass(slots=True, eq=False)
class Entry:
    guid: str
    dn: str
    attributes: Attributes
    members: set[str] = field(default_factory=set)
    """guids of a group's members"""
    protected: bool = False
    """adminSDHolder or accidental-deletion protection: nobody but domain administrators may delete or modify it"""


@dataclass(frozen=True, slots=True)
class AccessRule:
    """One line of a container's access list for the service account."""

    operation: str
    container: str
    allowed: bool


def parent_of(dn: str) -> str:
    """The container's distinguished name (escaped commas belong to the name)."""
    index = 0
    while True:
        index = dn.find(",", index)
        if index < 0:
            return ""
        if dn[index - 1] != "\\":
            return dn[index + 1 :]
        index += 1


def inside(dn: str, container: str) -> bool:
    lower, outer = dn.lower(), container.lower()
    return lower == outer or lower.endswith("," + outer)


def refused(text: str) -> TargetError:
    return TargetError(f"System.DirectoryServices.Protocols.DirectoryOperationException: {text}")


class Directory:
    """The directory as its controllers hold it, and as the service account sees it."""

    delta_capable = True

    def __init__(self, access: Access, seed: int) -> None:
        self.access = access
        self.entries: dict[str, Entry] = {}
        self.rules: list[AccessRule] = []
        self.changes: list[str] = []
        """guids in the order of their changes: the position in it is the update sequence number"""
        self._by_dn: dict[str, str] = {}
        self._by_login: dict[str, str] = {}
        self._by_upn: dict[str, str] = {}
        self._guids = random.Random(seed)
        self._children: dict[str, int] = {}
        self._counter = itertools.count(1)

    # -- what administrators of the directory do -----------------------------------------------------------------------

    def put(self, dn: str, attributes: Attributes, *, protected: bool = False) -> Entry:
        """Adds an entry with an administrator's rights. Raises TargetError where even he is refused."""
        self._check_new(dn, attributes)
        guid = f"{self._guids.getrandbits(128):032x}"
        guid = f"{guid[:8]}-{guid[8:12]}-{guid[12:16]}-{guid[16:20]}-{guid[20:]}"
        entry = Entry(guid, dn, dict(attributes), protected=protected)
        self.entries[guid] = entry
        self._index(entry)
        self._touch(guid)
        return entry

    def alter(self, guid: str, changes: Attributes, *, dn: str | None = None) -> None:
        entry = self.entries[guid]
        self._check_new(dn or entry.dn, {**entry.attributes, **changes}, besides=guid)
        self._unindex(entry)
        entry.attributes.update(changes)
        entry.dn = dn or entry.dn
        self._index(entry)
        self._touch(guid)

    def drop(self, guid: str) -> None:
        entry = self.entries.pop(guid)
        self._unindex(entry)
        for group in self.entries.values():
            group.members.discard(guid)
        self._touch(guid)

    def set_member(self, group: Entry, guid: str, *, member: bool) -> None:
        before = len(group.members)
        (group.members.add if member else group.members.discard)(guid)
        if len(group.members) != before:
            self._touch(group.guid)
            self._touch(guid)

    def find(self, dn: str) -> Entry | None:
        guid = self._by_dn.get(dn.lower())
        return self.entries[guid] if guid else None

    def find_login(self, login: str) -> Entry | None:
        guid = self._by_login.get(login.lower())
        return self.entries[guid] if guid else None

    def rule(self, operation: str, container: str, *, allowed: bool) -> None:
        """Replaces the service account's line for this operation on this container."""
        self.rules = [r for r in self.rules if (r.operation, r.container.lower()) != (operation, container.lower())]
        self.rules.append(AccessRule(operation, container, allowed))

    def may(self, operation: str, dn: str) -> bool:
        """The line of the nearest container decides; without one the account may (it was set up so)."""
        lines = [r for r in self.rules if r.operation == operation and inside(dn, r.container)]
        return max(lines, key=lambda r: len(r.container)).allowed if lines else operation not in self.access.denied

    # -- what the agent does -------------------------------------------------------------------------------------------

    def log_in(self, now: float) -> None:
        """Raises TargetError: network, certificate, credentials."""
        if self.access.host.network_fault or self.access.network_fault:
            if (self.access.host.network_fault or self.access.network_fault) == "refused":
                raise TargetError("System.DirectoryServices.Protocols.LdapException: The LDAP server is unavailable.")
            check_network(self.access)
        check_certificate(self.access, now)
        condition = self.access.credential.condition(now)
        if condition != "valid":
            raise TargetError(
                "System.DirectoryServices.Protocols.LdapException: The supplied credential is "
                "invalid. 80090308: LdapErr: "
                f"DSID-0C090436, comment: AcceptSecurityContext error, data {_BIND_CODES[condition]}, v4563"
            )
        if self.access.address_wrong:
            raise refused(
                "The object does not exist. 0000208D: NameErr: DSID-03100241, problem 2001 (NO_OBJECT), data 0, "
                f"best match of: '{BASE}'"
            )

    def readable(self) -> list[Entry]:
        """What a search returns: entries on which the account lacks the read right are silently absent."""
        if not any(r.operation == "read" and not r.allowed for r in self.rules) and "read" not in self.access.denied:
            return list(self.entries.values())
        return [e for e in self.entries.values() if self.may("read", e.dn)]

    def changed_since(self, position: int) -> list[str]:
        """guids changed since the update sequence number, once each."""
        return list(dict.fromkeys(self.changes[position:]))

    def add(self, dn: str, attributes: Attributes) -> str:
        """Returns the guid. Raises TargetError."""
        parent = parent_of(dn)
        if self.find(parent) is None:
            raise self._no_object(parent, "03100288")
        self._require("create", parent)
        return self.put(dn, attributes).guid

    def modify(self, guid: str, changes: Attributes, *, dn: str | None = None) -> None:
        entry = self.entries.get(guid)
        if entry is None:
            raise self._no_object("", "0310028B")
        self._require("modify", entry.dn, entry)
        if dn is not None and parent_of(dn).lower() != parent_of(entry.dn).lower():
            if self.find(parent_of(dn)) is None:
                raise self._no_object(parent_of(dn), "031001F7")
            self._require("create", parent_of(dn))
        self.alter(guid, changes, dn=dn)

    def delete(self, guid: str, dn: str) -> None:
        entry = self.entries.get(guid)
        if entry is None:
            raise self._no_object(dn, "0310028D")
        self._require("delete", entry.dn, entry)
        if self._children.get(entry.dn.lower()):
            raise refused(
                "The operation can be performed only on a leaf object. 00002015: UpdErr: DSID-031A11F0, "
                "problem 6003 (CANT_ON_NON_LEAF), data 0"
            )
        self.drop(guid)

    # -- constraints ---------------------------------------------------------------------------------------------------

    def _require(self, operation: str, dn: str, entry: Entry | None = None) -> None:
        if not self.may(operation, dn) or (entry is not None and entry.protected):
            raise TargetError(REFUSED_RIGHT)

    def _check_new(self, dn: str, attributes: Attributes, besides: str = "") -> None:
        login, upn = attributes.get("sAMAccountName"), attributes.get("userPrincipalName")
        if login and len(login) > LOGIN_LENGTH and attributes.get("objectClass") == "user":
            raise refused(
                "A constraint violation occurred. 00000523: AtrErr: DSID-03151F88, #1: 0: 00000523: "
                "DSID-03151F88, problem 1005 "
                f"(CONSTRAINT_ATT_TYPE), data 0, Att 900dd (sAMAccountName):len {2 * len(login)}"
            )
        if self._by_dn.get(dn.lower(), besides) != besides:
            raise refused("The object exists. 00002071: UpdErr: DSID-031B0DCF, problem 6005 (ENTRY_EXISTS), data 0")
        if login and self._by_login.get(login.lower(), besides) != besides:
            raise refused(
                "The object exists. 00000524: UpdErr: DSID-031A11E2, problem 6005 (ENTRY_EXISTS), data 0 "
                f"(sAMAccountName '{login}' is already in use)"
            )
        if upn and self._by_upn.get(upn.lower(), besides) != besides:
            raise refused(
                "A constraint violation occurred. 000021C8: AtrErr: DSID-03200E96, #1: 0: 000021C8: "
                "DSID-03200E96, problem 1005 "
                "(CONSTRAINT_ATT_TYPE), data 0, Att 90290 (userPrincipalName)"
            )

    def _no_object(self, dn: str, dsid: str) -> TargetError:
        best = dn
        while best and self.find(best) is None:
            best = parent_of(best)
        return refused(
            f"The object does not exist. 0000208D: NameErr: DSID-{dsid}, problem 2001 (NO_OBJECT), data 0, "
            f"best match of: '{best or BASE}'"
        )

    def _index(self, entry: Entry) -> None:
        self._by_dn[entry.dn.lower()] = entry.guid
        parent = parent_of(entry.dn).lower()
        self._children[parent] = self._children.get(parent, 0) + 1
        if login := entry.attributes.get("sAMAccountName"):
            self._by_login[login.lower()] = entry.guid
        if upn := entry.attributes.get("userPrincipalName"):
            self._by_upn[upn.lower()] = entry.guid

    def _unindex(self, entry: Entry) -> None:
        self._by_dn.pop(entry.dn.lower(), None)
        self._children[parent_of(entry.dn).lower()] -= 1
        self._by_login.pop((entry.attributes.get("sAMAccountName") or "").lower(), None)
        self._by_upn.pop((entry.attributes.get("userPrincipalName") or "").lower(), None)

    def _touch(self, guid: str) -> None:
        self.changes.append(guid)
