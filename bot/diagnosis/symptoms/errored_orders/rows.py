"""The decision table of errored orders, rows 5a to 5j, for one group (troubleshooting 2.5).

The text decides the class, what passed in the same run decides how far it can be trusted. A row that needs evidence
which was not read is one step less sure.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.diagnosis.certainty import lowered_if
from bot.diagnosis.grouping import short_container
from bot.diagnosis.symptoms.errored_orders.evidence import CONNECTION_WIDE
from bot.diagnosis.symptoms.errored_orders.scene import Scene
from bot.diagnosis.words import counted, moment
from bot.model.finding import Certainty, Remark
from bot.model.order import ChangeType

FRESH: Final = timedelta(hours=26)
"""Synchronized data older than a missed complete run say nothing about what exists now."""

_NAMED_VALUE: Final = frozenset({"data/invalid-value", "data/too-long", "data/mandatory-missing"})
_FEW: Final = 3
"""Fewer refused orders may as well be single objects that are protected."""
_HARMLESS: Final = frozenset({"data/attr-exists", "data/attr-missing"})
_PROPERTY: Final = (
    re.compile(r"Att [0-9a-f]+ \((\w+)\)", re.IGNORECASE),
    re.compile(r"(?:property|column|attribute|field)\s+['\"]?([A-Za-z_][\w-]{1,40})['\"]?", re.IGNORECASE),
)
_NOT_NAMES: Final = frozenset(
    {"syntax", "or", "is", "does", "specified", "value", "values", "conversion", "already", "of"}
)


@dataclass(frozen=True, slots=True)
class Row:
    """What one group comes to. `name` is None where no row of the table applies."""

    name: str | None
    certainty: Certainty
    why: str
    """One sentence: what the evidence says."""
    ruled_out: tuple[Remark, ...] = ()
    speaks_as: str = ""
    """The error class whose words fit better than those of the text's own class."""
    no_unblock: str = ""
    """Why unblocking must not be offered; "" = it may be."""
    fixed_already: bool = False


def judge(scene: Scene, now: datetime) -> Row:
    """The first row that fits."""
    group, kind = scene.group, scene.group.kind
    if group.rule_error:
        return _rule_exception(Certainty.CONFIRMED)
    if not group.text or kind.error_class == "nim/validity-elapsed":
        return _without_text(scene, now)
    if kind.error_class == "nim/expression":
        return _rule_exception(Certainty.LIKELY)
    if kind.error_class in _HARMLESS:
        return Row(
            None,
            Certainty.POSSIBLE,
            "The target says that the wanted state exists already, which a synchronization will confirm.",
        )
    match kind.family:
        case "rights":
            return _rights(scene)
        case family if family in CONNECTION_WIDE:
            return _connection(scene)
        case "data":
            return _data(scene, now)
        case "script":
            return Row("5j", Certainty.LIKELY, "The text comes from a custom script, not from the target itself.")
        case "nim" if kind.error_class != "nim/cancelled":
            return Row(
                "5c", Certainty.LIKELY, "The text comes from Identity Manager or its agent, not from the target."
            )
        case _:
            return Row(
                None,
                Certainty.UNKNOWN,
                "The error text matches nothing in the catalogue, so the cause is not known."
                if not kind.known
                else "The text says that somebody stopped it.",
            )


def _rule_exception(certainty: Certainty) -> Row:
    return Row(
        "5i",
        certainty,
        "The role model threw an exception on these people, so nothing was sent to the target.",
        no_unblock="A rule throws an exception here: unblocking repeats it. Correct the rule, then recompute.",
    )


def _passed_writes(scene: Scene) -> tuple[Remark, ...]:
    """What a successful write of the same connector in the same run rules out."""
    if not scene.passed_any:
        return ()
    others = counted(scene.passed_any, "other order", exact=scene.passed_exact)
    return (Remark("5c", f"network, password and certificate: {others} passed in the same run"),)


def _rights(scene: Scene) -> Row:
    ruled_out = _passed_writes(scene)
    if scene.group.kind.error_class == "rights/protected":
        return Row("5b", Certainty.LIKELY, "The target protects these objects specially.", ruled_out)
    if scene.passed_same:
        return _partly_refused(scene, ruled_out)
    if not scene.passed_read:
        return Row("5a", Certainty.LIKELY, "The target refuses this operation; what else passed is not known.")
    if not scene.passed_other:
        return Row(
            "5a",
            Certainty.LIKELY,
            "The target refuses this operation; nothing else passed in that run, so the account may lack more rights.",
        )
    elsewhere = scene.group.kind.error_class == "rights/on-premises-master"
    sure = Certainty.LIKELY if elsewhere or len(scene.group) < _FEW or not scene.passed_exact else Certainty.CONFIRMED
    others = counted(scene.passed_other, "other order", exact=scene.passed_exact)
    return Row(
        "5a",
        sure,
        f"No order of this kind passed while {others} did: the service account lacks exactly this right.",
        ruled_out,
    )


def _partly_refused(scene: Scene, ruled_out: tuple[Remark, ...]) -> Row:
    """The right is there in some places: it lacks on a branch, or single objects of a place are protected."""
    passed = counted(scene.passed_same, "like order", exact=scene.passed_exact)
    here = {name for name, _ in scene.containers}
    if here and here <= set(scene.passed_same_in):
        return Row(
            "5b",
            Certainty.LIKELY,
            f"{passed} passed in the same run, some in the same place: these objects are protected one by one.",
            ruled_out,
            speaks_as="rights/protected",
        )
    return Row(
        "5b",
        Certainty.LIKELY,
        f"{passed} passed in the same run, so the right is missing on a branch or on single objects only.",
        ruled_out,
    )


def _connection(scene: Scene) -> Row:
    if not scene.passed_read:
        return Row("5c", Certainty.LIKELY, "The text names a fault outside; what else passed is not known.")
    if scene.passed_any:
        sure = Certainty.CONFIRMED if scene.group.kind.family == "quota" else Certainty.LIKELY
        passed = counted(scene.passed_any, "order", exact=scene.passed_exact)
        return Row(
            "5c", sure, f"The text names a fault outside, though {passed} passed in the same run: it comes and goes."
        )
    if scene.other_families:
        return Row(
            "5c", Certainty.LIKELY, "The text names a fault outside; other orders of the run failed differently."
        )
    return Row(
        "5c", Certainty.CONFIRMED, "The text names a fault outside, and no order of the connector passed in that run."
    )


def _data(scene: Scene, now: datetime) -> Row:
    ruled_out = _passed_writes(scene)
    match scene.group.kind.error_class:
        case "data/parent-missing":
            return _parent_missing(scene, now, ruled_out)
        case "data/not-found" if scene.moves:
            return replace(_parent_missing(scene, now, ruled_out), speaks_as="data/parent-missing")
        case "data/duplicate":
            return _duplicate(scene, ruled_out)
        case "data/not-found" if scene.group.change is not ChangeType.CREATE:
            return Row(
                "5g",
                Certainty.LIKELY,
                "The account vanished or was moved after the last synchronization; a complete one settles it.",
                ruled_out,
            )
        case error_class:
            named = named_property(scene.group.text)
            sure = Certainty.CONFIRMED if error_class in _NAMED_VALUE and named else Certainty.LIKELY
            what = f"the value of {named}" if named else "a value of the order"
            return Row(
                "5f",
                sure,
                f"The target refuses {what}: it comes from a rule or from the person's data.",
                ruled_out,
            )


def _parent_missing(scene: Scene, now: datetime, ruled_out: tuple[Remark, ...]) -> Row:
    looked = scene.looked
    alone = len(scene.containers) == 1 and scene.placed
    if looked is not None and looked.present and not alone:
        return Row(
            "5d",
            Certainty.LIKELY,
            f"The container {short_container(looked.value)} was missing and exists now; "
            "the other containers were not looked up.",
            ruled_out,
        )
    if looked is not None and looked.present:
        return Row(
            "5d",
            Certainty.LIKELY,
            f"The container {short_container(looked.value)} was missing when the orders were sent and exists now.",
            ruled_out,
            fixed_already=True,
        )
    if looked is None:
        return Row("5d", Certainty.LIKELY, "The target does not know the container that a rule computed.", ruled_out)
    synced = scene.last_sync.ended_at if scene.last_sync else None
    sure = Certainty.CONFIRMED if synced is not None and now - synced <= FRESH and alone else Certainty.LIKELY
    return Row(
        "5d",
        sure,
        f"The container {short_container(looked.value)} is absent from the synchronized data.",
        ruled_out,
    )


def _duplicate(scene: Scene, ruled_out: tuple[Remark, ...]) -> Row:
    looked = scene.looked
    if looked is None:
        why = "The value exists already in the target: a rule that is not unique, or an account made by hand."
    elif looked.present:
        why = f"An account with this {looked.property} is in the synchronized data: same person, or a rule not unique."
    else:
        why = f"No account with this {looked.property} is in the synchronized data: made since, or outside its scope."
    return Row("5e", Certainty.LIKELY, why, ruled_out)


def _without_text(scene: Scene, now: datetime) -> Row:
    """State 3 without a text: only a validity period that has elapsed explains it, and only when it can have."""
    group = scene.group
    validity = scene.validity_minutes
    reported = any(order.error and order.error.job_run_id for order in group.orders) and not group.kind.known
    if not validity or reported:
        why = "No text was recorded, so the cause is not known." + (
            "" if validity else " The resource type has no validity period that could have elapsed."
        )
        return Row(None, Certainty.UNKNOWN, why)
    newest, oldest = scene.newest_act, scene.oldest_act
    if newest is None or oldest is None or now - newest <= timedelta(minutes=validity):
        return Row(
            None,
            Certainty.UNKNOWN,
            "No text was recorded, and whether their validity period has elapsed cannot be seen.",
        )
    sync = scene.last_sync
    stale = scene.syncs_read and (sync is None or (sync.ended_at is not None and sync.ended_at < oldest))
    sure = Certainty.CONFIRMED if stale else Certainty.LIKELY
    return Row(
        "5h",
        lowered_if(sure, not scene.syncs_read and stale),
        f"The target reported no error: no synchronization confirmed the orders within {validity} minutes."
        + (f" One completed since, {moment(sync.ended_at)}, and did not either." if sync and not stale else ""),
        (Remark("5a", "a refusal by the target: no error text was recorded for any of them"),),
        no_unblock=""
        if scene.complete_since
        else "They may have been carried out already: synchronize first, or the operation is repeated.",
    )


def named_property(text: str) -> str:
    """The property that an error text speaks of, "" where it names none."""
    for pattern in _PROPERTY:
        for found in pattern.finditer(text):
            if found.group(1).lower() not in _NOT_NAMES:
                return found.group(1)
    return ""
