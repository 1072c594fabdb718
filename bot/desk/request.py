"""*Ask an operator*: a viewer's press that is never a dead end (product, "Around the repair")."""

from datetime import datetime

from bot.desk.look import OrderWish
from bot.model.actor import Actor, Place
from bot.model.intent import Intent, Verb
from bot.model.request import HelpRequest, RequestState

LONGEST_NOTE = 500
LONGEST_TICKET = 40


def wording(wish: Intent) -> str:
    """What was wished, without names, as the operators read it."""
    if wish.verb is Verb.UNBLOCK:
        return f"Unblock order {OrderWish.read(wish.thing).order_id}"
    if wish.verb is Verb.RELAUNCH:
        return f"Relaunch job {wish.thing}"
    if wish.verb is Verb.INCIDENT:
        return f"Look at incident {wish.thing}"
    return f"{wish.verb.value} {wish.thing}".strip()


def draft(actor: Actor, wish: Intent, place: Place, *, note: str, ticket: str, now: datetime) -> HelpRequest:
    return HelpRequest(
        id=0,
        key=f"{actor.user_id}|{wish.pack()}",
        state=RequestState.OPEN,
        asked_at=now,
        team_id=actor.team_id,
        user_id=actor.user_id,
        intent=wish,
        place=place,
        note=note[:LONGEST_NOTE],
        ticket=ticket[:LONGEST_TICKET],
        label=wording(wish),
    )
