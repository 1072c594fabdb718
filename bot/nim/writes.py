"""The two calls that change something. Each is sent once; what it did is found out by reading (nim-api 6.1, 6.4)."""

from typing_extensions import override

from bot.model.ids import JobId, OrderId
from bot.nim.client import Call, Client, Ledger
from bot.nim.squery import number
from bot.nim.wire import entities
from bot.nim.wire.orders import PENDING
from bot.ports import NimWrites


class Writes(NimWrites):
    def __init__(self, client: Client) -> None:
        self._client = client

    @override
    async def unblock(self, order_id: OrderId) -> None:
        call = Call(
            "PUT",
            f"{entities.ORDER.path}/{number(order_id)}",
            entities.UPDATE_ORDER,
            "this provisioning order",
            {},
            {"ProvisioningState": PENDING},
        )
        await self._client.write(call, _unasked())

    @override
    async def run_job(self, job_id: JobId) -> None:
        call = Call("POST", f"{entities.JOB.path}/RunJob/{number(job_id)}", entities.RUN_JOB, "this job", {})
        await self._client.write(call, _unasked())


def _unasked() -> Ledger:
    """A write belongs to no question; the audit and the metrics' hook remember it."""
    return []
