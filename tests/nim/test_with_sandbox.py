"""The same client against the sandbox Identity Manager, as it is and with the habits of a harsh one.

One world serves all tests of a profile; the last one changes it.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from bot.companion import Companion
from bot.errors import NimConflict, NimDenied, NimMissing, NotExposed
from bot.model.file import Folder
from bot.model.ids import AgentId, JobRunId, OrderId, TaskRunId
from bot.model.job import JobRun, RunState, TaskKind
from bot.model.order import ChangeType, Order, OrderState
from bot.model.page import Page
from bot.nim.capabilities import Part
from bot.nim.config import EnvironmentConfig
from bot.nim.environment import NimEnvironment, Reads
from sandbox.identity_manager.server.running import RunningSandbox, start_sandbox

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(params=["plain", "harsh"], scope="module", loop_scope="module")
async def sandbox(request) -> AsyncIterator[RunningSandbox]:
    running = await start_sandbox("leavers-rights", profile=request.param, speed=0)
    yield running
    await running.close()


@pytest_asyncio.fixture(loop_scope="module")
async def env(sandbox) -> AsyncIterator[NimEnvironment]:
    async with (
        Companion.open(sandbox.url, sandbox.companion_token) as companion,
        NimEnvironment.open("sandbox", _config(sandbox, "nimdesk"), files=companion) as opened,
    ):
        yield opened


def _config(sandbox: RunningSandbox, client: str) -> EnvironmentConfig:
    return EnvironmentConfig(
        url=sandbox.url,
        client_id=client,
        client_domain=sandbox.client_domain,
        client_secret=sandbox.client_secret,
        retry_pause_seconds=0.01,
    )


async def _failed_run(reads: Reads) -> JobRun:
    return next(run for run in await reads.latest_runs() if run.state is RunState.ERRORED)


async def _newer_run(reads: Reads, before: JobRun) -> JobRun:
    """A new run may show up seconds late."""
    for _ in range(100):
        newest = (await reads.job_runs(before.job_id, limit=1)).items[0]
        if newest.id != before.id:
            return newest
        await asyncio.sleep(0.1)
    raise AssertionError("no new run showed up")


async def _all(pages: AsyncIterator[Page[Order]]) -> list[Order]:
    return [order async for page in pages for order in page]


async def test_a_failed_job_and_its_orders_are_read(env, sandbox):
    reads = env.reads()
    run = await _failed_run(reads)
    tasks = await reads.task_runs(run.id)
    page = await reads.orders(errored=True, with_errors=True)

    assert run.job_identifier == "AD_Provisioning"
    assert [task.kind for task in tasks] == [TaskKind.ROLE_MODEL, TaskKind.GENERATE, TaskKind.FULFILL]
    assert tasks[-1].state is RunState.ERRORED
    assert len(page) == 162
    assert {order.state for order in page} == {OrderState.ERRORED}
    deletions = [order for order in page if order.change is ChangeType.DELETE]
    assert len(deletions) == 150
    assert all(order.error and "insufficient access rights" in order.error.text.lower() for order in deletions)
    assert all(order.owner_name and "OU=" in order.resource_dn for order in deletions)
    assert {order.error.job_run_id for order in deletions if order.error} == {run.id}


async def test_all_orders_are_read_page_by_page(env):
    everything = await _all(env.reads().all_orders(errored=False))

    assert len({order.id for order in everything}) == len(everything) > 2000


async def test_a_harsh_server_cuts_the_page_and_says_that_there_is_more(env, sandbox):
    page = await env.reads().orders(limit=1000)

    assert (len(page), page.more) == (200 if sandbox.server.harsh else 1000, True)


async def test_a_part_of_the_catalogue_is_at_most_one_request_and_one_more_where_thresholds_are_hidden(env, sandbox):
    reads = env.reads()
    catalogue = reads.catalogue

    jobs, tasks, steps = await catalogue.jobs(), await catalogue.tasks(), await catalogue.steps()
    types, kinds = await catalogue.resource_types(), dict(await catalogue.entity_types())
    connectors, tables = await catalogue.connectors(), await catalogue.mappings()

    assert {step.job_id for step in steps} == {job.id for job in jobs}
    assert {step.task_id for step in steps} == {task.id for task in tasks}
    assert {task.kind for task in tasks} >= set(TaskKind) - {TaskKind.OTHER, TaskKind.PROFILES}
    ad = next(one for one in types if one.identifier == "AD_Entry_NominativeUser")
    assert {one.id: one.identifier for one in connectors}[ad.connector_id] == "AD"
    assert kinds[str(ad.target_entity_type_id)] == "AD_Entry"
    assert "dn" in (await catalogue.properties())["AD_Entry"]
    assert all(table.connector_id for table in tables)
    assert env.capabilities.table[Part.RESOURCE_TYPE_LIMITS] is not sandbox.server.harsh
    assert len(reads.requests) == (5 if sandbox.server.harsh else 4)


async def test_a_person_is_found_with_accounts_and_sources(env):
    reads = env.reads()
    found = await reads.find_people("leroy anne")
    person = await reads.person(found.items[0].id)

    assert person.name == "Leroy Anne"
    assert person.login
    assert [one.name for one in await reads.sources(person.entity_type, person.id)] == ["Leroy Anne"]
    assert any(one.role == "AD account" for one in await reads.assignments(person.id))


async def test_watching_sees_the_failed_run_and_takes_one_request_where_little_has_ended(env):
    reads = env.reads()
    page = await reads.watched_runs(env.now() - timedelta(hours=24))
    recent = env.reads()
    await recent.watched_runs(env.now() - timedelta(hours=1))

    assert "AD_Provisioning" in {run.job_identifier for run in page if run.state is RunState.ERRORED}
    assert len(recent.requests) == 1


async def test_the_environments_time_is_the_virtual_one(env, sandbox):
    await env.reads().latest_runs()

    assert abs(env.now() - sandbox.world.now()) < timedelta(seconds=3)


async def test_unknown_ids_are_missing(env):
    with pytest.raises(NimMissing):
        await env.reads().job_run(JobRunId("999999999"))
    with pytest.raises(NimMissing):
        await env.reads().order(OrderId("999999999"))


async def test_a_client_without_rights_is_told_which_right_is_missing(sandbox):
    async with NimEnvironment.open("sandbox", _config(sandbox, "nobody")) as env:
        with pytest.raises(NimDenied) as reading:
            await env.reads().latest_runs()
    async with NimEnvironment.open("sandbox", _config(sandbox, "readonly")) as env:
        run = await _failed_run(env.reads())
        with pytest.raises(NimDenied) as acting:
            await env.writes.run_job(run.job_id)

    assert "/Jobs/Job/Query" in reading.value.advice
    assert "/Jobs/RunJob/Launch" in acting.value.advice
    assert acting.value.changed is False


async def test_logs_and_files_are_shown_where_there_is_a_companion(env, sandbox):
    files = env.reads().files
    run = await _failed_run(env.reads())
    fulfill = (await env.reads().task_runs(run.id))[-1]
    if sandbox.server.harsh:
        assert await files.capabilities() == frozenset()
        with pytest.raises(NotExposed):
            await files.task_log(fulfill.id)
        return
    log = await files.task_log(fulfill.id)
    listing = await files.agent_files(AgentId("1"), Folder.EXPORT_OUTPUT)

    assert any(line.level == "Error" for line in log.lines)
    assert all(line.at is not None for line in log.lines)
    assert {file.folder for file in listing} == {Folder.EXPORT_OUTPUT}
    assert all(file.header and file.rows is not None for file in listing)
    with pytest.raises(NimMissing):
        await files.task_log(TaskRunId("999999999"))
    assert "task-log" in await files.capabilities()
    with pytest.raises(NotExposed, match="counters of a task"):
        await files.progress(fulfill.id)


async def test_one_order_is_unblocked_and_its_job_run_and_followed_by_reading(env, sandbox):
    reads = env.reads()
    order = next(one for one in await reads.orders(errored=True) if one.change is ChangeType.DELETE)
    before = await _failed_run(reads)

    await env.writes.unblock(order.id)
    assert (await reads.order(order.id)).state is OrderState.PENDING
    await env.writes.run_job(before.job_id)
    with pytest.raises(NimConflict):
        await env.writes.run_job(before.job_id)
    after = await _newer_run(reads, before)
    assert after.state in {RunState.QUEUED, RunState.RUNNING}
    for _ in range(20):
        sandbox.world.advance(30)
    after = await reads.job_run(after.id)

    assert after.state is RunState.ERRORED
    again = await reads.order(order.id)
    assert again.state is OrderState.ERRORED
    assert again.error is not None
    assert again.error.job_run_id == after.id
