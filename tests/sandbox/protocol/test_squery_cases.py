"""Every request that the product's own screens are known to send is answered."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yarl

CASES = [
    line
    for line in (Path(__file__).parent / "squery-cases.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize("line", CASES, ids=lambda line: urlsplit(line).path)
async def test_a_captured_request_is_answered_with_the_right_shape(nim, line):
    async with nim.http.get(yarl.URL(nim.sandbox.url + line, encoded=True), headers=nim.headers) as answer:
        body = await answer.json()
        assert answer.status == 200, body
    if urlsplit(line).path.rsplit("/", 1)[-1].isdigit():
        assert body["Id"] == urlsplit(line).path.rsplit("/", 1)[-1]
        return
    assert body["ContinuationToken"] is None
    asked = parse_qs(urlsplit(line).query)["squery"][0]
    for row in body["Result"]:
        assert isinstance(row["Id"], str)
        assert all(part.casefold() in asked.casefold() for part in row)


async def test_there_are_thirteen_captured_requests():
    assert len(CASES) == 13


async def test_the_captured_job_list_shows_agents_and_last_runs_nested(nim):
    async with nim.http.get(yarl.URL(nim.sandbox.url + CASES[0], encoded=True), headers=nim.headers) as answer:
        rows = (await answer.json())["Result"]
    hr = next(r for r in rows if r["Identifier"] == "HR_Synchronization_Complete")
    assert hr["Agent"] == {"Uri": "http://agent1:5010"}
    assert hr["LastJobInstance"] == {"State": 2, "Retry": False}
    assert [r["DisplayName"] for r in rows] == sorted(r["DisplayName"] for r in rows)


async def test_the_captured_connector_shows_collections_as_arrays(nim):
    async with nim.http.get(yarl.URL(nim.sandbox.url + CASES[7], encoded=True), headers=nim.headers) as answer:
        row = await answer.json()
    assert row["Connections"][0]["Package"] == {"Identifier": "Usercube.AD", "DisplayName": "Active Directory"}
    assert row["EntityTypeMappings"][0]["EntityType"]["Identifier"] == "Directory_Organization"
