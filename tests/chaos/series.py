"""One series of fault runs over one sandbox and one workspace, and what must hold when it is over.

Nothing is asked of the bot's own code: what was written is counted in the sandbox's log, what people read stands in the
workspace, what was asked for stands in the audit as `nimdesk audit` prints it.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
from typing_extensions import override

from sandbox.identity_manager.server.running import start_sandbox
from sandbox.workspace import WorkspaceConfig, start_workspace, with_manifest
from tests.chaos import weather
from tests.journeys.world import ROOT, World, text_of

AGREED = {"agree": ["yes"]}
DESK = "#helpdesk"
SPEED = 3.0
"""Runs of a job take some virtual seconds each; the two minutes within which a run is ours leave 40 real ones."""
ACCEPTED = "goes on without this window"
HORIZON_S = 7.0
"""A repair takes about so long from its submission: the instants of the kills lie in it."""
SUBMIT_WITHIN_S = 25.0
ASK_FOR_S = 90.0
END_WITHIN_S = 120.0
REFUSED_UNREAD = frozenset({401, 429, 503})
"""Answers after which a write is known not to have happened, so that it may be sent again."""
OTHER_JOBS = ("ENTRA_Provisioning", "SAP_Provisioning", "SQLAPP_Provisioning")
TROUBLES = ("ENTRA", "SAP", "SQLAPP", "AD")
HEADLINES = {
    "refused: ": "Nothing was done.",
    "unknown: ": "Not known whether it was done.",
    "verified by": "Executed and verified.",
    "not verified: ": "Executed.",
    "inconclusive": "Not settled.",
    "unblocked only: ": "Unblocked.",
    "unblocked: read back as pending; no run": "Unblocked.",
    "refuted with another error": "Not fixed: another error now.",
    "refuted": "Not fixed.",
    "blocked again": "Blocked again.",
    "run succeeded": "The run ended green.",
    "run failed": "The run failed.",
    "run blocked": "The run is blocked.",
    "run ended with a warning": "The run ended with a warning.",
}
"""How the audit begins to tell an end, and what the action's message then shows."""


@dataclass
class Counts:
    kills: int = 0
    repairs: int = 0
    messages: int = 0
    faults: int = 0
    seeds: list[int] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Counts") -> None:
        for name in ("kills", "repairs", "messages", "faults", "seeds", "lost", "doubled", "wrong"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.ends += other.ends

    @property
    def broken(self) -> list[str]:
        return [*self.lost, *self.doubled, *self.wrong]

    @override
    def __str__(self) -> str:
        ends = ", ".join(f"{count} {name.lower().rstrip('.')}" for name, count in self.ends.most_common())
        return (
            f"chaos: {self.kills} kills, {self.repairs} repairs, {self.messages} messages, {self.faults} faults, "
            f"{len(self.lost)} lost, {len(self.doubled)} doubled, {len(self.wrong)} otherwise wrong ({ends or 'no ends'}); "
            f"seeds {', '.join(map(str, self.seeds))}"
        )


@asynccontextmanager
async def desk(folder: Path, scenario: str, store: str) -> AsyncIterator[World]:
    """Sandbox and workspace; the bot is started by the series, and killed at its end."""
    identity_manager = await start_sandbox(scenario, speed=SPEED)
    workspace = await start_workspace(with_manifest(WorkspaceConfig(mode="socket"), ROOT / "manifest.yml"))
    async with aiohttp.ClientSession() as http:
        world = World(identity_manager, workspace, http, folder, store=store)
        try:
            await world.quiet()
            yield world
        finally:
            if world.bot is not None and world.bot.returncode is None:
                await world.kill_bot()
            await workspace.close()
            await identity_manager.close()


@dataclass
class Series:
    world: World
    dice: Random
    counts: Counts = field(default_factory=Counts)
    accepted: list[str] = field(default_factory=list)
    """Targets of which a person was told that the action goes on."""
    submitted: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while somebody's submission is on its way, or was."""
    log: list[dict[str, Any]] = field(default_factory=list)
    """What Identity Manager was asked, from the beginning."""

    async def run(self, seconds: float) -> Counts:
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        self.submitted.set()  # here it is the watch that is disturbed
        await self._disturbed(self._first_card())
        orders = self._errored()
        self.dice.shuffle(orders)
        while loop.time() < until and orders:
            await self._round(orders.pop())
        await self._settle()
        await self._judge()
        return self.counts

    # --- what happens -----------------------------------------------------------------------------------------------

    def _errored(self) -> list[str]:
        rows = self.world.sandbox.world.store.rows("AssignedResourceType")
        found = [r for r in rows if r["ProvisioningState"] == 3 and str(r["ValidTo"]).startswith("9999")]
        return [str(one["Id"]) for one in found]

    async def _first_card(self) -> None:
        await self._until(lambda: self._keys("incident-"), 60, "the first card")

    async def _round(self, order: str) -> None:
        """New weather, one or two repairs, some kills; then everything that was asked for comes to its end."""
        await self._turn_the_clock()
        await self.world.outside("levers/right:delete:OU=Leavers", value=self.dice.random() < 0.5)
        self.counts.faults += len(await weather.begin(self.world, self.dice))
        asks = [self._ask("omar", f"unblock {order}", order, only=self.dice.random() < 0.2)]
        if self.dice.random() < 0.4:
            job = self.dice.choice(OTHER_JOBS)
            asks.append(self._ask("otto", f"relaunch {job}", self._job_id(job)))
        self.submitted.clear()
        if self.dice.random() < 0.25:
            self.submitted.set()  # killed while they ask, as well
        await self._disturbed(*asks)
        await self._ended()
        await weather.clear(self.world)
        await self._note_requests()

    async def _turn_the_clock(self) -> None:
        """Scheduled runs happen between the rounds, some of them fail, and the watch tells it: killed there as well."""
        if self.dice.random() < 0.5:
            return
        broken = self.dice.choice(TROUBLES) if self.dice.random() < 0.6 else ""
        if broken:
            await self.world.outside(f"levers/credential:{broken}", value="expired")
        await self.world.outside("tick", seconds=15 * 60)
        if broken:
            await self.world.outside(f"levers/credential:{broken}", value="valid")
        await self.world.quiet()

    def _job_id(self, identifier: str) -> str:
        rows = self.world.sandbox.world.store.rows("Job")
        return str(next(one["Id"] for one in rows if one["Identifier"] == identifier))

    async def _disturbed(self, *works: Awaitable[None]) -> None:
        """The works, while the bot is killed at instants that nobody chose."""
        instants = sorted(self.dice.uniform(0, HORIZON_S) for _ in range(self.dice.choice((1, 2, 3, 3, 4))))
        pauses = [self.dice.uniform(0, 0.6) for _ in instants]
        await asyncio.gather(self._kill_at(instants, pauses), *works)

    async def _kill_at(self, instants: list[float], pauses: list[float]) -> None:
        await self._up()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.submitted.wait(), SUBMIT_WITHIN_S)
        before = 0.0
        for instant, pause in zip(instants, pauses, strict=True):
            await asyncio.sleep(instant - before)
            await self.world.kill_bot()
            self.counts.kills += 1
            await asyncio.sleep(pause)
            await self._up()
            before = instant

    async def _up(self) -> None:
        """As a supervisor does: started until it stands."""
        for _ in range(5):
            if self.world.bot is not None and self.world.bot.returncode is None:
                return
            try:
                await self.world.start_bot()
            except AssertionError:
                await asyncio.sleep(1)
        raise AssertionError(f"the bot does not start any more: {self.world.log[-3000:]}")

    async def _ask(self, name: str, command: str, target: str, *, only: bool = False) -> None:
        """As a patient person does: again, until it goes on, or is said to have been done or refused."""
        loop = asyncio.get_running_loop()
        until = loop.time() + ASK_FOR_S
        while loop.time() < until:
            if await self._asked_once(name, command, only=only):
                self.accepted.append(target)
                return
            if target in {one["target"] for one in await self._audit() if one["event"] == "before"}:
                return
            if "Nothing was done" in await self._window(name):
                return
            await self._close(name)
            await asyncio.sleep(0.3)

    async def _asked_once(self, name: str, command: str, *, only: bool) -> bool:
        person = self.world.person(name)
        try:
            await self._close(name)
            ran = await person.do("command", channel=DESK, command="/nim", text=command)
            if not ran["ok"] or not await self._shows(name, "I want this now"):
                return False
            if only:
                await person.do("press", label="Unblock only instead")
                if not await self._shows(name, "not launched now"):
                    return False
            self.submitted.set()
            await person.do("submit", values=AGREED)
        except AssertionError:
            return False
        return await self._shows(name, ACCEPTED)

    async def _close(self, name: str) -> None:
        """Leaves no window open; one may close by itself meanwhile."""
        if (await self.world.person(name).view()).get("views"):
            with suppress(AssertionError):
                await self.world.person(name).do("close", all=True)

    async def _shows(self, name: str, words: str) -> bool:
        for _ in range(60):
            shown = await self._window(name)
            if words in shown:
                return True
            if "Nothing was done" in shown or self.world.bot is None or self.world.bot.returncode is not None:
                return False
            await asyncio.sleep(0.1)
        return False

    async def _window(self, name: str) -> str:
        return "\n".join(text_of(view) for view in (await self.world.person(name).view()).get("views") or ())

    # --- what is seen from outside ----------------------------------------------------------------------------------

    def _posts(self) -> dict[str, list[str]]:
        """What stands in Slack, by the key that each message of the bot carries."""
        found: dict[str, list[str]] = {}
        for room in self.world.workspace.hub.state.rooms.values():
            for post in room.posts.values():
                key = ((post.metadata or {}).get("event_payload") or {}).get("key")
                if key and not post.deleted:
                    found.setdefault(key, []).append(text_of(post.wire))
        return found

    def _keys(self, prefix: str) -> list[str]:
        return [key for key in self._posts() if key.startswith(prefix)]

    async def _nimdesk(self, *words: str) -> str:
        program = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot.cli", *words, "--config", str(self.world.settings),
            cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, error = await program.communicate()
        assert program.returncode == 0, f"nimdesk {' '.join(words)}: {out.decode()} {error.decode()[-2000:]}"
        return out.decode()

    async def _audit(self) -> list[dict[str, Any]]:
        printed = await self._nimdesk("audit", "export", "--since", "2020-01-01")
        return [json.loads(line) for line in printed.splitlines()]

    async def _actions(self) -> dict[int, list[dict[str, Any]]]:
        found: dict[int, list[dict[str, Any]]] = {}
        for record in await self._audit():
            if record["action_id"] is not None:
                found.setdefault(int(record["action_id"]), []).append(record)
        return found

    async def _note_requests(self) -> None:
        self.log += await self.world.requests()
        async with self.world.http.delete(f"{self.world.sandbox.url}/sandbox/requests") as answer:
            assert answer.status == 200

    async def _until(self, holds: Any, seconds: float, what: str) -> bool:
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while not holds():
            if loop.time() > until:
                self.counts.lost.append(f"{what} (not within {seconds:.0f} s)")
                return False
            await asyncio.sleep(0.2)
        return True

    def _at_rest(self, action: int) -> bool:
        shown = "\n".join(self._posts().get(f"action-{action}", ()))
        return any(headline in shown for headline in HEADLINES.values())

    async def _ended(self) -> None:
        """Every stored action shows its end, or that it waits for a synchronization."""
        for action in await self._actions():
            await self._until(partial(self._at_rest, action), END_WITHIN_S, f"the end of action {action}")

    async def _settle(self) -> None:
        """Good weather and two hours of synchronizations: what waits for one is verified."""
        await weather.clear(self.world)
        await self._up()
        await self.world.outside("tick", seconds=2 * 3600)
        loop = asyncio.get_running_loop()
        until = loop.time() + 75
        while loop.time() < until:
            actions = await self._actions()
            if all(self._headline(records) for records in actions.values()):
                break
            await asyncio.sleep(2)
        await asyncio.sleep(5)
        await self._note_requests()
        await self.world.stop_bot()

    @staticmethod
    def _headline(records: list[dict[str, Any]]) -> str:
        """What the action's message must show by its last record; empty while it is under way."""
        said = records[-1]["said"] if records[-1]["event"] != "before" else ""
        return next((headline for begins, headline in HEADLINES.items() if said.startswith(begins)), "")

    # --- what must hold ---------------------------------------------------------------------------------------------

    async def _judge(self) -> None:
        counts, posts, actions = self.counts, self._posts(), await self._actions()
        assert "whole" in await self._nimdesk("audit", "verify")
        counts.repairs = len(actions)
        counts.messages = len(posts)
        counts.doubled += [f"message {key} stands {len(shown)} times" for key, shown in posts.items() if len(shown) > 1]
        stored = {records[0]["target"] for records in actions.values()}
        counts.lost += [f"{target} was promised and is not stored" for target in self.accepted if target not in stored]
        for action, records in actions.items():
            headline = self._headline(records)
            shown = posts.get(f"action-{action}", [])
            told = [one["said"] for one in records]
            if not shown:
                counts.lost.append(f"action {action} has no message; {told}")
            elif not headline:
                counts.lost.append(f"action {action} has no end: {told}; its message: {shown[0]}")
            elif headline not in shown[0]:
                counts.wrong.append(f"action {action} ended with {told[-1]!r}, shown is: {shown[0]}")
            counts.ends[headline or "without an end"] += 1
        self._judge_writes(actions)

    def _judge_writes(self, actions: dict[int, list[dict[str, Any]]]) -> None:
        unblocks = Counter(records[0]["target"] for records in actions.values() if _unblocks(records))
        puts = [one for one in self.log if one["method"] == "PUT"]
        done = Counter(one["path"].rsplit("/", 1)[-1] for one in puts if _carried_out(one))
        for order, count in done.items():
            if count > unblocks[order]:
                calls = [(one["status"], one["fault"]) for one in puts if one["path"].endswith(f"/{order}")]
                self.counts.doubled.append(f"{count} PUTs for order {order}, asked {unblocks[order]} times: {calls}")
        acted = [one for one in self.log if one["status"] not in REFUSED_UNREAD]
        launched = Counter(one["path"].rsplit("/", 1)[-1] for one in acted if "/RunJob/" in one["path"])
        allowed = Counter(records[0]["target"] for records in actions.values() if not _unblocks(records))
        allowed[self._job_id("AD_Provisioning")] += sum(map(_may_have_launched, actions.values()))
        for job, count in launched.items():
            if count > allowed[job]:
                calls = [(one["status"], one["fault"]) for one in self.log if one["path"].endswith(f"/RunJob/{job}")]
                self.counts.doubled.append(f"{count} RunJobs for job {job}, of {allowed[job]} actions: {calls}")


def _may_have_launched(records: list[dict[str, Any]]) -> bool:
    told = [one["said"] for one in records]
    return _unblocks(records) and any(said.startswith(("launched: ", "unknown: ")) for said in told)


def _unblocks(records: list[dict[str, Any]]) -> bool:
    return str(records[0]["kind"]).startswith("unblock")


def _carried_out(one: dict[str, Any]) -> bool:
    """The sandbox's faults come instead of the work, except those that only make it late.

    A PUT that did not happen is sent again after a look at its order; a RunJob never is, unless it was clearly refused.
    """
    return bool(one["status"] < 300 and one["fault"] in (None, "slow", "hang"))
