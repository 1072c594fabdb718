"""Prepare synchronization and synchronize: from exported files to changed resources, or to a block."""

from __future__ import annotations

from sandbox.identity_manager.entities.changes import DELETE, INSERT, UPDATE
from sandbox.identity_manager.world import catalogue
from sandbox.identity_manager.world.agent_files import COLLECT, SYNCHRONIZATION
from sandbox.identity_manager.world.metadata import SHAPES
from sandbox.identity_manager.world.model import RunState
from sandbox.identity_manager.world.preparation import PreparationError, Prepared
from sandbox.identity_manager.world.runs import TaskRun
from sandbox.identity_manager.world.synchronization import ChangeSet
from sandbox.identity_manager.world.systems.table import Table
from sandbox.identity_manager.world.workbench import Body, Workbench, progress


def prepare(bench: Workbench, run: TaskRun) -> Body:
    connector = run.task.connector
    complete = run.task.row.get("Mode") == 1
    yield 3.0
    prepared: list[Prepared] = []
    for table in bench.exported.pop(connector, []):
        try:
            found = bench.preparation.prepare(table, _expected_header(table), complete=complete and not table.is_delta)
        except PreparationError as error:
            return bench.fail(run, str(error))
        bench.prepared.add(table.name)
        _keep_side_files(bench, found)
        if found.null_rows:
            bench.log(
                run,
                "Warning",
                f"{len(found.null_rows)} lines with a null primary key were removed from {table.name}",
            )
        if found.duplicates:
            bench.log(
                run, "Warning", f"{len(found.duplicates)} lines with a duplicate key were removed from {table.name}"
            )
        bench.log(
            run, "Information", f"{table.name}: {len(found.upserts)} rows to merge, {len(found.deletes)} to delete"
        )
        prepared.append(found)
    _queue(bench, connector, prepared, complete=complete)
    return RunState.COMPLETED


def _expected_header(table: Table) -> list[str]:
    for entity_type, name in catalogue.TABLE_OF.items():
        if name == table.name:
            return list(SHAPES[entity_type].values)
    return list(table.header)


def _keep_side_files(bench: Workbench, found: Prepared) -> None:
    at = bench.clock.now
    suffix = ".sorted.csv" if found.complete else ".sorted.delta"
    rows = [found.upserts[key] for key in sorted(found.upserts)]
    bench.files.write_table(COLLECT, Table(found.table, found.header, rows), at, suffix=suffix)
    for kind, rejected in (("nullpk", found.null_rows), ("duplicates", found.duplicates)):
        path = f"{COLLECT}/{found.table}.{kind}.csv"
        if rejected:
            bench.files.write_table(COLLECT, Table(found.table, found.header, rejected), at, suffix=f".{kind}.csv")
        elif path in bench.files.files:
            bench.files.remove(path)


def _queue(bench: Workbench, connector: str, prepared: list[Prepared], *, complete: bool) -> None:
    """A complete preparation cancels incremental ones that wait; an incremental one joins them."""
    waiting = [] if complete else bench.queued.get(connector, [])
    bench.queued[connector] = waiting + prepared
    for table in prepared:
        bench.files.copy(
            f"{COLLECT}/{table.table}{'.sorted.csv' if table.complete else '.sorted.delta'}",
            f"{SYNCHRONIZATION}/{connector}/{table.table}{'.sorted.csv' if table.complete else '.sorted.delta'}",
        )


def synchronize(bench: Workbench, run: TaskRun) -> Body:
    connector = run.task.connector
    job_run = run.job_run
    yield 4.0
    validated = bench.blocked.pop(job_run.validates.id, None) if job_run.validates else None
    if validated is None:
        waiting = bench.queued.pop(connector, [])
        if connector in bench.systems.lost_queues:
            bench.systems.lost_queues.discard(connector)
            waiting = []
        found = bench.synchronization.compare(connector, _merged(waiting))
    else:
        found = validated
    _count(run, found)
    if found.exceeded and validated is None and run.task.identifier not in job_run.force:
        bench.synchronization.record(found, job_run.id, run.id)
        bench.blocked[job_run.id] = found
        _block_connector(bench, connector, blocked=True)
        for e in found.exceeded:
            bench.log(run, "Warning", f"Threshold Exceeded: {e.scope} {e.name} {e.limit}, measured {e.value}")
        return RunState.BLOCKED_SYNCHRONIZATION
    touched = bench.synchronization.apply(found, bench.clock.now)
    for change in found.changes:
        if change.entity_type == "HR_Person":
            bench.dirty_keys.add(change.key)
    if connector != "HR" and bench.marks_changed:
        bench.dirty_accounts |= touched
    if job_run.validates is not None:
        bench.synchronization.discard(job_run.validates.id)
    if not job_run.job.row["IsIncremental"] or job_run.validates is not None:
        _discard_blocked(bench, connector)
        _block_connector(bench, connector, blocked=False)
    for path in [p for p in bench.files.files if p.startswith(f"{SYNCHRONIZATION}/{connector}/")]:
        bench.files.remove(path)
    bench.log(
        run,
        "Information",
        f"{found.count(INSERT)} inserted, {found.count(UPDATE)} updated, {found.count(DELETE)} deleted",
    )
    return RunState.COMPLETED


def _count(run: TaskRun, found: ChangeSet) -> None:
    run.counters[:5] = [
        found.count(INSERT),
        found.count(UPDATE),
        found.count(DELETE),
        found.count_links(INSERT),
        found.count_links(DELETE),
    ]
    if any(run.counters) or found.exceeded:
        run.progress = progress(run.counters, found.exceeded)


def _block_connector(bench: Workbench, connector: str, *, blocked: bool) -> None:
    row = bench.configuration.connectors[connector]
    if bool(row["IsSynchronizationBlocked"]) != blocked:
        bench.database.store.update("Connector", int(row["Id"]), {"IsSynchronizationBlocked": blocked})
        row["IsSynchronizationBlocked"] = blocked


def _discard_blocked(bench: Workbench, connector: str) -> None:
    """A newer complete run makes the waiting change lists of the connector obsolete."""
    for job_instance, found in list(bench.blocked.items()):
        if found.connector == connector:
            del bench.blocked[job_instance]
            bench.synchronization.discard(job_instance)


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
