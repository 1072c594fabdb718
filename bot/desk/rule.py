"""`rule NAME`: the rules behind a property, or behind a role. Identity Manager's rules have no names of their own."""

import asyncio
from collections.abc import Sequence
from typing import Final

from bot.desk.command import Asking, Command
from bot.desk.find import System, system_named
from bot.desk.value import properties, property_behind, spelled
from bot.diagnosis.landscape import Landscape, landscape
from bot.diagnosis.masking import masked
from bot.diagnosis.reading import Reads
from bot.diagnosis.words import counted
from bot.errors import NotFound
from bot.model.answer import Answer, AnswerKind, Cell, Row, Section
from bot.model.assignment import RoleRule
from bot.model.intent import Verb
from bot.model.order import ResourceType
from bot.model.value import PropertyRule

MOST_TYPES: Final = 6
"""Resource types whose rules of one property are read: one question must stay a few requests."""
MOST_TYPES_OF_ALL: Final = 3
MOST_RULES: Final = 12
LONGEST_TEXT: Final = 600
_NO_NAME: Final = "A rule has no name in Identity Manager: it is known by what it gives."


async def run(asking: Asking) -> Answer:
    words = asking.intent.thing
    if not words:
        raise NotFound(
            "Which rule?",
            next_step="Name a property, with its system where several have it: /nim rule AD department · or a role",
        )
    reads = Reads()
    land, known = await asyncio.gather(landscape(asking.nim.catalogue, reads), properties(asking))
    before, name = property_behind(words, known)
    if spelled(name, known) and (not before or (system := await system_named(asking, before)) is not None):
        return await _of_property(asking, land, name, system if before else None, reads)
    if (system := await system_named(asking, words)) is not None:
        return await _of_types(asking, land, system, reads)
    return await _of_role(asking, words, reads)


# --- One property --------------------------------------------------------------------------------------------------


async def _of_property(asking: Asking, land: Landscape, name: str, system: System | None, reads: Reads) -> Answer:
    kinds = await asking.nim.catalogue.properties()
    holding = [
        (one, own)
        for one in land.resource_types
        if (own := _spelled_in(kinds.get(land.entity_type(one.target_entity_type_id), ()), name))
        and (system is None or one.id in system.type_ids)
    ]
    read = holding[:MOST_TYPES]
    rows = await _rules(asking, read, name, reads)
    of = f" in {system.name}" if system else ""
    if not rows:
        told = "No rule computes it" if not reads.missing else "Its rules could not be read"
        return Answer(
            kind=AnswerKind.ANSWER,
            title=f"{name}{of}: no rule is seen",
            text=f"{told}: {counted(len(read), 'resource type')} looked at.",
            next="A value without a rule is set by hand, by a workflow, or in the system itself.",
            missing=reads.missing,
        )
    left = len(holding) - len(read)
    more = f" {counted(left, 'more resource type')} with this property not read: name the system." if left else ""
    return Answer(
        kind=AnswerKind.LIST,
        title=f"{counted(len(rows), 'rule')} for {name}{of}",
        text=f"{_NO_NAME}{more}",
        next=f"For one person: /nim value USER {name}.{asking.facts.site.tried_first}",
        sections=(_section(rows, more=bool(left)),),
        missing=reads.missing,
    )


async def _rules(asking: Asking, read: Sequence[tuple[ResourceType, str]], name: str, reads: Reads) -> list[Row]:
    """Of every kind for one resource type. For several, scalar rules first: most properties have one kind only."""

    async def of(kind: ResourceType, own: str, which: str) -> Sequence[Row]:
        found = await reads.attempt(
            asking.nim.rules_of(kind.id, own, kind=which), f"the rules for {name} of {kind.identifier}"
        )
        return [_row(kind, rule) for rule in sorted(found or (), key=_place)]

    first = "scalar" if len(read) > 1 else ""
    rows = [row for some in await asyncio.gather(*(of(one, own, first) for one, own in read)) for row in some]
    if rows or not first:
        return rows
    others = [(one, own, which) for one, own in read[:MOST_TYPES_OF_ALL] for which in ("navigation", "query")]
    return [row for some in await asyncio.gather(*(of(*other) for other in others)) for row in some]


def _spelled_in(names: Sequence[str], name: str) -> str:
    """The property of one entity type: two of them may spell it in two ways."""
    return next((one for one in names if one.casefold() == name.casefold()), "")


def _section(rows: Sequence[Row], *, more: bool = False) -> Section:
    hidden = max(0, len(rows) - MOST_RULES)
    return Section(title="Rules", rows=tuple(rows[:MOST_RULES]), more=None if more else hidden)


def _place(rule: PropertyRule) -> tuple[str, str]:
    return rule.kind, rule.id


def _row(kind: ResourceType, rule: PropertyRule) -> Row:
    cells = [Cell(f"{rule.kind} rule {rule.id}")]
    if rule.expression:
        cells.append(Cell(masked(rule.expression)[:LONGEST_TEXT]))
    if rule.confidence is not None:
        cells.append(Cell(f"confidence {rule.confidence} %"))
    return Row(title=kind.name or kind.identifier, cells=(*cells, *_changed(rule)))


def _changed(rule: PropertyRule | RoleRule) -> tuple[Cell, ...]:
    if rule.changed_at is None:
        return (Cell("last change not shown"),)
    by = (Cell(f"by {rule.changed_by}", private=True),) if rule.changed_by else ()
    return (Cell("last changed", at=rule.changed_at), *by)


# --- One role, or one resource type --------------------------------------------------------------------------------


async def _of_types(asking: Asking, land: Landscape, system: System, reads: Reads) -> Answer:
    """The rules that give accounts of a system."""
    ids = [str(one) for one in system.type_ids]
    found = await reads.attempt(asking.nim.role_rules(ids, kind="resource type rule"), "the resource type rules")
    names = {str(one.id): one.name or one.identifier for one in land.resource_types}
    rows = [_role_row(rule, names.get(rule.role_id, "")) for rule in sorted(found or (), key=lambda one: one.id)]
    return _roles(rows, f"accounts of {system.name}", reads)


async def _of_role(asking: Asking, words: str, reads: Reads) -> Answer:
    found = await reads.attempt(asking.nim.role_rules_named(words), "the role rules")
    rows = [_role_row(rule, "") for rule in sorted(found or (), key=lambda one: (one.role, one.id))]
    if not rows and not reads.missing:
        raise NotFound(
            f"I find no property and no rule of a role called “{words}”.",
            next_step="A role that nobody's attributes give has no rule: it is requested. /nim access USER shows how "
            "somebody got it.",
        )
    return _roles(rows, f"the role “{words}”", reads)


def _roles(rows: Sequence[Row], what: str, reads: Reads) -> Answer:
    return Answer(
        kind=AnswerKind.LIST,
        title=f"{counted(len(rows), 'rule')} for {what}",
        text=_NO_NAME if rows else "No rule is visible to the service account.",
        next="How somebody got it: /nim access USER ENTITLEMENT",
        sections=(_section(rows),) if rows else (),
        missing=reads.missing,
    )


def _role_row(rule: RoleRule, name: str) -> Row:
    wanted = ", ".join(f"{dimension} = {value}" for dimension, value in rule.dimensions)
    cells = [Cell(f"{rule.kind} {rule.id}")]
    if rule.parent_role:
        cells.append(Cell(f"for holders of “{rule.parent_role}”"))
    cells.append(Cell(f"where {wanted}" if wanted else "for everybody" if not rule.parent_role else "in any case"))
    return Row(
        title=rule.role or name or rule.role_id,
        mark="denies it" if rule.denied else "",
        cells=(*cells, *_changed(rule)),
    )


COMMAND = Command(
    verb=Verb.RULE,
    run=run,
    usage="rule [SYSTEM] PROPERTY · rule ROLE",
    summary="The rules behind a property or a role: text, kind, last change",
    examples=("rule AD department", "rule Domain Admins"),
    words=("règle", "regle"),
)
