"""The companion over the folders that the sandbox really writes tells what the sandbox itself tells."""

import pytest

from bot.companion import Companion
from bot.model.file import Folder
from bot.model.ids import AgentId, TaskRunId
from sandbox.identity_manager.server.running import start_sandbox
from sandbox.identity_manager.world import SimulatedWorld
from tests.companion.conftest import TOKEN

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("scenario", ["leavers-rights", "s09-rejected-row"])
async def test_what_the_companion_reads_from_disk_is_what_the_world_says(serve, scenario):
    sandbox = await start_sandbox(scenario, speed=0)
    try:
        world = sandbox.world
        assert isinstance(world, SimulatedWorld)
        served = await serve(root=world.engine.files.root)
        async with (
            Companion.open(served.url, TOKEN) as real,
            Companion.open(sandbox.url, sandbox.companion_token) as own,
        ):
            for folder in Folder:
                on_disk = {one.name: one for one in await real.agent_files(AgentId("1"), folder)}
                told = {one.name: one for one in await own.agent_files(AgentId("1"), folder)}
                assert on_disk.keys() == told.keys()
                if folder is Folder.EXPORT_OUTPUT:
                    assert on_disk == told
            failed = max((run for run in world.engine.runs.tasks.values() if run.lines), key=lambda run: len(run.lines))
            task = TaskRunId(str(failed.id))
            assert (await real.task_log(task, tail=1000)).lines == (await own.task_log(task, tail=1000)).lines
    finally:
        await sandbox.close()
