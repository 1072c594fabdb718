"""The AD connector's view of the directory: export tables and orders."""

from __future__ import annotations

from sandbox.identity_manager.world.metadata import SHAPES
from sandbox.identity_manager.world.systems.access import Access
from sandbox.identity_manager.world.systems.directory import Directory, Entry, parent_of, refused
from sandbox.identity_manager.world.systems.order import Order
from sandbox.identity_manager.world.systems.table import Row, Table

_SHAPE = SHAPES["AD_Entry"]
_VALUES = tuple(v for v in _SHAPE.values if v not in ("objectGUID", "dn"))
_HEADER = ["objectGUID", "dn", *_VALUES, "parentdn", "manager"]
_NOT_ATTRIBUTES = {"dn", "objectGUID"}


class ActiveDirectory:
    """Fulfils ManagedSystem."""

    delta_capable = True

    def __init__(self, access: Access, directory: Directory) -> None:
        self.access = access
        self.directory = directory
        self._rows: dict[str, Row] = {}
        self._rendered = 0

    def connect(self, now: float, direction: str) -> None:
        self.directory.log_in(now)

    def tables(self) -> list[Table]:
        self._forget_changed()
        entries = self.directory.readable()
        visible = {e.guid for e in entries}
        members = [
            {"group": e.guid, "member": guid} for e in entries if e.members for guid in sorted(e.members & visible)
        ]
        return [
            Table("ad_entries", list(_HEADER), [self._row(e) for e in entries]),
            Table("ad_members", ["group", "member"], members),
        ]

    def position(self) -> int:
        return len(self.directory.changes)

    def delta(self, since: int) -> list[Table]:
        self._forget_changed()
        rows: list[Row] = []
        members: list[Row] = []
        deleted: list[str] = []
        groups: list[str] = []
        for guid in self.directory.changed_since(since):
            entry = self.directory.entries.get(guid)
            if entry is None:
                deleted.append(guid)
            elif self.directory.may("read", entry.dn):
                rows.append(self._row(entry))
                if entry.attributes.get("objectClass") == "group":
                    groups.append(guid)
                members += [{"group": guid, "member": member} for member in sorted(entry.members)]
        return [
            Table("ad_entries", list(_HEADER), rows, deleted, is_delta=True),
            Table("ad_members", ["group", "member"], members, groups, is_delta=True),
        ]

    def apply(self, order: Order, now: float) -> str:
        self.directory.log_in(now)
        changes = {name: value for name, value in order.values.items() if name not in _NOT_ATTRIBUTES}
        changes.update({name: key for name, key in order.references.items() if name == "manager"})
        dn = order.values.get("dn")
        match order.change_type:
            case "Added":
                key = self.directory.add(str(dn), {"objectClass": "user", **changes})
            case "Modified":
                key = order.account_key
                self.directory.modify(key, changes, dn=dn)
            case _:
                key = order.account_key
                self.directory.delete(key, str(dn or ""))
                return key
        for group in order.links.get("memberOf", ()):
            self._set_member(group, key, member=True)
        for group in order.unlinks.get("memberOf", ()):
            self._set_member(group, key, member=False)
        return key

    def _set_member(self, group: str, key: str, *, member: bool) -> None:
        entry = self.directory.entries.get(group)
        if entry is None:
            raise refused(
                "The object does not exist. 0000208D: NameErr: DSID-03100238, problem 2001 "
                "(NO_OBJECT), data 0, best match of: ''"
            )
        if not self.directory.may("modify", entry.dn) or entry.protected:
            raise refused(
                "The user has insufficient access rights. 00000005: SecErr: DSID-031A11D9, problem "
                "4003 (INSUFF_ACCESS_RIGHTS), "
                "data 0"
            )
        self.directory.set_member(entry, key, member=member)

    def _forget_changed(self) -> None:
        for guid in self.directory.changes[self._rendered :]:
            self._rows.pop(guid, None)
        self._rendered = len(self.directory.changes)

    def _row(self, entry: Entry) -> Row:
        row = self._rows.get(entry.guid)
        if row is None:
            parent = self.directory.find(parent_of(entry.dn))
            row = {"objectGUID": entry.guid, "dn": entry.dn}
            row.update({name: entry.attributes.get(name) or "" for name in _VALUES})
            row["parentdn"] = parent.guid if parent else ""
            row["manager"] = entry.attributes.get("manager") or ""
            self._rows[entry.guid] = row
        return row
