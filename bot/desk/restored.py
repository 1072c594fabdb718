"""A restore that somebody tells of: every connector that is synchronized incrementally needs a complete run (row 2f).

Identity Manager does not know that its database was restored, and the words seldom name a connector.
"""

from bot.desk.freshness import Seen
from bot.diagnosis import links
from bot.diagnosis.fingerprint import job_fingerprint
from bot.diagnosis.site import Site
from bot.diagnosis.words import counted, listed, moment, title
from bot.model.finding import ActionKind, Certainty, Fact, Finding, Offer
from bot.model.job import Connector, Job, JobRun
from bot.model.page import Page

NUMBER = 2
MOST_OFFERED = 5


def after_a_restore(seen: Seen, runs: Page[JobRun], site: Site) -> Finding | None:
    """None where no connector is synchronized incrementally. `likely` at most: it rests on somebody's word."""
    concerned = [one for one in seen.land.connectors if not one.deactivated and seen.jobs(one, incremental=True)]
    if not concerned:
        return None
    names = listed([one.name or one.identifier for one in concerned])
    return Finding(
        symptom=NUMBER,
        cause="2f",
        certainty=Certainty.LIKELY,
        title=title(f"After the restore {counted(len(concerned), 'connector')} may lack data"),
        text=(
            "After a restore incremental runs compare with a state that the database no longer has: only a complete "
            f"run repairs that. It concerns {names}, except where a complete run has ended since the restore."
        ),
        next="Relaunch the complete job of each connector that had no complete run since the restore.",
        verify="Each synchronize task completes, and as many rows are stored as its file holds without rejected ones.",
        evidence=tuple(_last_complete(seen, one, runs) for one in concerned),
        offers=tuple(_offer(seen, one, runs, site) for one in concerned[:MOST_OFFERED]),
        missing=(),
        links=(links.vendor_page(NUMBER),),
        say_to_caller="The data of this system are being brought up to date.",
        as_of=runs.read_at,
    )


def _last_complete(seen: Seen, connector: Connector, runs: Page[JobRun]) -> Fact:
    name = connector.name or connector.identifier
    last = seen.last(seen.jobs(connector, incremental=False))
    if last is None:
        return Fact(name, "no complete run is seen", "job runs", runs.read_at)
    at = last.ended_at or last.started_at
    return Fact(name, f"last complete run {last.state.value}", f"job run {last.id}", at)


def _offer(seen: Seen, connector: Connector, runs: Page[JobRun], site: Site) -> Offer:
    complete = seen.land.complete_job(connector.id, None, site)
    return Offer(
        ActionKind.RELAUNCH_COMPLETE,
        complete.id if complete else "",
        f"Relaunch {connector.name or connector.identifier} in complete mode",
        allowed=not (why_not := _why_not(seen, connector, complete, runs)),
        why_not=why_not,
        seen=job_fingerprint(complete, runs) if complete else "",
    )


def _why_not(seen: Seen, connector: Connector, complete: Job | None, runs: Page[JobRun]) -> str:
    if running := seen.land.running_on(connector.id, runs):
        return f"Run {running.id} is in progress since {moment(running.started_at)}; wait until it has ended."
    if connector.sync_blocked:
        return "It is blocked by a threshold: judge that first."
    if complete is None:
        return "Which job is the complete one of this connector is not known: name it in the settings."
    return "Identity Manager does not let people start the complete job." if complete.user_start_denied else ""
