"""/sandbox/: the clock, the levers, faults, and what was asked."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest


async def test_the_clock_is_told_and_moved(nim):
    _, clock = await nim.call("GET", "/sandbox/clock")
    assert clock["now"] == "2026-03-02T08:00:00Z"
    assert clock["next_run"]["job"] == "AD_Synchronization_Delta"
    _, clock = await nim.call("POST", "/sandbox/tick", json={"seconds": 60})
    assert clock["now"] == "2026-03-02T08:01:00Z"
    _, clock = await nim.call("POST", "/sandbox/tick", json={"until": "2026-03-02T12:00:00Z"})
    assert clock["now"] == "2026-03-02T12:00:00Z"
    _, clock = await nim.call("POST", "/sandbox/tick", json={"to": "next-run"})
    assert clock["now"] == "2026-03-02T12:10:01Z"
    _, clock = await nim.call("POST", "/sandbox/tick", json={"to": "tonight"})
    assert clock["now"] == "2026-03-03T04:30:00Z"
    for wrong in ({}, {"seconds": -1}, {"seconds": "x"}, {"until": "soon"}, {"until": "2020-01-01T00:00:00Z"}):
        assert (await nim.call("POST", "/sandbox/tick", json=wrong))[0] == 400
    assert (await nim.call("POST", "/sandbox/speed", json={"speed": 60}))[1]["speed"] == 60


async def test_levers_are_listed_and_pulled(nim):
    _, body = await nim.call("GET", "/sandbox/levers")
    groups = {n["name"]: n["group"] for n in body["levers"]}
    assert groups["rights:leavers"] == "rights"
    assert groups["companion:task-log"] == "settings"
    assert (await nim.call("POST", "/sandbox/levers/rights:leavers", json={"value": True}))[0] == 200
    assert (await nim.call("GET", "/sandbox/truth"))[1] == {"leavers_right": True}
    assert (await nim.call("POST", "/sandbox/levers/rights:leavers", json={"value": "yes"}))[0] == 400
    assert (await nim.call("POST", "/sandbox/levers/nothing", json={"value": True}))[0] == 404


async def test_a_form_of_a_foreign_page_moves_nothing(nim):
    assert (await nim.call("POST", "/sandbox/tick", data={"seconds": "60"}))[0] == 415


async def test_a_foreign_host_name_moves_nothing_without_the_admin_token(nim):
    foreign = {"Host": "evil.example.org"}
    assert (await nim.call("GET", "/sandbox/levers", headers=foreign))[0] == 403
    foreign["Authorization"] = f"Bearer {nim.sandbox.admin_token}"
    assert (await nim.call("GET", "/sandbox/levers", headers=foreign))[0] == 200


async def test_requests_are_counted_without_those_of_the_sandbox_itself(nim):
    await nim.call("DELETE", "/sandbox/requests")
    await nim.get("/api/Job/Job", squery="select Id")
    await nim.get("/api/Job/Nothing")
    _, body = await nim.call("GET", "/sandbox/requests")
    assert [(r["method"], r["path"], r["status"]) for r in body["requests"]] == [
        ("GET", "/api/Job/Job", 200),
        ("GET", "/api/Job/Nothing", 404),
    ]
    assert body["requests"][0]["query"]["squery"] == "select Id"


@pytest.mark.parametrize(("kind", "status"), [("401", 401), ("403", 403), ("500", 500), ("502", 502), ("429", 429)])
async def test_a_fault_hits_as_many_requests_as_it_was_asked_for(nim, kind, status):
    await nim.call("POST", "/sandbox/chaos", json={"kind": kind, "path": "/api/Job/*", "count": 2, "seconds": 3})
    seen = [(await nim.get("/api/Connectors/Agent"))[0]]
    seen += [(await nim.get("/api/Job/Job"))[0] for _ in range(3)]
    assert seen == [200, status, status, 200]


async def test_a_fault_can_be_html_a_cut_body_a_delay_or_nothing_at_all(nim):
    async def arm(kind, **more):
        await nim.call("POST", "/sandbox/chaos", json={"kind": kind, **more})

    await arm("429", seconds=7)
    async with nim.http.get(nim.sandbox.url + "/api/Job/Job?api-version=1.0", headers=nim.headers) as answer:
        assert answer.headers["Retry-After"] == "7"
    await arm("html")
    assert "<form" in (await nim.get("/api/Job/Job"))[1]
    await arm("truncated")
    with pytest.raises(aiohttp.ClientPayloadError):
        await nim.get("/api/Job/Job")
    await arm("slow", seconds=0.2)
    started = asyncio.get_running_loop().time()
    assert (await nim.get("/api/Job/Job"))[0] == 200
    assert asyncio.get_running_loop().time() - started > 0.19
    await arm("hang")
    with pytest.raises(asyncio.TimeoutError):
        await nim.call("GET", "/api/Job/Job?api-version=1.0", timeout=aiohttp.ClientTimeout(total=0.2))
    assert (await nim.call("POST", "/sandbox/chaos", json={"kind": "earthquake"}))[0] == 400
    assert (await nim.call("POST", "/sandbox/chaos", json={"kind": "500", "count": "x"}))[0] == 400
    await arm("500", count=0)
    assert [(await nim.get("/api/Job/Job"))[0] for _ in range(3)] == [500] * 3
    await nim.call("DELETE", "/sandbox/chaos")
    assert (await nim.get("/api/Job/Job"))[0] == 200
