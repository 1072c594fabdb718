"""Generate provisioning orders and fulfil them."""

from __future__ import annotations

from sandbox.identity_manager.world.agent_files import PROVISIONING_ORDERS
from sandbox.identity_manager.world.clock import to_datetime
from sandbox.identity_manager.world.model import RunState
from sandbox.identity_manager.world.runs import TaskRun
from sandbox.identity_manager.world.systems.errors import TargetError
from sandbox.identity_manager.world.workbench import Body, Workbench, progress

ORDERS_PER_SECOND = 10


def generate(bench: Workbench, run: TaskRun) -> Body:
    connector = run.task.connector
    yield 3.0
    if bench.configuration.connectors[connector]["IsDeactivated"]:
        bench.log(run, "Information", f"Connector {connector} is deactivated")
        return RunState.COMPLETED
    generation = bench.orders.generate(connector, bench.clock.now, force=run.task.identifier in run.job_run.force)
    run.counters[:3] = [generation.counts["Added"], generation.counts["Modified"], generation.counts["Deleted"]]
    run.progress = progress(run.counters, generation.exceeded, orders=len(generation.orders))
    if generation.exceeded and run.task.identifier not in run.job_run.force:
        for e in generation.exceeded:
            bench.log(run, "Warning", f"Threshold Exceeded: {e.scope} {e.name} {e.limit}, measured {e.value}")
        return RunState.BLOCKED_PROVISIONING
    stamp = to_datetime(bench.clock.now).strftime("%Y%m%d%H%M%S")
    for identifier in dict.fromkeys(a.type for a in generation.orders):
        orders = [a for a in generation.orders if a.type == identifier]
        text = bench.orders.as_json(orders)
        bench.files.write_text(f"{PROVISIONING_ORDERS}/{identifier}/{stamp}.json", text, bench.clock.now)
    bench.log(run, "Information", f"{len(generation.orders)} provisioning orders generated")
    return RunState.COMPLETED


def fulfil(bench: Workbench, run: TaskRun) -> Body:
    connector = run.task.connector
    system = bench.systems.systems[connector]
    waiting = bench.orders.transmitted(connector)
    bench.log(run, "Information", f"OrdersCount:{len(waiting)}")
    yield 1.0
    if not waiting:
        return RunState.COMPLETED
    try:
        system.connect(bench.clock.now, "write")
    except TargetError as error:
        bench.orders.withdraw(waiting)
        return bench.fail(run, error.text)
    for path in [p for p in bench.files.files if p.startswith(PROVISIONING_ORDERS) and "/Downloaded/" not in p]:
        folder, _, name = path.rpartition("/")
        if bench.configuration.resource_types[folder.rpartition("/")[2]].connector == connector:
            bench.files.move(path, f"{folder}/Downloaded/{name}")
    texts: list[str] = []
    for number, order in enumerate(waiting, start=1):
        text = bench.orders.fulfil(order, system, run.job_run.id, bench.clock.now)
        run.counters[1 if text else 0] += 1
        if text:
            texts.append(text)
            bench.log(run, "Error", f"Order {order.id} {order.type} {order.change_type}: {text}")
        if number % ORDERS_PER_SECOND == 0:
            _fulfilled(bench, run, len(waiting))
            yield 1.0
    _fulfilled(bench, run, len(waiting))
    yield 0.5
    bench.log(run, "Information", f"{run.counters[0]} orders executed, {run.counters[1]} in error")
    return RunState.ERRORED if texts else RunState.COMPLETED


def _fulfilled(bench: Workbench, run: TaskRun, total: int) -> None:
    run.progressed = bench.clock.now
    run.progress = progress([0] * 5, [], orders=total, errored=run.counters[1])
    bench.runs.write_task(run)
