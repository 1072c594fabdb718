"""`access USER [ENTITLEMENT]`: how somebody came to hold a right, or all rights with their origin (symptom 8)."""

from bot.desk.command import Asking, Command
from bot.desk.find import the_person_before
from bot.desk.order import answer_of
from bot.diagnosis.subject import Subject
from bot.diagnosis.symptoms import entitlements
from bot.errors import NotFound
from bot.model.answer import Answer
from bot.model.intent import Verb


async def run(asking: Asking) -> Answer:
    words = asking.intent.thing
    if not words:
        raise NotFound("Whose right?", next_step="For example: /nim access leroy · or: /nim access leroy Domain Admins")
    person, entitlement = await the_person_before(asking, words)
    subject = Subject(person=person, entitlement=entitlement, told=asking.intent.told)
    found = await entitlements.SYMPTOM.examine(asking.nim, subject, asking.facts.site, asking.env.now())
    return answer_of(found, person)


COMMAND = Command(
    verb=Verb.ACCESS,
    run=run,
    usage="access USER [ENTITLEMENT]",
    summary="How a right came about: by a rule, a request, another role, or found in the system",
    examples=("access leroy", "access leroy Domain Admins"),
    words=("accès", "rights", "droits"),
)
