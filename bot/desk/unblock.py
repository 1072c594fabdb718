"""`unblock ORDER`: one order set to pending, and the job that sends it (product, "Verify one, then all", step 2)."""

import asyncio
from dataclasses import dataclass, replace

from bot.access import NEEDS, Permission, to_unblock
from bot.desk.command import Asking, Command
from bot.desk.confirm import Prepared, Started, Write
from bot.desk.look import OneOrder, OrderWish, at_order
from bot.desk.order import run as order_card
from bot.desk.review import changes_of, in_review
from bot.desk.wording import moment
from bot.diagnosis.grouping import key_of, public_text, text_of
from bot.diagnosis.masking import sample
from bot.diagnosis.order import examine_read_order
from bot.diagnosis.reading import Reads
from bot.diagnosis.words import noun_of, subject_of, type_name, verb_of
from bot.errors import NotNow
from bot.model.action import ActionState, Wish
from bot.model.actor import Place
from bot.model.answer import Answer
from bot.model.finding import ActionKind
from bot.model.ids import IncidentId
from bot.model.intent import Verb
from bot.model.order import ChangeType, Order, OrderState
from bot.model.page import Page
from bot.model.view import Confirmation, Figure
from bot.ports import Incidents

LIKE_READ = 1_000
CERTAIN = 100
_OPEN = {
    ActionState.ASKED,
    ActionState.UNBLOCKED,
    ActionState.LAUNCHED,
    ActionState.RUNNING,
}


async def prepare(asking: Asking) -> Prepared:
    """Live figures for the modal. Raises what `at_order` raises, and NotNow while a like order is being tested."""
    look = await at_order(asking)
    wish = OrderWish.read(asking.intent.thing)
    reads = Reads()
    like, _, _ = await asyncio.gather(
        reads.attempt(_like(asking, look.order), "the like orders"),
        _no_other_test(asking, look.order),
        _helps(asking, look.order),
    )
    order, run = look.order, look.run
    untouched = [one for one in like or () if one.id != order.id and key_of(one) == key_of(order)]
    warnings = []
    if run.others is None:
        warnings.append("The other pending orders could not be read: I cannot say what else leaves with this run.")
    if run.last is None:
        warnings.append(f"{run.job.name} has not run yet as far as I can see.")
    intent = replace(asking.intent, env=asking.env.name, seen=look.seen)
    confirmation = Confirmation(
        kind=ActionKind.UNBLOCK_ONE,
        title=_title(order, len(untouched) + 1),
        env_label=asking.env.label,
        what=_what(order, look),
        subject=subject_of(order),
        untouched=len(untouched) if like is not None else None,
        untouched_exact=like is None or like.exact,
        pending_others=len(run.others) if run.others is not None else None,
        pending_exact=run.others is None or run.others.exact,
        job_name=run.job.name,
        reversible=_reversible(order.change),
        reversible_how=_undoing(order.change),
        error=sample(text_of(order)),
        review=in_review(order),
        changes=changes_of(order, asking.facts.site.private_properties),
        figures=_figures(order),
        warnings=(*warnings, *_against(order)),
        run_job=not wish.only,
        switch=replace(intent, thing=replace(wish, only=not wish.only).thing),
        as_of=order.read_at,
    )
    return Prepared(confirmation, intent)


async def act(asking: Asking, place: Place, reason: str) -> Started:
    """Stores the wish; whoever drives carries it out. Looks again first, and raises what `prepare` raises."""
    look = await at_order(asking)
    await asyncio.gather(_no_other_test(asking, look.order), _helps(asking, look.order))
    order, run_job = look.order, not OrderWish.read(asking.intent.thing).only
    incident = await _incident(asking, asking.desk.around.incidents, order)
    wish = Wish(
        env=asking.env.name,
        kind=ActionKind.UNBLOCK_ONE,
        target=order.id,
        seen=look.seen,
        team_id=asking.actor.team_id,
        user_id=asking.actor.user_id,
        place=incident.place if incident and incident.place else place,
        run_job=run_job,
        job_id=look.run.job.id if run_job else None,
        job_name=look.run.job.name if run_job else "",
        incident_id=incident.id if incident else None,
        reason=reason,
        error_before=public_text(text_of(order)),
        error_key_before=key_of(order),
        subject=subject_of(order),
        label=f"Order {order.id} · {verb_of(order.change)} {type_name(order)}",
        evidence=f"order {order.id} read {order.state.value} with error key {key_of(order)}",
        role=_role(to_unblock(order)),
    )
    return Started(*await asking.desk.around.actions.ask(wish, asking.desk.around.now()))


async def run(asking: Asking) -> Answer:
    """Typed or said: brings up the order's card, whose button leads on (safety rule 10)."""
    return await order_card(asking)


async def _like(asking: Asking, order: Order) -> Page[Order]:
    return await asking.nim.orders(
        errored=order.is_errored,
        states=() if order.is_errored else [OrderState.AWAITING_APPROVAL],
        resource_type_ids=[order.resource_type_id],
        change=order.change,
        with_errors=True,
        limit=LIKE_READ,
    )


async def _helps(asking: Asking, order: Order) -> None:
    """Unblocking must be what the diagnosis offers, now: a forged or an old button is no way around it.

    An order that was only not confirmed in time would be sent twice (5h); one that waits for an earlier one, or for a
    decision whose account it is, is not released here (4c to 4e). Raises NotNow with the reason.
    """
    finding = await examine_read_order(asking.nim, order, asking.facts.site, asking.env.now())
    offers = [*finding.offers, *(offer for group in finding.groups for offer in group.offers)]
    meant = [one for one in offers if one.action is ActionKind.UNBLOCK_ONE]
    own = next((one for one in meant if one.target == order.id), None)
    if own is not None and own.allowed:
        return
    if own is not None:
        raise NotNow(f"{own.why_not.rstrip('.')}. Nothing was done.", next_step=finding.next)
    if meant:
        raise NotNow(f"Order {meant[0].target} comes first. Nothing was done.", next_step=finding.next)
    raise NotNow(f"{finding.text.rstrip('.')}. Nothing was done.", next_step=finding.next)


async def _no_other_test(asking: Asking, order: Order) -> None:
    """Like orders are tested one at a time, over all operators (safety rule 3)."""
    key = key_of(order)
    for action in await asking.desk.around.actions.unfinished():
        wish = action.wish
        same = wish.env == asking.env.name and wish.error_key_before == key and wish.target != order.id
        if same and action.state in _OPEN and wish.kind is ActionKind.UNBLOCK_ONE:
            raise NotNow(
                f"A like order is being tested right now ({wish.label}). Nothing was done.",
                next_step="Wait for its verdict: it says whether this one can work.",
            )


@dataclass(frozen=True, slots=True)
class _Thread:
    id: IncidentId
    place: Place | None


async def _incident(asking: Asking, incidents: Incidents, order: Order) -> _Thread | None:
    run_id = order.error.job_run_id if order.error else None
    found = await incidents.of_run(asking.env.name, run_id) if run_id else None
    if found is None:
        return None
    where = Place(channel=found.channel, thread=found.message_ts) if found.message_ts else None
    return _Thread(found.id, where)


def _title(order: Order, like: int) -> str:
    if in_review(order):
        return "Review and unblock"
    return f"Test with 1 of {like:,}" if like > 1 else "Unblock this order"


def _against(order: Order) -> list[str]:
    """What a reviewer must not overlook."""
    if not in_review(order):
        return []
    if order.properties is None:
        return ["What this order writes could not be read: look at it in Provisioning Review before you release it."]
    rates = (("account is matched", order.correlation_confidence), ("type is matched", order.classification_confidence))
    return [
        f"The {what} to this person with {rate} % confidence only: compare number and mail first."
        for what, rate in rates
        if rate and rate < CERTAIN
    ]


def _figures(order: Order) -> tuple[Figure, ...]:
    if not in_review(order):
        return ()
    since = order.created_at or order.performed_at
    told = [Figure("Waiting since", moment(since))] if since else []
    account = order.resource_dn or order.resource_name
    return (*told, Figure("Order", f"{order.id} · {account}" if account else order.id))


def _what(order: Order, look: OneOrder) -> str:
    system = look.land.system_of(order)
    act = {ChangeType.CREATE: "creates", ChangeType.UPDATE: "changes", ChangeType.DELETE: "deletes"}[order.change]
    return f"{act} 1 {type_name(order)} in {system}"


def _reversible(change: ChangeType) -> bool:
    return change is not ChangeType.DELETE


def _undoing(change: ChangeType) -> str:
    if change is ChangeType.DELETE:
        return "A deleted account does not come back by a button."
    return f"The {noun_of(change)} can be taken back by a later order."


def _role(permission: Permission) -> str:
    needs = NEEDS[permission]
    return needs.value if needs else ""


COMMAND = Command(
    verb=Verb.UNBLOCK,
    run=run,
    usage="unblock ORDER",
    summary="One order set to pending and sent, after a confirmation with live figures",
    examples=("unblock 3930001",),
    permission=Permission.READ,
    words=("débloquer", "release"),
)
WRITE = Write(prepare, act)
