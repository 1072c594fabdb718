"""`order ID`, `order PERSON [SYSTEM]`: one order's diagnosis with its buttons. Nobody knows an order's number."""

from collections.abc import Sequence
from dataclasses import replace

from bot.desk.command import Asking, Command
from bot.desk.desk import Candidates
from bot.desk.find import the_person, with_system
from bot.diagnosis.order import examine_order
from bot.diagnosis.words import verb_of
from bot.errors import NotFound
from bot.intents.nearest import plain
from bot.model.answer import Answer, AnswerKind, Choice
from bot.model.finding import Finding
from bot.model.ids import OrderId, ResourceTypeId
from bot.model.intent import Intent, Verb
from bot.model.order import Order
from bot.model.person import Person

MOST_OFFERED = 5
ORDERS_READ = 50


async def run(asking: Asking) -> Answer:
    words = asking.intent.thing.split()
    if not words:
        raise NotFound("Which order?", next_step="For example: /nim order leroy AD · or its number: /nim order 3930001")
    if _is_id(words[0]):
        return await _card(asking, OrderId(words[0]))
    person, orders = await _orders_of(asking, words)
    if len(orders) == 1:
        return await _card(asking, orders[0].id)
    shown = orders[:MOST_OFFERED]
    more = f" and {len(orders) - len(shown)} more" if len(orders) > len(shown) else ""
    raise Candidates(
        f"{person.name} has {len(orders)} orders{more}. Which one?",
        [Choice(_label(one), Intent(Verb.ORDER, one.id, asking.env.name)) for one in shown],
    )


def _is_id(word: str) -> bool:
    return word.removeprefix("-").isdigit()


async def _card(asking: Asking, order_id: OrderId) -> Answer:
    finding = await examine_order(asking.nim, order_id, asking.facts.site, asking.env.now())
    return answer_of(finding)


def answer_of(finding: Finding, person: Person | None = None) -> Answer:
    """The finding as an answer; `person` is the one whom it is about, where it is about one."""
    if person is not None:
        finding = replace(finding, login=person.login)
    return Answer(
        kind=AnswerKind.FINDING,
        title=finding.title,
        text=finding.text,
        next=finding.next,
        finding=finding,
        as_of=finding.as_of,
    )


async def _orders_of(asking: Asking, words: list[str]) -> tuple[Person, list[Order]]:
    """The person and the orders that the words name: the last word may be the system, "leroy AD"."""
    system = ""
    name, named = await with_system(asking, " ".join(words))
    if named is not None:
        person = await the_person(asking, name, rest=named.called)
        return person, _troubled(person, await _read(asking, person, named.type_ids), named.name)
    try:
        person = await the_person(asking, " ".join(words))
    except NotFound:
        if len(words) == 1:
            raise
        system = words[-1]
        person = await the_person(asking, " ".join(words[:-1]), rest=system)
    orders = await _read(asking, person)
    if system:
        orders = [one for one in orders if await _is_of(asking, one, system)]
    return person, _troubled(person, orders, system)


async def _read(asking: Asking, person: Person, type_ids: Sequence[ResourceTypeId] = ()) -> list[Order]:
    return list(
        await asking.nim.orders(owner_id=person.id, resource_type_ids=type_ids, with_errors=True, limit=ORDERS_READ)
    )


def _troubled(person: Person, orders: list[Order], system: str) -> list[Order]:
    """Those in error, else all of them. Raises NotFound when there is none."""
    if not orders:
        of_system = f" in {system}" if system else ""
        raise NotFound(
            f"{person.name} has no order{of_system} that I can see.",
            next_step=f"Look at the person: /nim user {person.login or person.name}",
        )
    return [one for one in orders if one.is_errored] or orders


async def _is_of(asking: Asking, order: Order, system: str) -> bool:
    """Whether the order goes to the system that was named: its connector, or its resource type."""
    types = {one.id: one for one in await asking.nim.catalogue.resource_types()}
    connectors = {one.id: one for one in await asking.nim.catalogue.connectors()}
    kind = types.get(order.resource_type_id)
    connector = connectors.get(kind.connector_id) if kind and kind.connector_id else None
    names = [order.resource_type, order.resource_type_name]
    if connector:
        names += [connector.identifier, connector.name]
    wanted = plain(system)
    return any(plain(name).split()[:1] == [wanted] or plain(name) == wanted for name in names if name)


def _label(order: Order) -> str:
    return f"{verb_of(order.change)} {order.resource_type_name or order.resource_type} · {order.state.value}"


COMMAND = Command(
    verb=Verb.ORDER,
    run=run,
    usage="order ID · order PERSON [SYSTEM]",
    summary="One provisioning order: what is wrong with it, and the button that repairs it",
    examples=("order leroy AD", "order 3930001"),
)
