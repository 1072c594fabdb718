"""The server's computations: expressions, correlation keys, role model, classification."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sandbox.identity_manager.world.metadata import OWNER_TYPE
from sandbox.identity_manager.world.model import RunState
from sandbox.identity_manager.world.role_model import Computation
from sandbox.identity_manager.world.runs import TaskRun
from sandbox.identity_manager.world.workbench import Body, Workbench


def expressions(bench: Workbench, run: TaskRun) -> Body:
    yield 2.0
    bench.identities.failures.clear()
    if run.task.option("Dirty"):
        keys, bench.dirty_keys = bench.dirty_keys, set()
        changed = bench.identities.refresh(keys, bench.clock.now) if keys else set()
    else:
        bench.dirty_keys.clear()
        changed = bench.identities.refresh(None, bench.clock.now)
    if bench.marks_changed:
        bench.dirty_people |= changed
    for text in bench.identities.failures[:50]:
        bench.log(run, "Warning", text)
    bench.log(run, "Information", f"{len(changed)} identities changed")
    return RunState.COMPLETED


def wait(seconds: float) -> Callable[[Workbench, TaskRun], Body]:
    """Work whose result the engine has at hand whenever it is asked: it only takes its time."""

    def work(_: Workbench, __: TaskRun) -> Body:
        yield seconds
        return RunState.COMPLETED

    return work


keys = wait(2.0)
classify = wait(1.0)


def role_model(bench: Workbench, run: TaskRun) -> Body:
    yield 5.0
    computation = Computation(bench.clock.now, run.job_run.id, block=run.task.option("BlockProvisioning"))
    if run.task.option("Dirty"):
        people = bench.dirty_people | _owners(bench, bench.dirty_accounts)
        bench.role_model.compute(sorted(people), computation)
    else:
        bench.role_model.compute(None, computation)
    bench.configuration.count_assignments()
    bench.dirty_people.clear()
    bench.dirty_accounts.clear()
    for text in computation.failures[:50]:
        bench.log(run, "Error", text)
    bench.log(run, "Information", f"{computation.created} new orders")
    return RunState.COMPLETED


def _owners(bench: Workbench, accounts: Iterable[int]) -> set[int]:
    """Owners of these accounts, and people who wait for an account that may be among them."""
    changed = set(accounts)
    if not changed:
        return set()
    owners = {a.owner for account in changed for a in bench.database.of_resource.get(account, ())}
    owners |= {
        a.owner
        for a in bench.database.assignments.values()
        if a.resource is None or a.resource not in bench.database.resources
    }
    people = bench.database.by_key[OWNER_TYPE]
    for account in changed:
        resource = bench.database.resources.get(account)
        employee = resource.values.get("employeeID") if resource is not None else None
        if employee and employee in people:
            owners.add(people[employee].id)
    return {o for o in owners if o in bench.database.resources and bench.database.resources[o].type == OWNER_TYPE}
