"""The HR source: tables that HR delivers as CSV files on a share. Read only."""

from __future__ import annotations

from sandbox.identity_manager.world.people import Record
from sandbox.identity_manager.world.systems.access import Access, check_network
from sandbox.identity_manager.world.systems.errors import TargetError
from sandbox.identity_manager.world.systems.order import Order
from sandbox.identity_manager.world.systems.table import Table


class HrSource:
    """Fulfils ManagedSystem. A changed person is a new record, so that an unchanged one is recognised by identity."""

    delta_capable = False

    def __init__(self, access: Access, people: list[Record], organizations: list[Record]) -> None:
        self.access = access
        self.people = {p["EmployeeId"]: p for p in people}
        self.organizations = {o["Code"]: o for o in organizations}
        self._tables: list[Table] | None = None
        self.delivered = True
        self.in_use = False

    def change(self, employee_id: str, **changes: str) -> None:
        """Raises KeyError for an unknown person or column."""
        before = self.people[employee_id]
        for name in changes:
            before[name]
        self.people[employee_id] = {**before, **changes}
        self._tables = None

    def put(self, person: Record) -> None:
        self.people[person["EmployeeId"]] = person
        self._tables = None

    def remove(self, employee_id: str) -> None:
        del self.people[employee_id]
        self._tables = None

    def put_organization(self, organization: Record) -> None:
        self.organizations[organization["Code"]] = organization
        self._tables = None

    def connect(self, now: float, direction: str) -> None:
        check_network(self.access)
        condition = self.access.credential.condition(now)
        if condition != "valid":
            raise TargetError(
                f"System.IO.IOException: The user name or password is incorrect. : '{self.access.address}'"
            )
        if "read" in self.access.denied:
            raise TargetError(
                "System.UnauthorizedAccessException: Access to the path "
                f"'{self.access.address}\\hr_people.csv' is denied."
            )
        if not self.delivered:
            raise TargetError("System.IO.FileNotFoundException: Could not find file 'hr_people.csv'.")
        if self.in_use:
            raise TargetError(
                "System.IO.IOException: The process cannot access the file 'hr_people.csv' because "
                "it is being used by another "
                "process."
            )

    def tables(self) -> list[Table]:
        """The very same objects as long as nothing has changed."""
        if self._tables is None:
            self._tables = self._made()
        return self._tables

    def _made(self) -> list[Table]:
        people = list(self.people.values())
        organizations = list(self.organizations.values())
        return [
            Table("hr_people", list(people[0]) if people else [], people),
            Table("hr_organizations", list(organizations[0]) if organizations else [], organizations),
        ]

    def position(self) -> int:
        return 0

    def delta(self, since: int) -> list[Table]:
        raise NotImplementedError("HR delivers whole files")

    def apply(self, order: Order, now: float) -> str:
        raise NotImplementedError("nothing is written to HR")
