"""Acts in the outside world:

what people and things do to HR, to the managed systems, to network, credentials and files.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sandbox.identity_manager.world.acts import Act, people_of, time_of
from sandbox.identity_manager.world.acts_systems import dn_of
from sandbox.identity_manager.world.engine import Engine
from sandbox.identity_manager.world.people import COUNTRY_OF_SITE, organization_code, source_date
from sandbox.identity_manager.world.systems.table import FileFault

Connector = Literal["HR", "AD", "ENTRA", "SAP", "SQLAPP"]


class HrChange(Act):
    """HR changes people. `values` are columns of the HR source; `move` gives another function (organisation, cost)."""

    do: Literal["hr-change"]
    people: str | list[str]
    values: dict[str, str] = Field(default_factory=dict)
    move: str = ""
    count: int = 0

    def run(self, engine: Engine) -> None:
        for key in people_of(engine, self.people, self.count):
            values = {
                name: source_date(time_of(engine, value)) if name.endswith("Date") and value else value
                for name, value in self.values.items()
            }
            if self.move:
                country = engine.hr.people[key]["Country"]
                values |= {
                    "OrganizationCode": organization_code(country, self.move),
                    "CostCentre": f"{country}{self.move}",
                }
            if "Site" in values:
                values["Country"] = COUNTRY_OF_SITE.get(values["Site"], engine.hr.people[key]["Country"])
            engine.hr.change(key, **values)


class HrVariety(Act):
    """Ordinary changes: `count` people get another phone number or another title of their function."""

    do: Literal["hr-routine"]
    count: int
    column: Literal["Phone", "Title"] = "Phone"
    people: str | list[str] = "*"

    def run(self, engine: Engine) -> None:
        for number, key in enumerate(people_of(engine, self.people, self.count)):
            before = engine.hr.people[key]
            if self.column == "Phone":
                last = int(before["Phone"][-2:])
                engine.hr.change(key, Phone=f"{before['Phone'][:-2]}{(last - 9 + number % 80) % 90 + 10}")
            else:
                engine.hr.change(key, Title=f"Senior {before['Title'].removeprefix('Senior ')}")


class HrJoin(Act):
    """New people come into the HR source. They are known afterwards as the group `group`."""

    do: Literal["hr-join"]
    group: str
    count: int
    site: str = ""
    start: str = "now-1d"
    values: dict[str, str] = Field(default_factory=dict)

    def run(self, engine: Engine) -> None:
        keys: list[str] = []
        for _ in range(self.count):
            person = engine.population.person(site=self.site, start=time_of(engine, self.start))
            person |= self.values
            person["OrganizationCode"] = person["OrganizationCode"]
            engine.hr.put(person)
            keys.append(person["EmployeeId"])
        engine.groups[self.group] = keys


class HrLeave(Act):
    """HR sets the end date of people."""

    do: Literal["hr-leave"]
    people: str | list[str]
    end: str
    count: int = 0

    def run(self, engine: Engine) -> None:
        for key in people_of(engine, self.people, self.count):
            engine.hr.change(key, EndDate=source_date(time_of(engine, self.end)), ContractType="Fixed-term")


class HrRemove(Act):
    """Rows disappear from the HR source itself."""

    do: Literal["hr-remove"]
    people: str | list[str]
    count: int = 0

    def run(self, engine: Engine) -> None:
        for key in people_of(engine, self.people, self.count):
            engine.hr.remove(key)


class HrReorganise(Act):
    """A reorganisation: the people of some organisations change organisation, cost centre and manager together."""

    do: Literal["hr-reorganise"]
    pairs: dict[str, str]
    """old organisation code -> new one"""
    names: dict[str, str] = Field(default_factory=dict)
    """names of organisations that are new"""

    def run(self, engine: Engine) -> None:
        for code, name in self.names.items():
            country = code.partition("-")[0]
            cost_centre = code.replace("-", "")
            engine.hr.put_organization({"Code": code, "Name": name, "ParentCode": country, "CostCentre": cost_centre})
        heads = {
            code: next((k for k, p in engine.hr.people.items() if p["OrganizationCode"] == code), "")
            for code in self.pairs
        }
        for key, person in list(engine.hr.people.items()):
            new = self.pairs.get(person["OrganizationCode"])
            if new:
                manager = heads[person["OrganizationCode"]]
                engine.hr.change(
                    key,
                    OrganizationCode=new,
                    CostCentre=new.replace("-", ""),
                    ManagerId="" if manager == key else manager,
                )


class FileBreaks(Act):
    """Something happens to an export file on its way; the lever `files:<table>` undoes it."""

    do: Literal["file-fault"]
    table: str
    kind: str
    columns: list[str] = Field(default_factory=list)
    people: str | list[str] = Field(default_factory=list)
    count: int = 0
    number: int = 0
    text: str = ""

    def run(self, engine: Engine) -> None:
        keys = tuple(people_of(engine, self.people, self.count)) if self.people else ()
        engine.systems.file_faults.append(
            FileFault(self.kind, self.table, tuple(self.columns), keys, self.number, self.text)
        )


class FilesRestored(Act):
    """The files of this table are delivered as agreed again."""

    do: Literal["file-restored"]
    table: str

    def run(self, engine: Engine) -> None:
        engine.systems.file_faults = [f for f in engine.systems.file_faults if f.table != self.table]


class QueueLost(Act):
    """The connector's next prepared files vanish from Work/Synchronization before they are synchronised."""

    do: Literal["queue-lost"]
    connector: Connector

    def run(self, engine: Engine) -> None:
        engine.systems.lost_queues.add(self.connector)


class Disk(Act):
    """The agent's disk fills or is freed."""

    do: Literal["disk"]
    full: bool

    def run(self, engine: Engine) -> None:
        engine.host.disk_free = not self.full


class Network(Act):
    """The way to a system, or to everything (`connector` empty), breaks or is repaired (`fault` empty)."""

    do: Literal["network"]
    connector: Connector | Literal[""] = ""
    fault: Literal["", "dns", "refused", "timeout", "reset", "unreachable"] = ""

    def run(self, engine: Engine) -> None:
        if self.connector:
            engine.systems.systems[self.connector].access.network_fault = self.fault
        else:
            engine.host.network_fault = self.fault


class CredentialState(Act):
    """The service account's password or secret."""

    do: Literal["credential"]
    connector: Connector
    state: Literal["valid", "expired", "wrong", "locked", "disabled", "missing"]

    def run(self, engine: Engine) -> None:
        credential = engine.systems.systems[self.connector].access.credential
        credential.state, credential.expires = self.state, None


class Right(Act):
    """Grants or revokes a right of the service account: in AD on a container, elsewhere on the whole system."""

    do: Literal["right"]
    operation: Literal["read", "create", "modify", "delete"]
    allowed: bool
    connector: Connector = "AD"
    container: str = ""

    def run(self, engine: Engine) -> None:
        if self.connector == "AD":
            engine.directory.rule(self.operation, dn_of(self.container), allowed=self.allowed)
        else:
            denied = engine.systems.systems[self.connector].access.denied
            (denied.discard if self.allowed else denied.add)(self.operation)


class Throttle(Act):
    """Entra ID takes `orders` orders at a time, then answers 429 for Retry-After seconds; 0 lifts it."""

    do: Literal["throttle"]
    orders: int
    retry_after: int = 120

    def run(self, engine: Engine) -> None:
        engine.entra.orders_per_window = self.orders
        engine.entra.access.retry_after = self.retry_after


class AgentService(Act):
    """The agent's service on its host starts or stops."""

    do: Literal["agent"]
    running: bool
    agent: str = "Local"

    def run(self, engine: Engine) -> None:
        engine.hosts[self.agent].running = self.running


class ClockSkew(Act):
    """The agent's host has the wrong time: its files bear it."""

    do: Literal["clock-skew"]
    seconds: float

    def run(self, engine: Engine) -> None:
        engine.host.clock_skew = self.seconds


class MappingKey(Act):
    """The mapping of a table has further key columns: a row in which one is empty is rejected."""

    do: Literal["mapping-key"]
    table: str
    columns: list[str]

    def run(self, engine: Engine) -> None:
        engine.bench.preparation.further_keys[self.table] = tuple(self.columns)


OUTSIDE = (
    HrChange, HrVariety, HrJoin, HrLeave, HrRemove, HrReorganise, FileBreaks, FilesRestored, QueueLost, Disk, Network,
    CredentialState, Right, Throttle, AgentService, ClockSkew, MappingKey,
)  # fmt: skip
