"""What the driver owns: the watch, the sender of the outbox, and the workflows that carry actions out."""

import gc
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from slack_sdk.web.async_client import AsyncWebClient

from bot.desk.command import Facts
from bot.desk.reminding import Reminding
from bot.diagnosis import fingerprint, verification
from bot.diagnosis.grouping import public_text, text_of
from bot.diagnosis.job_run import examine_run
from bot.model.action import Action
from bot.model.answer import Answer, AnswerKind, Row, Section
from bot.model.finding import Finding
from bot.model.incident import Incident
from bot.model.intent import Intent, Verb
from bot.model.job import JobRun
from bot.model.message import Message
from bot.model.reminder import Reminder
from bot.model.view import Audience, IncidentCard, ProgressCard
from bot.ports import Clock, Environment
from bot.repair.driver import Driver, Service, Workflows
from bot.repair.follow import Pace
from bot.repair.judging import Judging
from bot.settings import Settings
from bot.slack.render import Renderer
from bot.slack.rooms import Rooms
from bot.slack.sender import Sender
from bot.store.store import Store
from bot.watch.incidents import Count
from bot.watch.loop import Drawing, Limits, Watch
from bot.watch.reading import left_in_error
from bot.watch.routing import Route, Routes

JUDGING = Judging(
    unchanged=fingerprint.unchanged,
    order=verification.judge_order,
    run=verification.judge_run,
    error=lambda order: public_text(text_of(order)),
)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the driver is made of."""

    settings: Settings
    store: Store
    environments: Mapping[str, Environment]
    facts: Mapping[str, Facts]
    renderer: Renderer
    client: AsyncWebClient
    clock: Clock
    ask_again: Callable[[Reminder], Awaitable[Answer]]
    """The fresh answer to a reminder's question."""


def driver(parts: Parts) -> Driver:
    return Driver(
        lock=parts.store.driving_lock(),
        actions=parts.store.actions,
        workflows=lambda: _engine(parts),
        services=_services(parts),
        clock=parts.clock,
    )


def _services(parts: Parts) -> Mapping[str, Service]:
    sender = Sender(parts.store.outbox, parts.client, parts.clock, is_shared=Rooms(parts.client).is_shared)
    reminding = Reminding(parts.store.reminders, parts.environments, parts.ask_again, parts.renderer.answer)
    services: dict[str, Service] = {"sender": sender.run, "reminders": reminding.run}
    if parts.settings.watch.enabled:
        services |= {f"watch {name}": _watch(parts, name, env).run for name, env in parts.environments.items()}
    return services


def _watch(parts: Parts, name: str, env: Environment) -> Watch:
    settings = parts.settings
    channel = settings.slack.default_channel if settings.slack else ""
    return Watch(
        env,
        store=parts.store,
        incidents=parts.store.incidents,
        actions=parts.store.actions,
        diagnose=_diagnosing(parts),
        drawing=_drawing(parts),
        routes=Routes([Route(one.channel, one.job, one.environment) for one in settings.routes], channel),
        limits=Limits(
            poll=timedelta(seconds=settings.environments[name].poll_seconds),
            overlap=timedelta(seconds=settings.watch.overlap_seconds),
            first_look=timedelta(hours=settings.watch.first_look_hours),
            list_from=settings.watch.list_from,
            unreachable_after=settings.watch.unreachable_after_polls,
        ),
    )


def _diagnosing(parts: Parts) -> Callable[[Environment, JobRun], Awaitable[Finding | None]]:
    async def diagnose(env: Environment, run: JobRun) -> Finding | None:
        return await examine_run(env.reads(), run, parts.facts[env.name].site, env.now())

    return diagnose


def _drawing(parts: Parts) -> Drawing:
    """The watch's messages. They go to channels: counts and order numbers, no names (safety rule 14)."""
    labels = {name: env.label for name, env in parts.environments.items()}

    def incident(one: Incident) -> Message:
        return parts.renderer.incident(IncidentCard(one, labels[one.env]))

    def listing(env: str, incidents: Sequence[Incident]) -> Message:
        rows = tuple(map(_row, incidents))
        title = f"{len(incidents)} jobs need a look"
        text = "Each of them has an incident of its own."
        sections = (Section("Jobs", rows),)
        answer = Answer(AnswerKind.LIST, title, text, env, labels[env], sections=sections, shareable=False)
        return parts.renderer.answer(answer, Audience.CHANNEL)

    def notice(env: str, said: str) -> Message:
        answer = Answer(AnswerKind.ANSWER, labels[env], said, env, labels[env], shareable=False)
        return parts.renderer.answer(answer, Audience.CHANNEL)

    return Drawing(incident=incident, listing=listing, notice=notice)


def _row(one: Incident) -> Row:
    return Row(one.job_name, mark=one.trouble.value, opens=Intent(Verb.INCIDENT, str(one.id), one.env))


def _engine(parts: Parts) -> Workflows:
    """DBOS is imported here: half a second that nobody waits for who asks a question."""
    from bot.repair.workflow import Engine, Repairs  # noqa: PLC0415

    gc.freeze()  # all that is loaded stays: looking through it again would stop the loop for 80 ms each time
    watch = parts.settings.watch
    pace = Pace(follow_for=timedelta(hours=watch.follow_hours), verify_for=timedelta(hours=watch.verify_hours))
    repairs = Repairs(
        actions=parts.store.actions,
        outbox=parts.store.outbox,
        environments=parts.environments,
        judging=JUDGING,
        render=_progress(parts),
        where=_where(parts),
        clock=parts.clock,
        pace=pace,
    )
    return Engine(repairs, parts.store.workflow_url)


def _progress(parts: Parts) -> Callable[[Action], Awaitable[Message]]:
    async def draw(action: Action) -> Message:
        wish = action.wish
        env = parts.environments[wish.env]
        incident = await parts.store.incidents.get(wish.incident_id) if wish.incident_id is not None else None
        left = await _left(action, incident, env)
        card = ProgressCard(
            action,
            env.label,
            job_name=wish.job_name,
            still_errored=left.orders if left else None,
            still_exact=left.exact if left else True,
            incident=f"incident {incident.id}" if incident else "",
        )
        private = wish.place.channel.startswith("D")
        return parts.renderer.progress(card, Audience.PERSON if private else Audience.CHANNEL)

    return draw


async def _left(action: Action, incident: Incident | None, env: Environment) -> Count | None:
    """Errored orders beside a verdict: read now, since the incident's count may be of the moment in between."""
    if incident is None or incident.open_orders is None:
        return None
    counted = await left_in_error(env.reads(), incident.job_id) if action.verdict is not None else None
    return counted or Count(incident.open_orders, incident.open_orders_exact)


def _where(parts: Parts) -> Callable[[Action], Awaitable[tuple[str, str]]]:
    async def where(action: Action) -> tuple[str, str]:
        """The incident's thread; else the place of the press."""
        wish = action.wish
        if wish.incident_id is not None:
            incident = await parts.store.incidents.get(wish.incident_id)
            return incident.channel, incident.message_key
        return wish.place.channel, wish.place.thread

    return where
