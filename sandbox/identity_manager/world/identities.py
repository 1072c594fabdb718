"""From HR rows to records to people: the inbound rules and the expressions of identities.

An incremental computation follows changes one step: expressions that read a property which is itself computed on
the record
(second order) are evaluated in complete computations only, as in the product.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sandbox.identity_manager.world import catalogue
from sandbox.identity_manager.world.clock import to_iso
from sandbox.identity_manager.world.configuration import Configuration
from sandbox.identity_manager.world.database import Database
from sandbox.identity_manager.world.expressions import RuleError, compiled, unaccented
from sandbox.identity_manager.world.metadata import OWNER_TYPE
from sandbox.identity_manager.world.model import Assignment, Resource, State, Workflow
from sandbox.identity_manager.world.policy import PersonExpression

View = dict[str, object]

_TODAY = frozenset({"Today"})


class Identities:
    """Computes records and people. `today` is the UTC date of the computation."""

    def __init__(self, database: Database, configuration: Configuration) -> None:
        self.database = database
        self.configuration = configuration
        self.logins: set[str] = set()
        self.preferred_logins: dict[str, str] = {}
        """employee id -> login that the person has for historical reasons"""
        self.edits: dict[str, dict[str, str | None]] = {}
        """employee id -> values of the record that a workflow made beside HR's"""
        self.failures: list[str] = []
        self._homonyms: dict[str, int] = {}
        self._names: defaultdict[str, int] = defaultdict(int)
        self._seen: dict[int, tuple[object, ...]] = {}
        self._dates: dict[int, str] = {}
        """person -> day on which the expressions that read the date were evaluated"""
        self._chosen: tuple[int, dict[frozenset[str] | None, list[PersonExpression]]] = (-1, {})
        self._organizations: tuple[int, dict[str, object]] = (-1, {})

    def refresh(self, keys: Iterable[str] | None, now: float) -> set[int]:
        """Recomputes the people behind these HR keys (None:

        everybody, completely). Returns the changed people's ids.
        """
        complete = keys is None
        people = self.database.by_key["HR_Person"]
        known = self.database.by_key[OWNER_TYPE]
        changed: set[int] = set()
        wanted = list(people) if keys is None else list(keys)
        for key in [*wanted, *(k for k in list(known) if complete and k not in people)]:
            user = self._refresh_one(key, people.get(key), now, complete=complete)
            if user is not None:
                changed.add(user)
        changed |= self._refresh_managers(known if complete else wanted, now)
        return changed

    def forget(self, user: int) -> None:
        """The next complete computation evaluates this person's expressions, whatever HR says."""
        self._seen.pop(user, None)

    def _refresh_one(self, key: str, person: Resource | None, now: float, *, complete: bool) -> int | None:
        if person is None:
            return self._lose(key, now)
        record = self.database.find("Directory_UserRecord", key)
        user = self.database.find(OWNER_TYPE, key)
        face = (person.version, record and record.version, self.configuration.revision, self._organization_version())
        today = to_iso(now)[:10]
        if complete and user is not None and self._seen.get(user.id) == face:
            if self._dates.get(user.id) == today:
                return None
            self._dates[user.id] = today
            return user.id if self._evaluate(user, _TODAY, now) else None
        record, inbound = self._refresh_record(key, person, record, now)
        if user is None:
            user = self._join(key, record, now)
            self._evaluate(user, None, now)
            self._seen[user.id] = ()
            return user.id
        changed = user.refs.get("MainRecord") != record.id and self.database.change(
            user, {}, {"MainRecord": record.id}, now
        )
        inputs = None if complete else _TODAY | {f"MainRecord.{name}" for name in inbound}
        changed |= self._evaluate(user, inputs, now)
        if complete:
            self._seen[user.id] = (
                person.version,
                record.version,
                self.configuration.revision,
                self._organization_version(),
            )
        return user.id if changed else None

    def _refresh_record(
        self, key: str, person: Resource, record: Resource | None, now: float
    ) -> tuple[Resource, set[str]]:
        values: dict[str, str | None] = {"Identifier": key}
        for name, rule in self.configuration.inbound.items():
            try:
                value = rule.evaluate(person.values)
                values[name] = None if value is None else str(value)
            except RuleError as error:
                self.failures.append(f"{error} at ScalarRule Directory_UserRecord:{name} for {person.name}")
        if record is None:
            record = self.database.add("Directory_UserRecord", values, {}, now)
            self._attach(person, record, now)
            inbound = set(values)
        else:
            inbound = {name for name, value in values.items() if (value or None) != record.values.get(name)}
            self.database.change(record, values, {}, now)
        computed: dict[str, str | None] = {}
        for (entity_type, name), expression in self.configuration.expressions.items():
            if entity_type == "Directory_UserRecord":
                value = expression.evaluate(record.values)
                computed[name] = None if value is None else str(value)
        self.database.change(record, computed, {}, now)
        return record, inbound

    def _attach(self, person: Resource, record: Resource, now: float) -> None:
        """The record's source: an assignment owned by the HR row."""
        self.database.assign(
            Assignment(
                self.database.next_id("AssignedResourceType"),
                catalogue.SOURCE_TYPE,
                person.id,
                record.id,
                State.VERIFIED,
                Workflow.CALCULATED,
                start=now,
                created=now,
                performed=now,
                valid_from=now,
                type_confidence=100,
                source_confidence=100,
            )
        )

    def _join(self, key: str, record: Resource, now: float) -> Resource:
        first, last = record.values["FirstName"] or "", record.values["LastName"] or ""
        spelling = f"{unaccented(first)} {unaccented(last)}".lower().replace("'", "-").replace(" ", "-")
        self._names[spelling] += 1
        self._homonyms[key] = self._names[spelling]
        user = self.database.add(
            OWNER_TYPE,
            {"Identifier": key, "Login": self._new_login(key, first, last), "FirstName": first, "LastName": last},
            {"MainRecord": record.id},
            now,
        )
        self.database.change(record, {}, {"User": user.id}, now)
        return user

    def promised_login(self, key: str, row: Mapping[str, str]) -> str:
        """The login that a person who is not here yet is going to get."""
        if key not in self.preferred_logins:
            self.preferred_logins[key] = self._new_login(key, row["FirstName"], row["LastName"])
        return self.preferred_logins[key]

    def _new_login(self, key: str, first: str, last: str) -> str:
        """First letter and family name, numbered when somebody of this installation has it already."""
        wanted = self.preferred_logins.get(key, "")
        if not wanted:
            letters = "".join(c for c in unaccented(f"{first[:1]}{last}").lower() if c.isalnum())[:17]
            wanted, number = letters, 2
            while wanted in self.logins:
                wanted, number = f"{letters}{number}", number + 1
        self.logins.add(wanted)
        return wanted

    def _lose(self, key: str, now: float) -> int | None:
        """HR no longer has the person: the record ends, the identity stays without one."""
        record = self.database.find("Directory_UserRecord", key)
        user = self.database.find(OWNER_TYPE, key)
        if user is None or record is None:
            return None
        for assignment in list(self.database.of_resource[record.id]):
            self.database.close(assignment)
        self.database.end(record, now)
        self.database.change(user, {"PresenceState": "Left"}, {"MainRecord": None}, now)
        self._seen.pop(user.id, None)
        return user.id

    def _reading(self, inputs: frozenset[str] | None) -> list[PersonExpression]:
        """The expressions of people that read one of the inputs (None: all)."""
        if self._chosen[0] != self.configuration.revision:
            self._chosen = (self.configuration.revision, {})
        chosen = self._chosen[1].get(inputs)
        if chosen is None:
            chosen = self._chosen[1][inputs] = [
                expression
                for (entity_type, _), expression in self.configuration.expressions.items()
                if entity_type == OWNER_TYPE and (inputs is None or inputs & compiled(expression.text).inputs)
            ]
        return chosen

    def _evaluate(self, user: Resource, inputs: frozenset[str] | None, now: float) -> bool:
        chosen = self._reading(inputs)
        if not chosen:
            return False
        view = self.view(user, now)
        values: dict[str, str | None] = {}
        for expression in chosen:
            try:
                value = expression.evaluate(view)
                values[expression.property] = None if value is None else str(value)
            except RuleError as error:
                self.failures.append(
                    f"{error} at EntityPropertyExpression Directory_User:{expression.property} for {user.name}"
                )
        return self.database.change(user, values, {}, now)

    def view(self, user: Resource, now: float) -> View:
        """The person as expressions see it."""
        record = self.database.resources.get(user.refs.get("MainRecord", 0))
        number = self._homonyms.get(user.key, 1)
        view: View = dict(user.values)
        main = record.values if record else None
        if main is not None and user.key in self.edits:
            main = {**main, **self.edits[user.key]}
        view["MainRecord"] = main
        view["Today"] = to_iso(now)[:10]
        view["MailSuffix"] = "" if number == 1 else str(number)
        view["NameSuffix"] = "" if number == 1 else f" {number}"
        view["Organizations"] = self._organization_names()
        manager = self.database.resources.get(user.refs.get("Manager", 0))
        view["Manager"] = manager.values if manager else None
        view["ManagerIdentifier"] = manager.key if manager else None
        return view

    def _refresh_managers(self, keys: Iterable[str], now: float) -> set[int]:
        people = self.database.by_key[OWNER_TYPE]
        changed: set[int] = set()
        for key in keys:
            user = people.get(key)
            record = self.database.resources.get(user.refs.get("MainRecord", 0)) if user else None
            if user is None or record is None:
                continue
            wanted = self.edits.get(key, {}).get("ManagerId") or record.values.get("ManagerId") or ""
            manager = people.get(wanted)
            if user.refs.get("Manager") != (manager.id if manager else None) and self.database.change(
                user, {}, {"Manager": manager.id if manager else None}, now
            ):
                changed.add(user.id)
        return changed

    def _organization_version(self) -> int:
        return self.database.type_versions["HR_Organization"]

    def _organization_names(self) -> dict[str, object]:
        version = self._organization_version()
        if self._organizations[0] != version:
            names: dict[str, object] = {
                o.key: o.values.get("Name") for o in self.database.by_key["HR_Organization"].values()
            }
            self._organizations = (version, names)
        return self._organizations[1]
