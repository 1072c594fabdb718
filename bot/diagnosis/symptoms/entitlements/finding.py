"""An entitlement explained. Names of requesters and approvers are private facts (safety rule 13). Pure."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.diagnosis import links
from bot.diagnosis.masking import masked
from bot.diagnosis.symptoms.entitlements.evidence import Evidence, lineage
from bot.diagnosis.symptoms.entitlements.rows import (
    Origin,
    also_given,
    dimensions,
    goes_with_its_parent,
    origin_of,
    own_rules,
)
from bot.diagnosis.words import counted, listed, number, title
from bot.diagnosis.workflow_state import workflow_word
from bot.model.assignment import Assignment
from bot.model.finding import ActionKind, Certainty, ChainLink, Fact, Finding, Link, LinkMark, Offer, Remark
from bot.model.job import TaskKind
from bot.model.order import HeldValue

NUMBER: Final = 8
_MOST: Final = 12
_MOST_LINKS: Final = 2
_MOST_OTHERS: Final = 3
_SAYS: Final = {
    "8a": "a rule on the person's attributes",
    "8b": "it follows from another role",
    "8c": "requested",
    "8d": "approved without a request",
    "8e": "found in the system, not given",
    "8f": "there before go-live",
    "8g": "inherited",
    "8h": "no rule gives it any more",
    "8i": "ended, and not removed yet",
    "8j": "denied, removal pending",
    "8k": "nothing of that name is known",
    "8l": "the account may be somebody else's",
    "8m": "it comes back, since Identity Manager gives it",
    "8n": "approved by automation",
}
_NEXT: Final = {
    "8a": "If it is not wanted, the rule or the person's attribute changes; removing it in the system alone is undone.",
    "8b": "If it is not wanted, remove the role that it follows from; removing it in the system alone is undone.",
    "8c": "If it is no longer wanted, end it in Identity Manager; removing it in the system alone is undone.",
    "8d": "Ask who reconciled it; Role Reconciliation shows it.",
    "8e": "Decide in Role or Resource Reconciliation whether it stays.",
    "8f": "Decide in Role or Resource Reconciliation whether it stays.",
    "8g": "Look at the group that contains it.",
    "8h": "Wait for the next complete computation, or ask an operator for the complete job.",
    "8i": "Look at the order that removes it.",
    "8j": "Look at the order that removes it.",
    "8k": "Look when the system was last synchronized, and how the entitlement is called there.",
    "8l": "Compare employee number and mail in Resource Reconciliation; nothing was granted here.",
    "8n": "Ask the owner of the automation rule.",
}
_WHERE_REMOVED: Final = {
    "8a": "change the rule, or the person's attribute",
    "8b": "remove the role that it follows from",
    "8c": "end the role that was requested",
    "8d": "end the role that was approved",
}


def diagnose(evidence: Evidence, now: datetime) -> Finding:
    """Where an entitlement comes from, or every entitlement of a person with its origin."""
    person = evidence.subject.person
    who = person.name if person else "The person"
    chosen = evidence.chosen
    origin = origin_of(evidence, now)
    said = origin.said or _SAYS.get(origin.row or "", "the origin is not known")
    what = (
        f"“{chosen.role}”" if chosen else (f"“{evidence.subject.entitlement}”" if evidence.subject.entitlement else "")
    )
    if not evidence.subject.entitlement and evidence.assignments is not None:
        return _everything(evidence, who, now)
    return Finding(
        symptom=NUMBER,
        cause=origin.row,
        certainty=origin.certainty,
        title=title(f"{who}: why {what}: {said}"),
        title_public=title(f"Why somebody has {what}: {said}"),
        text=origin.why,
        next=_next(origin),
        evidence=_facts(evidence, now),
        contributing=_others(evidence, origin, now),
        ruled_out=_ruled_out(evidence, origin.row),
        missing=evidence.missing,
        links=_links(evidence),
        offers=(
            *_recompute(evidence, goes=origin.row == "8h" or goes_with_its_parent(evidence)),
            *links.opening(_links(evidence)[0]),
        ),
        say_to_caller="It is known where this right comes from." if origin.row else "",
        as_of=min((one.read_at for one in evidence.assignments or () if one.read_at), default=now),
        chain=_path(evidence),
    )


def _others(evidence: Evidence, origin: Origin, now: datetime) -> tuple[Remark, ...]:
    """Other assignments of the same role, which keep giving it when this one ends; and roles that the words fit too."""
    chosen, row = evidence.chosen, origin.behind or origin.row
    remarks = [Remark(also, why) for also, why in also_given(evidence, row)]
    if row == "8b" and goes_with_its_parent(evidence):
        remarks.append(Remark("8h", "no rule gives what it follows from any more: it goes at the next computation"))
    for one in evidence.others[:_MOST_OTHERS]:
        fits = Remark("8", f"{one.kind.value} “{one.role}” fits the words too")
        if chosen is not None and one.role_id == chosen.role_id and not one.denied:
            other = origin_of(replace(evidence, chosen=one, others=()), now)
            fits = Remark(other.row, f"the same role a second time: {other.why}") if other.row else fits
        remarks.append(fits)
    return tuple(remarks)


def _next(origin: Origin) -> str:
    if origin.behind is not None:
        return f"Remove it in Identity Manager, not in the system: {_WHERE_REMOVED[origin.behind]}."
    return _NEXT.get(origin.row or "", "Look at View Permissions of the person.")


def _recompute(evidence: Evidence, *, goes: bool) -> tuple[Offer, ...]:
    """The complete computation that takes away what no rule gives any more: the only job that computes everybody."""
    if not goes:
        return ()
    world = evidence.landscape
    jobs = [
        job
        for job in world.jobs
        if not job.is_incremental
        and not world.connectors_of(job.id)
        and any(
            task.kind is TaskKind.ROLE_MODEL and task.dirty is False and not task.block_provisioning
            for task in world.tasks_of(job.id)
        )
    ]
    if len(jobs) != 1:
        return ()
    why_not = "Identity Manager does not let people start this job." if jobs[0].user_start_denied else ""
    return (
        Offer(
            ActionKind.RELAUNCH_COMPLETE,
            jobs[0].id,
            f"Relaunch {jobs[0].name}",
            allowed=not why_not,
            why_not=why_not,
        ),
    )


def _links(evidence: Evidence) -> tuple[Link, ...]:
    person = evidence.subject.person
    own = (links.person(evidence.site, person.entity_type, person.id, "View Permissions"),) if person else ()
    carried = next((one for one in evidence.assignments or () if one.id == evidence.story_of), None)
    flow = (links.workflow_overview(evidence.site, carried.workflow_id),) if carried else ()
    return (*own, *flow, links.vendor_page(NUMBER))


def _facts(evidence: Evidence, now: datetime) -> tuple[Fact, ...]:
    chosen = evidence.chosen
    if chosen is None:
        return tuple(_link(one, None, now) for one in list(evidence.links or ())[:_MOST_LINKS])
    facts = []
    for one, rule in lineage(chosen, evidence.assignments or (), evidence.rules):
        facts.append(_state(one, now))
        if rule is not None:
            facts.append(Fact("Joined by", f"rule of “{rule.role}”", f"{rule.kind} {rule.id}", rule.changed_at or now))
        if one.requester:
            facts.append(
                Fact("Requested by", one.requester, f"assignment {one.id}", one.created_at or now, private=True)
            )
        facts.extend(
            Fact(
                "Decided by",
                f"{decision.who or 'unnamed'} ({decision.what})",
                f"assignment {one.id}",
                decision.at or now,
                private=True,
            )
            for decision in one.reviewers
        )
        if one.end_date is not None:
            facts.append(Fact("Ends", one.role, f"assignment {one.id}", one.end_date))
    for rule in own_rules(evidence, chosen)[:2]:
        author = f", changed by {rule.changed_by}" if rule.changed_by else ""
        facts.append(
            Fact(
                "Rule",
                (dimensions(rule) or "for everybody") + author,
                f"{rule.kind} {rule.id}",
                rule.changed_at or now,
                private=bool(author),
            )
        )
    for page, at in ((evidence.links_then, evidence.then), (evidence.links, None)):
        facts += [_link(one, at, now) for one in list(page or ())[:_MOST_LINKS]]
    facts.extend(
        Fact(
            "Workflow",
            masked(f"{step.what}{' by ' + step.who if step.who else ''}"),
            "Workflow Overview",
            step.at or now,
            private=True,
        )
        for step in list(evidence.story or ())[:4]
    )
    return tuple(facts)


def _link(one: HeldValue, at: datetime | None, now: datetime) -> Fact:
    """A link as it was at that moment, or as it is, with when it was last provisioned."""
    since = at if at is not None else one.held.performed_at or one.order.read_at
    return Fact(
        "Link then" if at is not None else "Link",
        f"{one.held.value or 'unnamed'}: {one.held.state.value}",
        f"order {one.order.id}",
        since if since is not None else now,
    )


def _state(one: Assignment, now: datetime) -> Fact:
    how = "denied" if one.denied else "inferred" if one.inferred else "direct"
    return Fact(
        one.kind.value.capitalize(),
        f"“{one.role}”: {workflow_word(one.workflow_state)}, {how}",
        f"assignment {one.id}",
        one.created_at or one.performed_at or one.read_at or now,
    )


def _path(evidence: Evidence) -> tuple[ChainLink, ...]:
    """From the composite role down to the account."""
    chosen = evidence.chosen
    if chosen is None:
        return ()
    line = lineage(chosen, evidence.assignments or (), evidence.rules)
    return tuple(
        ChainLink(one.kind.value, LinkMark.OK, one.role, f"assignment {one.id}", one.created_at)
        for one, _ in reversed(line)
    )


def _ruled_out(evidence: Evidence, row: str | None) -> tuple[Remark, ...]:
    chosen = evidence.chosen
    if chosen is None:
        return ()
    remarks = []
    if row == "8b" and not chosen.workflow_id and not chosen.requester:
        remarks.append(Remark("8c", "a direct request: there is none for this role"))
    if row in {"8b", "8c"} and evidence.rules is not None and not own_rules(evidence, chosen):
        remarks.append(Remark("8a", "a rule on the person's attributes: none gives this role"))
    if row == "8m":
        remarks.append(Remark("8e", "given in the system only: Identity Manager holds it as given"))
    if row == "8l":
        remarks.append(Remark("8c", "a granted right: the account itself may not be this person's"))
    return tuple(remarks[:2])


def _everything(evidence: Evidence, who: str, now: datetime) -> Finding:
    held = evidence.assignments or ()
    shown = held[:_MOST]
    told = [one.role for one in shown]
    more = f" {number(len(held) - len(shown))} more are not shown." if len(held) > len(shown) else ""
    return Finding(
        symptom=NUMBER,
        cause=None,
        certainty=Certainty.UNKNOWN if not held else Certainty.CONFIRMED,
        title=title(f"{who}: {counted(len(held), 'entitlement')}"),
        title_public=counted(len(held), "entitlement"),
        text=f"{listed(told, most=_MOST)}.{more}" if told else "Nothing is visible to the service account.",
        next="Name one of them to see where it comes from.",
        evidence=tuple(_state(one, now) for one in shown),
        missing=evidence.missing,
        links=_links(evidence),
        as_of=min((one.read_at for one in held if one.read_at), default=now),
    )
