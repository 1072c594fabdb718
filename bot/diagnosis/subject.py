"""What a question is about."""

from dataclasses import dataclass

from bot.model.ids import ConnectorId, JobId, OrderId, ResourceId, ResourceTypeId
from bot.model.job import JobRun
from bot.model.order import ChangeType, Order
from bot.model.person import Person


@dataclass(frozen=True, slots=True)
class Subject:
    """The thing that was named. What is empty was not named and does not narrow the question."""

    run: JobRun | None = None
    """A run of a job that was read just before."""
    recent: tuple[JobRun, ...] = ()
    """Runs that were read just before, newest first: they are not read again."""
    job_id: JobId | None = None
    order_id: OrderId | None = None
    order: Order | None = None
    """The order, with its errors, where it was read just before."""
    connector_id: ConnectorId | None = None
    resource_type_ids: tuple[ResourceTypeId, ...] = ()
    change: ChangeType | None = None
    person: Person | None = None
    owner_id: ResourceId | None = None
    """Owner of the orders in question; `person` need not have been read for that."""
    property_name: str = ""
    also_called: tuple[str, ...] = ()
    """Further names that the property has in other systems: a login is a sAMAccountName as well."""
    expected_value: str = ""
    """What the asker holds to be right."""
    told: str = ""
    """The asker's own words: "still has the old name" says that something newer is expected."""
    entitlement: str = ""
    key: str = ""
    """Key of an object that is missed: an employee number, a login, a group's name."""
    entity_type: str = ""
    other_key: str = ""
    """Key of the other end of a link that is missed: the group that the login should be in."""

    @property
    def owner(self) -> ResourceId | None:
        return self.person.id if self.person else self.owner_id
