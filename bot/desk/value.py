"""`value USER PROPERTY`: where a provisioned value comes from, and what speaks against it (symptom 6)."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from bot.desk.command import Asking, Command
from bot.desk.desk import Candidates
from bot.desk.find import the_person, with_system
from bot.desk.order import answer_of
from bot.diagnosis.subject import Subject
from bot.diagnosis.symptoms import wrong_values
from bot.errors import NimError, NotFound
from bot.intents.nearest import plain
from bot.model.answer import Answer, Choice
from bot.model.intent import Verb

LONGEST_PROPERTY: Final = 3
"""Words of a property's name as people say it: "mail address"."""
_EXPECTED: Final = re.compile(r"\s+(?:=|should be|devrait être)\s+", re.IGNORECASE)
_ANY_PROPERTY: Final = frozenset(
    {"value", "valeur", "property", "propriete", "attribute", "attribut", "field", "champ"}
)
_MOVED: Final = re.compile(
    r"\b(?:mov(?:ed|es?|ing)|relocat\w+|transfer\w*|déménag\w*|mut[ée]e?|transféré\w*)\b", re.IGNORECASE
)
_OF_A_PLACE: Final = ("city", "office", "department")
_ASKED_MOST: Final = ("mail address", "title", "department")
USUAL: Final[Mapping[str, tuple[str, ...]]] = {
    "mail address": ("mail", "email"),
    "email address": ("mail", "email"),
    "email": ("mail",),
    "e mail": ("mail",),
    "adresse mail": ("mail",),
    "phone": ("telephoneNumber", "phoneNumber", "phone"),
    "phone number": ("telephoneNumber", "phoneNumber", "phone"),
    "telephone": ("telephoneNumber", "phoneNumber"),
    "mobile": ("mobile", "mobilePhone"),
    "title": ("title", "jobTitle"),
    "job title": ("title", "jobTitle"),
    "titre": ("title", "jobTitle"),
    "fonction": ("title", "jobTitle"),
    "service": ("department",),
    "departement": ("department",),
    "responsable": ("manager",),
    "login": ("sAMAccountName", "userPrincipalName", "login", "userName"),
    "last name": ("sn", "surname", "lastName"),
    "surname": ("sn", "lastName"),
    "nom": ("sn", "displayName"),
    "first name": ("givenName", "firstName"),
    "prenom": ("givenName",),
    "display name": ("displayName",),
    "name": ("displayName", "cn"),
    "ou": ("dn", "parentdn", "distinguishedName"),
    "city": ("l", "city"),
    "ville": ("l", "city"),
    "company": ("company", "companyName"),
    "office": ("physicalDeliveryOfficeName", "officeLocation"),
}
"""What people call the properties of accounts; used where the installation knows none of that name."""


async def run(asking: Asking) -> Answer:
    said, *rest = _EXPECTED.split(asking.intent.thing, maxsplit=1)
    if not said:
        raise NotFound("Whose value, and which property?", next_step="For example: /nim value leroy department")
    known = await properties(asking)
    behind, name = property_behind(said, known)
    who = behind
    if not who or plain(name) in _ANY_PROPERTY - known.keys():
        raise _which_property(asking, who or said, known)
    who, system = await with_system(asking, who)
    person = await the_person(asking, who, rest=asking.intent.thing[len(who) :].strip())
    subject = Subject(
        person=person,
        property_name=name,
        also_called=also_called(name, said[len(behind) :], known),
        resource_type_ids=system.type_ids if system else (),
        expected_value=rest[0].strip() if rest else "",
        told=asking.intent.told,
    )
    found = await wrong_values.SYMPTOM.examine(asking.nim, subject, asking.facts.site, asking.env.now())
    return answer_of(found, person)


def _which_property(asking: Asking, said: str, known: Mapping[str, str]) -> NotFound | Candidates:
    """Those that are asked for most, as far as the environment has them; where somebody moved, those of a place."""
    usual = _OF_A_PLACE if _MOVED.search(asking.intent.told) else _ASKED_MOST
    choices = [
        Choice(words.capitalize(), asking.intent.about(f"{said} {found}"))
        for words in usual
        if (found := spelled(words, known))
    ]
    question = f"Which property of “{said}”?"
    return (
        Candidates(question, choices)
        if choices
        else NotFound(question, next_step=f"For example: /nim value {said} department · or: mail, title")
    )


async def properties(asking: Asking) -> Mapping[str, str]:
    """Properties of the environment by their name in plain spelling; none where they are not shown."""
    try:
        kinds = await asking.nim.catalogue.properties()
    except NimError:
        return {}
    return {plain(name).replace(" ", ""): name for names in kinds.values() for name in names}


def property_behind(words: str, known: Mapping[str, str]) -> tuple[str, str]:
    """The words before the property, and the property as it is spelled here; the last word where none is known."""
    parts = words.split()
    for length in range(min(LONGEST_PROPERTY, len(parts)), 0, -1):
        found = spelled(" ".join(parts[-length:]), known)
        if found:
            return " ".join(parts[:-length]), found
    return " ".join(parts[:-1]), parts[-1]


def spelled(words: str, known: Mapping[str, str]) -> str:
    """The property that the words name, by its own name or as people call it; "" where there is none."""
    key = plain(words)
    candidates: Sequence[str] = (key, *USUAL.get(key, ()))
    return next((known[name] for one in candidates if (name := plain(one).replace(" ", "")) in known), "")


def also_called(name: str, words: str, known: Mapping[str, str]) -> tuple[str, ...]:
    """Further properties that people mean by these words, as they are spelled here."""
    found = (known.get(plain(one).replace(" ", "")) for one in USUAL.get(plain(words), ()))
    return tuple(dict.fromkeys(one for one in found if one is not None and one != name))


COMMAND = Command(
    verb=Verb.VALUE,
    run=run,
    usage="value USER [SYSTEM] PROPERTY [= EXPECTED]",
    summary="Where a value comes from, when it changed, and which rule computes it",
    examples=("value leroy department", "value leroy AD title = Accountant"),
    words=("valeur",),
)
