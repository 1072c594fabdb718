"""A small Identity Manager in memory: one order, one job, and the ways in which they go wrong."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.errors import NimError, NimMissing, NimUnreachable
from bot.model.ids import (
    ConnectorId,
    EntityTypeId,
    JobId,
    JobRunId,
    OrderId,
    ResourceId,
    ResourceTypeId,
    TaskId,
    TaskRunId,
)
from bot.model.job import JobRun, RunState, Step, Task, TaskKind, TaskRun
from bot.model.order import ChangeType, Order, OrderError, OrderState, ResourceType
from bot.model.page import Page
from bot.model.value import ResourceVersion

START = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
JOB = JobId("1006")
DENIED = "The user has insufficient access rights."


@dataclass
class World:
    """Runs end after `looks` reads of them; what the fulfil task then does to the order is `outcome`."""

    outcome: OrderState = OrderState.EXECUTED
    error: str = DENIED
    looks: int = 2
    late: int = 0
    """How many reads of the job's runs do not show the new one yet."""
    unblock_works: bool = True
    fails: dict[str, list[NimError]] = field(default_factory=dict)
    """Errors that the next calls of that name raise."""
    calls: list[str] = field(default_factory=list)
    clock: datetime = START
    the_order: Order | None = None
    runs: list[JobRun] = field(default_factory=list)
    account: bool = True
    left: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.runs = [
            JobRun(JobRunId("52001"), JOB, RunState.ERRORED, 3, START - timedelta(hours=7), START - timedelta(hours=6))
        ]
        self.the_order = Order(
            OrderId("3930001"),
            OrderState.ERRORED,
            3,
            ChangeType.DELETE,
            ResourceTypeId("7"),
            "AD_Entry_NominativeUser",
            resource_id=ResourceId("21501"),
            errors=(OrderError(DENIED, 1, JobRunId("52001")),),
        )

    # --- Environment ---
    name = "production"
    label = "PRODUCTION"

    def now(self) -> datetime:
        return self.clock

    def reads(self) -> "World":
        return self

    @property
    def writes(self) -> "World":
        return self

    @property
    def catalogue(self) -> "World":
        return self

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if waiting := self.fails.get(name):
            raise waiting.pop(0)

    # --- what is read ---
    async def order(self, order_id: OrderId, **_: object) -> Order:
        self._called("order")
        if self.the_order is None or self.the_order.id != order_id:
            raise NimMissing("There is no such order.")
        return self.the_order

    async def job_runs(self, job_id: JobId | None = None, *, limit: int = 20, **_: object) -> Page[JobRun]:
        self._called("job_runs")
        mine = [run for run in self.runs if job_id in {None, run.job_id}]
        shown = sorted(mine, key=lambda run: int(run.id), reverse=True)
        if self.late and len(mine) > 1:
            self.late -= 1
            shown = shown[1:]
        return Page(tuple(shown[:limit]), more=False, read_at=self.clock)

    async def watched_runs(self, _since: datetime) -> Page[JobRun]:
        self._called("watched_runs")
        return Page(tuple(run for run in self.runs if run.ended_at is None), more=False, read_at=self.clock)

    async def job_run(self, run_id: JobRunId) -> JobRun:
        self._called("job_run")
        run = next(run for run in self.runs if run.id == run_id)
        if run.ended_at is None and run_id in self.left:
            self.left[run_id] -= 1
            if self.left[run_id] <= 0:
                self.end(run)
        return next(run for run in self.runs if run.id == run_id)

    async def task_runs(self, run_id: JobRunId) -> list[TaskRun]:
        self._called("task_runs")
        run = next(run for run in self.runs if run.id == run_id)
        name = "Fulfill AD"
        return [
            TaskRun(
                TaskRunId("1"), run_id, TaskId("1"), name, name, TaskKind.FULFILL, run.state, run.code,
                started_at=run.started_at, ended_at=run.ended_at,
            )
        ]  # fmt: skip

    async def resource(self, entity_type: str, resource_id: ResourceId, _properties: list[str]) -> ResourceVersion:
        self._called("resource")
        if not self.account:
            raise NimMissing("There is no such account.")
        return ResourceVersion(resource_id, entity_type, "Leroy")

    async def resource_types(self) -> list[ResourceType]:
        kind = ResourceType(ResourceTypeId("7"), "AD_Entry_NominativeUser", "AD account", ConnectorId("2001"))
        return [replace(kind, target_entity_type_id=EntityTypeId("50"))]

    async def entity_types(self) -> list[tuple[str, str]]:
        return [("50", "AD_Entry")]

    async def tasks(self) -> list[Task]:
        return [Task(TaskId("1"), "Fulfill", "Fulfill AD", TaskKind.FULFILL, connector_id=ConnectorId("2001"))]

    async def steps(self) -> list[Step]:
        return [Step(JOB, TaskId("1")), Step(JobId("1007"), TaskId("1"))]

    # --- what changes ---
    async def unblock(self, order_id: OrderId) -> None:
        self._called("unblock")
        if self.unblock_works and self.the_order is not None and self.the_order.id == order_id:
            self.the_order = replace(self.the_order, state=OrderState.PENDING, code=1)

    async def run_job(self, job_id: JobId) -> None:
        self._called("run_job")
        self.launch(job_id)

    def launch(self, job_id: JobId = JOB) -> JobRun:
        run = JobRun(JobRunId(str(52001 + len(self.runs))), job_id, RunState.RUNNING, 1, self.clock)
        self.runs.append(run)
        self.left[run.id] = self.looks
        return run

    def end(self, run: JobRun) -> None:
        self.clock += timedelta(minutes=1)
        failed = self.outcome is OrderState.ERRORED
        state, code = (RunState.ERRORED, 3) if failed else (RunState.COMPLETED, 2)
        self.runs = [
            replace(one, state=state, code=code, ended_at=self.clock) if one.id == run.id else one for one in self.runs
        ]
        if self.the_order is not None and self.the_order.state is OrderState.PENDING:
            errors = (OrderError(self.error, 1, run.id), *self.the_order.errors) if failed else self.the_order.errors
            self.the_order = replace(
                self.the_order, state=self.outcome, code=3 if failed else 8, errors=errors, performed_at=self.clock
            )


def down(*, changed: bool | None = False) -> NimError:
    """Identity Manager does not answer; whether the call arrived is what `changed` says."""
    return NimUnreachable("Identity Manager did not answer.", changed=changed)
