"""Runs jobs as the product does (nim-api 6.2): by levels, with parents, warnings, blocks, cancellation, resumption."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.identity_manager.interface import Conflict
from sandbox.identity_manager.world.clock import Clock, to_iso
from sandbox.identity_manager.world.configuration import Configuration, Job, Task
from sandbox.identity_manager.world.cron import Cron
from sandbox.identity_manager.world.database import Database
from sandbox.identity_manager.world.model import RunState
from sandbox.identity_manager.world.runs import JobRun, Runs, TaskRun
from sandbox.identity_manager.world.task_bodies import begin, is_agent_task
from sandbox.identity_manager.world.workbench import Body, Workbench

BLOCKED = (RunState.BLOCKED_SYNCHRONIZATION, RunState.BLOCKED_PROVISIONING)
_SKIPPED_WHEN_BLOCKED = ("Export", "Prepare", "Synchronize")
_STOPS = (RunState.ERRORED, *BLOCKED)


class JobEngine:
    """Schedules jobs and drives their executions on the clock."""

    def __init__(
        self,
        clock: Clock,
        configuration: Configuration,
        database: Database,
        runs: Runs,
        bench: Workbench,
        *,
        task_scale: float,
    ) -> None:
        self.clock = clock
        self.configuration = configuration
        self.database = database
        self.runs = runs
        self.bench = bench
        self.task_scale = task_scale
        self.stopped_schedules: set[str] = set()
        """jobs whose schedule somebody has switched off"""
        self.next_firing: dict[str, float] = {}
        self.log_levels: dict[str, int] = {}
        self._generation: dict[str, int] = {}

    # -- schedules -----------------------------------------------------------------------------------------------------

    def schedule(self, job: Job) -> None:
        """(Re)starts the job's schedule from now on."""
        self._generation[job.identifier] = self._generation.get(job.identifier, 0) + 1
        self.next_firing.pop(job.identifier, None)
        if job.cron:
            self._await_firing(job, Cron.parse(job.cron), self._generation[job.identifier])

    def _await_firing(self, job: Job, cron: Cron, generation: int) -> None:
        firing = cron.next_after(self.clock.now)
        self.next_firing[job.identifier] = firing

        def fire() -> None:
            if self._generation[job.identifier] != generation:
                return
            self._await_firing(job, cron, generation)
            if job.identifier in self.stopped_schedules or not self._agent_runs(job):
                return
            if not self._occupied(job):
                self.start(job)

        self.clock.at(firing, fire)

    def _occupied(self, job: Job) -> bool:
        """The job itself is running, or it would get in the way of another synchronisation of its connector."""
        last = self.runs.last.get(job.identifier)
        if last is not None and last.running:
            return True
        if job.kind != "delta":
            return False
        others = (
            self.runs.last.get(j.identifier) for j in self.configuration.jobs.values() if j.connector == job.connector
        )
        return any(other is not None and other.running and other.job.kind == "complete" for other in others)

    def _agent_runs(self, job: Job) -> bool:
        agent = self.configuration.agent_of(job.connector) if job.connector else "Local"
        return self.bench.systems.hosts[agent].running

    # -- executions ----------------------------------------------------------------------------------------------------

    def start(self, job: Job, *, user: int | None = None, log_level: int | None = None) -> JobRun:
        """Raises Conflict when the job is running."""
        last = self.runs.last.get(job.identifier)
        if last is not None and last.running:
            raise Conflict("job_already_running", f"{job.identifier} is running since {to_iso(last.start)}")
        level = int(job.row["LogLevel"]) if log_level is None else log_level
        run = self.runs.begin(job, self.clock.now, user, level)
        self._run_level(run, 0)
        return run

    def cancel(self, run: JobRun) -> None:
        """The current tasks finish first. Raises Conflict when the run has ended."""
        if not run.running:
            raise Conflict("already_finished", f"execution {run.id} has ended")
        run.cancel_requested = True
        self.runs.write_job(run)

    def resume(self, run: JobRun, *, force: bool, user: int | None = None) -> JobRun:
        """Goes on where a run was blocked: past the threshold (`force`), or by trying the blocked task again.

        Raises Conflict when the run is not blocked any more.
        """
        if run.state not in BLOCKED or run.resumed_by is not None:
            raise Conflict("not_blocked", f"execution {run.id} is not blocked")
        if run.state == RunState.BLOCKED_SYNCHRONIZATION and run.id not in self.bench.blocked and force:
            raise Conflict("not_blocked", f"the changes of execution {run.id} are obsolete")
        last = self.runs.last[run.job.identifier]
        if last.running:
            raise Conflict("job_already_running")
        again = self.runs.begin(run.job, self.clock.now, user, run.log_level)
        again.retry = True
        run.resumed_by = again.id
        blocked = self.configuration.tasks[run.blocked_task]
        if force:
            again.force = frozenset({blocked.identifier})
            if run.state == RunState.BLOCKED_SYNCHRONIZATION:
                again.validates = run
        level = next(n for n, tasks in enumerate(run.job.levels) if blocked in tasks)
        self._run_level(again, level)
        return again

    def _run_level(self, run: JobRun, level: int) -> None:
        if run.cancel_requested or level >= len(run.job.levels):
            self._finish(run)
            return
        run.level = level + 1
        run.progressed = self.clock.now
        self.runs.write_job(run)
        started: list[TaskRun] = []
        for task in run.job.levels[level]:
            if self._is_left_out(run, task):
                continue
            task_run = self.runs.begin_task(run, task, self._agent(task))
            task_run.is_validation = task.identifier in run.force
            if self._parents_allow(run, task):
                started.append(task_run)
            else:
                self.runs.write_task(task_run)
        if not started:
            self._run_level(run, level + 1)
            return
        remaining = {t.id for t in started}

        def done(task_run: TaskRun) -> None:
            remaining.discard(task_run.id)
            if not remaining:
                self._level_done(run, level, started)

        for task_run in started:
            self._begin(task_run, done)

    def _agent(self, task: Task) -> int | None:
        return int(task.row["AgentId"]) if is_agent_task(task) else None

    def _is_left_out(self, run: JobRun, task: Task) -> bool:
        """Tasks that this run does not have:

        switched off, the connector is deactivated or waits for a blocked synchronisation.
        """
        if task.option("IsDesactivated"):
            return True
        if not task.connector:
            return False
        connector = self.configuration.connectors[task.connector]
        if connector["IsDeactivated"] and task.kind in ("Export", "Fulfill"):
            return True
        use = int(connector["IncrementalJob"] if run.job.row["IsIncremental"] else connector["CompleteJob"])
        if (
            use == 1
            or (use == 2 and task.kind in ("Generate", "Fulfill"))
            or (use == 3 and task.kind in _SKIPPED_WHEN_BLOCKED)
        ):
            return True
        return bool(
            connector["IsSynchronizationBlocked"]
            and run.job.row["IsIncremental"]
            and task.kind in _SKIPPED_WHEN_BLOCKED
            and run.validates is None
        )

    def _parents_allow(self, run: JobRun, task: Task) -> bool:
        for parent in task.parents:
            found = run.task_runs.get(parent)
            if found is not None and found.state not in (RunState.COMPLETED, RunState.NOT_STARTED):
                return False
            if found is not None and found.state == RunState.NOT_STARTED and not run.retry:
                return False
        return True

    def _begin(self, run: TaskRun, done: Callable[[TaskRun], None]) -> None:
        run.state, run.start, run.progressed = RunState.IN_PROGRESS, self.clock.now, self.clock.now
        self.runs.write_task(run)
        self._step(run, begin(self.bench, run), done)

    def _step(self, run: TaskRun, body: Body, done: Callable[[TaskRun], None]) -> None:
        try:
            seconds = next(body)
        except StopIteration as stop:
            state = RunState(stop.value)
            if state == RunState.ERRORED and run.task.option("ContinueOnError"):
                state = RunState.WARNING
            run.state, run.end, run.progressed = state, self.clock.now, self.clock.now
            self.runs.write_task(run)
            self.database.flush(self.clock.now)
            done(run)
            return
        self.database.flush(self.clock.now)
        self.clock.after(seconds * self.task_scale, lambda: self._step(run, body, done))

    def _level_done(self, run: JobRun, level: int, started: list[TaskRun]) -> None:
        stopped = [t for t in started if t.state in _STOPS]
        if stopped:
            run.blocked_task = next((t.task.identifier for t in stopped if t.state in BLOCKED), "")
            self._not_started(run, level + 1)
            self._finish(run, max(t.state for t in stopped))
        elif run.cancel_requested:
            self._not_started(run, level + 1)
            self._finish(run, RunState.CANCELLED)
        else:
            self._run_level(run, level + 1)

    def _not_started(self, run: JobRun, level: int) -> None:
        """Tasks that the run did not come to, as the job's screen lists them."""
        for tasks in run.job.levels[level:]:
            for task in tasks:
                if not self._is_left_out(run, task):
                    self.runs.write_task(self.runs.begin_task(run, task, self._agent(task)))

    def _finish(self, run: JobRun, state: int | None = None) -> None:
        if state is None:
            warned = any(t.state == RunState.WARNING for t in run.task_runs.values())
            state = RunState.WARNING if warned else RunState.COMPLETED
            if run.cancel_requested:
                state = RunState.CANCELLED
        run.state, run.end, run.progressed = state, self.clock.now, self.clock.now
        self.runs.write_job(run)
        self.database.flush(self.clock.now)
