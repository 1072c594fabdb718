"""One example of each symptom, with what is drawn for that symptom only."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from bot.model.finding import Certainty, ChainLink, Finding, LinkMark, Outlook, TableChange
from bot.model.picture import Step, Timeline, Track
from bot.model.view import Confirmation, Figure, PropertyChange
from bot.slack import samples
from bot.slack.samples import NIGHT


def of_symptom(symptom: int) -> Finding:
    found = replace(
        samples.errored_orders(), symptom=symptom, certainty=Certainty.LIKELY, missing=samples.unknown().missing
    )
    return replace(found, **_OF_SYMPTOM[symptom]) if symptom in _OF_SYMPTOM else found


def chain() -> tuple[ChainLink, ...]:
    """Stopped at the job, as the leaver of the incident's story has it."""
    order = "order 771203"
    return (
        ChainLink("HR record", LinkMark.OK, "HR_Person", "HR_Person 4711", NIGHT - timedelta(days=4)),
        ChainLink("identity", LinkMark.UNKNOWN, "not shown by this installation"),
        ChainLink("rule", LinkMark.OK, "takes the account", order, NIGHT),
        ChainLink("assignment", LinkMark.OK, "computed", order, NIGHT),
        ChainLink("order", LinkMark.OK, "computed", order, NIGHT),
        ChainLink("job", LinkMark.BROKEN, "the service account may not delete in OU=Leavers", "job run 48260", NIGHT),
        ChainLink("account", LinkMark.NOT_REACHED, "still there", order, NIGHT),
    )


def path() -> tuple[ChainLink, ...]:
    """From a composite role down to the account, as symptom 8 shows it."""
    return (
        ChainLink("composite role", LinkMark.OK, "Sales", "assignment 4101", NIGHT - timedelta(days=90)),
        ChainLink("single role", LinkMark.OK, "CRM user", "assignment 4102", NIGHT - timedelta(days=90)),
        ChainLink("resource type", LinkMark.OK, "AD user", "assignment 4103", NIGHT - timedelta(days=89)),
    )


def outlook() -> Outlook:
    text = "AD_Provisioning runs next at 02:00 UTC. 4 of 5 such cases before ended by themselves"
    return Outlook(heals=True, text=text, next_at=NIGHT, healed=4, seen=5)


def timeline() -> Timeline:
    day = timedelta(days=1)
    return Timeline(
        "Login of one person",
        (
            Track("HR", (Step(NIGHT - 30 * day, "Leroy"),)),
            Track("Identity", (Step(NIGHT - 30 * day, "Leroy"), Step(NIGHT - 2 * day, "LeRoy", NIGHT - 3 * day))),
            Track("Rule", (Step(NIGHT - 2 * day, "changed by N. Adam"),)),
        ),
        until=NIGHT,
    )


_TABLES: Final = (
    TableChange("HR_Person", 48_210, 3, 12, 41_007),
    TableChange("HR_Organization", None, 0, 0, 118, exact=False),
)
_OF_SYMPTOM: Final[dict[int, dict[str, Any]]] = {
    2: {"outlook": outlook()},
    3: {"groups": (), "tables": _TABLES, "outlook": Outlook(heals=False, text="It will not heal by itself")},
    6: {"groups": (), "pictures": (timeline(),), "chain": chain()},
    7: {"groups": (), "tables": _TABLES[:1]},
    8: {"groups": (), "chain": path()},
}


def review() -> Confirmation:
    """The modal of an order that waits for a review."""
    return replace(
        samples.confirmation(),
        title="Review and unblock",
        what="Changes 1 AD account (AD_Entry_NominativeUser).",
        error="",
        review=True,
        reversible=True,
        reversible_how="",
        figures=(Figure("Waiting since", "2026-03-03 02:14 UTC"),),
        warnings=("The account is matched to this person with 80 % confidence only",),
        changes=(
            PropertyChange("title", "Clerk", "Lead", "the rule computes Head"),
            PropertyChange("manager", None, "Roe, Jane"),
            PropertyChange("mobile", "", "+33 1"),
            PropertyChange("initials", "AL", None),
            PropertyChange("company", "Acme", "Acme", same=True),
        ),
    )
