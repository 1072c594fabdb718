"""Drawing findings and the other answers that people see most."""

import json
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from bench.figures import Figure, Pairs, in_turn
from bot.model.message import Message, Modal
from bot.slack import examples
from bot.slack.render import Renderer

ROUNDS, REPEATS = 9, 40
WARM_UP: Final = 20
FINDINGS: Final = "findings/"

Draw = Callable[[], Message | Modal]


async def measure() -> Sequence[Figure]:
    renderer = Renderer()
    findings = {name: partial(draw, renderer) for name, draw in examples.everything() if name.startswith(FINDINGS)}
    measured = [await _drawn(name.removeprefix(FINDINGS), draw) for name, draw in findings.items()]
    slowest = max(measured, key=lambda figure: figure.value)
    return [
        Figure(
            "slowest",
            slowest.value,
            "ms",
            f"{slowest.name}, the slowest of {len(measured)} findings",
            peer=slowest.peer,
            peer_unit="ms",
            against=slowest.against,
        ),
        *measured,
    ]


async def _drawn(name: str, draw: Draw) -> Figure:
    blocks = draw().blocks
    for _ in range(WARM_UP):
        draw()
    ours, peer = await in_turn([_Timed(draw), _Timed(lambda: json.loads(json.dumps(blocks)))], rounds=ROUNDS)
    pairs = Pairs(ours, peer)
    return Figure(
        name,
        pairs.our_median,
        "ms",
        f"{ROUNDS} rounds of {REPEATS}",
        peer=pairs.peer_median,
        peer_unit="ms",
        against="its blocks to JSON and back",
    )


class _Timed:
    """The median of a row of calls, in milliseconds of the processor: nothing is waited for, others do not count."""

    def __init__(self, call: Callable[[], object]) -> None:
        self._call = call

    async def __call__(self) -> float:
        taken = []
        for _ in range(REPEATS):
            began = time.thread_time()
            self._call()
            taken.append(time.thread_time() - began)
        return 1000 * statistics.median(taken)
