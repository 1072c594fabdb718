"""What a channel's card is about, for one person: the same finding with names, read again now."""

from bot.desk.command import Asking, Command
from bot.desk.order import answer_of
from bot.diagnosis.job_run import examine_run
from bot.errors import NotFound
from bot.model.answer import Answer
from bot.model.ids import IncidentId
from bot.model.intent import Verb


async def run(asking: Asking) -> Answer:
    if not asking.intent.thing.isdigit():
        raise NotFound("Which incident?")
    incident = await asking.desk.around.incidents.get(IncidentId(int(asking.intent.thing)))
    one = await asking.nim.job_run(incident.run_ids[-1])
    return answer_of(await examine_run(asking.nim, one, asking.facts.site, asking.env.now()))


COMMAND = Command(verb=Verb.INCIDENT, run=run)
