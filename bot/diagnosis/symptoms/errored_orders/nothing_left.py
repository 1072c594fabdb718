"""No order is in error: whether there never was one, whether it is over, or whether a job failed before it sent any."""

from datetime import datetime
from typing import Final

from bot.diagnosis import links
from bot.diagnosis.symptoms.errored_orders.evidence import Evidence
from bot.diagnosis.words import counted, moment, number, title
from bot.model.finding import Certainty, Fact, Finding
from bot.model.job import JobRun, RunState

_NUMBER: Final = 5


def nothing_left(evidence: Evidence, now: datetime) -> Finding:
    """What is to be said instead of a cause. Pure."""
    if evidence.settled and evidence.run is not None:
        return _settled(evidence, evidence.run, now)
    over = [pair for pair in evidence.failed_jobs if pair[1].state is RunState.COMPLETED]
    failing = [pair for pair in evidence.failed_jobs if pair[1].id == pair[0].id]
    if over and not failing and not evidence.missing:
        return _resolved(evidence, over, now)
    person = evidence.subject.person
    told = "".join(f" {_failed(evidence, run)} {_UNSENT}" for run, _ in failing)
    return _finding(
        evidence,
        now,
        title(f"{person.name}: no order in error" if person else "No order in error"),
        f"No errored order is visible to the service account.{told}",
        certainty=Certainty.UNKNOWN,
        then="Ask about that job: its log tells where it failed." if failing else "",
        facts=tuple(_fact(evidence, run) for run, _ in failing),
    )


_UNSENT: Final = "Its orders are done, superseded, or were never sent."


def _name(evidence: Evidence, run: JobRun) -> str:
    job = evidence.landscape.job(run.job_id)
    return run.job_name or (job.name if job else "") or f"Job {run.job_id}"


def _failed(evidence: Evidence, run: JobRun) -> str:
    return f"{_name(evidence, run)} failed in run {run.id}, {moment(run.started_at)}."


def _fact(evidence: Evidence, run: JobRun) -> Fact:
    return Fact(_name(evidence, run), run.state.value, f"job run {run.id}", run.ended_at or run.started_at)


def _resolved(evidence: Evidence, over: list[tuple[JobRun, JobRun]], now: datetime) -> Finding:
    """Confounder 5.3: what failed went well since, before anybody asked. Credited by run, not by time."""
    _, newest = max(over, key=lambda pair: (pair[1].ended_at or now, pair[1].id))
    told = " ".join(
        f"{_failed(evidence, run)} Run {good.id} of the same job went well, {moment(good.ended_at)}."
        for run, good in over
    )
    return _finding(
        evidence,
        now,
        title(f"Resolved at {moment(newest.ended_at)}: no order in error"),
        f"{told} No errored order is visible to the service account.",
        certainty=Certainty.CONFIRMED,
        facts=tuple(_fact(evidence, run) for pair in over for run in pair),
    )


def _settled(evidence: Evidence, run: JobRun, now: datetime) -> Finding:
    """Orders did fail in the run that was asked about, and nothing of that run is left."""
    settled, left = evidence.settled, {order.id for order in evidence.orders or ()}
    count = counted(len(settled or ()), "order", exact=settled is not None and settled.exact)
    again = sum(1 for order in settled or () if order.id in left)
    state = f"{number(again)} failed again in a later run" if again else "none of them is in error any more"
    others = "The others" if again else "They"
    return _finding(
        evidence,
        now,
        title(f"{_name(evidence, run)}: {count} failed, {state}"),
        f"{count} failed in run {run.id}; {state}. {others} were sent again, confirmed or superseded since.",
        certainty=Certainty.CONFIRMED,
        facts=(
            _fact(evidence, run),
            Fact("In error when the run ended", count, "provisioning orders", run.ended_at),
            Fact("In error now", number(again), "provisioning orders", settled.read_at if settled else now),
        ),
    )


def _finding(
    evidence: Evidence,
    now: datetime,
    headline: str,
    text: str,
    *,
    certainty: Certainty,
    then: str = "",
    facts: tuple[Fact, ...] = (),
) -> Finding:
    public = headline if evidence.subject.person is None else "No order in error"
    read_at = evidence.orders.read_at if evidence.orders else now
    return Finding(
        symptom=_NUMBER,
        cause=None,
        certainty=certainty,
        title=headline,
        title_public=public,
        text=text,
        next=then,
        evidence=facts,
        missing=evidence.missing,
        links=(links.provisioning_review(evidence.site), links.vendor_page(_NUMBER)),
        as_of=read_at,
    )
