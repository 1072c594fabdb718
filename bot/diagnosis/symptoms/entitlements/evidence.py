"""What is read to explain an entitlement: the person's assignments, the rules that give them, the request's story."""

import asyncio
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.diagnosis.chain import EFFECTIVE, PENDING_APPROVAL
from bot.diagnosis.landscape import Landscape, landscape
from bot.diagnosis.reading import Reads
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.diagnosis.symptoms.entitlements.returns import look_at, says_it_comes_back
from bot.model.assignment import Assignment, AssignmentKind, Decision, LinkRule, RoleRule
from bot.model.finding import Missing
from bot.model.ids import ResourceTypeId
from bot.model.job import RunState, TaskKind, TaskRun
from bot.model.order import HeldValue
from bot.model.page import Page
from bot.model.value import ResourceVersion
from bot.ports import NimReads

_ATTRIBUTE: Final = re.compile(
    r"organi[sz]ation|site|country|department|company|contract|category|location|costcent|presence", re.IGNORECASE
)
"""Attributes of a person that rules look at, where the rule names its dimension by number only."""

DEEPEST: Final = 5
"""Parents of a role that are followed."""
_MOST_LINKS: Final = 20
_MOST_HELD: Final = 200
LOOK_BACK: Final = timedelta(days=2)
_IN_FORCE: Final = EFFECTIVE | PENDING_APPROVAL
_RULE_OF: Final = {
    AssignmentKind.SINGLE_ROLE: "single role rule",
    AssignmentKind.COMPOSITE_ROLE: "composite role rule",
    AssignmentKind.RESOURCE_TYPE: "resource type rule",
}
_PREFERENCE: Final = (
    AssignmentKind.SINGLE_ROLE,
    AssignmentKind.COMPOSITE_ROLE,
    AssignmentKind.NAVIGATION,
    AssignmentKind.RESOURCE_TYPE,
)


@dataclass(frozen=True, slots=True)
class Evidence:
    subject: Subject
    site: Site
    landscape: Landscape
    assignments: tuple[Assignment, ...] | None = None
    chosen: Assignment | None = None
    """The assignment that the words name; None where they name none, or nothing was named."""
    others: tuple[Assignment, ...] = ()
    """Further assignments that the words fit."""
    rules: Sequence[RoleRule] | None = None
    identity: ResourceVersion | None = None
    """The person's values of the rules' dimensions."""
    story: Sequence[Decision] | None = None
    story_of: str = ""
    links: Page[HeldValue] | None = None
    """Links of the person's accounts: to what the role gives, or where no role is named so, those that are."""
    synced: tuple[TaskRun, ...] = ()
    """When the systems of the person's accounts were last synchronized, where nothing of the name is known."""
    links_then: Page[HeldValue] | None = None
    """The same links at the moment `then`."""
    then: datetime | None = None
    missing: tuple[Missing, ...] = ()


async def gather(nim: NimReads, subject: Subject, site: Site, now: datetime) -> Evidence:
    """At most eight requests: three kinds of assignments, the rules, the attributes and the story, or the links."""
    reads = Reads()
    owner = subject.owner
    if owner is None:
        return Evidence(subject, site, Landscape(), missing=reads.missing)
    world, read = await asyncio.gather(
        landscape(nim.catalogue, reads),
        reads.attempt(
            nim.assignments(owner),
            "the person's roles and accounts",
            without="How the entitlement came about cannot be told.",
            look_at="the person's page > View Permissions",
        ),
    )
    if read is None:
        return Evidence(subject, site, world, missing=reads.missing)
    held = tuple(sorted(read, key=lambda one: (one.role, one.kind, one.id)))
    fitting = matching(held, subject.entitlement)
    seen = Evidence(subject, site, world, held)
    if not fitting:
        return await _in_the_systems(nim, reads, seen, now) if subject.entitlement else seen
    chosen, *others = fitting
    seen = replace(seen, chosen=chosen, others=tuple(others))
    comes_back = says_it_comes_back(subject.told)
    asked = requested_one(chosen, held, None) if not comes_back else None
    rules, story, given = await asyncio.gather(
        _rules(nim, reads, chosen, held),
        _story(nim, reads, asked),
        _given(nim, reads, chosen) if comes_back or _may_be_gone(chosen, now) else _nothing(),
    )
    parent = requested_one(chosen, held, rules) if asked is None and rules and not comes_back else None
    inferred = parent_of(chosen, held, rules) is not None
    identity, parents_story, links = await asyncio.gather(
        _dimensions(nim, reads, seen, chosen, rules) if not (comes_back and inferred) else _nothing(),
        _story(nim, reads, parent),
        _links(nim, reads, seen, given or ()),
    )
    then = look_at(links, now) if comes_back else None
    carried = asked or parent
    return replace(
        seen,
        rules=rules,
        identity=identity,
        story=story or parents_story,
        story_of=carried.id if carried else "",
        links=links,
        links_then=await _links(nim, reads, seen, given or (), then) if then is not None else None,
        then=then,
        missing=reads.missing,
    )


def _may_be_gone(chosen: Assignment, now: datetime) -> bool:
    """Its state does not tell whether an account holds it, or which."""
    ended = chosen.end_date is not None and chosen.end_date <= now
    return chosen.workflow_state not in _IN_FORCE or chosen.denied or ended


async def _given(nim: NimReads, reads: Reads, chosen: Assignment) -> Sequence[LinkRule] | None:
    if chosen.kind is not AssignmentKind.SINGLE_ROLE:
        return None
    return await reads.attempt(
        nim.link_rules((chosen.role_id,)),
        "what the role gives",
        without="Which account holds it, and since when, is not known.",
    )


async def _story(nim: NimReads, reads: Reads, asked: Assignment | None) -> Sequence[Decision] | None:
    if asked is None:
        return None
    return await reads.attempt(
        nim.workflow_story(asked.workflow_id),
        "the story of the request",
        without="It was requested; by whom it was approved cannot be told.",
        look_at="Workflow Overview",
    )


async def _links(
    nim: NimReads, reads: Reads, seen: Evidence, given: Sequence[LinkRule], as_of: datetime | None = None
) -> Page[HeldValue] | None:
    wanted = tuple(dict.fromkeys(one.resource_id for one in given))[:_MOST_LINKS]
    if not wanted or seen.subject.owner is None:
        return None
    return await reads.attempt(
        nim.held_values(kind="navigation", owner_id=seen.subject.owner, resource_ids=wanted, as_of=as_of),
        "the links of the person's accounts",
        without="Which account holds it, and since when, is not known.",
    )


async def _in_the_systems(nim: NimReads, reads: Reads, seen: Evidence, now: datetime) -> Evidence:
    """No role is called so: perhaps a link of an account is; and how old what is known of the systems is."""
    owner = seen.subject.owner
    systems = {
        kind.connector_id
        for one in seen.assignments or ()
        if one.kind is AssignmentKind.RESOURCE_TYPE
        and (kind := seen.landscape.resource_type(ResourceTypeId(one.role_id)))
    }
    tasks = [
        one.id
        for one in seen.landscape.tasks
        if one.kind is TaskKind.SYNCHRONIZE and one.connector_id is not None and one.connector_id in systems
    ]
    links, runs = await asyncio.gather(
        reads.attempt(
            nim.held_values(kind="navigation", owner_id=owner, limit=_MOST_HELD),
            "the links of the person's accounts",
            without="Whether an account holds it is not known.",
        )
        if owner is not None
        else _nothing(),
        reads.attempt(
            nim.recent_task_runs(now - LOOK_BACK, task_ids=sorted(tasks)),
            "the last synchronizations",
            without="How old what is known of the systems is, is not known.",
        )
        if tasks
        else _nothing(),
    )
    wanted = folded(seen.subject.entitlement)
    named = tuple(one for one in links or () if wanted in folded(one.held.value or ""))
    return replace(
        seen,
        links=Page(named, links.more, links.read_at) if links is not None else None,
        synced=tuple(_last_of_each(runs or ())),
        missing=reads.missing,
    )


def _last_of_each(runs: Iterable[TaskRun]) -> list[TaskRun]:
    """The newest synchronization of each system that ended well."""
    newest: dict[str, TaskRun] = {}
    for one in runs:
        if one.kind is TaskKind.SYNCHRONIZE and one.state is RunState.COMPLETED and one.connector_id and one.ended_at:
            newest.setdefault(one.connector_id, one)
    return sorted(newest.values(), key=lambda one: one.id)


async def _nothing() -> None:
    return None


async def _rules(
    nim: NimReads, reads: Reads, chosen: Assignment, held: Sequence[Assignment]
) -> Sequence[RoleRule] | None:
    """Rules of the role and of the composite roles that may have brought it, in one go."""
    roles = [chosen.role_id]
    kinds = [_RULE_OF.get(chosen.kind, "")]
    if chosen.kind is AssignmentKind.RESOURCE_TYPE:
        roles += [one.role_id for one in held if one.kind is AssignmentKind.SINGLE_ROLE and one.role_id]
        kinds.append(_RULE_OF[AssignmentKind.SINGLE_ROLE])
    elif chosen.inferred:
        roles += [one.role_id for one in held if one.kind is AssignmentKind.COMPOSITE_ROLE and one.role_id]
        kinds.append(_RULE_OF[AssignmentKind.COMPOSITE_ROLE])
    wanted = tuple(dict.fromkeys(role for role in roles if role))
    if not wanted:
        return None
    found = await asyncio.gather(
        *(
            reads.attempt(
                nim.role_rules(wanted, kind=kind),
                "the rules that give it",
                without="A rule on the person's attributes cannot be told from another role.",
            )
            for kind in dict.fromkeys(kinds)
        )
    )
    if any(one is None for one in found):
        return None
    return tuple(rule for some in found for rule in some or ())


async def _dimensions(
    nim: NimReads, reads: Reads, seen: Evidence, chosen: Assignment, rules: Sequence[RoleRule] | None
) -> ResourceVersion | None:
    """The person's values of the attributes that the rules of the role, and of those above it, look at."""
    person = seen.subject.person
    roles = {one.role_id for one, _ in lineage(chosen, seen.assignments or (), rules)}
    names = {name for rule in rules or () if rule.role_id in roles for name, _ in rule.dimensions}
    if person is None or not names:
        return None
    known = await reads.attempt(nim.catalogue.properties(), "the properties of the entity types")
    there = {name.lower(): name for name in (known or {}).get(person.entity_type, ())}
    wanted = tuple(sorted(there[name.lower()] for name in names if name.lower() in there))
    if any(name.isdigit() for name in names):
        wanted = tuple(sorted({*wanted, *(name for name in there.values() if _ATTRIBUTE.search(name))}))
    if not wanted:
        return None
    return await reads.attempt(
        nim.resource(person.entity_type, person.id, wanted),
        "the person's attributes",
        without="Whether the rule still applies cannot be told.",
    )


def folded(text: str) -> str:
    """Letters and digits only, without accents and case: "VPN – full" and "vpn full" are one."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(re.findall(r"[a-z0-9]+", bare))


def matching(held: Sequence[Assignment], words: str) -> list[Assignment]:
    """Assignments whose role the words name: the whole name first, then a part of it; roles before accounts."""
    wanted = folded(words)
    if not wanted:
        return []
    whole = [one for one in held if folded(one.role) == wanted]
    part = [one for one in held if wanted in folded(one.role)]
    return sorted(whole or part, key=lambda one: (_PREFERENCE.index(one.kind), one.denied, one.role, one.id))


def parent_of(
    one: Assignment, held: Sequence[Assignment], rules: Sequence[RoleRule] | None
) -> tuple[Assignment, RoleRule] | None:
    """The role of the person from which an inferred one follows, with the rule that says so."""
    for rule in sorted(rules or (), key=lambda rule: rule.id):
        if rule.role_id != one.role_id or not rule.parent_role_id or rule.denied:
            continue
        for other in held:
            if other.role_id == rule.parent_role_id and other.id != one.id and not other.denied:
                return other, rule
    return None


def lineage(
    one: Assignment, held: Sequence[Assignment], rules: Sequence[RoleRule] | None
) -> tuple[tuple[Assignment, RoleRule | None], ...]:
    """The assignment and the roles above it, each with the rule that joins it to the one below."""
    told: list[tuple[Assignment, RoleRule | None]] = [(one, None)]
    seen = {one.id}
    while len(told) <= DEEPEST and (told[-1][0].inferred or told[-1][0].kind is AssignmentKind.RESOURCE_TYPE):
        above = parent_of(told[-1][0], held, rules)
        if above is None or above[0].id in seen:
            break
        told.append(above)
        seen.add(above[0].id)
    return tuple(told)


def requested_one(one: Assignment, held: Sequence[Assignment], rules: Sequence[RoleRule] | None) -> Assignment | None:
    """The assignment of the line that a workflow carried."""
    return next((each for each, _ in lineage(one, held, rules) if each.workflow_id), None)
