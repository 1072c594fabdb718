"""Lists of orders in groups of like ones: errored, blocked, waiting."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from bot.diagnosis import links
from bot.diagnosis.course import course_of
from bot.diagnosis.grouping import MOST_GROUPS, oldest_first
from bot.diagnosis.landscape import Landscape, landscape
from bot.diagnosis.order import state_finding
from bot.diagnosis.reading import Reads
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.diagnosis.symptoms import blocked_orders, errored_orders
from bot.diagnosis.words import counted, noun_of, title, type_name
from bot.model.finding import ActionKind, Certainty, Fact, Finding, Group, LinkMark, Offer
from bot.model.job import JobRun
from bot.model.order import Order, OrderState
from bot.model.page import Page
from bot.ports import NimReads

WAITING: Final = (OrderState.PENDING, OrderState.TRANSMITTED, OrderState.EXECUTED)
_MOST_PEOPLE: Final = 3


class Which(StrEnum):
    """The lists that a person can ask for."""

    ERRORED = "errored"
    BLOCKED = "blocked"
    WAITING = "waiting"


async def examine_orders(nim: NimReads, which: Which, subject: Subject, site: Site, now: datetime) -> Finding:
    """The finding of one list, narrowed by the subject's person, resource types, change or connector."""
    if which is Which.ERRORED:
        return errored_orders.diagnose(await errored_orders.gather(nim, subject, site, now), now)
    if which is Which.BLOCKED:
        return blocked_orders.diagnose(await blocked_orders.gather(nim, subject, site, now), now)
    reads = Reads()
    world, page, latest = await asyncio.gather(
        landscape(nim.catalogue, reads),
        reads.attempt(
            nim.orders(
                states=WAITING,
                owner_id=subject.owner,
                resource_type_ids=subject.resource_type_ids,
                change=subject.change,
            ),
            "the waiting orders",
            look_at="Provisioning Review",
        ),
        reads.attempt(
            nim.latest_runs(),
            "the newest run of each job",
            without="Whether the runs that they wait for fail is not known.",
            look_at="Job Results",
        ),
    )
    return replace(waiting(page, world, site, now, latest.items if latest else None), missing=reads.missing)


def waiting(
    page: Page[Order] | None,
    world: Landscape,
    site: Site,
    now: datetime,
    latest: Sequence[JobRun] | None = None,
) -> Finding:
    """Orders on their way, grouped by state and kind. Pure."""
    if page is None:
        return Finding(
            symptom=None,
            cause=None,
            certainty=Certainty.UNKNOWN,
            title="The waiting orders could not be read",
            text="Nothing can be said of them.",
            links=(links.provisioning_review(site),),
            as_of=now,
        )
    groups: dict[tuple[str, str, str], list[Order]] = {}
    for order in page:
        groups.setdefault((order.state.value, order.resource_type, order.change.value), []).append(order)
    ranked = sorted(groups.items(), key=lambda one: (-len(one[1]), one[0]))
    shown = tuple(_group(key, members, page, world, site, now, latest) for key, members in ranked[:MOST_GROUPS])
    told = counted(len(page), "order", exact=page.exact)
    left = len(ranked) - len(shown)
    lines = [f"{group.title}." for group in shown] + ([f"{counted(left, 'more group')} not shown."] if left else [])
    return Finding(
        symptom=None,
        cause=None,
        certainty=Certainty.CONFIRMED,
        title=title(f"{told} on the way" if page.items else "No order is on the way"),
        text=" ".join(lines) or "No waiting order is visible to the service account.",
        groups=shown,
        offers=() if page.exact else (Offer(ActionKind.COUNT_ALL, Which.WAITING.value, "Count all"),),
        links=(links.provisioning_review(site),),
        as_of=page.read_at,
    )


def _group(
    key: tuple[str, str, str],
    members: Sequence[Order],
    page: Page[Order],
    world: Landscape,
    site: Site,
    now: datetime,
    latest: Sequence[JobRun] | None,
) -> Group:
    state, resource_type, change = key
    ordered = oldest_first(members)
    waits = state_finding(ordered[0], world, site, now, latest)
    course = course_of(ordered[0], world, site, now, latest)
    held = f", {course.link}" if course.mark is LinkMark.BROKEN else ""
    count = counted(len(ordered), noun_of(change), exact=page.exact)
    return Group(
        key=f"v1:waiting|{state}",
        error_class=state,
        cause=None,
        certainty=waits.certainty,
        count=len(ordered),
        exact=page.exact,
        resource_type=resource_type,
        change_type=change,
        sample="",
        title=f"{count} of {type_name(ordered[0])}: {state}{held}",
        text=waits.text,
        next=waits.next,
        evidence=(
            Fact("Oldest", state, f"order {ordered[0].id}", ordered[0].performed_at or ordered[0].created_at or now),
        ),
        order_ids=tuple(order.id for order in ordered),
        sample_people=tuple(order.owner_name for order in ordered[:_MOST_PEOPLE] if order.owner_name),
    )
