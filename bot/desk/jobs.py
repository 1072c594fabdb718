"""`jobs [failed|running]`: the jobs with how their last runs ended."""

from bot.desk.command import Asking, Command
from bot.model.answer import Answer, AnswerKind, Cell, Row, Section
from bot.model.intent import Intent, Verb
from bot.model.job import TROUBLED, Job, JobRun, RunState

MOST_ROWS = 12
FILTERS = {"failed": TROUBLED, "running": frozenset({RunState.RUNNING, RunState.QUEUED})}


async def run(asking: Asking) -> Answer:
    wanted = asking.intent.thing.casefold()
    states = FILTERS.get(wanted)
    jobs = {job.id: job for job in await asking.nim.catalogue.jobs()}
    runs = await asking.nim.latest_runs()
    latest = sorted(runs, key=_started, reverse=True)
    known = [one for one in latest if one.job_id in jobs and (states is None or one.state in states)]
    rows = [_row(jobs[one.job_id], one) for one in known]
    ran = {one.job_id for one in latest}
    idle = [job for job_id, job in jobs.items() if job_id not in ran]
    sections = [
        Section(title=_heading(wanted, states), rows=tuple(rows[:MOST_ROWS]), more=max(0, len(rows) - MOST_ROWS))
    ]
    if states is None and idle:
        sections.append(
            Section(
                title="Never run",
                rows=tuple(
                    Row(title=job.name, opens=Intent(Verb.JOB, thing=job.identifier)) for job in idle[:MOST_ROWS]
                ),
                more=max(0, len(idle) - MOST_ROWS),
            )
        )
    if wanted in FILTERS and not rows:
        title = f"No job is {wanted}" if wanted == "running" else "No job's last run failed"
    else:
        title = f"{len(rows)} {'job' if len(rows) == 1 else 'jobs'}{f' {wanted}' if states is not None else ''}"
    return Answer(
        kind=AnswerKind.LIST,
        title=title,
        text="Each line is a job's newest run.",
        next="Press one to see its tasks and what is wrong with it." if rows else "",
        sections=tuple(section for section in sections if section.rows),
        as_of=runs.read_at,
    )


def _started(one: JobRun) -> float:
    return one.started_at.timestamp() if one.started_at else 0.0


def _heading(wanted: str, states: frozenset[RunState] | None) -> str:
    return "Last runs" if states is None else f"Last run {wanted}"


def _row(job: Job, one: JobRun) -> Row:
    return Row(
        title=job.name or job.identifier,
        mark=state_word(one),
        cells=(Cell(f"run {one.id}"), *run_cells(one)),
        opens=Intent(Verb.JOB, thing=job.identifier),
    )


def run_cells(one: JobRun) -> tuple[Cell, ...]:
    """When a run ended, or since when it runs, and who started it."""
    when = Cell("running since" if one.ended_at is None else "ended", at=one.ended_at or one.started_at)
    by = f"started by {one.started_by}" if one.started_by else "on schedule"
    return when, Cell(by, private=bool(one.started_by))


def state_word(one: JobRun) -> str:
    """A run's state as a person reads it; an untaught number is shown as such."""
    return f"state {one.code}" if one.state is RunState.UNKNOWN else one.state.value


COMMAND = Command(
    verb=Verb.JOBS,
    run=run,
    usage="jobs [failed|running]",
    summary="The jobs and how their last runs ended",
    examples=("jobs failed", "jobs running"),
)
