"""The settings of the environments in the words of those who need them: the client, the diagnosis, the desk."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from prometheus_client import Counter, Histogram

from bot.companion import Companion
from bot.desk.command import Facts
from bot.diagnosis.site import Site
from bot.model.answer import RequestMade
from bot.nim.config import EnvironmentConfig, PersonNaming, parse_states
from bot.nim.environment import NimEnvironment
from bot.settings import EnvironmentSettings, NetworkSettings, Settings

_requests: Final = Counter(
    "nimdesk_nim_requests_total", "Requests to Identity Manager by status", ["environment", "status"]
)
_seconds: Final = Histogram("nimdesk_nim_request_seconds", "How long Identity Manager takes", ["environment"])


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Mapping[str, NimEnvironment]]:
    """One client per environment, closed with the block. Nothing is asked yet."""
    async with AsyncExitStack() as stack:
        environments: dict[str, NimEnvironment] = {}
        for name, one in settings.environments.items():
            files = await _companion(stack, one, settings.network)
            opening = NimEnvironment.open(
                name, client_config(name, one, settings.network), files=files, on_request=_counted(name)
            )
            environments[name] = await stack.enter_async_context(opening)
        yield environments


def _counted(name: str) -> Callable[[RequestMade], None]:
    def count(made: RequestMade) -> None:
        _requests.labels(name, str(made.status) if made.status else "no answer").inc()
        _seconds.labels(name).observe(made.milliseconds / 1000)

    return count


async def _companion(stack: AsyncExitStack, one: EnvironmentSettings, network: NetworkSettings) -> Companion | None:
    """None where the settings name no companion."""
    if one.companion_url is None:
        return None
    token = one.companion_token.get_secret_value() if one.companion_token else ""
    opened = Companion.open(
        one.companion_url, token, ca_file=network.ca_file, proxy=network.proxy, timeout_seconds=one.timeout_seconds
    )
    return await stack.enter_async_context(opened)


def client_config(name: str, one: EnvironmentSettings, network: NetworkSettings) -> EnvironmentConfig:
    return EnvironmentConfig(
        url=one.url,
        client_id=one.client_id,
        client_domain=one.client_domain,
        client_secret=one.client_secret.get_secret_value(),
        label=one.label or name,
        states=parse_states(one.states),
        person=PersonNaming(one.person.entity_type, one.person.login, one.person.employee_id),
        ca_file=network.ca_file,
        proxy=network.proxy,
        timeout_seconds=one.timeout_seconds,
        concurrency=one.concurrency,
    )


def facts(settings: Settings) -> Mapping[str, Facts]:
    return {
        name: Facts(site=site(name, one), channels=tuple(channel.removeprefix("#") for channel in one.channels))
        for name, one in settings.environments.items()
    }


def site(name: str, one: EnvironmentSettings) -> Site:
    return Site(
        environment=name,
        timezone=one.timezone,
        base_url=one.url,
        links=dict(one.links),
        complete_job=dict(one.complete_job),
        owners=dict(one.owners),
        service_reviewers=one.service_reviewers,
        test_users=one.test_users,
        person_type=one.person.entity_type,
        person_login=one.person.login,
        person_number=one.person.employee_id,
    )
