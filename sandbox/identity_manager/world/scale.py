"""Makes a world large: people, accounts and orders computed by the rules and stored in bulk, beside those that live.

The live part of the world stays small, so that time can pass; the stored part can be read, and its errored orders can
be unblocked and sent like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from sandbox.identity_manager.store import Row
from sandbox.identity_manager.world import rows
from sandbox.identity_manager.world.clock import DAY, HOUR, to_iso
from sandbox.identity_manager.world.engine import Engine
from sandbox.identity_manager.world.expressions import unaccented
from sandbox.identity_manager.world.metadata import OWNER_TYPE, SHAPES, label_of
from sandbox.identity_manager.world.model import Assignment, OrderError, Resource, State
from sandbox.identity_manager.world.people import Record
from sandbox.identity_manager.world.systems.directory import REFUSED_RIGHT

_ACCOUNTS = ("AD_Entry_NominativeUser", "ENTRA_User_NominativeUser", "SAP_User_NominativeUser")
_AT_ONCE = 5000


def enlarge(engine: Engine, *, people: int, errored: int) -> None:
    """Adds `people` with an account in each of three systems; of the AD accounts' orders `errored` wait in error."""
    writer = _Writer(engine, errored)
    pending = iter(writer.person(number) for number in range(people))
    while chunk := list(islice(pending, _AT_ONCE)):
        writer.write(chunk)
    writer.finish()


class _Writer:
    def __init__(self, engine: Engine, errored: int) -> None:
        self.engine = engine
        self.errored = errored
        self.database = engine.database
        self.names = {o["Code"]: o["Name"] for o in engine.hr.organizations.values()}
        self.now = engine.present
        self.last_run = engine.runs.last["AD_Provisioning"]
        self.columns = {
            shape.identifier: (shape.id, {p.identifier: p.column for p in shape.properties.values() if p.column})
            for shape in engine.database.shapes.types.values()
        }
        self.types = {name: engine.configuration.resource_types[name] for name in _ACCOUNTS}

    def person(self, number: int) -> tuple[Resource, list[Resource], list[Assignment]]:
        """One person with accounts and assignments. The first `errored` people's deletion was refused."""
        record = self.engine.population.person()
        since = self.now - DAY * (40 + number % 900)
        leaver = number < self.errored
        person = self._resource(OWNER_TYPE, self._identity(record, number, leaver=leaver), since)
        view = self._view(person)
        accounts: list[Resource] = []
        assignments: list[Assignment] = []
        for name, resource_type in self.types.items():
            values = {p: self._text(rule.evaluate(view)) for p, rule in resource_type.scalar_rules.items()}
            if resource_type.target_type == "AD_Entry":
                values |= {"objectGUID": f"guid-{number:08d}", "objectClass": "user"}
            elif resource_type.target_type == "ENTRA_User":
                values["id"] = f"entra-{number:08d}"
            account = self._resource(resource_type.target_type, values, since)
            accounts.append(account)
            assignments.append(self._assignment(name, person, account, since, refused=leaver and name == _ACCOUNTS[0]))
        return person, accounts, assignments

    def _identity(self, record: Record, number: int, *, leaver: bool) -> dict[str, str | None]:
        login = "".join(c for c in unaccented(f"{record['FirstName'][:1]}{record['LastName']}").lower() if c.isalnum())
        return {
            "Identifier": f"9{number:07d}",
            "Login": f"{login[:12]}{number}",
            "Mail": f"{login[:12]}{number}@contoso.com",
            "FirstName": record["FirstName"],
            "LastName": record["LastName"],
            "Title": record["Title"],
            "Organization": self.names.get(record["OrganizationCode"]),
            "OrganizationCode": record["OrganizationCode"],
            "CostCentre": record["CostCentre"],
            "Site": record["Site"],
            "Country": record["Country"],
            "ContractType": record["ContractType"],
            "EndDate": to_iso(self.now - 4 * DAY)[:10] if leaver else None,
            "PresenceState": "Left" if leaver else "Present",
            "Phone": record["Phone"],
        }

    def _view(self, person: Resource) -> dict[str, object]:
        return {**person.values, "NameSuffix": f" {person.key}", "MailSuffix": "", "ManagerIdentifier": None}

    def _text(self, value: object) -> str | None:
        return None if value is None else str(value)

    def _resource(self, entity_type: str, values: Mapping[str, str | None], since: float) -> Resource:
        kept = {name: value for name, value in values.items() if value}
        key = str(kept[SHAPES[entity_type].key])
        number = self.database.next_id("Resource")
        return Resource(number, entity_type, key, label_of(entity_type, dict(values)), dict(kept), valid_from=since)

    def _assignment(self, name: str, person: Resource, account: Resource, since: float, *, refused: bool) -> Assignment:
        a = Assignment(
            self.database.next_id("AssignedResourceType"),
            name,
            person.id,
            account.id,
            State.VERIFIED,
            start=since,
            created=since,
            performed=since,
            valid_from=since,
        )
        if refused:
            run = self.last_run
            a.denied, a.state, a.start = True, State.ERRORED, run.start - HOUR
            a.transmitted = a.performed = a.valid_from = run.start + 10
            a.errors.append(
                OrderError(self.database.next_id("AssignedResourceError"), run.id, REFUSED_RIGHT, run.start)
            )
        return a

    def write(self, chunk: list[tuple[Resource, list[Resource], list[Assignment]]]) -> None:
        store, database = self.database.store, self.database
        store.insert("Resource", self._resource_rows(chunk))
        owner_type = database.type_id(OWNER_TYPE)
        every = [a for _, _, assignments in chunk for a in assignments]
        store.insert("AssignedResourceType", (rows.assignment(a, owner_type, database.role_id(a.type)) for a in every))
        store.insert("AssignedResourceError", (rows.order_error(a, e) for a in every for e in a.errors))
        database.adopt(a for a in every if a.errors)

    def _resource_rows(self, chunk: list[tuple[Resource, list[Resource], list[Assignment]]]) -> Iterator[Row]:
        for person, accounts, _ in chunk:
            for resource in (person, *accounts):
                type_id, columns = self.columns[resource.type]
                yield rows.resource(resource, type_id, columns)

    def finish(self) -> None:
        store = self.database.store
        for name in self.types:
            total = store.count("AssignedResourceType", "RoleId = ?", (self.database.role_id(name),))
            live = sum(a.type == name for a in self.database.assignments.values())
            self.engine.configuration.stored_assignments[name] = total - live
        self.engine.configuration.count_assignments()
        for entity_type, mapping in self.engine.configuration.mappings.items():
            if entity_type in {t.target_type for t in self.types.values()}:
                count = store.count("Resource", "Type = ?", (self.database.type_id(entity_type),))
                self.engine.configuration.set("EntityTypeMapping", mapping, {"ResourceCount": count})
