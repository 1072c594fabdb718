"""`user NAME`: a person: accounts, orders, and the first thing that stands in the way."""

from bot.desk.command import Asking, Command
from bot.desk.find import the_person
from bot.desk.order import answer_of
from bot.diagnosis.person import examine_person
from bot.errors import NotFound
from bot.model.answer import Answer
from bot.model.intent import Verb


async def run(asking: Asking) -> Answer:
    words = asking.intent.thing
    if not words:
        raise NotFound("Who?", next_step="For example: /nim user anne leroy · or a login, or an employee number.")
    person = await the_person(asking, words)
    return answer_of(await examine_person(asking.nim, person, asking.facts.site, asking.env.now()), person)


COMMAND = Command(
    verb=Verb.USER,
    run=run,
    usage="user NAME",
    summary="A person: from the HR record to the account, and where it stops",
    examples=("user anne leroy",),
)
