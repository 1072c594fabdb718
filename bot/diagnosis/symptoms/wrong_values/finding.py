"""A wrong value judged. Values of persons stay private: the public text names properties and rules only. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bot.diagnosis import links
from bot.diagnosis.masking import shown_value
from bot.diagnosis.symptoms.wrong_values.others import colleagues_of, namesakes_of
from bot.diagnosis.symptoms.wrong_values.rows import Cause, causes_of, newest_rule, ruled_out
from bot.diagnosis.symptoms.wrong_values.seen import Evidence, computed_of, links_of
from bot.diagnosis.words import moment, title, type_name
from bot.model.finding import ActionKind, Certainty, Fact, Finding, Offer, Remark
from bot.model.order import HeldValue, OrderState
from bot.model.picture import Step, Timeline, Track
from bot.model.value import ValueChange

NUMBER: Final = 6
_FEWEST_TRACKS: Final = 2
_FEWEST_SOURCES: Final = 2
_MOST_TOLD: Final = 3
_SAYS: Final = {
    "6a": "wrong at the source",
    "6b": "the source may have changed since",
    "6c": "several sources contribute",
    "6d": "rule, not data",
    "6e": "an edge case of the rule",
    "6f": "the identity differs from its source",
    "6g": "not provisioned yet",
    "6h": "a value set by hand is protected",
    "6i": "changed in the account itself",
    "6j": "an ambiguous rule",
    "6k": "not computed yet",
    "6l": "as the rule computes it",
}
_NEXT: Final = {
    "6a": "Who keeps the source corrects it; it follows with the next synchronization and computation.",
    "6b": "Relaunch the complete synchronization of the source, then look again.",
    "6c": "Look at View Sources which record has precedence, and correct or end the other one.",
    "6d": "An application administrator looks at the rule; then recompute this person and compare, before all.",
    "6e": "An application administrator makes the rule handle this case; then recompute this person and compare.",
    "6f": "Look at View Sources and View History: when did the identity change, and did its source?",
    "6g": "Look at that order: it is pending, waits for a review, or is in error.",
    "6h": "Reconcile the property in Resource Reconciliation if the rule's value is wanted.",
    "6i": "The next synchronization reports it as non-conforming: decide there which value is right.",
    "6j": "An application administrator gives one of the rules precedence.",
    "6k": "Wait for the next computation, or have the role model computed.",
    "6l": "Compare with the rule: if something else is wanted, the rule or the source has to change.",
}
_RULE_IS_WRONG: Final = frozenset({"6d", "6e", "6f", "6j"})
_RECOMPUTE: Final = "Recompute this user (helpdesk workflow up to Access Permissions)"
"""A person does it in Identity Manager, without validating: no installation is known to expose it."""


def _next_step(evidence: Evidence, first: Cause | None) -> str:
    if evidence.computing is not None:
        return "Ask again when the computation has ended."
    if first is None:
        return "Look at View Sources and View History of the person."
    return _NEXT[first.row] + (evidence.site.tried_first if first.row in _RULE_IS_WRONG else "")


def _text(evidence: Evidence, first: Cause | None, name: str) -> str:
    """A computation in progress comes first: what it changes is not known yet."""
    said = first.why if first else _without_cause(evidence, name)
    run = evidence.computing
    if run is None:
        return said
    return f"The role model is being computed since {moment(run.started_at)}, so values may change. {said}"


def diagnose(evidence: Evidence, now: datetime) -> Finding:
    """The finding of one property of one person."""
    person = evidence.subject.person
    name = evidence.held.name if evidence.held else evidence.subject.property_name or "the value"
    found = causes_of(evidence, now)
    first = found[0] if found else None
    said = _SAYS[first.row] if first else "the cause is not known"
    kind = f"{type_name(evidence.order)} " if evidence.order else ""
    who = f"{person.name}: " if person else ""
    return Finding(
        symptom=NUMBER,
        cause=first.row if first else None,
        certainty=first.certainty if first else Certainty.UNKNOWN,
        title=title(f"{who}{kind}{name}: {said}"),
        title_public=title(f"{kind}{name} of one person: {said}"),
        text=_text(evidence, first, name),
        next=_next_step(evidence, first),
        verify=f"The computed value of {name} is the expected one, and nothing else of the person has changed."
        if first and first.row != "6l"
        else "",
        evidence=_facts(evidence, now),
        contributing=(*(Remark(one.row, one.why) for one in found[1:]), *_elsewhere(evidence)),
        ruled_out=ruled_out(evidence, found),
        offers=_offers(evidence, found),
        missing=evidence.missing,
        links=(
            *(
                (
                    links.person(evidence.site, person.entity_type, person.id, "View Sources"),
                    links.person(evidence.site, person.entity_type, person.id, "View History"),
                )
                if person
                else ()
            ),
            *((links.resource_reconciliation(evidence.site),) if first and first.row == "6h" else ()),
            links.vendor_page(NUMBER),
        ),
        say_to_caller=_caller(first),
        as_of=evidence.values.read_at if evidence.values else now,
        pictures=_timeline(evidence, now),
    )


def _elsewhere(evidence: Evidence) -> tuple[Remark, ...]:
    """Other accounts with the property: what is asked for may be wrong there."""
    if evidence.held is None or evidence.held.kind != "scalar":
        return ()
    remarks = []
    for one in sorted(evidence.elsewhere, key=lambda one: (one.order.resource_type, one.order.id))[:_MOST_TOLD]:
        value = "the same value" if computed_of(one.held) == evidence.computed else "another value"
        told = f"{type_name(one.order)} has {one.held.name} too, with {value}: name the system to judge it there"
        remarks.append(Remark("6", told))
    return tuple(remarks)


def _caller(first: Cause | None) -> str:
    if first is None:
        return ""
    if first.row == "6l":
        return "The value is what the rules give; tell us if something else is expected."
    return "It is known which value is wrong, and it is being corrected where it comes from."


def _timeline(evidence: Evidence, now: datetime) -> tuple[Timeline, ...]:
    """The value, what it is computed from, and the rule, each along time; nothing where no time is known."""
    site, held, tracks = evidence.site, evidence.held, []
    if held is not None and evidence.order is not None and evidence.order.performed_at and held.current is not None:
        shown = shown_value(held.name, held.current, site.private_properties) or ""
        tracks.append(Track(f"Account: {held.name}", (Step(evidence.order.performed_at, shown),)))
    compared = {name for _, name in evidence.pairs}
    of_source = [one for one in evidence.source_history or () if one.property in compared]
    tracks += _tracks("Source", of_source, evidence)
    tracks += _tracks("Identity", evidence.history or (), evidence)
    tracks += [
        Track(f"{rule.kind.capitalize()} rule", (Step(rule.changed_at, "changed"),))
        for rule in list(evidence.rules or ())[:2]
        if rule.changed_at is not None
    ]
    if len(tracks) < _FEWEST_TRACKS:
        return ()
    return (Timeline(f"When {held.name if held else 'the value'} changed", tuple(tracks), now),)


def _tracks(whose: str, changes: Sequence[ValueChange], evidence: Evidence) -> list[Track]:
    """One line along time for each property, its changes oldest first."""
    private = evidence.site.private_properties
    tracks = []
    for name in dict.fromkeys(one.property for one in changes):
        own = sorted((one for one in changes if one.property == name), key=lambda one: one.at)
        steps = tuple(Step(one.at, shown_value(name, one.new, private) or "(empty)", one.not_before) for one in own)
        tracks.append(Track(f"{whose}: {name}", steps))
    return tracks


def _without_cause(evidence: Evidence, name: str) -> str:
    if evidence.values is None:
        return "The person's orders could not be read, so nothing can be compared."
    if evidence.held is None and any(links_of(evidence.values, one) > 1 for one in evidence.values):
        return f"{name} holds several links at once. Ask for one of them: /nim access, the person, and its name."
    if evidence.held is None and any(one.order.denied for one in evidence.values):
        return "The account is being removed, so its values are not computed any more."
    if evidence.held is None:
        return f"No order of the person provisions a property called {name}."
    return "The cause could not be determined from what was read."


def _facts(evidence: Evidence, now: datetime) -> tuple[Fact, ...]:
    facts = []
    held, order = evidence.held, evidence.order
    if held is not None and order is not None:
        source, at = f"order {order.id}", order.read_at or now
        for label, value in (
            ("In the account", held.current),
            ("Computed by the rule", evidence.computed),
            ("To be provisioned", held.value),
        ):
            if value is not None:
                shown = shown_value(held.name, value, evidence.site.private_properties) or ""
                facts.append(Fact(label, f"{held.name}: {shown}", source, at, private=True))
        state = order.state if held.state is OrderState.NONE else held.state
        facts.append(Fact("State", state.value, source, order.performed_at or order.created_at or at))
    for rule in list(evidence.rules or ())[:2]:
        author = f", changed by {rule.changed_by}" if rule.changed_by else ""
        facts.append(
            Fact(
                f"{rule.kind.capitalize()} rule",
                f"{rule.property}: {rule.expression}".strip() + author,
                f"rule {rule.id}",
                rule.changed_at or now,
                private=bool(author),
            )
        )
    for label, version in (("Identity", evidence.identity), ("Source", evidence.record)):
        if version is not None:
            told = "; ".join(
                f"{key}: {shown_value(key, value, evidence.site.private_properties)}"
                for key, value in sorted(version.properties.items())
            )
            told = told or "(empty)"
            facts.append(Fact(label, told, f"{version.entity_type} {version.id}", version.read_at or now, private=True))
    facts += _of_sources(evidence, now)
    facts += [_other("Before the change", one, evidence, now) for one in list(evidence.before or ())[:1]]
    facts += [_other("Colleague", one, evidence, now) for one in colleagues_of(evidence)[:_MOST_TOLD]]
    facts += [_other("Namesake", one, evidence, now) for one in namesakes_of(evidence)[:_MOST_TOLD]]
    facts.extend(
        Fact(
            "Changed",
            f"{one.property}: {shown_value(one.property, one.old)} → {shown_value(one.property, one.new)}",
            "history",
            one.at,
            private=True,
        )
        for one in list(evidence.history or ())[:3]
    )
    return tuple(facts)


def _of_sources(evidence: Evidence, now: datetime) -> list[Fact]:
    """Each source, where more than one contributes."""
    live = evidence.live_sources
    if len(live) < _FEWEST_SOURCES:
        return []
    return [
        Fact(
            "Contributes",
            " ".join(filter(None, (one.name, f"by {one.resource_type}" if one.resource_type else ""))),
            f"{one.entity_type} {one.resource_id}",
            one.read_at or now,
            private=True,
        )
        for one in live[:_MOST_TOLD]
    ]


def _other(label: str, one: HeldValue, evidence: Evidence, now: datetime) -> Fact:
    """Another value of the same property, with what it was computed of."""
    private = evidence.site.private_properties
    pairs = ((one.held.name, computed_of(one.held)), *sorted(one.owner.items()))
    told = "; ".join(f"{name}: {shown_value(name, value, private)}" for name, value in pairs if value is not None)
    return Fact(label, told, f"order {one.order.id}", one.order.read_at or now, private=True)


def _relaunch(evidence: Evidence) -> tuple[Offer, ...]:
    """The complete job of the source, which brings what has changed there since."""
    world = evidence.landscape
    connector_id = world.filled_by(evidence.record.entity_type) if evidence.record else None
    complete = world.complete_job(connector_id, None, evidence.site) if connector_id else None
    if complete is None:
        return ()
    running = evidence.synchronizing
    why_not = f"Run {running.job_run_id} is in progress; wait until it has ended." if running else ""
    if complete.user_start_denied:
        why_not = "Identity Manager does not let people start the complete job."
    return (
        Offer(
            ActionKind.RELAUNCH_COMPLETE,
            complete.id,
            "Relaunch in complete mode",
            allowed=not why_not,
            why_not=why_not,
        ),
    )


def _offers(evidence: Evidence, causes: tuple[Cause, ...]) -> tuple[Offer, ...]:
    person = evidence.subject.person
    first = causes[0] if causes else None
    if person is None or first is None:
        return ()
    here = links.opening(links.person(evidence.site, person.entity_type, person.id, "View Sources"))
    if "6b" in {one.row for one in causes}:
        here = (*_relaunch(evidence), *here)
    if first.row not in {"6d", "6e", "6f", "6k"}:
        return here
    rule = newest_rule(evidence)
    run = evidence.computing
    why_not = f"Run {run.job_run_id} computes the role model; wait until it has ended." if run else ""
    return (
        Offer(
            ActionKind.RECOMPUTE_ONE,
            person.id,
            _RECOMPUTE,
            allowed=not why_not,
            why_not=why_not,
            seen=rule.changed_at.isoformat() if rule and rule.changed_at else "",
        ),
        *here,
    )
