"""Errored orders judged: groups with their causes, what to do next, and the one order to test with. Pure."""

from datetime import datetime
from typing import Final

from bot.diagnosis import links
from bot.diagnosis.complete_run import relaunch_complete
from bot.diagnosis.fingerprint import job_fingerprint
from bot.diagnosis.grouping import (
    MOST_GROUPS,
    group_errored,
)
from bot.diagnosis.symptoms.errored_orders.evidence import Evidence
from bot.diagnosis.symptoms.errored_orders.judged import Judged
from bot.diagnosis.symptoms.errored_orders.nothing_left import nothing_left
from bot.diagnosis.words import counted, listed, moment, noun_of, number, title, type_name
from bot.model.finding import ActionKind, Certainty, Fact, Finding, Offer, Remark
from bot.model.order import OrderState

NUMBER: Final = 5
_VERIFY: Final = (
    "Executed in the run that is launched for the test; verified after the next synchronization. "
    "Only then do the others follow."
)
_ROW_OF_A_CONNECTION: Final = "1"
"""A run that failed since is a matter of its own symptom."""
_LEAVE: Final = "The orders leave the error state by the next synchronization or recomputation."


def diagnose(evidence: Evidence, now: datetime) -> Finding:
    """The finding of all errored orders asked about. Empty and unreadable evidence give a finding too."""
    if evidence.orders is None:
        return _unreadable(evidence, now)
    if evidence.settled or (evidence.settled is None and not evidence.orders.items):
        return nothing_left(evidence, now)
    likes = group_errored(evidence.all_orders, evidence.landscape.connector_of)
    if evidence.subject.order_id is not None:
        asked = evidence.orders.items[0]
        likes = tuple(like for like in likes if any(order.id == asked.id for order in like.orders))
    judged = [Judged(like, likes, evidence, now) for like in likes]
    if evidence.subject.order_id is not None:
        return _of_one(judged[0], evidence, now)
    return _of_many(judged, evidence, now)


def _as_of(evidence: Evidence, now: datetime) -> datetime:
    pages = (evidence.orders, evidence.like, evidence.passed, evidence.syncs)
    return min((page.read_at for page in pages if page is not None), default=now)


def _relaunch(judged: list[Judged], evidence: Evidence) -> tuple[Offer, ...]:
    """Relaunch of the job that failed, else of the connector's only fulfilling one; several = a person chooses.

    None where unblocking must not come before it: the job would send nothing of these.
    """
    connectors = {one.like.connector_id for one in judged}
    if len(connectors) != 1 or all(one.row.no_unblock for one in judged):
        return ()
    connector_id = next(iter(connectors))
    job = evidence.landscape.fulfilling_job(connector_id, evidence.run.job_id if evidence.run else None)
    if job is None:
        return ()
    running = evidence.landscape.running_on(connector_id, evidence.runs)
    broken = next((one.obstacle for one in judged if one.broken), "")
    why_not = ""
    if job.user_start_denied:
        why_not = "Identity Manager does not let people start this job."
    elif running:
        why_not = f"Run {running.id} is in progress; wait until it has ended."
    elif broken:
        why_not = f"{broken}. Remove that first."
    return (
        Offer(
            ActionKind.RELAUNCH,
            job.id,
            "Relaunch job",
            allowed=not why_not,
            why_not=why_not,
            seen=job_fingerprint(job, evidence.runs),
        ),
    )


def _relaunch_complete(judged: list[Judged], evidence: Evidence) -> tuple[Offer, ...]:
    """What a synchronization settles: orders that were not confirmed in time, and accounts that are gone."""
    first = judged[0]
    if first.row.name not in {"5g", "5h"} or (first.row.name == "5h" and not first.row.no_unblock):
        return ()
    complete = evidence.landscape.complete_job(first.like.connector_id, None, evidence.site)
    if complete is None:
        return ()
    why_not = f"Run {first.running.id} is in progress; wait until it has ended." if first.running else ""
    return (relaunch_complete(complete, evidence.runs, why_not),)


def _count_all(evidence: Evidence) -> tuple[Offer, ...]:
    if evidence.orders is None or evidence.orders.exact:
        return ()
    return (Offer(ActionKind.COUNT_ALL, "errored", "Count all"),)


def _of_many(judged: list[Judged], evidence: Evidence, now: datetime) -> Finding:
    if evidence.subject.run is not None:
        judged = sorted(judged, key=lambda one: -one.scene.failed_in_run)
    first = judged[0]
    total = sum(len(one.like) for one in judged)
    exact = evidence.orders is not None and evidence.orders.exact
    orders = counted(total, "order", exact=exact)
    person = evidence.subject.person
    about = f"{person.name}: " if person else ""
    systems = sorted({evidence.landscape.system_of(one.like.orders[0]) for one in judged})
    if evidence.subject.run is not None and first.scene.failed_in_run:
        said = public = _of_run(judged, evidence)
    elif len(judged) == 1:
        said = f"{first.count} in {systems[0]} in error: {first.cause}"
        public = said
    else:
        public = f"{orders} in error in {listed(systems)}: {len(judged)} different errors"
        said = f"{about}{public}"
    contributing = tuple(
        Remark(one.row.name, f"{one.count}: {one.cause}") for one in judged[1:] if one.row.name is not None
    )
    if len(judged) > 1 and max(len(one.like) for one in judged) * 2 <= total:
        contributing += (Remark("5k", "no single error explains more than half of the orders"),)
    obstacles = [one for one in judged if one.obstacle]
    if obstacles:
        contributing += (Remark(_ROW_OF_A_CONNECTION, obstacles[0].obstacle),)
    shown = judged[:MOST_GROUPS]
    text = _independent(judged) + (first.row.why if len(judged) == 1 else _told(shown, len(judged) - len(shown)))
    text += _meanwhile(first, obstacles)
    return Finding(
        symptom=NUMBER,
        cause=first.row.name,
        certainty=first.row.certainty,
        title=title(f"{about}{said}" if len(judged) == 1 else said),
        title_public=title(public) if about else "",
        text=text,
        next=_in_order(judged),
        verify=_LEAVE if first.row.no_unblock else _VERIFY,
        evidence=(*first.facts(), *_left_over(judged, evidence)),
        contributing=contributing,
        ruled_out=first.row.ruled_out,
        groups=tuple(one.as_group() for one in shown),
        offers=(
            *_relaunch_complete(judged, evidence),
            *_relaunch(judged, evidence),
            *_count_all(evidence),
            *links.opening(links.provisioning_review(evidence.site)),
        ),
        missing=evidence.missing,
        links=(links.provisioning_review(evidence.site), links.vendor_page(NUMBER)),
        say_to_caller=_caller(first),
        outlook=first.outlook(now),
        as_of=_as_of(evidence, now),
    )


def _meanwhile(first: Judged, obstacles: list[Judged]) -> str:
    """What goes on beside the errors: a run in progress, and what has failed since."""
    told = ""
    if first.running is not None:
        told = (
            f" Run {first.running.id} is in progress since {moment(first.running.started_at)}: this is from before it."
        )
    return f"{told} Besides, {obstacles[0].obstacle}." if obstacles else told


def _causes(judged: list[Judged]) -> list[Judged]:
    """The largest group of each independent cause, in the order of repair (5.1): what is connection-wide and outside
    first, then rights, then data."""
    largest: dict[tuple[str | None, str], Judged] = {}
    for one in judged:
        largest.setdefault((one.like.connector_id, one.like.kind.family), one)
    return sorted(largest.values(), key=lambda one: (_rank(one), judged.index(one)))


def _rank(judged: Judged) -> int:
    if judged.row.name == "5c":
        return 0
    return 1 if judged.like.kind.family == "rights" else 2


def _independent(judged: list[Judged]) -> str:
    """ "2 independent causes. ", "" where there is one."""
    families = {(one.like.connector_id, one.like.kind.family) for one in judged}
    families |= {
        (one.like.connector_id, one.scene.later.kind.family)
        for one in judged
        if one.scene.later is not None and one.broken
    }
    return f"{number(len(families))} independent causes. " if len(families) > 1 else ""


def _in_order(judged: list[Judged]) -> str:
    """The next step of what is to be repaired first, and what follows."""
    before = next((one.first_repair for one in judged if one.first_repair), "")
    first, *rest = _causes(judged)
    then = f" After that: {listed([f'{one.count}: {one.cause}' for one in rest])}." if rest else ""
    return f"First: {before}. Then: {first.next}{then}" if before else f"{first.next}{then}"


def _of_run(judged: list[Judged], evidence: Evidence) -> str:
    """ "AD_Provisioning failed: 162 of 199 changes"."""
    scene = judged[0].scene
    job = evidence.landscape.job(evidence.run.job_id) if evidence.run else None
    failed = sum(one.scene.failed_in_run for one in judged)
    name = job.name if job else "The job"
    if not scene.passed_read:
        return f"{name} failed: {counted(failed, 'change', exact=scene.exact)}"
    attempted = number(failed + scene.passed_any)
    exact = scene.exact and scene.passed_exact
    return f"{name} failed: {number(failed)} of {attempted if exact else f'at least {attempted}'} changes"


def _left_over(judged: list[Judged], evidence: Evidence) -> tuple[Fact, ...]:
    """Orders of earlier runs that are still in error, when one run was asked about."""
    left = sum(len(one.like) - one.scene.failed_in_run for one in judged)
    if evidence.subject.run is None or not left or evidence.orders is None:
        return ()
    told = counted(left, "order", exact=evidence.orders.exact)
    return (Fact("Still in error", f"{told} of other runs", "provisioning orders", evidence.orders.read_at),)


def _told(shown: list[Judged], more: int) -> str:
    lines = [f"({number(index)}) {one.count}: {one.cause}." for index, one in enumerate(shown, 1)]
    if more:
        lines.append(f"{counted(more, 'more group')} not shown.")
    return " ".join(lines)


def _caller(judged: Judged) -> str:
    if judged.row.name == "5h" and judged.row.no_unblock:
        return "The change was most likely made already; it only has not been confirmed yet."
    if not judged.like.text and not judged.like.rule_error:
        return "The change has not gone through yet; the reason is being looked into."
    return judged.phrase.caller


def _of_one(judged: Judged, evidence: Evidence, now: datetime) -> Finding:
    order = evidence.orders.items[0] if evidence.orders else judged.like.orders[0]
    done = noun_of(order.change)
    entity = evidence.landscape.entity_type(order.owner_type_id)
    others = len(judged.like) - 1
    like = f" {counted(others, 'other order', exact=judged.scene.exact)} failed with the same error." if others else ""
    asked = f"{type_name(order)} {done} in error: {judged.cause}"
    waits = order.state is OrderState.AWAITING_APPROVAL
    contributing = (Remark("4h", "the order also waits for a review; the error comes first"),) if waits else ()
    happened = (
        f"Order {order.id}, last tried {moment(order.performed_at)}." if order.performed_at else f"Order {order.id}."
    )
    return Finding(
        symptom=NUMBER,
        cause=judged.row.name,
        certainty=judged.row.certainty,
        title=title(f"{order.owner_name}: {asked}" if order.owner_name else asked),
        title_public=title(f"Order {order.id}: {asked}"),
        text=f"{judged.row.why}{like} {happened}",
        next=judged.next,
        verify=_VERIFY,
        evidence=judged.facts(),
        contributing=contributing,
        ruled_out=judged.row.ruled_out,
        groups=(judged.as_group(offers=False),),
        offers=(
            *judged.test_offer(order, alone=True),
            *_relaunch_complete([judged], evidence),
            *_relaunch([judged], evidence),
            *links.opening(links.order(evidence.site, order.id, entity)),
        ),
        missing=evidence.missing,
        links=(
            links.order(evidence.site, order.id, entity),
            links.provisioning_review(evidence.site),
            links.vendor_page(NUMBER),
        ),
        say_to_caller=_caller(judged),
        outlook=judged.outlook(now),
        as_of=_as_of(evidence, now),
    )


def _unreadable(evidence: Evidence, now: datetime) -> Finding:
    return Finding(
        symptom=NUMBER,
        cause=None,
        certainty=Certainty.UNKNOWN,
        title="The errored orders could not be read",
        text="Without them no cause can be told and nothing is offered.",
        next="Look at Provisioning Review yourself, or ask the platform team.",
        missing=evidence.missing,
        links=(links.provisioning_review(evidence.site), links.vendor_page(NUMBER)),
        as_of=now,
    )
