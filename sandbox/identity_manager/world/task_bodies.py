"""What each kind of task does. A body is a generator: it yields the virtual seconds that its next piece of work takes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field

from sandbox.identity_manager.entities.changes import DELETE, INSERT, UPDATE
from sandbox.identity_manager.world import catalogue
from sandbox.identity_manager.world.agent_files import (
    COLLECT,
    EXPORT_COOKIES,
    EXPORT_OUTPUT,
    PREVIOUS,
    PROVISIONING_ORDERS,
    SYNCHRONIZATION,
    FileTree,
)
from sandbox.identity_manager.world.clock import Clock, to_datetime
from sandbox.identity_manager.world.configuration import Configuration, Task
from sandbox.identity_manager.world.database import Database
from sandbox.identity_manager.world.identities import Identities
from sandbox.identity_manager.world.metadata import OWNER_TYPE, SHAPES
from sandbox.identity_manager.world.model import RunState
from sandbox.identity_manager.world.orders import Exceeded, Orders
from sandbox.identity_manager.world.preparation import Preparation, PreparationError, Prepared
from sandbox.identity_manager.world.role_model import Computation, RoleModel
from sandbox.identity_manager.world.runs import Runs, TaskRun
from sandbox.identity_manager.world.synchronization import ChangeSet, Synchronization
from sandbox.identity_manager.world.systems.access import SECONDS_TO_FAIL, Host
from sandbox.identity_manager.world.systems.errors import TargetError
from sandbox.identity_manager.world.systems.order import ManagedSystem
from sandbox.identity_manager.world.systems.table import FileFault, Table, delivered

Body = Generator[float, None, RunState]

ORDERS_PER_SECOND = 10


@dataclass(slots=True)
class Systems:
    """The managed systems by connector, the agents' hosts, and what happens to files on their way."""

    systems: dict[str, ManagedSystem]
    hosts: dict[str, Host]
    file_faults: list[FileFault] = field(default_factory=list)
    lost_queues: set[str] = field(default_factory=set)
    """connectors whose prepared files vanish before they are synchronised"""


class TaskBodies:
    """Runs one task."""

    def __init__(
        self,
        clock: Clock,
        database: Database,
        configuration: Configuration,
        systems: Systems,
        identities: Identities,
        role_model: RoleModel,
        runs: Runs,
        files: FileTree,
    ) -> None:
        self.clock = clock
        self.database = database
        self.configuration = configuration
        self.systems = systems
        self.identities = identities
        self.role_model = role_model
        self.runs = runs
        self.files = files
        self.synchronization = Synchronization(database, configuration)
        self.preparation = Preparation()
        self.orders = Orders(database, configuration)
        self.exported: dict[str, list[Table]] = {}
        self.queued: dict[str, list[Prepared]] = {}
        self.cookies: dict[str, int] = {}
        self.blocked: dict[int, ChangeSet] = {}
        """change sets of blocked synchronisations by job instance"""
        self.dirty_keys: set[str] = set()
        self.dirty_accounts: set[int] = set()
        self.dirty_people: set[int] = set()
        self._prepared: set[str] = set()
        """tables whose newest export was good enough to be prepared: only these become `previous`"""
        self._bodies: dict[str, Callable[[TaskRun], Body]] = {
            "Export": self._export,
            "Prepare": self._prepare,
            "Synchronize": self._synchronize,
            "Expressions": self._expressions,
            "Keys": self._keys,
            "RoleModel": self._role_model,
            "Generate": self._generate,
            "Fulfill": self._fulfil,
            "Classification": self._classify,
        }

    def run(self, run: TaskRun) -> Body:
        if is_agent_task(run.task) and not self.systems.hosts[self._agent_of(run.task)].running:
            return self._unanswered(run)
        return self._bodies[run.task.kind](run)

    def _agent_of(self, task: Task) -> str:
        return self.configuration.agent_of(task.connector)

    def _unanswered(self, run: TaskRun) -> Body:
        yield 30.0
        return self._fail(run, f"Agent '{self._agent_of(run.task)}' is not responding")

    def _log(self, run: TaskRun, level: str, message: str) -> None:
        self.runs.log(run, self.clock.now, level, message)

    def _fail(self, run: TaskRun, text: str) -> RunState:
        self._log(run, "Error", text)
        return RunState.ERRORED

    # -- export --------------------------------------------------------------------------------------------------------

    def _export(self, run: TaskRun) -> Body:
        connector = run.task.connector
        system = self.systems.systems[connector]
        host = system.access.host
        self._log(run, "Information", f"Export of connection {connector}_Connection started")
        try:
            system.connect(self.clock.now, "read")
        except TargetError as error:
            yield SECONDS_TO_FAIL.get(host.network_fault or system.access.network_fault, 2.0)
            return self._fail(run, error.text)
        yield 6.0
        incremental = system.delta_capable and not run.task.option("IgnoreCookieFile") and connector in self.cookies
        tables = system.delta(self.cookies[connector]) if incremental else system.tables()
        tables = [delivered(table, self.systems.file_faults) for table in tables]
        if not host.disk_free:
            return self._fail(run, self._cut_off(tables[0]))
        at = self.clock.now + host.clock_skew
        for table in tables:
            self._keep(table, at, incremental=incremental)
            self._log(run, "Information", f"{table.name}: {len(table.rows) + len(table.deleted)} rows exported")
        if system.delta_capable:
            self.cookies[connector] = system.position()
            self.files.write_text(f"{EXPORT_COOKIES}/{connector}_Connection.cookie", f"{self.cookies[connector]}\n", at)
        self.exported[connector] = tables
        return RunState.COMPLETED

    def _keep(self, table: Table, at: float, *, incremental: bool) -> None:
        name = f"{EXPORT_OUTPUT}/{table.name}.csv"
        if incremental:
            self.files.write_table(EXPORT_OUTPUT, table, at, suffix=".delta.csv")
        else:
            if table.name in self._prepared:
                self.files.copy(name, f"{PREVIOUS}/{table.name}.csv")
            self.files.write_table(EXPORT_OUTPUT, table, at)
            self._prepared.discard(table.name)

    def _cut_off(self, table: Table) -> str:
        """The disk fills while the first file is written: half of it is there, its last line is not whole."""
        table = Table(
            table.name, table.header, table.rows[: max(1, len(table.rows) * 2 // 5)], is_delta=table.is_delta, cut=True
        )
        self._keep(table, self.clock.now, incremental=table.is_delta)
        return f"System.IO.IOException: There is not enough space on the disk. : '{table.name}.csv'"

    # -- prepare and synchronise ---------------------------------------------------------------------------------------

    def _prepare(self, run: TaskRun) -> Body:
        connector = run.task.connector
        complete = run.task.row.get("Mode") == 1
        yield 3.0
        prepared: list[Prepared] = []
        for table in self.exported.pop(connector, []):
            try:
                found = self.preparation.prepare(
                    table, self._expected_header(table), complete=complete and not table.is_delta
                )
            except PreparationError as error:
                return self._fail(run, str(error))
            self._prepared.add(table.name)
            self._keep_side_files(found)
            if found.null_rows:
                self._log(
                    run,
                    "Warning",
                    f"{len(found.null_rows)} lines with a null primary key were removed from {table.name}",
                )
            if found.duplicates:
                self._log(
                    run, "Warning", f"{len(found.duplicates)} lines with a duplicate key were removed from {table.name}"
                )
            self._log(
                run, "Information", f"{table.name}: {len(found.upserts)} rows to merge, {len(found.deletes)} to delete"
            )
            prepared.append(found)
        self._queue(connector, prepared, complete=complete)
        return RunState.COMPLETED

    def _expected_header(self, table: Table) -> list[str]:
        for entity_type, name in catalogue.TABLE_OF.items():
            if name == table.name:
                return list(SHAPES[entity_type].values)
        return list(table.header)

    def _keep_side_files(self, found: Prepared) -> None:
        at = self.clock.now
        suffix = ".sorted.csv" if found.complete else ".sorted.delta"
        rows = [found.upserts[key] for key in sorted(found.upserts)]
        self.files.write_table(COLLECT, Table(found.table, found.header, rows), at, suffix=suffix)
        for kind, rejected in (("nullpk", found.null_rows), ("duplicates", found.duplicates)):
            path = f"{COLLECT}/{found.table}.{kind}.csv"
            if rejected:
                self.files.write_table(COLLECT, Table(found.table, found.header, rejected), at, suffix=f".{kind}.csv")
            elif path in self.files.files:
                self.files.remove(path)

    def _queue(self, connector: str, prepared: list[Prepared], *, complete: bool) -> None:
        """A complete preparation cancels incremental ones that wait; an incremental one joins them."""
        waiting = [] if complete else self.queued.get(connector, [])
        self.queued[connector] = waiting + prepared
        for table in prepared:
            self.files.copy(
                f"{COLLECT}/{table.table}{'.sorted.csv' if table.complete else '.sorted.delta'}",
                f"{SYNCHRONIZATION}/{connector}/{table.table}{'.sorted.csv' if table.complete else '.sorted.delta'}",
            )

    def _synchronize(self, run: TaskRun) -> Body:
        connector = run.task.connector
        job_run = run.job_run
        yield 4.0
        validated = self.blocked.pop(job_run.validates.id, None) if job_run.validates else None
        if validated is None:
            waiting = self.queued.pop(connector, [])
            if connector in self.systems.lost_queues:
                self.systems.lost_queues.discard(connector)
                waiting = []
            found = self.synchronization.compare(connector, _merged(waiting))
        else:
            found = validated
        self._count(run, found)
        if found.exceeded and validated is None and run.task.identifier not in job_run.force:
            self.synchronization.record(found, job_run.id, run.id)
            self.blocked[job_run.id] = found
            self._block_connector(connector, blocked=True)
            for e in found.exceeded:
                self._log(run, "Warning", f"Threshold Exceeded: {e.scope} {e.name} {e.limit}, measured {e.value}")
            return RunState.BLOCKED_SYNCHRONIZATION
        touched = self.synchronization.apply(found, self.clock.now)
        for change in found.changes:
            if change.entity_type == "HR_Person":
                self.dirty_keys.add(change.key)
        if connector != "HR":
            self.dirty_accounts |= touched
        if job_run.validates is not None:
            self.synchronization.discard(job_run.validates.id)
        if not job_run.job.row["IsIncremental"] or job_run.validates is not None:
            self._discard_blocked(connector)
            self._block_connector(connector, blocked=False)
        for path in [p for p in self.files.files if p.startswith(f"{SYNCHRONIZATION}/{connector}/")]:
            self.files.remove(path)
        self._log(
            run,
            "Information",
            f"{found.count(INSERT)} inserted, {found.count(UPDATE)} updated, {found.count(DELETE)} deleted",
        )
        return RunState.COMPLETED

    def _count(self, run: TaskRun, found: ChangeSet) -> None:
        run.counters[:5] = [
            found.count(INSERT),
            found.count(UPDATE),
            found.count(DELETE),
            found.count_links(INSERT),
            found.count_links(DELETE),
        ]
        if any(run.counters) or found.exceeded:
            run.progress = {
                "Inserted": run.counters[0],
                "Updated": run.counters[1],
                "Deleted": run.counters[2],
                "LinksInserted": run.counters[3],
                "LinksDeleted": run.counters[4],
                "Orders": 0,
                "Errored": 0,
                "Thresholds": _thresholds(found.exceeded),
            }

    def _block_connector(self, connector: str, *, blocked: bool) -> None:
        row = self.configuration.connectors[connector]
        if bool(row["IsSynchronizationBlocked"]) != blocked:
            self.database.store.update("Connector", int(row["Id"]), {"IsSynchronizationBlocked": blocked})
            row["IsSynchronizationBlocked"] = blocked

    def _discard_blocked(self, connector: str) -> None:
        """A newer complete run makes the waiting change lists of the connector obsolete."""
        for job_instance, found in list(self.blocked.items()):
            if found.connector == connector:
                del self.blocked[job_instance]
                self.synchronization.discard(job_instance)

    # -- computations --------------------------------------------------------------------------------------------------

    def _expressions(self, run: TaskRun) -> Body:
        yield 2.0
        self.identities.failures.clear()
        if run.task.option("Dirty"):
            keys, self.dirty_keys = self.dirty_keys, set()
            changed = self.identities.refresh(keys, self.clock.now) if keys else set()
        else:
            self.dirty_keys.clear()
            changed = self.identities.refresh(None, self.clock.now)
        self.dirty_people |= changed
        for text in self.identities.failures[:50]:
            self._log(run, "Warning", text)
        self._log(run, "Information", f"{len(changed)} identities changed")
        return RunState.COMPLETED

    def _keys(self, run: TaskRun) -> Body:
        yield 2.0
        return RunState.COMPLETED

    def _classify(self, run: TaskRun) -> Body:
        yield 1.0
        return RunState.COMPLETED

    def _role_model(self, run: TaskRun) -> Body:
        yield 5.0
        computation = Computation(self.clock.now, run.job_run.id, block=run.task.option("BlockProvisioning"))
        if run.task.option("Dirty"):
            people = self.dirty_people | self._owners(self.dirty_accounts)
            self.role_model.compute(sorted(people), computation)
        else:
            self.role_model.compute(None, computation)
        self.dirty_people.clear()
        self.dirty_accounts.clear()
        for text in computation.failures[:50]:
            self._log(run, "Error", text)
        self._log(run, "Information", f"{computation.created} new orders")
        return RunState.COMPLETED

    def _owners(self, accounts: Iterable[int]) -> set[int]:
        """Owners of these accounts, and people who wait for an account that may be among them."""
        changed = set(accounts)
        if not changed:
            return set()
        owners = {a.owner for account in changed for a in self.database.of_resource.get(account, ())}
        owners |= {
            a.owner
            for a in self.database.assignments.values()
            if a.resource is None or a.resource not in self.database.resources
        }
        people = self.database.by_key[OWNER_TYPE]
        for account in changed:
            resource = self.database.resources.get(account)
            employee = resource.values.get("employeeID") if resource is not None else None
            if employee and employee in people:
                owners.add(people[employee].id)
        return {o for o in owners if o in self.database.resources and self.database.resources[o].type == OWNER_TYPE}

    # -- provisioning --------------------------------------------------------------------------------------------------

    def _generate(self, run: TaskRun) -> Body:
        connector = run.task.connector
        yield 3.0
        if self.configuration.connectors[connector]["IsDeactivated"]:
            self._log(run, "Information", f"Connector {connector} is deactivated")
            return RunState.COMPLETED
        generation = self.orders.generate(connector, self.clock.now, force=run.task.identifier in run.job_run.force)
        run.counters[:3] = [generation.counts["Added"], generation.counts["Modified"], generation.counts["Deleted"]]
        run.progress = {
            "Inserted": run.counters[0],
            "Updated": run.counters[1],
            "Deleted": run.counters[2],
            "LinksInserted": 0,
            "LinksDeleted": 0,
            "Orders": len(generation.orders),
            "Errored": 0,
            "Thresholds": _thresholds(generation.exceeded),
        }
        if generation.exceeded and run.task.identifier not in run.job_run.force:
            for e in generation.exceeded:
                self._log(run, "Warning", f"Threshold Exceeded: {e.scope} {e.name} {e.limit}, measured {e.value}")
            return RunState.BLOCKED_PROVISIONING
        stamp = to_datetime(self.clock.now).strftime("%Y%m%d%H%M%S")
        for identifier in dict.fromkeys(a.type for a in generation.orders):
            orders = [a for a in generation.orders if a.type == identifier]
            text = self.orders.as_json(orders)
            self.files.write_text(f"{PROVISIONING_ORDERS}/{identifier}/{stamp}.json", text, self.clock.now)
        self._log(run, "Information", f"{len(generation.orders)} provisioning orders generated")
        return RunState.COMPLETED

    def _fulfil(self, run: TaskRun) -> Body:
        connector = run.task.connector
        system = self.systems.systems[connector]
        waiting = self.orders.transmitted(connector)
        self._log(run, "Information", f"OrdersCount:{len(waiting)}")
        yield 1.0
        if not waiting:
            return RunState.COMPLETED
        try:
            system.connect(self.clock.now, "write")
        except TargetError as error:
            self.orders.withdraw(waiting)
            return self._fail(run, error.text)
        for path in [p for p in self.files.files if p.startswith(PROVISIONING_ORDERS) and "/Downloaded/" not in p]:
            folder, _, name = path.rpartition("/")
            if self.configuration.resource_types[folder.rpartition("/")[2]].connector == connector:
                self.files.move(path, f"{folder}/Downloaded/{name}")
        texts: list[str] = []
        for number, order in enumerate(waiting, start=1):
            text = self.orders.fulfil(order, system, run.job_run.id, self.clock.now)
            run.counters[1 if text else 0] += 1
            if text:
                texts.append(text)
                self._log(run, "Error", f"Order {order.id} {order.type} {order.change_type}: {text}")
            if number % ORDERS_PER_SECOND == 0:
                self._fulfilled(run, len(waiting))
                yield 1.0
        self._fulfilled(run, len(waiting))
        yield 0.5
        self._log(run, "Information", f"{run.counters[0]} orders executed, {run.counters[1]} in error")
        return RunState.ERRORED if texts else RunState.COMPLETED

    def _fulfilled(self, run: TaskRun, total: int) -> None:
        run.progressed = self.clock.now
        run.progress = {
            "Inserted": 0,
            "Updated": 0,
            "Deleted": 0,
            "LinksInserted": 0,
            "LinksDeleted": 0,
            "Orders": total,
            "Errored": run.counters[1],
            "Thresholds": [],
        }
        self.runs.write_task(run)


def _thresholds(exceeded: list[Exceeded]) -> list[dict[str, object]]:
    return [{"Scope": e.scope, "Name": e.name, "Limit": e.limit, "Value": e.value, "Exceeded": True} for e in exceeded]


def _merged(waiting: list[Prepared]) -> list[Prepared]:
    """Several preparations of one table that wait: later rows win."""
    merged: dict[str, Prepared] = {}
    for prepared in waiting:
        before = merged.get(prepared.table)
        if before is None or prepared.complete:
            merged[prepared.table] = prepared
        else:
            upserts = {**before.upserts, **prepared.upserts}
            for key in prepared.deletes:
                upserts.pop(key, None)
            deletes = [key for key in before.deletes if key not in prepared.upserts] + prepared.deletes
            merged[prepared.table] = Prepared(prepared.table, before.complete, upserts, deletes)
    return list(merged.values())


def is_agent_task(task: Task) -> bool:
    return task.row.get("AgentId") is not None
