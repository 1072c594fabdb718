"""Blocked orders judged: the cause, who has to do what, and the release where it helps. Pure."""

from datetime import datetime
from typing import Final

from bot.diagnosis import links
from bot.diagnosis.certainty import lowered_if
from bot.diagnosis.course import computed_at
from bot.diagnosis.fingerprint import order_fingerprint
from bot.diagnosis.grouping import MOST_GROUPS, oldest_first
from bot.diagnosis.symptoms.blocked_orders.evidence import Evidence
from bot.diagnosis.symptoms.blocked_orders.rows import Cause, around, causes_of, review_required, role_model_run_of
from bot.diagnosis.words import counted, noun_of, number, subject_of, title, type_name
from bot.model.finding import ActionKind, Certainty, Fact, Finding, Group, Link, Offer, Remark
from bot.model.order import ChangeType, Order, OrderState
from bot.model.page import Page

NUMBER: Final = 4
_MOST_PEOPLE: Final = 3
_VERIFY: Final = (
    "Pending right after the release, executed by the next provisioning run of the connector, verified by the next "
    "synchronization. Blocked again after the next computation means that the cause is still there."
)


def diagnose(evidence: Evidence, now: datetime) -> Finding:
    """The finding of one order, or of all that wait."""
    if evidence.asked is not None:
        return _one(evidence, evidence.asked, now)
    if evidence.orders is None or evidence.asked_unread:
        return Finding(
            symptom=NUMBER,
            cause=None,
            certainty=Certainty.UNKNOWN,
            title="The orders in review could not be read",
            text="Without them no cause can be told and nothing is offered.",
            next="Look at Provisioning Review yourself, or ask the platform team.",
            missing=evidence.missing,
            links=_links(evidence),
            as_of=now,
        )
    return _many(evidence, evidence.orders, now)


_NEXT: Final = {
    "4a": "Review the values, then release this order; an administrator decides whether the type needs a review.",
    "4b": "Review one order and release it; the block option comes off before the next computation.",
    "4c": "Deal with the earlier order first: releasing this one alone does nothing.",
    "4d": "Compare number and mail of account and person in Provisioning Review, then approve or deny the match.",
    "4e": "Decide in Provisioning Review whether the account is of this type.",
    "4f": "Look at the proposed link in Provisioning Review, then release it or correct the rule.",
    "4g": "Ask who put it on hold; then review the values and release it.",
}
_SHORT: Final = {
    "4a": "its resource type asks for a review",
    "4b": "computed with the block option",
    "4c": "an earlier order on the same account comes first",
    "4d": "the match with the account is not certain",
    "4e": "the account's type is not certain",
    "4f": "one property awaits a review",
    "4g": "a person may have put it on hold",
}
_CALLER: Final = {
    "4c": "An earlier change on the same account has to be finished first.",
    "4d": "It has to be checked whether an existing account belongs to this person.",
}


def _no_release(cause: Cause | None, evidence: Evidence) -> str:
    if evidence.computing is not None:
        return f"The role model is being computed in run {evidence.computing.id}; wait until it has ended."
    if cause is None:
        return ""
    if cause.row in {"4d", "4e"}:
        return "A person decides in Provisioning Review: a wrong match gives a stranger's account away."
    if cause.row == "4c" and cause.first is not None and cause.first.state is OrderState.ERRORED:
        return f"Order {cause.first.id} is in error: look at that one first."
    return ""


def _while_computing(evidence: Evidence) -> str:
    """Confounder 5.6: states flip while the role model is being computed."""
    if evidence.computing is None:
        return ""
    return f" The role model is being computed in run {evidence.computing.id}: ask again when it has ended."


def _release(order: Order, cause: Cause | None, evidence: Evidence) -> Offer:
    target = cause.first if cause and cause.first else order
    why_not = _no_release(cause, evidence)
    return Offer(
        ActionKind.UNBLOCK_ONE,
        target.id,
        "Review and unblock this order" if target is order else f"Unblock order {target.id} first",
        allowed=not why_not,
        why_not=why_not,
        seen=order_fingerprint(target),
        subject=subject_of(target),
        danger=target.change is ChangeType.DELETE,
    )


def _links(evidence: Evidence, order: Order | None = None) -> tuple[Link, ...]:
    entity = evidence.landscape.entity_type(order.owner_type_id) if order else ""
    own = (links.order(evidence.site, order.id, entity),) if order else ()
    return (*own, links.provisioning_review(evidence.site, entity), links.vendor_page(NUMBER))


def _one(evidence: Evidence, order: Order, now: datetime) -> Finding:
    found = causes_of(order, evidence, around(evidence))
    cause = found[0] if found else None
    said = _SHORT[cause.row] if cause else "the cause is not visible"
    waits = f"{type_name(order)} {noun_of(order.change)} waits for a review: {said}"
    at = computed_at(order) or order.read_at or now
    source = f"order {order.id}"
    facts = [Fact("State", f"{order.state.value} ({order.code})", source, at)]
    for label, rate in (
        ("Correlation confidence", order.correlation_confidence),
        ("Classification confidence", order.classification_confidence),
    ):
        if rate:
            facts.append(Fact(label, f"{rate} %", source, order.read_at or now))
    flag = review_required(order, evidence)
    if flag is not None:
        facts.append(
            Fact("Review required by the type", "yes" if flag else "no", order.resource_type, order.read_at or now)
        )
    if cause and cause.first:
        first = cause.first
        facts.append(Fact("Earlier order", first.state.value, f"order {first.id}", computed_at(first)))
    elif evidence.same is not None:
        facts.append(Fact("Earlier orders on the account", "none blocked", source, evidence.same.read_at))
    if run := role_model_run_of(order, evidence):
        facts.append(Fact("Computed", "the role model", f"job run {run}", computed_at(order) or at))
    ruled_out = []
    if cause and cause.row in {"4b", "4d", "4e", "4f", "4g"} and flag is False:
        ruled_out.append(Remark("4a", "the resource type asks for no review"))
    if cause and cause.row in {"4a", "4d", "4e", "4f", "4b"} and evidence.same is not None:
        ruled_out.append(Remark("4c", "no earlier order on this account is blocked"))
    return Finding(
        symptom=NUMBER,
        cause=cause.row if cause else None,
        certainty=lowered_if(cause.certainty, evidence.computing is not None) if cause else Certainty.UNKNOWN,
        title=title(f"{order.owner_name}: {waits}" if order.owner_name else waits),
        title_public=title(f"Order {order.id}: {waits}"),
        text=(cause.why if cause else "It is blocked, and the cause is not visible to the service account.")
        + _while_computing(evidence),
        text_public=_public_why(cause),
        next=_NEXT[cause.row] if cause else "Look at Provisioning Review, or ask an application administrator.",
        verify=_VERIFY,
        evidence=tuple(facts),
        contributing=tuple(Remark(one.row, one.why) for one in found[1:]),
        ruled_out=tuple(ruled_out),
        offers=(_release(order, cause, evidence), *links.opening(_links(evidence, order)[0])),
        missing=evidence.missing,
        links=_links(evidence, order),
        say_to_caller=_CALLER.get(cause.row if cause else "", "The change waits for a person to approve it."),
        as_of=min((page.read_at for page in (evidence.orders, evidence.same, evidence.tasks) if page), default=now),
    )


def _public_why(cause: Cause | None) -> str:
    if cause is None:
        return ""
    return cause.why.split(" Last act by ")[0] if cause.row == "4g" else ""


def _many(evidence: Evidence, orders: Page[Order], now: datetime) -> Finding:
    groups: dict[tuple[str, str, ChangeType], list[tuple[Order, Cause | None]]] = {}
    others = around(evidence)
    for order in orders:
        found = causes_of(order, evidence, others)
        cause = found[0] if found else None
        place = (cause.row if cause else "", order.resource_type, order.change)
        groups.setdefault(place, []).append((order, cause))
    ranked = sorted(groups.items(), key=lambda one: (-len(one[1]), one[0]))
    shown = tuple(_group(evidence, orders, row, members) for (row, _, _), members in ranked[:MOST_GROUPS])
    first = shown[0] if shown else None
    told = counted(len(orders), "order", exact=orders.exact)
    person = evidence.subject.person
    about = f"{person.name}: " if person else ""
    public = f"{told} waiting for a review" if orders.items else "No order waits for a review"
    more = len(ranked) - len(shown)
    lines = [f"({number(index)}) {group.title}." for index, group in enumerate(shown, 1)]
    lines += [f"{counted(more, 'more group')} not shown."] if more > 0 else []
    return Finding(
        symptom=NUMBER,
        cause=first.cause if first else None,
        certainty=first.certainty if first else Certainty.UNKNOWN,
        title=title(about + public),
        title_public=public if about else "",
        text=(" ".join(lines) or "No order in review is visible to the service account.") + _while_computing(evidence),
        next=first.next if first else "",
        verify=_VERIFY if first else "",
        evidence=first.evidence if first else (),
        contributing=tuple(Remark(group.cause, group.title) for group in shown[1:] if group.cause),
        groups=shown,
        offers=() if orders.exact else (Offer(ActionKind.COUNT_ALL, "blocked", "Count all"),),
        missing=evidence.missing,
        links=_links(evidence),
        say_to_caller="The change waits for a person to approve it." if first else "",
        as_of=min((page.read_at for page in (orders, evidence.tasks) if page), default=now),
    )


def _group(evidence: Evidence, orders: Page[Order], row: str, members: list[tuple[Order, Cause | None]]) -> Group:
    ordered = tuple(
        sorted(oldest_first(order for order, _ in members), key=lambda one: computed_at(one) or orders.read_at)
    )
    causes = {order.id: cause for order, cause in members}
    chosen = ordered[0]
    cause = causes[chosen.id]
    weakest = min((one.certainty if one else Certainty.UNKNOWN for one in causes.values()), key=lambda one: one.rank)
    count = counted(len(ordered), noun_of(chosen.change), exact=orders.exact)
    said = _SHORT[row] if row else "the cause is not visible"
    return Group(
        key=f"v1:blocked|{row or 'unknown'}",
        error_class="blocked",
        cause=row or None,
        certainty=lowered_if(weakest, evidence.computing is not None),
        count=len(ordered),
        exact=orders.exact,
        resource_type=chosen.resource_type,
        change_type=chosen.change.value,
        sample="",
        title=f"{count} of {type_name(chosen)}: {said}",
        text=cause.why if cause and len(ordered) == 1 else said,
        next=_NEXT[row] if row else "Look at Provisioning Review.",
        evidence=(
            Fact("Waiting", f"{count} of {chosen.resource_type}", "provisioning orders", orders.read_at),
            Fact("Oldest", "waiting since", f"order {chosen.id}", computed_at(chosen) or orders.read_at),
        ),
        offers=(_release(chosen, cause, evidence),),
        order_ids=tuple(order.id for order in ordered),
        sample_people=tuple(order.owner_name for order in ordered[:_MOST_PEOPLE] if order.owner_name),
    )
