"""*Count all*: reads on in the background where the first page said "at least" (SQuery cannot count)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

from bot.desk.command import Asking
from bot.diagnosis.grouping import group_errored
from bot.diagnosis.landscape import landscape
from bot.diagnosis.reading import Reads
from bot.diagnosis.words import counted, noun_of
from bot.errors import NimError
from bot.model.answer import Answer, AnswerKind, Cell, Row, Section
from bot.model.intent import Intent, Verb
from bot.model.order import Order, OrderState

TELL_EVERY_PAGES = 10
MOST_UPDATES = 3
"""An ephemeral message can be redrawn five times in all; one redraw is kept for the end, one for *Refresh*."""
STATES = {"blocked": [OrderState.AWAITING_APPROVAL], "waiting": [OrderState.PENDING, OrderState.TRANSMITTED]}


async def count_orders(asking: Asking) -> AsyncIterator[Answer]:
    """Answers on the way and the exact figures at the end; what was counted holds even when reading stops half-way."""
    wanted = asking.intent.thing or "errored"
    land = await landscape(asking.nim.catalogue, Reads())
    seen: dict[str, Order] = {}
    pages = updates = 0
    cut_short = ""
    try:
        async for page in asking.nim.all_orders(errored=wanted == "errored", states=STATES.get(wanted, [])):
            seen.update((order.id, order) for order in page)
            pages += 1
            if page.more and pages % TELL_EVERY_PAGES == 0 and updates < MOST_UPDATES:
                updates += 1
                yield _so_far(asking, len(seen), wanted)
    except NimError as why:
        cut_short = why.say
    groups = await asyncio.to_thread(group_errored, tuple(seen.values()), land.connector_of)  # may be 100,000
    rows = tuple(
        Row(
            title=f"{counted(len(group), noun_of(group.change))} of {group.resource_type}",
            mark=group.kind.error_class if wanted == "errored" else "",
            cells=(Cell(f"order {group.orders[0].id} is the oldest"),),
            opens=Intent(Verb.ORDER, group.orders[0].id, asking.env.name),
        )
        for group in groups
    )
    total = counted(len(seen), f"{wanted} order", exact=not cut_short)
    yield replace(
        _so_far(asking, len(seen), wanted),
        kind=AnswerKind.LIST,
        title=total,
        text=f"Reading stopped half-way: {cut_short}" if cut_short else f"Every page was read: {pages:,}.",
        sections=(Section(title="Groups of like ones", rows=rows),),
        requests=tuple(asking.nim.requests),
        intent=Intent(Verb.ORDERS, wanted, asking.env.name),
    )


def _so_far(asking: Asking, count: int, wanted: str) -> Answer:
    return Answer(
        kind=AnswerKind.ANSWER,
        title=f"At least {count:,} {wanted} orders",
        text="I am still reading; this message is updated.",
        env=asking.env.name,
        env_label=asking.env.label,
        shareable=False,
    )
