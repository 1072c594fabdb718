"""`orders [blocked|errored|waiting] [TYPE]`: orders in groups of like ones."""

from dataclasses import replace

from bot.desk.command import Asking, Command
from bot.desk.find import system_named, the_resource_type
from bot.diagnosis.orders import Which, examine_orders
from bot.diagnosis.subject import Subject
from bot.errors import NotFound
from bot.model.answer import Answer, AnswerKind
from bot.model.ids import ResourceTypeId
from bot.model.intent import Verb

WORDS = {
    "errored": Which.ERRORED,
    "error": Which.ERRORED,
    "errors": Which.ERRORED,
    "failed": Which.ERRORED,
    "blocked": Which.BLOCKED,
    "waiting": Which.WAITING,
    "pending": Which.WAITING,
}


async def run(asking: Asking) -> Answer:
    first, _, rest = asking.intent.thing.partition(" ")
    which = WORDS.get(first.casefold())
    type_words = rest if which else asking.intent.thing
    subject = Subject()
    if type_words:
        subject = Subject(resource_type_ids=await _types(asking, type_words))
    finding = await examine_orders(asking.nim, which or Which.ERRORED, subject, asking.facts.site, asking.env.now())
    return Answer(
        kind=AnswerKind.LIST,
        title=finding.title,
        text=finding.text,
        next=finding.next,
        finding=finding,
        as_of=finding.as_of,
    )


async def _types(asking: Asking, words: str) -> tuple[ResourceTypeId, ...]:
    """Those of the system that is named, or the one resource type that the words mean."""
    system = await system_named(asking, words)
    if system is None:
        return ((await the_resource_type(replace(asking, intent=asking.intent.about(words)), words)).id,)
    if not system.type_ids:
        raise NotFound(f"{system.name} has no resource type: no orders go there.")
    return system.type_ids


COMMAND = Command(
    verb=Verb.ORDERS,
    run=run,
    usage="orders [errored|blocked|waiting] [TYPE or SYSTEM]",
    summary="Provisioning orders in groups of like ones, with the cause of each",
    examples=("orders errored", "orders blocked AD"),
)
