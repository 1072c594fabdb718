"""The composition root: settings in, a running bot out. It knows all the parts and decides nothing."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime

import aiohttp
import structlog
from aiohttp import web
from prometheus_client import REGISTRY
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot import environments, logs
from bot.desk.command import Facts
from bot.desk.commands import COMMANDS, WRITES
from bot.desk.desk import Desk, Surroundings
from bot.driving import Parts
from bot.driving import driver as driver_of
from bot.errors import SettingsError
from bot.model.actor import Role
from bot.model.answer import Answer
from bot.model.reminder import Reminder
from bot.pictures.drawing import Drawing
from bot.ports import Environment
from bot.settings import Settings, SlackSettings
from bot.slack.pictures import Pictures
from bot.slack.render import Renderer
from bot.slack.reply import Reply
from bot.slack.roles import Roles
from bot.slack.rooms import Rooms
from bot.slack.wire import FAILURES, Refusal, code_of, meaning
from bot.store import figures
from bot.store.store import Store
from handlers import commands, events, presses, shortcuts, submissions
from handlers.conversation import Conversation
from handlers.dispatch import Payload, register
from handlers.errands import Errands
from handlers.sockets import Sockets
from handlers.web import address
from handlers.work import Work

log = structlog.get_logger()
DRAIN_SECONDS = 4.0
AWAY_SECONDS = 2.0
SLACK_SECONDS = 10
"""For calls to Slack on the way to a person's answer; the SDK's default of 30 s is longer than anybody waits."""


class SystemClock:
    """The host's wall clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251  # the one place that asks the host


def run(settings: Settings) -> int:
    """Runs the bot until SIGTERM or SIGINT. Raises SettingsError when it cannot start."""
    logs.set_up()
    return asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):
            loop.add_signal_handler(name, stop.set)
    async with running(settings) as bot:
        print(f"nimdesk listens at {bot.address}; {bot.says}", flush=True)  # noqa: T201  # the one line that is promised
        stopped = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait({stopped, bot.driver}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if bot.driver in done:
            bot.driver.result()
    return 0


class Bot:
    """A running bot: what a test or the program's first line needs to know of it."""

    def __init__(self, address: str, says: str, driver: "asyncio.Task[None]", desk: Desk, store: Store) -> None:
        self.address = address
        self.says = says
        self.driver = driver
        self.desk = desk
        self.store = store


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Bot]:
    """Starts everything and takes it down again in the opposite order, within ten seconds."""
    slack = settings.slack
    if slack is None:
        raise SettingsError("slack: is missing; nimdesk run needs a Slack app")
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        renderer = Renderer(folder=settings.templates.folder, reload=settings.templates.reload)
        renderer.check()
        store = await Store.open(settings.store.url)
        stack.push_async_callback(store.close)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        client = _client(settings, slack, http)
        who = await _ourselves(client)
        envs = await stack.enter_async_context(environments.opened(settings))
        facts = environments.facts(settings)
        roles = Roles(client, settings.access.grants, team_id=str(who["team_id"]))
        rooms = Rooms(client)
        reply = Reply(client, renderer)
        desk = Desk(_surroundings(store, envs, facts, roles, clock.now))
        errands = Errands(
            desk=desk,
            roles=roles,
            renderer=renderer,
            reply=reply,
            rooms=rooms,
            outbox=store.outbox,
            requests=store.requests,
            reminders=store.reminders,
            pictures=Pictures(client, Drawing()),
            now=clock.now,
        )
        talk = Conversation(desk, roles, renderer, reply, rooms, errands)
        work = Work()
        heard = events.Events(talk, work, store.inbox, clock.now, str(who["user_id"]))
        app = _bolt(slack, client, talk, work, renderer, heard)

        sockets = None
        if slack.mode == "socket" and slack.app_token is not None:
            sockets = Sockets(app, slack.app_token.get_secret_value(), proxy=settings.network.proxy)

        async def ready() -> bool:
            return await sockets.ready() if sockets else True

        web_app = address(
            ready=ready,
            registry=REGISTRY,
            refresh=lambda: figures.refresh(store),
            slack=app if slack.mode == "http" else None,
        )
        url = await _listen(stack, web_app, settings.http.host, settings.http.port)

        parts = Parts(settings, store, envs, facts, renderer, client, clock, _asking_again(roles, desk))
        heard_of_slack = asyncio.Event()
        driver = asyncio.create_task(_after(heard_of_slack, driver_of(parts).run), name="driver")
        stack.push_async_callback(_cancelled, driver)
        stack.push_async_callback(work.drain, DRAIN_SECONDS)
        if sockets:
            await sockets.start()
            stack.push_async_callback(sockets.stop)
        for event_id, body in await store.inbox.waiting():
            work.start(heard.left_behind(event_id, body), "left behind")
        heard_of_slack.set()
        yield Bot(url, "socket mode" if sockets else f"events at {url}/slack/events", driver, desk, store)


def _client(settings: Settings, slack: SlackSettings, http: aiohttp.ClientSession) -> AsyncWebClient:
    """Without retries: a post that is repeated blindly is a message twice."""
    return AsyncWebClient(
        token=slack.bot_token.get_secret_value(),
        base_url=f"{slack.api_url}/",
        timeout=SLACK_SECONDS,
        session=http,
        proxy=settings.network.proxy or None,
        retry_handlers=[],
    )


async def _ourselves(client: AsyncWebClient) -> Mapping[str, str]:
    """`auth.test` at the start: Bolt would lose an event to a Slack that fails at the first one.

    Waits for a Slack that is away; raises SettingsError when it refuses the token.
    """
    while True:
        try:
            answer = await client.auth_test()
            return {name: str(answer[name]) for name in ("team_id", "user_id", "bot_id")}
        except FAILURES as why:
            if meaning(why) in {Refusal.CREDENTIALS, Refusal.NEVER}:
                raise SettingsError(f"slack.bot_token: Slack does not take it ({code_of(why)})") from why
            log.warning("slack is away", why=code_of(why))
            await asyncio.sleep(AWAY_SECONDS)


def _asking_again(roles: Roles, desk: Desk) -> Callable[[Reminder], Awaitable[Answer]]:
    """A reminder's question, with the rights that its owner has by then."""

    async def ask(one: Reminder) -> Answer:
        return await desk.answer(await roles.actor(one.team_id, one.user_id, fresh=True), one.intent)

    return ask


def _surroundings(
    store: Store,
    envs: Mapping[str, Environment],
    facts: Mapping[str, Facts],
    roles: Roles,
    now: Callable[[], datetime],
) -> Surroundings:
    return Surroundings(
        environments=envs,
        facts=facts,
        commands=COMMANDS,
        writes=WRITES,
        actions=store.actions,
        incidents=store.incidents,
        audit=store.audit,
        now=now,
        whom_to_ask={role: roles.whom_to_ask(role) for role in Role if role is not Role.NONE},
    )


def _bolt(
    slack: SlackSettings,
    client: AsyncWebClient,
    talk: Conversation,
    work: Work,
    renderer: Renderer,
    heard: events.Events,
) -> AsyncApp:
    app = AsyncApp(
        client=client,
        token=slack.bot_token.get_secret_value(),
        signing_secret=slack.signing_secret.get_secret_value() if slack.signing_secret else "not used in socket mode",
        process_before_response=True,
    )
    register(
        app,
        command=commands.handler(talk, work),
        action=presses.handler(talk, work),
        submission=submissions.handler(talk, work, renderer),
        closed=_nothing,
        shortcut=shortcuts.handler(talk, work),
        options=_nothing,
        event=heard.event,
    )
    return app


async def _nothing(ack: Callable[[], Awaitable[object]], _body: Payload, _context: object) -> None:
    await ack()


async def _listen(stack: AsyncExitStack, app: web.Application, host: str, port: int) -> str:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as why:
        raise SettingsError(f"http.port: {host}:{port} cannot be listened on ({why.strerror})") from why
    return f"http://{host}:{runner.addresses[0][1]}"


async def _after(heard_of_slack: asyncio.Event, drive: Callable[[], Awaitable[None]]) -> None:
    """Drives once Slack is connected, which loading the workflow engine would hold up. Slack may be away for long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(SLACK_SECONDS):
            await heard_of_slack.wait()
    await drive()


async def _cancelled(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await task
