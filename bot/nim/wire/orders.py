"""Provisioning orders: assigned resource types with errors and values (nim-api 4.11 to 4.13, E6 to E8)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bot.model.ids import EntityTypeId, JobRunId, OrderId, ResourceId, ResourceTypeId
from bot.model.order import ChangeType, HeldValue, Order, OrderError, OrderProperty, OrderState
from bot.nim.squery import (
    Condition,
    Join,
    Op,
    Path,
    Query,
    Sort,
    all_of,
    any_of,
    compare,
    equal,
    newest,
    number,
    one_of,
    paths,
)
from bot.nim.wire.people import Properties, value_at
from bot.nim.wire.row import Row

PENDING: Final = 1
"""The provisioning state that unblocks an order (nim-api 6.4)."""
_STATES: Final = {
    0: OrderState.NONE,
    1: OrderState.PENDING,
    2: OrderState.TRANSMITTED,
    3: OrderState.ERRORED,
    4: OrderState.VERIFIED,
    5: OrderState.AWAITING_APPROVAL,
    6: OrderState.INACTIVE,
    7: OrderState.RULE_ERROR,
    8: OrderState.EXECUTED,
}
"""Documented as a complete list (nim-api 5.2)."""
_NUMBERS: Final = {word: figure for figure, word in _STATES.items()}
_ERROR_BIT: Final = 32
_FIRST_NOT_REVIEWED: Final = 16
_ROLE: Final = Join("Role", "r")
_ERRORS: Final = Join("AssignedResourceErrors", "e")
_PROPERTY: Final = Join("Property", "p")
_ORDER: Final = Join("AssignedResourceType", "a")
_ORDERS_ROLE: Final = Join("Role", "r", after=_ORDER)
_FIELDS_OF_ORDER: Final = (
    *("Id", "ProvisioningState", "ConsolidatedProvisioningState", "ProvisioningReviewFilter", "WorkflowState"),
    *("IsDenied", "SourceMatchedConfidenceLevel", "RoleId", "OwnerType", "OwnerId", "ResourceId"),
    *("StartDate", "EndDate", "WhenCreated", "WhenPerformed"),
)
_LINK_FIELDS: Final = ("ResourceId", "PolicyResourceId", "ConfidenceLevel", "IsDenied")
_LINK_ENDS: Final = (("Resource", "lv"), ("PolicyResource", "lp"), ("CurrentResource", "lc"))
DN_NAMES: Final = ("dn", "distinguishedname")
"""Properties that hold where an account lies in a directory, in lower case."""


def account(entity_type: str, dn: str) -> tuple[Join, Path]:
    """The join to accounts of one entity type, and the property that holds their place in the directory."""
    join = Join("Resource", "acc", of_type=entity_type)
    return join, join[dn]


def orders(
    *,
    person_type: str,
    where: Condition | None,
    order: tuple[Sort, ...],
    errors: bool,
    dn: tuple[Join, Path] | None,
    as_of: datetime | None = None,
) -> Query:
    query = _query(person_type, errors=errors, dn=dn, where=where, order=order, item=False, performer=False)
    return replace(query, as_of=as_of)


def order_item(*, person_type: str, dn: tuple[Join, Path] | None) -> Query:
    return _query(person_type, errors=True, dn=dn, where=None, order=(), item=True, performer=True)


def _query(
    person_type: str,
    *,
    errors: bool,
    dn: tuple[Join, Path] | None,
    where: Condition | None,
    order: tuple[Sort, ...],
    item: bool,
    performer: bool,
) -> Query:
    owner = Join("Owner", "o", of_type=person_type)
    joins: list[Join] = [_ROLE, owner]
    select = [
        *paths("Id", "ProvisioningState", "ConsolidatedProvisioningState", "ProvisioningReviewFilter"),
        *paths("WorkflowState", "ConsolidatedWorkflowBlockedState", "IsDenied", "IsInferred"),
        *paths("SourceMatchedConfidenceLevel", "ResourceTypeIdentificationConfidenceLevel"),
        *paths("RoleId", "OwnerType", "OwnerId", "ResourceId"),
        *paths("StartDate", "EndDate", "WhenCreated", "WhenPerformed"),
        _ROLE["Identifier"],
        _ROLE["DisplayName"],
        owner["InternalDisplayName"],
    ]
    if errors:
        joins.append(_ERRORS)
        select += [_ERRORS[name] for name in ("Id", "ErrorCode", "ErrorMessage", "JobInstanceId")]
    if dn is not None:
        joins.append(dn[0])
        select += [dn[0]["InternalDisplayName"], dn[1]]
    if performer:
        who = Join("Performer", "pf", of_type=person_type)
        joins.append(who)
        select.append(who["InternalDisplayName"])
    return Query(select=tuple(select), joins=tuple(joins), where=where, order=order, item=item)


def condition(
    *,
    states: Sequence[OrderState] = (),
    in_review: bool = False,
    errored: bool = False,
    owner_id: ResourceId | None = None,
    resource_id: ResourceId | None = None,
    resource_type_ids: Sequence[ResourceTypeId] = (),
    change: ChangeType | None = None,
    performed_between: tuple[datetime, datetime] | None = None,
) -> Condition | None:
    """What every row must fulfil; None when nothing was asked."""
    parts: list[Condition] = []
    if states:
        parts.append(one_of("ProvisioningState", [_NUMBERS[state] for state in states if state in _NUMBERS]))
    if in_review:
        waiting = all_of(
            compare("ProvisioningReviewFilter", Op.GREATER, 0),
            compare("ProvisioningReviewFilter", Op.LESS, _FIRST_NOT_REVIEWED),
        )
        parts.append(any_of(waiting, compare("ProvisioningReviewFilter", Op.GREATER, _ERROR_BIT - 1)))
    if errored:
        parts.append(
            any_of(
                equal("ProvisioningState", _NUMBERS[OrderState.ERRORED]),
                equal("ProvisioningState", _NUMBERS[OrderState.RULE_ERROR]),
                compare("ProvisioningReviewFilter", Op.HAS_BITS, _ERROR_BIT),
            )
        )
    if owner_id is not None:
        parts.append(equal("OwnerId", number(owner_id)))
    if resource_id is not None:
        parts.append(equal("ResourceId", number(resource_id)))
    if resource_type_ids:
        parts.append(one_of("RoleId", [number(one) for one in resource_type_ids]))
    if change is not None:
        parts.append(_change_condition(change))
    if performed_between is not None:
        first, last = performed_between
        parts.append(compare("WhenPerformed", Op.AT_LEAST, first))
        parts.append(compare("WhenPerformed", Op.AT_MOST, last))
    return all_of(*parts) if parts else None


def _change_condition(change: ChangeType) -> Condition:
    match change:
        case ChangeType.DELETE:
            return equal("IsDenied", value=True)
        case ChangeType.CREATE:
            return all_of(equal("IsDenied", value=False), equal("ResourceId", None))
        case ChangeType.UPDATE:
            return all_of(equal("IsDenied", value=False), compare("ResourceId", Op.DIFFERENT, None))


NEWEST: Final = newest("WhenPerformed")
STABLE: Final = newest("Id")
"""For reading on page after page while rows are performed."""


def scalars(order_ids: Sequence[OrderId]) -> Query:
    return Query(
        joins=(_PROPERTY,),
        select=(
            *paths("Id", "AssignedResourceTypeId", "Value", "PolicyValue", "CurrentValue"),
            *paths("WorkflowState", "ProvisioningState"),
            _PROPERTY["Identifier"],
        ),
        where=one_of("AssignedResourceTypeId", [number(one) for one in order_ids]),
        order=(Sort(Path("Id")),),
    )


def navigations(order_id: OrderId, *, names: bool) -> Query:
    """`names`: also how the linked resources are called, and the one that the managed system holds now."""
    linked = tuple(Join(navigation, alias) for navigation, alias in _LINK_ENDS)
    return Query(
        joins=(_PROPERTY, *(linked if names else ())),
        select=(
            *paths("Id", "AssignedResourceTypeId", "ResourceId", "PolicyResourceId", "ConfidenceLevel", "IsDenied"),
            *paths("WorkflowState", "ProvisioningState"),
            _PROPERTY["Identifier"],
            *(join["InternalDisplayName"] for join in linked if names),
        ),
        where=equal("AssignedResourceTypeId", number(order_id)),
        order=(Sort(Path("Id")),),
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose values are asked for; what is empty does not narrow the question."""

    names: Sequence[str] = ()
    property_ids: Sequence[str] = ()
    """The properties' ids, where entity types show their properties; else their names count."""
    owner_id: ResourceId | None = None
    owners: Sequence[tuple[str, str]] = ()
    value: str = ""
    resource_ids: Sequence[ResourceId] = ()
    resource_type_ids: Sequence[ResourceTypeId] = ()


def held_values(
    wanted: Wanted, *, person_type: str, linked: bool, names: bool, shown: Sequence[str], as_of: datetime | None
) -> Query:
    """Values, or with `linked` links, each with its order and with the properties `shown` of its owner."""
    owner = Join("Owner", "o", of_type=person_type)
    of_owner = Properties(base=owner)
    select = [
        *paths("Id", "AssignedResourceTypeId", "WorkflowState", "ProvisioningState", "WhenCreated", "WhenPerformed"),
        *(paths(*_LINK_FIELDS) if linked else paths("Value", "PolicyValue", "CurrentValue")),
        _PROPERTY["Identifier"],
        *(_ORDER[name] for name in _FIELDS_OF_ORDER),
        *(_ORDERS_ROLE[name] for name in ("Identifier", "DisplayName")),
        owner["InternalDisplayName"],
        *(of_owner.path(name) for name in shown),
    ]
    ends = tuple(Join(navigation, alias) for navigation, alias in _LINK_ENDS) if linked and names else ()
    select += [join["InternalDisplayName"] for join in ends]
    where = _values_condition(wanted, of_owner)
    return Query(
        joins=(_PROPERTY, _ORDER, _ORDERS_ROLE, owner, *of_owner.joins, *ends),
        select=tuple(dict.fromkeys(select)),
        where=where,
        order=(Sort(Path("Id")),),
        as_of=as_of,
    )


def _values_condition(wanted: Wanted, of_owner: Properties) -> Condition:
    parts: list[Condition] = []
    if wanted.property_ids:
        parts.append(one_of("PropertyId", [number(one) for one in wanted.property_ids]))
    elif wanted.names:
        parts.append(one_of(_PROPERTY["Identifier"], wanted.names))
    if wanted.owner_id is not None:
        parts.append(equal("OwnerId", number(wanted.owner_id)))
    parts += [equal(of_owner.path(name), value) for name, value in wanted.owners]
    if wanted.value:
        parts.append(equal("Value", wanted.value))
    if wanted.resource_ids:
        parts.append(one_of("ResourceId", [number(one) for one in wanted.resource_ids]))
    if wanted.resource_type_ids:
        parts.append(one_of(_ORDER["RoleId"], [number(one) for one in wanted.resource_type_ids]))
    return all_of(*parts)


def held_value(row: Row, *, linked: bool, shown: Sequence[str], read_at: datetime) -> HeldValue | None:
    """None for a value whose order is not shown."""
    beside = row.at("AssignedResourceType")
    if beside.id() is None:
        return None
    _, held = navigation(row) if linked else scalar(row)
    owner = row.at("Owner")
    found = order(beside, dn=None, read_at=read_at)
    return HeldValue(
        replace(found, owner_name=owner.text("InternalDisplayName")),
        replace(held, created_at=row.moment("WhenCreated"), performed_at=row.moment("WhenPerformed")),
        {name: value for name in shown if (value := value_at(owner, name)) is not None},
    )


def order(row: Row, *, dn: Path | None, read_at: datetime) -> Order:
    code = row.whole("ProvisioningState")
    of_type, resource = row.at("Role"), row.at("Resource")
    denied = bool(row.flag("IsDenied"))
    resource_id = row.id("ResourceId")
    blocked_inside = row.whole("ConsolidatedWorkflowBlockedState")
    return Order(
        id=OrderId(row.own_id("an order")),
        state=order_state(code),
        code=-1 if code is None else code,
        change=_change(denied=denied, resource_id=resource_id),
        resource_type_id=ResourceTypeId(row.id("RoleId") or of_type.id() or ""),
        resource_type=of_type.text("Identifier"),
        resource_type_name=of_type.text("DisplayName") or of_type.text("Identifier"),
        owner_id=ResourceId(owner) if (owner := row.id("OwnerId")) else None,
        owner_name=row.at("Owner").text("InternalDisplayName"),
        owner_type_id=EntityTypeId(kind) if (kind := row.id("OwnerType")) else None,
        resource_id=ResourceId(resource_id) if resource_id else None,
        resource_name=resource.text("InternalDisplayName"),
        resource_dn=resource.text(dn.name) if dn else "",
        consolidated_state=row.whole("ConsolidatedProvisioningState") or 0,
        workflow_state=row.whole("WorkflowState"),
        review_filter=row.whole("ProvisioningReviewFilter") or 0,
        denied=denied,
        inferred=bool(row.flag("IsInferred")),
        correlation_confidence=row.whole("SourceMatchedConfidenceLevel"),
        classification_confidence=row.whole("ResourceTypeIdentificationConfidenceLevel"),
        blocked_inside=None if blocked_inside is None else blocked_inside == 1,
        start_date=row.moment("StartDate"),
        end_date=row.moment("EndDate"),
        created_at=row.moment("WhenCreated"),
        performed_at=row.moment("WhenPerformed"),
        performer=row.at("Performer").text("InternalDisplayName"),
        errors=_errors(row),
        read_at=read_at,
    )


def _change(*, denied: bool, resource_id: str | None) -> ChangeType:
    if denied:
        return ChangeType.DELETE
    return ChangeType.UPDATE if resource_id else ChangeType.CREATE


def _errors(row: Row) -> tuple[OrderError, ...]:
    """Newest run first: unblocking does not remove the errors of earlier runs (nim-api 9.3)."""
    found = sorted(
        row.members("AssignedResourceErrors"),
        key=lambda one: (int(one.id("JobInstanceId") or 0), int(one.id() or 0)),
        reverse=True,
    )
    return tuple(
        OrderError(
            text=one.text("ErrorMessage") or one.text("Message"),
            code=one.whole("ErrorCode"),
            job_run_id=JobRunId(run) if (run := one.id("JobInstanceId")) else None,
        )
        for one in found
    )


def order_state(code: int | None) -> OrderState:
    return OrderState.UNKNOWN if code is None else _STATES.get(code, OrderState.UNKNOWN)


def scalar(row: Row) -> tuple[OrderId, OrderProperty]:
    return _of_order(row), OrderProperty(
        name=row.at("Property").text("Identifier"),
        kind="scalar",
        value=row.text_or_none("Value"),
        policy_value=row.text_or_none("PolicyValue"),
        current=row.text_or_none("CurrentValue"),
        state=order_state(row.whole("ProvisioningState")),
        workflow_state=row.whole("WorkflowState"),
    )


def navigation(row: Row) -> tuple[OrderId, OrderProperty]:
    return _of_order(row), OrderProperty(
        name=row.at("Property").text("Identifier"),
        kind="navigation",
        value=_linked(row, "Resource"),
        policy_value=_linked(row, "PolicyResource"),
        current=row.at("CurrentResource").text("InternalDisplayName") or None,
        state=order_state(row.whole("ProvisioningState")),
        workflow_state=row.whole("WorkflowState"),
        confidence=row.whole("ConfidenceLevel"),
        denied=bool(row.flag("IsDenied")),
    )


def _linked(row: Row, navigation: str) -> str | None:
    return row.at(navigation).text("InternalDisplayName") or row.id(f"{navigation}Id")


def _of_order(row: Row) -> OrderId:
    return OrderId(row.own_id("an order's property", "AssignedResourceTypeId"))
