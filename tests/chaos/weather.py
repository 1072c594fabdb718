"""Bad weather, drawn from a seed: what Identity Manager and Slack do wrong in the next moments."""

from random import Random
from typing import Any

from tests.journeys.world import World

READS, WRITES = "GET", ("PUT", "POST")
NIM_KINDS = ("429", "500", "502", "503", "truncated", "hang", "slow", "401")
POST = "chat.postMessage"
"""Named more than once: a repair posts once, and a post that is not known to have arrived is the hardest case."""
SLACK_METHODS = (POST, POST, POST, "chat.update", "conversations.history", "conversations.replies", "views.update")
SLACK_FAULTS: tuple[dict[str, Any], ...] = (
    {"status": 429, "retry_after": 1},
    {"status": 500},
    {"status": 503},
    {"lose_answer": True},
    {"lose_answer": True},
    {"cut": True},
    {"delay": 1.0},
)


async def begin(world: World, dice: Random) -> list[str]:
    """Switches some faults on; returns their names. They last for a number of calls or until `clear`."""
    names = []
    for _ in range(dice.choice((0, 1, 2, 3))):
        kind, method = dice.choice(NIM_KINDS), dice.choice((READS, *WRITES))
        path = "/api/*" if method != "POST" else "*RunJob*"
        count = 1 if method != READS else dice.randint(1, 4)
        rule = {"kind": kind, "method": method, "path": path, "count": count, "seconds": dice.choice((1, 2))}
        async with world.http.post(f"{world.sandbox.url}/sandbox/chaos", json=rule) as answer:
            assert answer.status == 200, await answer.text()
        names.append(f"{method} {kind}")
    for _ in range(dice.choice((0, 1, 1, 2, 3))):
        method, fault = dice.choice(SLACK_METHODS), dice.choice(SLACK_FAULTS)
        await world.control("faults", **fault, method=method, times=dice.randint(1, 2))
        names.append(f"{method} {'lost' if 'lose_answer' in fault else next(iter(fault))}")
    if dice.random() < 0.2:
        await world.control("sockets", do="drop")
        names.append("socket cut")
    return names


async def clear(world: World) -> None:
    async with world.http.delete(f"{world.sandbox.url}/sandbox/chaos") as answer:
        assert answer.status == 200
    await world.control("faults", clear=True)
