"""A right that comes back: verified once, then provisioned again while its role was in force, row 8m."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.model.assignment import Assignment
from bot.model.order import HeldValue, OrderState
from bot.model.page import Page

_COMES_BACK: Final = re.compile(
    r"""
      \b(?:comes?|coming|came|gets?|getting|keeps?\ coming)\ back\b | \bg(?:ive|ives|iving|ave)\ .{0,40}\bback\b
    | \b(?:re-?appears?|re-?appeared|returns|is\ back|re-?added|re-?adds|again\ and\ again)\b
    | \b(?:keeps?|kept)\ (?:giving|adding|getting|being\ added|re-?adding)\b
    | \bremoved?\b.{0,60}\b(?:again|back)\b
    | \b(?:revient|reviennent|redonne|réapparaît|reapparait|remet|ré-?attribu\w+)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_SETTLED: Final = timedelta(days=2)
"""A link that is to be provisioned is verified by then."""
_UNDER_WAY: Final = frozenset(
    {OrderState.PENDING, OrderState.TRANSMITTED, OrderState.ERRORED, OrderState.AWAITING_APPROVAL}
)
"""To be provisioned: it is not there, or not known to be."""
_DONE: Final = frozenset({OrderState.EXECUTED, OrderState.VERIFIED})


def says_it_comes_back(told: str) -> bool:
    return _COMES_BACK.search(told) is not None


@dataclass(frozen=True, slots=True)
class Return:
    """When the link was verified, and when it was provisioned again; None where that is still under way."""

    link: HeldValue
    verified_at: datetime
    again_at: datetime | None


def look_at(links: Page[HeldValue] | None, now: datetime) -> datetime | None:
    """When the first of the links must have been verified, if it has been provisioned again since."""
    moments = [at for one in links or () if (at := _settled_at(one, now)) is not None]
    return min(moments, default=None)


def _settled_at(one: HeldValue, now: datetime) -> datetime | None:
    created = one.held.created_at
    again = now if one.held.state in _UNDER_WAY else one.held.performed_at
    if created is None or again is None or again <= created:
        return None
    return min(created + _SETTLED, created + (again - created) / 2)


def returned(
    role: Assignment, links: Page[HeldValue] | None, then: Page[HeldValue] | None, at: datetime | None
) -> Return | None:
    """The link that was verified at that moment and is, or was, provisioned again after it."""
    in_force = role.created_at or role.start_date
    if links is None or then is None or at is None or in_force is None or in_force > at:
        return None
    verified = {
        (one.order.id, one.held.value)
        for one in then
        if one.held.state is OrderState.VERIFIED and not one.held.denied and not one.order.denied
    }
    for one in links:
        again = one.held.performed_at
        if one.held.denied or (one.order.id, one.held.value) not in verified:
            continue
        if one.held.state in _UNDER_WAY:
            return Return(one, at, None)
        if one.held.state in _DONE and again is not None and again > at:
            return Return(one, at, again)
    return None


def never_again(links: Page[HeldValue] | None, at: datetime | None) -> bool:
    """The links are shown, and none has been provisioned since it was first verified."""
    return bool(links and links.items) and at is None
