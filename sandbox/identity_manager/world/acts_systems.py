"""Acts of the managed systems' administrators: containers, entries, accounts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sandbox.identity_manager.world.acts import Act, people_of
from sandbox.identity_manager.world.engine import Engine
from sandbox.identity_manager.world.people import FUNCTION_NAMES
from sandbox.identity_manager.world.systems.accounts import AccountSystem
from sandbox.identity_manager.world.systems.directory import BASE, Entry


def dn_of(text: str) -> str:
    """`OU=Leavers` stands for `OU=Leavers,DC=contoso,DC=com`."""
    return text if not text or text.lower().endswith(BASE.lower()) else f"{text},{BASE}"


class AdContainer(Act):
    """An administrator creates a container."""

    do: Literal["ad-container"]
    container: str

    def run(self, engine: Engine) -> None:
        engine.add_container(dn_of(self.container))


class AdByHand(Act):
    """Somebody creates accounts by hand, with the logins that these people will get.

    `with_employee_id`: and their number.
    """

    do: Literal["ad-create"]
    people: str | list[str]
    container: str = "OU=Handmade"
    with_employee_id: bool = False
    login: bool = True
    complete: bool = False
    """with every attribute as Identity Manager would compute it"""
    count: int = 0

    def run(self, engine: Engine) -> None:
        for key in people_of(engine, self.people, self.count):
            person = engine.hr.people[key]
            login = engine.login_for(key)
            name = f"{person['FirstName']} {person['LastName']}"
            if engine.directory.find(f"CN={name},{dn_of(self.container)}"):
                name = f"{name} ({login})"
            engine.directory.put(
                f"CN={name},{dn_of(self.container)}",
                {
                    "objectClass": "user",
                    "cn": name,
                    "sAMAccountName": login if self.login else f"x{key}",
                    "userPrincipalName": f"{login}@contoso.com",
                    "givenName": person["FirstName"],
                    "sn": person["LastName"],
                    "displayName": f"{person['LastName']}, {person['FirstName']}",
                    "employeeID": key if self.with_employee_id else None,
                    "userAccountControl": "512",
                    "title": person["Title"] if self.complete else None,
                    "department": FUNCTION_NAMES.get(person["OrganizationCode"][-3:], "") if self.complete else None,
                },
            )


class AdEntry(Act):
    """An administrator creates any entry."""

    do: Literal["ad-entry"]
    dn: str
    attributes: dict[str, str] = Field(default_factory=dict)
    count: int = 1
    """more than one: numbered names"""

    def run(self, engine: Engine) -> None:
        for number in range(1, self.count + 1):
            mark = str(number) if self.count > 1 else ""
            attributes = {name: value.replace("{n}", mark) for name, value in self.attributes.items()}
            engine.directory.put(dn_of(self.dn.replace("{n}", mark)), {**attributes})


class AdChange(Act):
    """An administrator changes people's accounts in AD: attributes, container, deletion, group membership."""

    do: Literal["ad-change"]
    people: str | list[str] = Field(default_factory=list)
    entry: str = ""
    values: dict[str, str] = Field(default_factory=dict)
    container: str = ""
    delete: bool = False
    join: str = ""
    leave: str = ""
    protect: bool | None = None
    count: int = 0

    def run(self, engine: Engine) -> None:
        entries = [engine.account_of(key) for key in people_of(engine, self.people, self.count)]
        if self.entry:
            entries.append(engine.directory.find(dn_of(self.entry)))
        for entry in entries:
            if entry is not None:
                self._change(engine, entry)

    def _change(self, engine: Engine, entry: Entry) -> None:
        directory = engine.directory
        if self.delete:
            directory.drop(entry.guid)
            return
        if self.protect is not None:
            entry.protected = self.protect
        if self.values or self.container:
            dn = f"{entry.dn.partition(',')[0]},{dn_of(self.container)}" if self.container else None
            directory.alter(entry.guid, {**self.values}, dn=dn)
        for name, member in ((self.join, True), (self.leave, False)):
            group = directory.find(f"CN={name},OU=Groups,{BASE}") if name else None
            if group is not None:
                directory.set_member(group, entry.guid, member=member)


class AccountByHand(Act):
    """Somebody creates in another system the account that Identity Manager will create, `without` some values."""

    do: Literal["account-create"]
    of: str
    people: str | list[str]
    without: list[str] = Field(default_factory=list)
    count: int = 0

    def run(self, engine: Engine) -> None:
        for key in people_of(engine, self.people, self.count):
            system, entity_type = account_system(engine, self.of)
            expected = engine.expected_values(self.of, key)
            system.put(entity_type, {n: v for n, v in expected.items() if n not in self.without})


class AccountChange(Act):
    """An administrator changes or deletes people's accounts in Entra ID, SAP or the application.

    `{id}` in a value is the employee id, `{n}` counts.
    """

    do: Literal["account-change"]
    of: str
    people: str | list[str]
    values: dict[str, str] = Field(default_factory=dict)
    by: str = ""
    """the account's column that holds what the resource type computes for it; empty: the account that is assigned"""
    delete: bool = False
    count: int = 0

    def run(self, engine: Engine) -> None:
        system, entity_type = account_system(engine, self.of)
        for number, person in enumerate(people_of(engine, self.people, self.count)):
            key = engine.account_key(self.of, person)
            if self.by:
                wanted = engine.expected_values(self.of, person)[self.by]
                key = next((k for k, row in system.accounts[entity_type].items() if row[self.by] == wanted), "")
            if key not in system.accounts[entity_type]:
                raise ValueError(f"{person} has no account of {self.of}")
            if self.delete:
                system.drop(entity_type, key)
            else:
                values = {n: v.replace("{id}", person).replace("{n}", str(number)) for n, v in self.values.items()}
                system.alter(entity_type, key, values)


def account_system(engine: Engine, resource_type: str) -> tuple[AccountSystem, str]:
    """Raises ValueError for a resource type of HR or AD."""
    found = engine.configuration.resource_types[resource_type]
    system = engine.systems.systems[found.connector]
    if not isinstance(system, AccountSystem):
        raise ValueError(f"accounts of {resource_type} are changed with ad-change")  # noqa: TRY004  (a wrong scenario)
    return system, found.target_type


class AdPadding(Act):
    """Fills AD with computer accounts until it holds `entries` entries, so that a table has the wanted size."""

    do: Literal["ad-padding"]
    entries: int

    def run(self, engine: Engine) -> None:
        engine.add_container(f"OU=Computers,{BASE}")
        for number in range(max(0, self.entries - len(engine.directory.entries))):
            name = f"PC{number:05d}"
            engine.directory.put(
                f"CN={name},OU=Computers,{BASE}", {"objectClass": "computer", "cn": name, "sAMAccountName": f"{name}$"}
            )


SYSTEMS = (AdContainer, AdByHand, AdEntry, AdChange, AdPadding, AccountByHand, AccountChange)
