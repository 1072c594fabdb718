"""`relaunch JOB [complete]`: one run of a job, after a confirmation with live figures."""

from dataclasses import replace

from bot.access import NEEDS, Permission
from bot.desk.command import Asking, Command
from bot.desk.confirm import Prepared, Started, Write
from bot.desk.find import the_job
from bot.desk.job import run as job_card
from bot.desk.look import Run, at_job
from bot.diagnosis.fingerprint import NEVER_RAN
from bot.diagnosis.landscape import landscape
from bot.diagnosis.reading import Reads
from bot.diagnosis.words import moment
from bot.errors import NotFound
from bot.model.action import Wish
from bot.model.actor import Place
from bot.model.answer import Answer
from bot.model.finding import ActionKind
from bot.model.intent import Verb
from bot.model.job import Job, TaskKind
from bot.model.view import Confirmation, Figure

COMPLETE = ("complete", "full", "total", "complet", "complète")


async def prepare(asking: Asking) -> Prepared:
    """Live figures for the modal. Raises what `at_job` raises, and NotFound where there is no complete twin."""
    job, complete = await _meant(asking)
    run = await at_job(asking, job)
    figures = [Figure("Last run", _last(run)), Figure("Tasks", _tasks(run))]
    if run.job.is_incremental is False and any(task.kind is TaskKind.SYNCHRONIZE for task in run.tasks):
        figures.append(Figure("Mode", "complete: everything is loaded and compared; thresholds apply"))
    warnings = []
    if run.others is None and _sends(run):
        warnings.append("The pending orders could not be read: I cannot say how many leave with this run.")
    confirmation = Confirmation(
        kind=ActionKind.RELAUNCH_COMPLETE if complete else ActionKind.RELAUNCH,
        title="Relaunch in full mode" if complete else "Relaunch job",
        env_label=asking.env.label,
        what=f"Starts {job.name} now." + (" Every pending order that it serves is sent." if _sends(run) else ""),
        pending_others=len(run.others) if run.others is not None else None,
        pending_exact=run.others is None or run.others.exact,
        job_name=job.name,
        reversible=False if _sends(run) else None,
        reversible_how="Orders that were sent cannot be called back." if _sends(run) else "",
        figures=tuple(figures),
        warnings=tuple(warnings),
        as_of=asking.env.now(),
    )
    seen = run.last.id if run.last else NEVER_RAN
    return Prepared(confirmation, replace(asking.intent, env=asking.env.name, seen=seen))


async def act(asking: Asking, place: Place, reason: str) -> Started:
    """Stores the wish. Looks again first, and raises what `prepare` raises: nothing is stored then."""
    job, complete = await _meant(asking)
    run = await at_job(asking, job)
    around = asking.desk.around
    incident = await around.incidents.of_job(asking.env.name, job.id)
    in_thread = incident is not None and incident.message_ts
    needs = NEEDS[run.permission]
    wish = Wish(
        env=asking.env.name,
        kind=ActionKind.RELAUNCH_COMPLETE if complete else ActionKind.RELAUNCH,
        target=job.id,
        seen=run.last.id if run.last else NEVER_RAN,
        team_id=asking.actor.team_id,
        user_id=asking.actor.user_id,
        place=Place(channel=incident.channel, thread=incident.message_ts) if incident and in_thread else place,
        job_id=job.id,
        job_name=job.name,
        incident_id=incident.id if incident else None,
        reason=reason,
        label=job.name,
        evidence=f"{job.identifier}: last run {_last(run)}",
        role=needs.value if needs else "",
    )
    return Started(*await around.actions.ask(wish, around.now()))


async def run(asking: Asking) -> Answer:
    """Typed or said: brings up the job's card, whose button leads on (safety rule 10)."""
    named, _ = await _meant(asking)
    return await job_card(replace(asking, intent=asking.intent.about(named.identifier)))


async def _meant(asking: Asking) -> tuple[Job, bool]:
    """The job, and whether its complete mode was asked for: then it is the complete twin (troubleshooting 1.2)."""
    words = asking.intent.thing
    name, _, last = words.rpartition(" ")
    if not name or last.casefold() not in COMPLETE:
        return await the_job(asking, words), False
    job = await the_job(replace(asking, intent=asking.intent.about(name)), name)
    if not job.is_incremental:
        return job, True
    land = await landscape(asking.nim.catalogue, Reads())
    twin_name = asking.facts.site.complete_job.get(job.identifier)
    connectors = land.connectors_of(job.id)
    twins = [
        one
        for one in land.jobs
        if (one.identifier == twin_name)
        or (
            not twin_name
            and not one.is_incremental
            and not one.is_initialization
            and land.connectors_of(one.id) == connectors
        )
    ]
    if len(twins) == 1:
        return twins[0], True
    raise NotFound(
        f"I do not know which job is the complete one of {job.name}. Nothing was done.",
        next_step="An administrator names it in the settings: complete_job.",
    )


def _sends(run: Run) -> bool:
    return any(task.kind in {TaskKind.GENERATE, TaskKind.FULFILL} for task in run.tasks)


def _last(run: Run) -> str:
    if run.last is None:
        return "none yet"
    return f"{run.last.id} {run.last.state.value}, {moment(run.last.ended_at or run.last.started_at)}"


def _tasks(run: Run) -> str:
    kinds = dict.fromkeys(task.kind.value for task in run.tasks if not task.deactivated)
    return " → ".join(kinds) or "not shown"


COMMAND = Command(
    verb=Verb.RELAUNCH,
    run=run,
    usage="relaunch JOB [complete]",
    summary="One run of a job, after a confirmation with live figures",
    examples=("relaunch AD_Provisioning",),
    permission=Permission.READ,
    words=("rerun", "restart", "relancer"),
)
WRITE = Write(prepare, act)
