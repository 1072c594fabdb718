"""The decision table of a blocked generation, rows 7a to 7j (troubleshooting 2.7). Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.diagnosis.limits import Counts, Exceeded, exceeded, only_percent, worst_first
from bot.diagnosis.measuring import instants
from bot.diagnosis.patterns import ORGANISATIONAL, PART_OF_A_MOVE
from bot.diagnosis.symptoms.provisioning_threshold.evidence import (
    LOOK_BACK,
    Evidence,
    account_names,
    changing,
    main_kind,
    main_property,
)
from bot.diagnosis.words import counted, listed, moment, number
from bot.model.change import Operation
from bot.model.finding import Certainty, Remark, TableChange
from bot.model.ids import ResourceTypeId
from bot.model.job import TROUBLED, RunState, TaskKind, TaskRun
from bot.model.order import ChangeType, Order
from bot.model.page import Page
from bot.model.value import PropertyRule, Source

DANGEROUS: Final = frozenset({"7a", "7e", "7j"})
LEGITIMATE: Final = frozenset({"7f", "7g", "7h", "7i"})
_SMALL: Final = 20
_FEW: Final = 10
"""Orders from which a pattern in their values means something."""
_COHERENT: Final = 0.5
_NEARLY_ALL: Final = 0.9
_BACKLOG: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Cause:
    row: str
    certainty: Certainty
    why: str


@dataclass(frozen=True, slots=True)
class Verdict:
    causes: tuple[Cause, ...]
    """The first is the primary one."""
    exceeded: tuple[Exceeded, ...]
    tables: tuple[TableChange, ...]
    main: tuple[ResourceTypeId, ChangeType] | None
    ruled_out: tuple[Remark, ...] = ()


def counts_of(seen: Evidence) -> dict[ResourceTypeId, Counts]:
    """Pending orders per resource type; what a page does not hold is not counted."""
    found: dict[ResourceTypeId, Counter[ChangeType]] = {}
    for order in seen.orders or ():
        found.setdefault(order.resource_type_id, Counter())[order.change] += 1
    counts = {}
    for type_id, kinds in found.items():
        known = seen.landscape.resource_type(type_id)
        counts[type_id] = Counts(
            known.assignment_count if known else None,
            kinds[ChangeType.CREATE],
            kinds[ChangeType.UPDATE],
            kinds[ChangeType.DELETE],
        )
    return counts


def judge(seen: Evidence, now: datetime) -> Verdict:
    counts = counts_of(seen)
    over: list[Exceeded] = []
    tables = []
    for type_id, own in sorted(counts.items()):
        known = seen.landscape.resource_type(type_id)
        name = (known.name or known.identifier) if known else f"resource type {type_id}"
        if known:
            over += exceeded(name, own, known.limits)
        tables.append(
            TableChange(
                name, own.stored, own.inserted, own.updated, own.deleted, exact=bool(seen.orders and seen.orders.exact)
            )
        )
    main = main_kind(seen.orders)
    if main is None:
        return Verdict((), worst_first(over), tuple(tables), None)
    own_orders = [one for one in seen.orders or () if (one.resource_type_id, one.change) == main]
    type_counts = counts[main[0]]
    found = [
        cause
        for cause in (
            _recreated(seen, main[0]),
            _identities_lost(seen, own_orders, main[1]),
            _target_missing(seen, main[1]),
            _small(seen, type_counts, over),
            _leavers(seen, own_orders, main[1], now),
            _reorganised(seen, main[1]),
            _value_rule(seen, main[1]),
            _links_only(seen, main[1], own_orders),
            _assignment_rule(seen, main[1]),
            _backlog(own_orders),
        )
        if cause is not None
    ]
    ranked = sorted(found, key=lambda one: (one.row not in DANGEROUS, -one.certainty.rank))
    return Verdict(tuple(ranked), worst_first(over), tuple(tables), main, _ruled_out(seen, ranked))


def _page_share(seen: Page[Order] | None) -> bool:
    return seen is not None and seen.exact


def _recreated(seen: Evidence, type_id: ResourceTypeId) -> Cause | None:
    own = [one for one in seen.orders or () if one.resource_type_id == type_id and one.owner_id]
    gone = {one.owner_id for one in own if one.change is ChangeType.DELETE}
    come = {one.owner_id for one in own if one.change is ChangeType.CREATE}
    both = gone & come
    if not both or len(both) < _NEARLY_ALL * max(len(gone), len(come)):
        return None
    told = f"{counted(len(both), 'owner')} would lose the account and get a new one: key or correlation has changed."
    return Cause("7e", Certainty.LIKELY, told)


def last_good(seen: Evidence) -> TaskRun | None:
    """The last generation of this connector that went well before the blocked one."""
    blocked = seen.task
    earlier = [
        one
        for one in seen.recent or ()
        if one.kind is TaskKind.GENERATE
        and one.state is RunState.COMPLETED
        and one.connector_id == seen.connector_id
        and one.ended_at
        and blocked is not None
        and blocked.started_at
        and one.ended_at <= blocked.started_at
    ]
    return max(earlier, key=lambda one: (one.ended_at, one.id), default=None)


def _identity_syncs(seen: Evidence) -> list[TaskRun]:
    """Synchronizations of other connectors that were applied before the block."""
    return [
        one
        for one in seen.recent or ()
        if one.kind is TaskKind.SYNCHRONIZE
        and one.connector_id != seen.connector_id
        and one.state is RunState.COMPLETED
        and one.started_at
        and one.ended_at
        and seen.task is not None
        and (seen.task.started_at is None or one.started_at <= seen.task.started_at)
    ]


def _identities_lost(seen: Evidence, own: Sequence[Order], change: ChangeType) -> Cause | None:
    if change is not ChangeType.DELETE:
        return None
    syncs = _identity_syncs(seen)
    owners = {one.owner_id for one in own if one.owner_id}
    if seen.people is not None and seen.people.exact and owners and syncs:
        absent = owners - {one.id for one in seen.people}
        if len(absent) >= _NEARLY_ALL * len(owners):
            told = f"{number(len(absent))} of {number(len(owners))} owners are no identities any more"
            return Cause("7a", Certainty.CONFIRMED, f"{told}: a synchronization of their source removed them.")
    removing = [one for one in syncs if one.progress is not None and one.progress.deleted]
    as_many = [one for one in removing if _alike((one.progress.deleted if one.progress else 0) or 0, len(own))]
    if as_many and seen.sources is not None and not _live(seen.sources):
        sync = as_many[0]
        told = f"run {sync.job_run_id} removed {number((sync.progress.deleted if sync.progress else 0) or 0)} rows"
        return Cause(
            "7a",
            Certainty.CONFIRMED,
            f"{told} of the identities' source, and a sampled owner has no source record left.",
        )
    ended = [one.valid_to for one in seen.sources or () if one.valid_to]
    for sync in syncs:
        if any(sync.started_at and sync.ended_at and sync.started_at <= at <= sync.ended_at for at in ended):
            told = f"the source record of an owner ended in run {sync.job_run_id}, {moment(sync.started_at)}"
            return Cause("7a", Certainty.LIKELY, f"Identity data went through that were wrong: {told}.")
    return None


def _alike(one: int, other: int) -> bool:
    return bool(one) and abs(one - other) <= (1 - _NEARLY_ALL) * max(one, other)


def _live(sources: Sequence[Source]) -> list[Source]:
    return [one for one in sources if one.valid_to is None]


def _target_missing(seen: Evidence, change: ChangeType) -> Cause | None:
    if change is not ChangeType.CREATE:
        return None
    own = [
        one
        for one in seen.recent or ()
        if one.kind in {TaskKind.EXPORT, TaskKind.SYNCHRONIZE} and one.connector_id == seen.connector_id
    ]
    failed = [one for one in own if one.state in TROUBLED]
    if not failed:
        return None
    ended = "stopped at a threshold" if failed[0].state is RunState.BLOCKED else "failed"
    told = f"{failed[0].name} of this connector {ended} in run {failed[0].job_run_id}"
    if seen.there is not None and seen.there.items:
        return Cause("7j", Certainty.CONFIRMED, f"{told}, and an account that would be created is there already.")
    wanted = account_names(seen.values)
    waiting = [one for one in wanted if one in _held_back(seen)]
    if waiting:
        sure = Certainty.CONFIRMED if len(waiting) >= _NEARLY_ALL * len(wanted) else Certainty.LIKELY
        many = f"{number(len(waiting))} of {number(len(wanted))} sampled accounts"
        return Cause("7j", sure, f"{told}: {many} that would be created wait there to be stored.")
    return Cause("7j", Certainty.POSSIBLE, f"{told}: accounts that exist may be unknown and be created again.")


def _held_back(seen: Evidence) -> set[tuple[str, str]]:
    """Names and values of the rows that the target's blocked synchronization would insert."""
    rows = [one for one in seen.held_back or () if one.operation is Operation.INSERT]
    return {(name, value) for one in rows for name, value in one.values.items() if value}


def _small(seen: Evidence, counts: Counts, over: Sequence[Exceeded]) -> Cause | None:
    if counts.stored is None or counts.stored >= _SMALL or not only_percent(over) or not _page_share(seen.orders):
        return None
    total = counts.inserted + counts.updated + counts.deleted
    told = (
        f"{counted(total, 'order')} of {counted(counts.stored, 'account')} exceed only a percentage of a small number."
    )
    return Cause("7h", Certainty.CONFIRMED, told)


def _leavers(seen: Evidence, own: Sequence[Order], change: ChangeType, now: datetime) -> Cause | None:
    if change is not ChangeType.DELETE or seen.people is None:
        return None
    dates = {one.id: one.properties.get(seen.site.person_end_date) for one in seen.people}
    known = [dates[one.owner_id] for one in own if one.owner_id in dates]
    over = [at for text in known if text for at in instants(text)[:1] if at <= now + timedelta(days=1)]
    if not known or len(over) < _NEARLY_ALL * len(own):
        return None
    told = f"{number(len(over))} of {number(len(own))} owners have an end date that is over"
    return Cause("7f", Certainty.LIKELY, f"{told}, most on {Counter(at.date() for at in over).most_common(1)[0][0]}.")


def _changed_since(seen: Evidence, at: datetime | None) -> bool:
    good = last_good(seen)
    blocked = seen.task.started_at if seen.task else None
    if at is None or blocked is None:
        return False
    since = good.started_at if good is not None and good.started_at else blocked - LOOK_BACK
    return since <= at <= blocked


def _reorganised(seen: Evidence, change: ChangeType) -> Cause | None:
    """Properties that say where somebody belongs change along few pairs of values, each old one to one new one.

    One such property alone is a reorganisation only where its rule is known and has not changed.
    """
    values = changing(seen.values)
    if change is not ChangeType.UPDATE or len(values) < _FEW:
        return None
    counts = Counter(name for held in values.values() for name in {one.name for one in held})
    touched = sorted(name for name, count in counts.items() if count >= PART_OF_A_MOVE * len(values))
    if not touched or not all(name.lower() in ORGANISATIONAL for name in touched):
        return None
    if len(touched) == 1 and (not seen.property_rules or any(_is_recent(seen, one) for one in seen.property_rules)):
        return None
    moves = [one for held in values.values() for one in held if one.name in touched]
    pairs = {(one.name, one.current, one.value) for one in moves}
    mapped = len({(name, old) for name, old, _ in pairs}) == len(pairs)
    if not all(one.current and one.value for one in moves) or not mapped or len(pairs) > _COHERENT * len(moves):
        return None
    told = f"{listed(touched)} change along {counted(len(pairs), 'pair')} of values"
    return Cause("7g", Certainty.POSSIBLE, f"{told}: it looks like a reorganisation; ask whether one was announced.")


def _is_recent(seen: Evidence, rule: PropertyRule) -> bool:
    """A rule without a date may have changed as well."""
    return rule.changed_at is None or _changed_since(seen, rule.changed_at)


def _value_rule(seen: Evidence, change: ChangeType) -> Cause | None:
    if change is not ChangeType.UPDATE:
        return None
    name = main_property(seen.values)
    if not name:
        return None
    changed = [one for one in seen.property_rules or () if _changed_since(seen, one.changed_at)]
    if changed:
        rule = changed[0]
        return Cause("7c", Certainty.LIKELY, f"{name} changes everywhere; its {rule.kind} rule was changed before.")
    return Cause("7c", Certainty.POSSIBLE, f"{name} changes everywhere: its rule or what it is computed from changed.")


def _links_only(seen: Evidence, change: ChangeType, own: Sequence[Order]) -> Cause | None:
    if change is not ChangeType.UPDATE or not own or seen.values:
        return None
    unread = any(one.what == "the values of the orders" for one in seen.missing)
    if unread:
        return None
    return Cause(
        "7d", Certainty.POSSIBLE, "No single value changes, only links: the role catalogue or a navigation rule."
    )


def _assignment_rule(seen: Evidence, change: ChangeType) -> Cause | None:
    if change is ChangeType.UPDATE:
        return None
    changed = [one for one in seen.type_rules or () if _changed_since(seen, one.changed_at)]
    if not changed:
        return None
    rule = min(changed, key=lambda one: (one.changed_at is None, one.id))
    told = f"{rule.kind} {rule.id} for {rule.role} was changed {moment(rule.changed_at)}"
    return Cause("7b", Certainty.LIKELY, f"A rule that gives it was changed before: {told}.")


def _backlog(own: Sequence[Order]) -> Cause | None:
    created = sorted(one.created_at for one in own if one.created_at)
    if len(created) < len(own) or not created or created[-1] - created[0] < _BACKLOG:
        return None
    middle = created[len(created) // 2]
    if middle - created[0] < _BACKLOG / 2:
        return None
    return Cause("7i", Certainty.LIKELY, f"They have piled up since {moment(created[0])}: nothing was sent in between.")


def _ruled_out(seen: Evidence, found: Sequence[Cause]) -> tuple[Remark, ...]:
    rows = {one.row for one in found}
    remarks = []
    if "7a" not in rows and seen.sources and not any(one.valid_to for one in seen.sources):
        remarks.append(Remark("7a", "lost identity data: the source record of a sampled owner is still there"))
    if (
        "7b" not in rows
        and seen.type_rules
        and not any(_changed_since(seen, one.changed_at) for one in seen.type_rules)
    ):
        remarks.append(Remark("7b", "a changed rule: none of the type's rules changed since the last good run"))
    return tuple(remarks[:2])
