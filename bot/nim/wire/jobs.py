"""Jobs, steps, tasks and their executions (nim-api 4.3 to 4.7, E1 to E4)."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.model.change import Progress
from bot.model.ids import AgentId, ConnectorId, JobId, JobRunId, TaskId, TaskRunId
from bot.model.job import CronZone, Job, JobRun, RunState, Step, Task, TaskRun
from bot.nim.squery import (
    Condition,
    Join,
    Op,
    Path,
    Query,
    Sort,
    all_of,
    any_of,
    compare,
    equal,
    newest,
    number,
    paths,
)
from bot.nim.wire.row import Row
from bot.nim.wire.states import States
from bot.nim.wire.task_kinds import task_kind

FIRST_BUILT_IN_JOB: Final = 2147483647
"""Jobs from this id on are the product's own (nim-api 4.3): hidden."""
_USER: Final = Join("User", "u")
_JOB: Final = Join("Job", "j")
_TASK: Final = Join("Task", "t")
_LAST: Final = Join("LastJobInstance", "lji")
_STEPS: Final = Join("JobSteps", "s")
_STEP_TASK: Final = Join("Task", "st", after=_STEPS)

_JOB_FIELDS: Final = paths(
    *("Id", "Identifier", "DisplayName", "IsIncremental", "IsConnectorJob", "IsInitializationJob", "UserStartDenied"),
    *("LogLevel", "CronTabExpression", "CronTimeZone", "Agent_Id", "LastJobInstance_Id"),
)
_TASK_FIELDS: Final = (
    *("Id", "Identifier", "DisplayName", "TaskType", "ConnectorId", "ConnectionIdentifier", "ContinueOnError"),
    *("IgnoreCookieFile", "Dirty", "BlockProvisioning", "DoNotDeleteChanges", "IsDesactivated"),
)
TASKS: Final = Query(select=paths(*_TASK_FIELDS))
_STEP_FIELDS: Final = ("Id", "JobId", "TaskId", "LaunchOrder", "Level")
STEPS: Final = Query(select=paths(*_STEP_FIELDS))
LATEST_RUNS: Final = Query(
    joins=(_LAST,),
    select=(
        *paths("Id", "Identifier", "DisplayName"),
        *(_LAST[name] for name in ("Id", "State", "StartDate", "EndDate", "CancelRequested")),
    ),
    where=compare("LastJobInstance_Id", Op.DIFFERENT, None),
)
_RUN_FIELDS: Final = (
    *paths("Id", "JobId", "State", "StartDate", "EndDate", "CancelRequested"),
    _USER["InternalDisplayName"],
    _JOB["Identifier"],
    _JOB["DisplayName"],
)
_TASK_RUN_FIELDS: Final = (
    *paths("Id", "JobInstanceId", "TaskId", "AgentId", "State", "StartDate", "EndDate", "DisplayName"),
    *paths("IsChild", "IsValidation", "LastProgressUpdate", "WrappedProgress"),
    *(_TASK[name] for name in ("Id", "Identifier", "DisplayName", "TaskType", "ConnectorId")),
)
RUN: Final = Query(joins=(_USER, _JOB), select=_RUN_FIELDS, item=True)


def runs(
    states: States, job_id: JobId | None = None, since: datetime | None = None, wanted: Sequence[RunState] = ()
) -> Query:
    conditions: list[Condition] = []
    if job_id is not None:
        conditions.append(equal("JobId", number(job_id)))
    if since is not None:
        conditions.append(compare("StartDate", Op.AT_LEAST, since))
    if wanted:
        conditions.append(states.condition(wanted))
    return Query(
        joins=(_USER, _JOB),
        select=_RUN_FIELDS,
        where=all_of(*conditions) if conditions else None,
        order=newest("StartDate"),
    )


def watched_runs(states: States, since: datetime) -> Query:
    return Query(
        joins=(_USER, _JOB),
        select=_RUN_FIELDS,
        where=any_of(
            compare("EndDate", Op.AT_LEAST, since),
            equal("EndDate", None),
            states.condition([RunState.BLOCKED]),
        ),
        order=newest("Id"),
    )


def task_runs(run_id: JobRunId) -> Query:
    return Query(
        joins=(_TASK,),
        select=_TASK_RUN_FIELDS,
        where=equal("JobInstanceId", number(run_id)),
        order=(Sort(Path("Id")),),
    )


def recent_task_runs(since: datetime, connector_id: ConnectorId | None, task_ids: Sequence[TaskId] = ()) -> Query:
    started = compare("StartDate", Op.AT_LEAST, since)
    of_connector = () if connector_id is None else (equal(_TASK["ConnectorId"], number(connector_id)),)
    of_tasks = any_of(*(equal("TaskId", number(one)) for one in task_ids), equal("EndDate", None))
    return Query(
        joins=(_TASK,),
        select=_TASK_RUN_FIELDS,
        where=all_of(started, *of_connector, *((of_tasks,) if task_ids else ())),
        order=newest("StartDate"),
    )


def jobs(*, steps: bool, tasks: bool) -> Query:
    """The jobs, with what they launch and in which order where the environment shows it beside them."""
    return Query(
        joins=(*((_STEPS,) if steps else ()), *((_STEP_TASK,) if steps and tasks else ())),
        select=(
            *_JOB_FIELDS,
            *((_STEPS[name] for name in _STEP_FIELDS) if steps else ()),
            *((_STEP_TASK[name] for name in _TASK_FIELDS) if steps and tasks else ()),
        ),
    )


def job(row: Row) -> Job:
    identifier = row.text("Identifier")
    return Job(
        id=JobId(row.own_id("a job")),
        identifier=identifier,
        name=row.text("DisplayName") or identifier,
        is_incremental=bool(row.flag("IsIncremental")),
        is_connector_job=bool(row.flag("IsConnectorJob")),
        is_initialization=bool(row.flag("IsInitializationJob")),
        user_start_denied=bool(row.flag("UserStartDenied")),
        log_level=row.whole("LogLevel"),
        cron=row.text("CronTabExpression"),
        cron_zone=CronZone.SERVER if row.whole("CronTimeZone") == 1 else CronZone.UTC,
        agent_id=AgentId(agent) if (agent := row.id("Agent_Id")) else None,
        last_run_id=JobRunId(last) if (last := row.id("LastJobInstance_Id")) else None,
    )


def is_built_in(row: Row) -> bool:
    return int(row.id() or 0) >= FIRST_BUILT_IN_JOB


def task(row: Row) -> Task:
    identifier, name, type_number = row.text("Identifier"), row.text("DisplayName"), row.whole("TaskType")
    return Task(
        id=TaskId(row.own_id("a task")),
        identifier=identifier,
        name=name or identifier,
        kind=task_kind(identifier, name, type_number),
        type_number=type_number,
        connector_id=_connector_id(row),
        connection=row.text("ConnectionIdentifier"),
        continue_on_error=row.flag("ContinueOnError"),
        ignore_cookie=row.flag("IgnoreCookieFile"),
        dirty=row.flag("Dirty"),
        block_provisioning=row.flag("BlockProvisioning"),
        do_not_delete_changes=row.flag("DoNotDeleteChanges"),
        deactivated=bool(row.flag("IsDesactivated")),
    )


def step(row: Row) -> Step:
    level = row.whole("Level")
    return Step(
        job_id=JobId(row.own_id("a job's step", "JobId")),
        task_id=TaskId(row.own_id("a job's step", "TaskId")),
        launch_order=row.whole("LaunchOrder") or 0,
        level=-1 if level is None else level,
    )


def steps_of(job_row: Row) -> tuple[Step, ...]:
    return tuple(map(step, job_row.members("JobSteps")))


def tasks_of(job_row: Row) -> tuple[Task, ...]:
    """The tasks that a job launches; none where its steps do not show them."""
    return tuple(task(one) for member in job_row.members("JobSteps") if (one := member.at("Task")).id())


def job_run(row: Row, states: States) -> JobRun:
    return _run(row, row.at("Job"), row.own_id("a job's execution", "JobId"), states)


def latest_run(job_row: Row, states: States) -> JobRun | None:
    """The last execution of a job's row of LATEST_RUNS; None for a job that never ran or belongs to the product."""
    last = job_row.at("LastJobInstance")
    if last.id() is None or is_built_in(job_row):
        return None
    return _run(last, job_row, job_row.own_id("a job"), states)


def _run(row: Row, of_job: Row, job_id: str, states: States) -> JobRun:
    state = row.whole("State")
    started, ended = row.moment("StartDate"), row.moment("EndDate")
    identifier = of_job.text("Identifier")
    return JobRun(
        id=JobRunId(row.own_id("a job's execution")),
        job_id=JobId(job_id),
        state=states.word(state, started, ended),
        code=-1 if state is None else state,
        started_at=started,
        ended_at=ended,
        job_identifier=identifier,
        job_name=of_job.text("DisplayName") or identifier,
        started_by=row.at("User").text("InternalDisplayName"),
        cancel_requested=bool(row.flag("CancelRequested")),
    )


def task_run(row: Row, states: States) -> TaskRun:
    of_task = row.at("Task")
    identifier, name = of_task.text("Identifier"), row.text("DisplayName") or of_task.text("DisplayName")
    state = row.whole("State")
    started, ended = row.moment("StartDate"), row.moment("EndDate")
    return TaskRun(
        id=TaskRunId(row.own_id("a task's execution")),
        job_run_id=JobRunId(row.own_id("a task's execution", "JobInstanceId")),
        task_id=TaskId(row.id("TaskId") or of_task.id() or ""),
        identifier=identifier or name,
        name=name or identifier,
        kind=task_kind(identifier, name, of_task.whole("TaskType")),
        state=states.word(state, started, ended),
        code=-1 if state is None else state,
        connector_id=_connector_id(of_task),
        agent_id=AgentId(agent) if (agent := row.id("AgentId")) else None,
        started_at=started,
        ended_at=ended,
        is_child=bool(row.flag("IsChild")),
        is_validation=bool(row.flag("IsValidation")),
        progress=_progress(row),
    )


def _progress(row: Row) -> Progress | None:
    """Counters of a run, where they are JSON with the keys of nim-api 9.2-P: their form is not documented."""
    try:
        told = json.loads(row.text("WrappedProgress"))
    except ValueError:
        return None
    counters = Row(told if isinstance(told, dict) else None)
    read = Progress(
        inserted=counters.whole("Inserted"),
        updated=counters.whole("Updated"),
        deleted=counters.whole("Deleted"),
        links_inserted=counters.whole("LinksInserted"),
        links_deleted=counters.whole("LinksDeleted"),
        orders=counters.whole("Orders"),
        errored=counters.whole("Errored"),
    )
    return None if read == Progress() else replace(read, at=row.moment("LastProgressUpdate") or row.moment("EndDate"))


def start_order(run: TaskRun) -> tuple[bool, float, int]:
    """Sorts executions of tasks as they were started; those that have not come last."""
    return run.started_at is None, run.started_at.timestamp() if run.started_at else 0.0, int(run.id)


def _connector_id(row: Row) -> ConnectorId | None:
    found = row.id("ConnectorId")
    return ConnectorId(found) if found else None
