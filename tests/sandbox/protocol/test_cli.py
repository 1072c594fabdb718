"""The sandbox as a program."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
import urllib.request

import pytest


async def _start(*words: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sandbox.cli",
        "sandbox",
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.mark.slow
async def test_it_says_its_address_first_and_stops_when_asked_even_with_a_hanging_request():
    program = await _start("--scenario", "leavers-rights")
    assert program.stdout is not None
    url = (await asyncio.wait_for(program.stdout.readline(), 45)).decode().strip()
    assert url.startswith("http://127.0.0.1:")
    answer = await asyncio.to_thread(urllib.request.urlopen, url + "/.well-known/openid-configuration")
    answer.close()
    hang = urllib.request.Request(  # noqa: S310
        url + "/sandbox/chaos", data=b'{"kind": "hang"}', headers={"Content-Type": "application/json"}
    )
    (await asyncio.to_thread(urllib.request.urlopen, hang)).close()
    port = int(url.rpartition(":")[2])
    _reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /api/Job/Job?api-version=1.0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await writer.drain()
    await asyncio.sleep(0.2)
    started = time.monotonic()
    program.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(program.wait(), 10) == 0
    assert time.monotonic() - started < 5
    writer.close()
    assert program.stderr is not None
    assert await program.stderr.read() == b""


async def test_a_scenario_that_does_not_exist_is_told_in_one_line():
    program = await _start("--scenario", "no-such-scenario")
    out, err = await program.communicate()
    assert program.returncode == 1
    assert out == b""
    assert b"no-such-scenario" in err
    assert b"Traceback" not in err
