"""The world before its recorded history:

everything synchronised and provisioned, by the same engine, without job runs.
"""

from __future__ import annotations

from sandbox.identity_manager.store import Row
from sandbox.identity_manager.world import catalogue
from sandbox.identity_manager.world.engine import Engine
from sandbox.identity_manager.world.installation import group_dn
from sandbox.identity_manager.world.metadata import SHAPES
from sandbox.identity_manager.world.model import State
from sandbox.identity_manager.world.preparation import Prepared
from sandbox.identity_manager.world.role_model import Computation

_TARGETS = ("AD", "ENTRA", "SAP", "SQLAPP")


def settle(engine: Engine) -> None:
    """Brings systems and database into agreement at the clock's time."""
    now = engine.clock.now
    for connector in ("HR", *_TARGETS):
        load(engine, connector)
    engine.identities.refresh(None, now)
    _bind_groups(engine)
    for _ in range(3):
        engine.role_model.compute(None, Computation(now, reviewed=True))
        if not sum(_provision(engine, connector) for connector in _TARGETS):
            break
        for connector in _TARGETS:
            load(engine, connector)
    engine.configuration.count_assignments()
    engine.bench.dirty_people.clear()
    engine.bench.dirty_accounts.clear()
    engine.bench.dirty_keys.clear()
    engine.database.flush(now)


def load(engine: Engine, connector: str) -> None:
    """A complete synchronisation without a run."""
    system = engine.systems.systems[connector]
    prepared: list[Prepared] = []
    for table in system.tables():
        columns = next((list(SHAPES[t].values) for t, n in catalogue.TABLE_OF.items() if n == table.name), table.header)
        prepared.append(engine.bench.preparation.prepare(table, columns, complete=True))
    found = engine.bench.synchronization.compare(connector, prepared, initial=True)
    engine.bench.synchronization.apply(found, engine.clock.now)
    if system.delta_capable:
        engine.bench.cookies[connector] = system.position()


def _provision(engine: Engine, connector: str) -> int:
    orders = engine.bench.orders
    generation = orders.generate(connector, engine.clock.now, force=True)
    system = engine.systems.systems[connector]
    for a in generation.orders:
        orders.fulfil(a, system, 0, engine.clock.now)
        a.errors.clear()
    return sum(a.state == State.EXECUTED for a in generation.orders)


def _bind_groups(engine: Engine) -> None:
    """Navigation rules name their groups by id, which exist only now."""
    for resource_type in engine.configuration.resource_types.values():
        for rule in resource_type.navigation_rules:
            found = engine.role_model.correlation.find("AD_Entry", "dn", rule.resource_key)
            if found:
                changes: Row = {"ResourceId": found[0]}
                engine.store.update("ResourceNavigationRule", rule.id, changes)


def group_of(engine: Engine, name: str) -> int | None:
    """The id of a group in the database."""
    return next(iter(engine.role_model.correlation.find("AD_Entry", "dn", group_dn(name))), None)
