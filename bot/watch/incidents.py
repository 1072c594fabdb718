"""How an incident goes on: what a further run changes, and when its subject is gone. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bot.model.action import Action
from bot.model.finding import Finding, Group
from bot.model.ids import IncidentId
from bot.model.incident import Incident, IncidentState, RunTrouble
from bot.model.job import JobRun, RunState, TaskKind, TaskRun

HISTORY_KEPT: Final = 20
ABOUT_ORDERS: Final = frozenset({4, 5, 7})
"""Symptoms whose subject is orders."""


@dataclass(frozen=True, slots=True)
class Count:
    """Errored orders as one page told them; `exact` false means "at least"."""

    orders: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Troubled:
    """A run that went wrong, with what was read of it."""

    run: JobRun
    trouble: RunTrouble
    task: TaskRun | None
    fingerprint: str
    job_name: str
    channel: str
    finding: Finding | None = None
    orders: Count | None = None
    ours: Action | None = None
    """The action that launched the run."""


def opened(env: str, troubled: Troubled, now: datetime) -> Incident:
    """A draft: the store gives it its id. `now` is the environment's time."""
    run = troubled.run
    return Incident(
        id=IncidentId(0),
        env=env,
        fingerprint=troubled.fingerprint,
        job_id=run.job_id,
        job_name=troubled.job_name,
        state=IncidentState.OPEN,
        trouble=troubled.trouble,
        opened_at=run.ended_at or run.started_at or now,
        run_ids=(run.id,),
        channel=troubled.channel,
        finding=troubled.finding,
        last_run_state=run.state,
        last_run_at=run.ended_at or run.started_at,
        open_orders=troubled.orders.orders if troubled.orders else None,
        open_orders_exact=troubled.orders.exact if troubled.orders else True,
    )


def launcher(run: JobRun, actions: Sequence[Action]) -> Action | None:
    """The action whose call launched the run, even before the action has seen it."""
    return next((action for action in actions if action.run_id == run.id or action.owns(run)), None)


def belongs_to(troubled: Troubled, incidents: Sequence[Incident]) -> Incident | None:
    """The open incident that a run is part of: the run of our own relaunch, one that is known, or the same failure."""
    ours = troubled.ours.wish.incident_id if troubled.ours else None
    for incident in incidents:
        if incident.id == ours or troubled.run.id in incident.run_ids:
            return incident
    return next((one for one in incidents if one.fingerprint == troubled.fingerprint), None)


def failed_again(incident: Incident, troubled: Troubled) -> Incident:
    """The incident after a further run of it that went wrong."""
    run = troubled.run
    again = run.id not in incident.run_ids
    whose = "as well" if troubled.ours is None else "again; it was launched from here"
    line = f"{_clock(run)} run {run.id} {_word(run)} {whose}." if again else ""
    counted = _counted(incident, troubled.orders)
    found = troubled.finding
    return replace(
        _noted(counted, line),
        run_ids=(*incident.run_ids, run.id) if again else incident.run_ids,
        finding=explained(incident, found, ours=troubled.ours is not None) if found else incident.finding,
        last_run_state=run.state,
        last_run_at=run.ended_at or run.started_at,
    )


def explained(incident: Incident, latest: Finding, *, ours: bool) -> Finding:
    """A run that we launched tries one order: what it says of the whole failure is less than what is known."""
    return brought_up_to_date(incident.finding, latest) if ours and incident.finding else latest


def brought_up_to_date(known: Finding, latest: Finding) -> Finding:
    """The known cause, with the orders that are in error now: how many, and as the buttons' marks must see them."""
    if not latest.groups or not known.groups:
        return known
    now = {_like(group): group for group in latest.groups}
    kept = tuple(_with_orders_of(group, now.pop(_like(group))) for group in known.groups if _like(group) in now)
    return replace(known, groups=(*kept, *now.values()), as_of=latest.as_of)


def _like(group: Group) -> tuple[str, str, str]:
    return group.resource_type, group.change_type, group.key


def _with_orders_of(group: Group, latest: Group) -> Group:
    return replace(
        group,
        count=latest.count,
        exact=latest.exact,
        title=latest.title,
        offers=latest.offers,
        order_ids=latest.order_ids,
        sample_people=latest.sample_people,
    )


def is_about_orders(incident: Incident) -> bool:
    return incident.open_orders is not None or (
        incident.finding is not None and incident.finding.symptom in ABOUT_ORDERS
    )


def ran_green(
    incident: Incident, run: JobRun, tasks: Sequence[TaskRun] | None, count: Count | None, *, blocked: bool | None
) -> Incident:
    """The incident after a run of its job, or of one on the same connectors, that went well.

    It closes on its subject, never on a green job: orders in error are not sent again by the next run. `blocked` says
    whether a connector of the job is still blocked; None when that is not shown.
    """
    own = run.job_id == incident.job_id
    after = _counted(incident, count)
    if own and run.state is not incident.last_run_state:
        after = _noted(after, f"{_clock(run)} the job is green again (run {run.id}).")
    if own:
        after = replace(after, last_run_state=run.state, last_run_at=run.ended_at)
    if is_about_orders(after):
        if count is not None and count.exact and count.orders == 0:
            return _closed(after, run, "no order of these systems is in error any more")
        return after
    if incident.trouble is RunTrouble.BLOCKED:
        if blocked is False or (blocked is None and own):
            return _closed(after, run, "the connector is not blocked any more")
        return after
    if own and _did_what_had_failed(incident, tasks):
        return _closed(after, run, "the task that had failed has done its work")
    return after


def _did_what_had_failed(incident: Incident, tasks: Sequence[TaskRun] | None) -> bool:
    failed_task = incident.fingerprint.rsplit("|", 1)[-1]
    if not failed_task:
        return True
    return tasks is not None and any(task.task_id == failed_task and task.state is RunState.COMPLETED for task in tasks)


def sends_orders(task: TaskRun | None) -> bool:
    return task is not None and task.kind is TaskKind.FULFILL


def is_news(run: JobRun, incident: Incident) -> bool:
    """False for a run whose incident has been opened and closed: an old answer opens nothing again."""
    later = run.started_at is not None and incident.last_run_at is not None and run.started_at > incident.last_run_at
    return incident.state is IncidentState.OPEN or later


def _counted(incident: Incident, count: Count | None) -> Incident:
    if count is None:
        return incident
    return replace(incident, open_orders=count.orders, open_orders_exact=count.exact)


def _closed(incident: Incident, run: JobRun, why: str) -> Incident:
    closed_at = run.ended_at or run.started_at or incident.opened_at
    noted = _noted(incident, f"{_clock(run)} closed: {why}.")
    return replace(noted, state=IncidentState.CLOSED, trouble=incident.trouble, closed_at=closed_at)


def _noted(incident: Incident, line: str) -> Incident:
    if not line or line in incident.history:
        return incident
    return replace(incident, history=(*incident.history, line)[-HISTORY_KEPT:])


def _clock(run: JobRun) -> str:
    at = run.ended_at or run.started_at
    return f"{at:%Y-%m-%d %H:%M} UTC:" if at else "Then:"


def _word(run: JobRun) -> str:
    return {RunState.BLOCKED: "is blocked", RunState.WARNING: "ended with a warning"}.get(run.state, "failed")
