"""Executions of jobs and tasks, and their logs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from sandbox.identity_manager.store import Row, Store
from sandbox.identity_manager.world.agent_files import LOGS, FileTree
from sandbox.identity_manager.world.clock import to_iso
from sandbox.identity_manager.world.configuration import Job, Task
from sandbox.identity_manager.world.model import RunState

LEVELS = ("Verbose", "Debug", "Information", "Warning", "Error", "Fatal")
NO_LOG = 6
"""LogLevel None: nothing is recorded"""


@dataclass(frozen=True, slots=True)
class Line:
    at: float
    level: str
    message: str


@dataclass(slots=True, eq=False)
class TaskRun:
    id: int
    task: Task
    job_run: JobRun
    state: int = RunState.NOT_STARTED
    start: float | None = None
    end: float | None = None
    progressed: float | None = None
    counters: list[int] = field(default_factory=lambda: [0] * 8)
    progress: dict[str, object] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    agent: int | None = None
    is_validation: bool = False


@dataclass(slots=True, eq=False)
class JobRun:
    id: int
    job: Job
    start: float
    user: int | None = None
    log_level: int = NO_LOG
    state: int = RunState.IN_PROGRESS
    end: float | None = None
    progressed: float | None = None
    level: int = 0
    cancel_requested: bool = False
    retry: bool = False
    resumed_by: int | None = None
    force: frozenset[str] = frozenset()
    """task identifiers whose thresholds are not checked: the run goes on past a block"""
    task_runs: dict[str, TaskRun] = field(default_factory=dict)
    validates: JobRun | None = None
    blocked_task: str = ""

    @property
    def running(self) -> bool:
        return self.end is None


class Runs:
    """Keeps executions, writes their rows and their logs."""

    def __init__(self, store: Store, files: FileTree) -> None:
        self.store = store
        self.files = files
        self.jobs: dict[int, JobRun] = {}
        self.tasks: dict[int, TaskRun] = {}
        self.last: dict[str, JobRun] = {}
        self.server_lines: list[Line] = []
        self._live = False
        self._written: set[int] = set()
        self._buffered: list[JobRun] = []
        self._next_job = store.next_id("JobInstance")
        self._next_task = store.next_id("TaskInstance")

    def begin(self, job: Job, now: float, user: int | None, log_level: int) -> JobRun:
        run = JobRun(self._next_job, job, now, user, log_level, progressed=now)
        self._next_job += 1
        self.jobs[run.id] = run
        self.last[job.identifier] = run
        self._buffered.append(run)
        self.write_job(run)
        return run

    def begin_task(self, run: JobRun, task: Task, agent: int | None) -> TaskRun:
        found = TaskRun(self._next_task, task, run, agent=agent)
        self._next_task += 1
        self.tasks[found.id] = found
        run.task_runs[task.identifier] = found
        return found

    def log(self, run: TaskRun, now: float, level: str, message: str) -> None:
        """Recorded from the run's log level on; always in the application log when it is an error."""
        if LEVELS.index(level) >= run.job_run.log_level:
            line = Line(now, level, message)
            run.lines.append(line)
            if self._live:
                self.files.append(_log_path(run), f"{to_iso(now)} [{level}] {message}\n", now)
        if level in ("Error", "Fatal"):
            self.log_server(now, level, f"{run.job_run.job.identifier} {run.task.identifier}: {message}")

    def log_server(self, now: float, level: str, message: str) -> None:
        self.server_lines.append(Line(now, level, message))
        if self._live:
            self.files.append(f"{LOGS}/server.log", f"{to_iso(now)} [{level}] {message}\n", now)

    def go_live(self, keep_logs_since: float) -> None:
        """Writes the past: rows of all runs, log files of recent ones and of those that went wrong."""
        with self.store.transaction():
            self.store.insert("JobInstance", [_job_row(run) for run in self._buffered])
            self.store.insert("TaskInstance", [_task_row(t) for run in self._buffered for t in run.task_runs.values()])
        for run in self._buffered:
            self._written.add(run.id)
            self._written.update(t.id for t in run.task_runs.values())
            for task_run in run.task_runs.values():
                if task_run.lines and (
                    run.start >= keep_logs_since or run.state != RunState.COMPLETED or run.job.kind != "delta"
                ):
                    text = "".join(f"{to_iso(line.at)} [{line.level}] {line.message}\n" for line in task_run.lines)
                    self.files.write_text(_log_path(task_run), text, task_run.lines[-1].at)
                else:
                    task_run.lines.clear()
        for identifier, run in self.last.items():
            self.store.update("Job", run.job.id, {"LastJobInstance_Id": run.id})
            del identifier
        text = "".join(f"{to_iso(line.at)} [{line.level}] {line.message}\n" for line in self.server_lines)
        self.files.write_text(
            f"{LOGS}/server.log", text, self.server_lines[-1].at if self.server_lines else keep_logs_since
        )
        self._buffered.clear()
        self._live = True

    def write_job(self, run: JobRun) -> None:
        if not self._live:
            return
        row = _job_row(run)
        if run.id in self._written:
            self.store.update("JobInstance", run.id, {name: value for name, value in row.items() if name != "Id"})
        else:
            self._written.add(run.id)
            self.store.insert("JobInstance", [row])
            self.store.update("Job", run.job.id, {"LastJobInstance_Id": run.id})

    def write_task(self, run: TaskRun) -> None:
        if not self._live:
            return
        row = _task_row(run)
        if run.id in self._written:
            self.store.update("TaskInstance", run.id, {name: value for name, value in row.items() if name != "Id"})
        else:
            self._written.add(run.id)
            self.store.insert("TaskInstance", [row])


def _log_path(run: TaskRun) -> str:
    return f"{LOGS}/tasks/{run.id}.log"


def _date(instant: float | None) -> str | None:
    return None if instant is None else to_iso(instant)


def _job_row(run: JobRun) -> Row:
    return {
        "Id": run.id,
        "JobId": run.job.id,
        "StartDate": to_iso(run.start),
        "EndDate": _date(run.end),
        "LastProgressUpdate": _date(run.progressed),
        "State": int(run.state),
        "CurrentLaunch": run.level,
        "TotalLaunch": len(run.job.levels),
        "UserId": run.user,
        "CancelRequested": run.cancel_requested,
        "Retry": run.retry,
    }


def _task_row(run: TaskRun) -> Row:
    return {
        "Id": run.id,
        "JobInstanceId": run.job_run.id,
        "TaskId": run.task.id,
        "AgentId": run.agent,
        "State": int(run.state),
        "StartDate": _date(run.start),
        "EndDate": _date(run.end),
        "LastProgressUpdate": _date(run.progressed),
        "DisplayName": run.task.row["DisplayName"],
        **{f"C{n}": value for n, value in enumerate(run.counters)},
        "WrappedProgress": json.dumps(run.progress) if run.progress else None,
        "IsValidation": run.is_validation,
    }
