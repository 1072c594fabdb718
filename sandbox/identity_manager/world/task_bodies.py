"""Which work belongs to which kind of task."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.identity_manager.world import task_compute, task_export, task_provision, task_synchronize
from sandbox.identity_manager.world.configuration import Task
from sandbox.identity_manager.world.runs import TaskRun
from sandbox.identity_manager.world.workbench import Body, Workbench

_BODIES: dict[str, Callable[[Workbench, TaskRun], Body]] = {
    "Export": task_export.export,
    "Prepare": task_synchronize.prepare,
    "Synchronize": task_synchronize.synchronize,
    "Expressions": task_compute.expressions,
    "Keys": task_compute.keys,
    "RoleModel": task_compute.role_model,
    "Generate": task_provision.generate,
    "Fulfill": task_provision.fulfil,
    "Classification": task_compute.classify,
}


def begin(bench: Workbench, run: TaskRun) -> Body:
    """The task's work; a task of an agent that does not run is never answered."""
    if is_agent_task(run.task):
        agent = bench.configuration.agent_of(run.task.connector)
        if not bench.systems.hosts[agent].running:
            return _unanswered(bench, run, agent)
    return _BODIES[run.task.kind](bench, run)


def _unanswered(bench: Workbench, run: TaskRun, agent: str) -> Body:
    yield 30.0
    return bench.fail(run, f"Agent '{agent}' is not responding")


def is_agent_task(task: Task) -> bool:
    return task.row.get("AgentId") is not None
