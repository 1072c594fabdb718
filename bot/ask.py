"""`nimdesk ask`: the same desk as in Slack, asked from a terminal. It never writes to Identity Manager (safety 20)."""

import asyncio
import getpass
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from bot import environments, logs
from bot.access import Permission, Ruling, cumulative, may
from bot.desk.commands import COMMANDS
from bot.desk.contract import as_object
from bot.desk.desk import Desk, Surroundings
from bot.errors import SettingsError
from bot.model.actor import Actor, Role
from bot.model.answer import Answer, AnswerKind
from bot.model.finding import ActionKind, Offer
from bot.ports import Environment
from bot.settings import Settings
from bot.slack.render import Renderer
from bot.store.nothing import NoActions, NoAudit, NoIncidents

log = structlog.get_logger()
WRITES = frozenset({ActionKind.UNBLOCK_ONE, ActionKind.RELAUNCH, ActionKind.RELAUNCH_COMPLETE})
NOT_ANSWERED = frozenset({AnswerKind.REFUSED, AnswerKind.UNAVAILABLE})


def run(settings: Settings, text: str, *, env: str, user: str, form: str, echo: Callable[[str], None]) -> int:
    """Prints the answer; returns 1 when there is none. Raises SettingsError when the terminal may see nothing."""
    logs.set_up()
    if settings.access.cli == "off":
        raise SettingsError('access.cli is "off": questions are asked in Slack only')
    log.info("asked in a terminal", system_user=getpass.getuser(), as_user=user or None)
    answer = asyncio.run(_answer(settings, text, env, user))
    if form == "json":
        echo(json.dumps(as_object(answer), ensure_ascii=False, indent=2))
    else:
        echo(Renderer(folder=settings.templates.folder).answer(answer).text)
    return 1 if answer.kind in NOT_ANSWERED else 0


def terminal_desk(settings: Settings, envs: Mapping[str, Environment]) -> Desk:
    """The desk as a terminal has it: it answers everything and can do nothing."""
    return Desk(
        Surroundings(
            environments=envs,
            facts=environments.facts(settings),
            commands=COMMANDS,
            writes={},
            actions=NoActions(),
            incidents=NoIncidents(),
            audit=NoAudit(),
            now=lambda: datetime.now(UTC),  # noqa: TID251  # a program of its own asks the host once
            whom_to_ask={},
        )
    )


async def _answer(settings: Settings, text: str, env: str, user: str) -> Answer:
    async with environments.opened(settings) as envs:
        desk = terminal_desk(settings, envs)
        actor = Actor("", user or "terminal", cumulative([Role(settings.access.cli)]))
        answer = await desk.hear(actor, f"{text} --env {env}" if env else text)
        return coloured(answer, _whose(settings, user) if user else Actor("", "terminal", cumulative([Role.VIEWER])))


def _whose(settings: Settings, user: str) -> Actor:
    """The roles that the settings give to a user id; groups are known to Slack only and count for nothing here."""
    return Actor(
        "", user, cumulative([role for role, whom in settings.access.grants.items() if user in whom or "*" in whom])
    )


def coloured(answer: Answer, actor: Actor) -> Answer:
    """The answer with its offers as this person may use them. A courtesy: the press decides again."""
    ruling = may(actor, Permission.TRY_ONE)
    if ruling.allowed:
        return answer
    finding = answer.finding
    if finding is not None:
        groups = tuple(replace(group, offers=_closed(group.offers, ruling)) for group in finding.groups)
        finding = replace(finding, offers=_closed(finding.offers, ruling), groups=groups)
    return replace(answer, finding=finding, offers=_closed(answer.offers, ruling))


def _closed(offers: Iterable[Offer], ruling: Ruling) -> tuple[Offer, ...]:
    return tuple(
        replace(one, allowed=False, why_not=one.why_not or ruling.why) if one.action in WRITES else one
        for one in offers
    )
