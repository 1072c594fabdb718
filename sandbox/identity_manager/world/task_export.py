"""Export: the agent reads a managed system into files."""

from __future__ import annotations

from sandbox.identity_manager.world.agent_files import EXPORT_COOKIES, EXPORT_OUTPUT, PREVIOUS
from sandbox.identity_manager.world.model import RunState
from sandbox.identity_manager.world.runs import TaskRun
from sandbox.identity_manager.world.systems.access import SECONDS_TO_FAIL
from sandbox.identity_manager.world.systems.errors import TargetError
from sandbox.identity_manager.world.systems.table import Table, delivered
from sandbox.identity_manager.world.workbench import Body, Workbench


def export(bench: Workbench, run: TaskRun) -> Body:
    connector = run.task.connector
    system = bench.systems.systems[connector]
    host = system.access.host
    bench.log(run, "Information", f"Export of connection {connector}_Connection started")
    try:
        system.connect(bench.clock.now, "read")
    except TargetError as error:
        yield SECONDS_TO_FAIL.get(host.network_fault or system.access.network_fault, 2.0)
        return bench.fail(run, error.text)
    yield 6.0
    incremental = system.delta_capable and not run.task.option("IgnoreCookieFile") and connector in bench.cookies
    tables = system.delta(bench.cookies[connector]) if incremental else system.tables()
    tables = [delivered(table, bench.systems.file_faults) for table in tables]
    if not host.disk_free:
        return bench.fail(run, _cut_off(bench, tables[0]))
    at = bench.clock.now + host.clock_skew
    for table in tables:
        _keep(bench, table, at, incremental=incremental)
        bench.log(run, "Information", f"{table.name}: {len(table.rows) + len(table.deleted)} rows exported")
    if system.delta_capable:
        bench.cookies[connector] = system.position()
        bench.files.write_text(f"{EXPORT_COOKIES}/{connector}_Connection.cookie", f"{bench.cookies[connector]}\n", at)
    bench.exported[connector] = tables
    return RunState.COMPLETED


def _keep(bench: Workbench, table: Table, at: float, *, incremental: bool) -> None:
    name = f"{EXPORT_OUTPUT}/{table.name}.csv"
    if incremental:
        bench.files.write_table(EXPORT_OUTPUT, table, at, suffix=".delta.csv")
    else:
        if table.name in bench.prepared:
            bench.files.copy(name, f"{PREVIOUS}/{table.name}.csv")
        bench.files.write_table(EXPORT_OUTPUT, table, at)
        bench.prepared.discard(table.name)


def _cut_off(bench: Workbench, table: Table) -> str:
    """The disk fills while the first file is written: half of it is there, its last line is not whole."""
    table = Table(
        table.name, table.header, table.rows[: max(1, len(table.rows) * 2 // 5)], is_delta=table.is_delta, cut=True
    )
    _keep(bench, table, bench.clock.now, incremental=table.is_delta)
    return f"System.IO.IOException: There is not enough space on the disk. : '{table.name}.csv'"
