"""What people do inside Identity Manager by hand: orders, values, records, the database."""

from __future__ import annotations

from sandbox.identity_manager.interface import Conflict
from sandbox.identity_manager.world import catalogue
from sandbox.identity_manager.world.engine import Engine
from sandbox.identity_manager.world.model import Assignment, LinkValue, ScalarValue, State, Workflow

_UNBLOCKS = (State.AWAITING_APPROVAL, State.ERRORED)


def change_state(engine: Engine, assignment: Assignment, state: int, *, by: int | None) -> None:
    """Unblocks (1) or blocks (5) an order with its properties (nim-api 6.4). Raises Conflict from any other state."""
    before = set(assignment.states())
    if state == State.PENDING:
        allowed = assignment.state in _UNBLOCKS or (assignment.state == State.VERIFIED and before & set(_UNBLOCKS))
        sources: tuple[State, ...] = _UNBLOCKS
    elif state == State.AWAITING_APPROVAL:
        allowed = assignment.state == State.PENDING
        sources = (State.PENDING,)
    else:
        allowed, sources = False, ()
    if not allowed:
        raise Conflict("state_not_changeable", f"an order in state {int(assignment.state)} cannot be set to {state}")
    engine.role_model.properties.move(assignment, sources, State(state))
    if assignment.state in sources or state == State.PENDING:
        assignment.state = State(state)
    assignment.performed, assignment.performer = engine.clock.now, by
    if state == State.PENDING and 0 < assignment.source_confidence < 100:
        assignment.source_confidence = 100
    engine.database.touch(assignment)


def change_part(
    engine: Engine, assignment: Assignment, part: ScalarValue | LinkValue, state: int, *, by: int | None
) -> None:
    """The same for one property. Raises Conflict."""
    sources = _UNBLOCKS if state == State.PENDING else (State.PENDING,)
    if part.state not in sources or state not in (State.PENDING, State.AWAITING_APPROVAL):
        raise Conflict("state_not_changeable", f"a property in state {int(part.state)} cannot be set to {state}")
    part.state, part.performed = state, engine.clock.now
    if isinstance(part, ScalarValue):
        part.performer = by
    engine.database.touch(assignment)


def find_order(engine: Engine, resource_type: str, employee_id: str) -> Assignment:
    """Raises ValueError when the person has no such assignment."""
    person = engine.person_id(employee_id)
    for a in engine.database.of_owner[person or 0]:
        if a.type == resource_type:
            return a
    raise ValueError(f"{employee_id} has no {resource_type}")


def set_order_state(engine: Engine, resource_type: str, employee_id: str, state: int, *, by: int | None) -> None:
    try:
        change_state(engine, find_order(engine, resource_type, employee_id), state, by=by)
    except Conflict as conflict:
        raise ValueError(str(conflict)) from conflict


def approve_value(
    engine: Engine, resource_type: str, employee_id: str, name: str, value: str, *, by: str, undo: bool
) -> None:
    """A value kept by hand against the rules, or given back to them."""
    assignment = find_order(engine, resource_type, employee_id)
    scalar = assignment.scalars[name]
    scalar.performed, scalar.performer = engine.clock.now, engine.person_id(by)
    if undo:
        scalar.workflow = Workflow.CALCULATED
        if scalar.policy != scalar.current:
            scalar.value, scalar.state, assignment.state = scalar.policy, State.PENDING, State.PENDING
    else:
        scalar.workflow, scalar.value = Workflow.APPROVED, value
        scalar.state = State.VERIFIED if scalar.current == value else State.PENDING
        if scalar.state == State.PENDING:
            assignment.state = State.PENDING
    engine.database.touch(assignment)


def edit_record(engine: Engine, employee_id: str, values: dict[str, str | None], *, by: str) -> None:
    """A second record beside HR's that a workflow made, or its end."""
    database, now = engine.database, engine.clock.now
    person = database.resources[engine.person_id(employee_id) or 0]
    key = f"{employee_id}-W"
    record = database.find("Directory_UserRecord", key)
    if not values:
        engine.identities.edits.pop(employee_id, None)
        if record is not None:
            for a in list(database.of_resource[record.id]):
                database.close(a)
            database.end(record, now)
    else:
        engine.identities.edits[employee_id] = values
        if record is None:
            record = database.add("Directory_UserRecord", {"Identifier": key, **values}, {"User": person.id}, now)
            editor = engine.person_id(by)
            scalars = {
                name: ScalarValue(
                    database.next_id("AssignedResourceScalar"),
                    name,
                    value,
                    None,
                    value,
                    State.VERIFIED,
                    Workflow.APPROVED,
                    now,
                )
                for name, value in values.items()
            }
            database.assign(
                Assignment(
                    database.next_id("AssignedResourceType"),
                    catalogue.EDIT_TYPE,
                    editor or person.id,
                    record.id,
                    State.VERIFIED,
                    Workflow.APPROVED,
                    start=now,
                    created=now,
                    performed=now,
                    performer=editor,
                    scalars=scalars,
                    valid_from=now,
                )
            )
        else:
            database.change(record, values, {}, now)
    engine.identities.forget(person.id)
    engine.bench.dirty_people |= engine.identities.refresh([employee_id], now)
    engine.identities.refresh(None, now)
    database.flush(now)


def take_snapshot(engine: Engine, connectors: list[str]) -> None:
    """Remembers what is synchronised now."""
    engine.snapshot = {
        entity_type: {key: dict(r.values) for key, r in engine.database.by_key[entity_type].items()}
        for connector in connectors
        for entity_type in catalogue.CONNECTORS[connector][1]
    }


def restore_snapshot(engine: Engine) -> None:
    """What was synchronised since the copy is gone from the database; cookies and files stay as they are."""
    database, now = engine.database, engine.clock.now
    for entity_type, kept in engine.snapshot.items():
        engine.bench.synchronization.forget(catalogue.TABLE_OF[entity_type])
        for key, resource in list(database.by_key[entity_type].items()):
            if key not in kept:
                for a in list(database.of_resource[resource.id]):
                    database.close(a)
                database.end(resource, now)
            else:
                database.change(resource, kept[key], {}, now)
        for key, values in kept.items():
            if database.find(entity_type, key) is None:
                database.add(entity_type, values, {}, now)
    engine.runs.log_server(now, "Warning", "Database restored from a backup")
    database.flush(now)
