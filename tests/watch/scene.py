"""An environment whose jobs run as a test says, a watch on it, and what a channel would see."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import NimMissing, NimRejected, NimUnreachable
from bot.model.finding import ActionKind, Certainty, Finding, Group, Offer
from bot.model.ids import ConnectorId, JobId, JobRunId, OrderId, ResourceTypeId, TaskId, TaskRunId
from bot.model.job import Connector, Job, JobRun, RunState, Step, Task, TaskKind, TaskRun
from bot.model.message import Delivery, Message
from bot.model.order import ChangeType, Order, OrderState, ResourceType
from bot.model.page import Page
from bot.store.store import Store
from bot.watch.loop import Drawing, Limits, Watch
from bot.watch.routing import Route, Routes

NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
AD, HR = JobId("1006"), JobId("1004")
FULFILL, EXPORT = TaskId("7"), TaskId("1")
ON_BOTH = pytest.mark.parametrize(
    "store_url", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
"""The store's own tests run on both databases; here the ones do that another database could break."""


@dataclass
class Scene:
    store: Store
    limits: Limits = field(default_factory=lambda: Limits(patience=timedelta(milliseconds=200)))
    clock: datetime = NOW
    runs: list[JobRun] = field(default_factory=list)
    failed_task: dict[JobRunId, TaskId] = field(default_factory=dict)
    errored: int = 0
    sync_blocked: bool | None = None
    down: bool = False
    hides_latest: bool = False
    requests: list[str] = field(default_factory=list)
    diagnosis_takes: float = 0.0
    diagnosis_fails: bool = False
    watches: list[Watch] = field(default_factory=list)
    name = "production"
    label = "PRODUCTION"

    def watch(self) -> Watch:
        watch = Watch(
            self,  # type: ignore[arg-type]  # only what the watch asks for
            store=self.store,
            incidents=self.store.incidents,
            actions=self.store.actions,
            diagnose=self.diagnose,
            drawing=Drawing(
                draw, lambda env, many: Message(f"{env}: {len(many)} jobs failed"), lambda _, said: Message(said)
            ),
            routes=Routes([Route("#hr", job="HR*")], "#iam-alerts"),
            limits=self.limits,
        )
        self.watches.append(watch)
        return watch

    async def end(self) -> None:
        for watch in self.watches:
            await watch.end()

    async def diagnose(self, _env: object, run: JobRun) -> Finding:
        await asyncio.sleep(self.diagnosis_takes)
        if self.diagnosis_fails:
            raise KeyError("oops")
        symptom = 5 if self.failed_task.get(run.id) == FULFILL else 1
        groups = (self._group(run),) if symptom == 5 and self.errored else ()
        return Finding(symptom, "5a", Certainty.CONFIRMED, f"cause of {run.id}", "text", groups=groups)

    def _group(self, run: JobRun) -> Group:
        """All that is in error now; its button is marked with the run that was looked at."""
        label = f"Test with 1 of {self.errored}"
        test = Offer(ActionKind.UNBLOCK_ONE, "1", label, seen=f"3|{self.runs[-1].id}")
        title, known = f"{self.errored} deletions", f"evidence of {run.id}"
        return Group(
            "k",
            "denied",
            "5a",
            Certainty.CONFIRMED,
            self.errored,
            True,
            "AD",
            "delete",
            "",
            title=title,
            text=known,
            offers=(test,),
        )

    # --- the environment ---
    def now(self) -> datetime:
        return self.clock

    def reads(self) -> "Scene":
        return self

    @property
    def catalogue(self) -> "Scene":
        return self

    def _asked(self, name: str) -> None:
        self.requests.append(name)
        if self.down:
            raise NimUnreachable("Identity Manager did not answer.")

    async def watched_runs(self, since: datetime) -> Page[JobRun]:
        self._asked("watched_runs")
        shown = [
            run for run in self.runs if run.ended_at is None or run.ended_at >= since or run.state is RunState.BLOCKED
        ]
        return Page(tuple(shown), more=False, read_at=self.clock)

    async def latest_runs(self) -> Page[JobRun]:
        self._asked("latest_runs")
        if self.hides_latest:
            raise NimRejected("This environment does not know the query.")
        latest = {run.job_id: run for run in sorted(self.runs, key=lambda run: int(run.id))}
        return Page(tuple(latest.values()), more=False, read_at=self.clock)

    async def job_run(self, run_id: JobRunId) -> JobRun:
        self._asked("job_run")
        for run in self.runs:
            if run.id == run_id:
                return run
        raise NimMissing("There is no such run.")

    async def task_runs(self, run_id: JobRunId) -> list[TaskRun]:
        self._asked("task_runs")
        failed = self.failed_task.get(run_id)
        kinds = {EXPORT: TaskKind.EXPORT, FULFILL: TaskKind.FULFILL}
        return [
            TaskRun(
                TaskRunId(f"{run_id}-{task}"), run_id, task, kind.value, kind.value, kind,
                RunState.ERRORED if task == failed else RunState.COMPLETED, 3,
            )
            for task, kind in kinds.items()
        ]  # fmt: skip

    async def orders(self, *, limit: int, **_: object) -> Page[Order]:
        self._asked("orders")
        order = Order(OrderId("1"), OrderState.ERRORED, 3, ChangeType.DELETE, ResourceTypeId("7"), "AD")
        return Page((order,) * min(self.errored, limit), more=self.errored > limit, read_at=self.clock)

    async def jobs(self) -> list[Job]:
        more = [Job(JobId(str(number)), f"Job_{number}", f"Job {number}") for number in range(2000, 2010)]
        return [Job(AD, "AD_Provisioning", "AD provisioning"), Job(HR, "HR_Delta", "HR Delta"), *more]

    async def tasks(self) -> list[Task]:
        ad, hr = ConnectorId("ad"), ConnectorId("hr")
        return [
            Task(FULFILL, "f", "Fulfill", TaskKind.FULFILL, connector_id=ad),
            Task(EXPORT, "e", "Export", TaskKind.EXPORT, connector_id=hr),
        ]

    async def steps(self) -> list[Step]:
        return [Step(AD, FULFILL), Step(JobId("2000"), FULFILL), Step(HR, EXPORT)]

    async def resource_types(self) -> list[ResourceType]:
        return [ResourceType(ResourceTypeId("7"), "AD", "AD", ConnectorId("ad"))]

    async def connectors(self) -> list[Connector]:
        return [Connector(ConnectorId("hr"), "HR", "HR", sync_blocked=self.sync_blocked)]

    # --- what a test makes happen ---
    def ends(
        self,
        number: int,
        state: RunState = RunState.ERRORED,
        *,
        job: JobId = AD,
        task: TaskId | None = None,
        ago: int = 0,
    ) -> JobRun:
        """A run of a job ends, `ago` minutes ago."""
        at = self.clock - timedelta(minutes=ago)
        run = JobRun(JobRunId(str(number)), job, state, 3, at - timedelta(minutes=5), at)
        if state in {RunState.ERRORED, RunState.WARNING}:
            self.failed_task[run.id] = task or (EXPORT if job == HR else FULFILL)
        self.runs = [one for one in self.runs if one.id != run.id] + [run]
        return run

    def starts(self, number: int, *, job: JobId = AD) -> JobRun:
        run = JobRun(JobRunId(str(number)), job, RunState.RUNNING, 1, self.clock)
        self.runs.append(run)
        return run

    def later(self, minutes: int) -> None:
        self.clock += timedelta(minutes=minutes)

    async def delivered(self) -> list[Delivery]:
        """What goes out to Slack now, as if Slack took it."""
        gone = []
        while due := await self.store.outbox.claim_due(datetime.now(UTC)):
            for delivery in due:
                await self.store.outbox.sent(delivery, ts=delivery.ts or f"{delivery.id}.0")
                gone.append(delivery)
        return gone

    async def said(self) -> list[str]:
        return [
            f"{delivery.channel} {'edit' if delivery.is_edit else 'thread' if delivery.thread_ts else 'post'}: {delivery.message.text}"
            for delivery in await self.delivered()
        ]


def draw(incident: object) -> Message:
    from bot.model.incident import Incident

    assert isinstance(incident, Incident)
    cause = incident.finding.title if incident.finding else "no cause yet"
    left = (
        ""
        if incident.open_orders is None
        else f" {incident.open_orders} errored{'' if incident.open_orders_exact else '+'}"
    )
    last = incident.last_run_state.value if incident.last_run_state else ""
    return Message(
        f"{incident.job_name} {incident.trouble.value} {incident.state.value} {len(incident.run_ids)} {last}{left} {cause}"
    )
