"""A sandbox with as many people, orders and runs as asked for: `python -m bench.large_world --orders 100000 …`.

The engine computes a small world (failed-night.toml); its rows are then multiplied in the store, so that each copy is
an order, a person or a run as the engine makes them. The clock stands still: the engine does not know the copies.
"""

import asyncio
import signal
from collections.abc import Mapping
from pathlib import Path

import click

from sandbox.identity_manager import world
from sandbox.identity_manager.entities import ENTITIES
from sandbox.identity_manager.interface import World, WorldLoader
from sandbox.identity_manager.resources import Resources
from sandbox.identity_manager.schema import END_OF_TIME
from sandbox.identity_manager.server.running import start_sandbox
from sandbox.identity_manager.store import Store, quoted

BASE = Path(__file__).with_name("failed-night.toml")
ERRORED = 3
VERIFIED = 4
IN_REVIEW = 5
HISTORY_DAYS = 1
"""As in failed-night.toml: the time that one copy of the runs spans."""


class Multiplier:
    """Copies rows inside the store.

    A base table holds rows with a number `k`; copy i of it is made from the rows numbered i modulo the numbers there
    are. Several rows may share a number: the values of one order, the tasks of one run.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._sql = store.connection

    def number(self, entity: str, base: str, where: str) -> int:
        """Keeps the current rows of an entity as a base table, numbered from 0; returns how many."""
        self._keep(base, f"SELECT row_number() OVER (ORDER BY Id) - 1 AS k, * FROM {_current(entity)} AND {where}")  # noqa: S608
        return int(self._sql.execute(f"SELECT count(*) FROM {base}").fetchone()[0])  # noqa: S608

    def number_like(self, entity: str, base: str, whole: str, link: str) -> None:
        """Keeps the rows of an entity that belong to the rows of another base table, under the numbers of those."""
        rows = f"SELECT w.k AS k, p.* FROM {whole} w JOIN (SELECT * FROM {_current(entity)}) p ON {link}"  # noqa: S608
        self._keep(base, rows)

    def copy(self, entity: str, base: str, numbers: int, copies: int, changes: Mapping[str, str]) -> None:
        """`changes` are columns as SQL over `b` (the base row) and `n.i` (the copy's number)."""
        shape = ENTITIES[entity]
        columns = [f.name for f in shape.fields.values()]
        values = ", ".join(changes.get(name, f'b."{name}"') for name in columns)
        self._sql.execute(
            f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {copies}) "  # noqa: S608
            f"INSERT INTO {shape.table} ({quoted(columns)}) SELECT {values} "
            f"FROM n JOIN {base} b ON b.k = n.i % {numbers}"
        )

    def next_id(self, entity: str, count: int = 1_000_000) -> int:
        return self.store.reserve_ids(entity, count)[0]

    def _keep(self, base: str, query: str) -> None:
        self._sql.execute(f"CREATE TEMP TABLE {base} AS {query}")
        self._sql.execute(f"CREATE INDEX temp.ix_{base} ON {base} (k)")


def _current(entity: str) -> str:
    shape = ENTITIES[entity]
    return f"{shape.table} WHERE " + (f"ValidTo = '{END_OF_TIME}'" if shape.historized else "1")


NEW_ROW = "row_number() OVER () - 1"


def grow(store: Store, shapes: Resources, *, people: int, orders: int, errored: int, blocked: int, runs: int) -> None:
    """Fills the store up to these totals; a total that is reached already adds nothing."""
    many = Multiplier(store)
    with store.transaction():
        owner = _people(many, shapes, people)
        for state, wanted in ((ERRORED, errored), (IN_REVIEW, blocked)):
            there = store.count("AssignedResourceType", "ProvisioningState = ?", (state,))
            _orders(many, state, wanted - there, owner)
        _orders(many, VERIFIED, orders - store.count("AssignedResourceType"), owner)
        _runs(many, runs)
    store.analyze()


def _people(many: Multiplier, shapes: Resources, people: int) -> str:
    """Returns the owner of copy n.i of an order, as SQL."""
    kind = shapes.types["Directory_User"]
    there = many.number("Resource", "people", f"Type = {kind.id}")
    copies = people - there
    if copies <= 0:
        return 'b."OwnerId"'
    first = many.next_id("Resource")
    login, mail, name = (kind.properties[one].column for one in ("login", "mail", "lastname"))
    changes = {
        "Id": f"{first} + n.i",
        "Identifier": "CAST(200000 + n.i AS TEXT)",
        "PrimaryKey": "CAST(200000 + n.i AS TEXT)",
        "InternalDisplayName": f"b.{name} || n.i || ' ' || b.{kind.properties['firstname'].column}",
        login: f"b.{login} || n.i",
        mail: f"n.i || b.{mail}",
        name: f"b.{name} || n.i",
    }
    many.copy("Resource", "people", there, copies, changes)
    return f"{first} + n.i % {copies}"


def _orders(many: Multiplier, state: int, copies: int, owner: str) -> None:
    """Orders in one state with their accounts; those that somebody will open with their values and errors too."""
    if copies <= 0:
        return
    orders, accounts = f"orders_{state}", f"accounts_{state}"
    numbers = many.number("AssignedResourceType", orders, f"ProvisioningState = {state}")
    first, first_account = many.next_id("AssignedResourceType"), many.next_id("Resource")
    many.number_like("Resource", accounts, orders, "p.Id = w.ResourceId")
    changes = {"Id": f"{first_account} + n.i", "PrimaryKey": "b.PrimaryKey || '-' || n.i"}
    many.copy("Resource", accounts, numbers, copies, changes)
    changes = {
        "Id": f"{first} + n.i",
        "OwnerId": owner,
        "ResourceId": f"iif(b.ResourceId IS NULL, NULL, {first_account} + n.i)",
    }
    many.copy("AssignedResourceType", orders, numbers, copies, changes)
    if state == VERIFIED:
        return
    for entity in ("AssignedResourceScalar", "AssignedResourceNavigation", "AssignedResourceError"):
        parts = f"{entity}_{state}"
        many.number_like(entity, parts, orders, "p.AssignedResourceTypeId = w.Id")
        changes = {"Id": f"{many.next_id(entity)} + {NEW_ROW}", "AssignedResourceTypeId": f"{first} + n.i"}
        if "ownerid" in ENTITIES[entity].fields:
            changes["OwnerId"] = owner
        many.copy(entity, parts, numbers, copies, changes)


def _runs(many: Multiplier, runs: int) -> None:
    """Older runs, with ids below those that there are: a greater id is a later run."""
    numbers = many.number("JobInstance", "runs", "1")
    copies = runs - numbers
    if copies <= 0:
        return
    first = many.store.connection.execute("SELECT min(Id) FROM runs").fetchone()[0] - copies
    rounds = -(-copies // numbers)
    earlier = f"printf('-%d days', {HISTORY_DAYS} * ({rounds} - n.i / {numbers}))"
    dates = {
        name: f"strftime('%Y-%m-%dT%H:%M:%SZ', b.{name}, {earlier})"
        for name in ("StartDate", "EndDate", "LastProgressUpdate")
    }
    many.number_like("TaskInstance", "task_runs", "runs", "p.JobInstanceId = w.Id")
    many.copy("JobInstance", "runs", numbers, copies, {**dates, "Id": f"{first} + n.i"})
    tasks = f"{NEW_ROW} - (SELECT count(*) FROM task_runs) * {rounds}"  # noqa: S608
    lowest = many.store.connection.execute("SELECT min(Id) FROM task_runs").fetchone()[0]
    many.copy(
        "TaskInstance",
        "task_runs",
        numbers,
        copies,
        {**dates, "Id": f"{lowest} + {tasks}", "JobInstanceId": f"{first} + n.i"},
    )


@click.command()
@click.option("--people", default=0, help="People in all.")
@click.option("--orders", default=0, help="Provisioning orders in all.")
@click.option("--errored", default=0, help="How many of them are errored.")
@click.option("--blocked", default=0, help="How many of them wait for a review.")
@click.option("--runs", default=0, help="Job runs in all.")
def main(people: int, orders: int, errored: int, blocked: int, runs: int) -> None:
    """Serves it, with the first lines that the sandbox prints."""

    def load(scenario: str | Path, store: Store, *, profile: str | None = None, speed: float | None = None) -> World:
        made = world.load_world(scenario, store, profile=profile, speed=speed)
        grow(store, made.resources, people=people, orders=orders, errored=errored, blocked=blocked, runs=runs)
        return made

    asyncio.run(_serve(load))


async def _serve(load: WorldLoader) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    running = await start_sandbox(BASE, load_world=load)
    click.echo(running.url)
    click.echo(f"client: {running.client_id}@{running.client_domain} secret: {running.client_secret}")
    click.echo(f"companion token: {running.companion_token}")
    click.echo(f"admin token: {running.admin_token}")
    click.echo("a large world")
    await stop.wait()
    await running.close()


if __name__ == "__main__":
    main()
