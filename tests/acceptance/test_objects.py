"""One object that is missed: removed by a run, cut off from its other end, or not due yet (rows 2l, 2j, 2k)."""

import pytest

from tests.acceptance.asking import allowed, world_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
REMOVED = """
title = "HR has taken somebody out of its file"
people = 200

[time]
clock = "10:07"

[[acts]]
at = "17:00-1d"
do = "hr-remove"
people = ["30007"]
"""
HIDDEN_GROUP = """
title = "A group lies where the service account may not read"
people = 200

[time]
clock = "10:07"

[[before]]
do = "ad-container"
container = "OU=Hidden"

[[before]]
do = "right"
operation = "read"
container = "OU=Hidden"
allowed = false

[[before]]
do = "ad-entry"
dn = "CN=GRP_Board,OU=Hidden"
attributes = { objectClass = "group", cn = "GRP_Board", sAMAccountName = "GRP_Board" }

[[acts]]
at = "17:00-1d"
do = "ad-change"
people = ["10001"]
join = "CN=GRP_Board,OU=Hidden"
"""
QUIET = """
title = "Nothing is wrong"
people = 200

[time]
clock = "10:14"
"""


async def answer_in(world_text, words, tmp_path, **how):
    scenario = tmp_path / "world.toml"
    scenario.write_text(world_text, encoding="utf-8")
    async with world_of(scenario) as world:
        return await world.asked(words, **how)


@pytest.mark.parametrize("words", ["sync HR 30007", "user 30007 was in HR and is gone from NIM"])
async def test_2l_a_row_that_left_the_file_was_removed_by_a_run(words, tmp_path):
    answer = await answer_in(REMOVED, words, tmp_path)
    assert (answer["symptom"], answer["cause"], answer["certainty"]) == (2, "2l", "likely"), answer
    assert "30007 was stored" in answer["text"]
    assert "relaunch_complete" not in allowed(answer)


async def test_2l_is_seen_without_a_companion_too(tmp_path):
    answer = await answer_in(f'profile = "harsh"\n{REMOVED}', "sync HR 30007", tmp_path, companion=False)
    assert (answer["cause"], answer["certainty"]) == ("2l", "likely"), answer


@pytest.mark.parametrize(
    "words", ["sync AD jdoe in GRP_Board", "jdoe is a member of the group GRP_Board in AD, NIM says no"]
)
async def test_2j_a_group_out_of_the_exports_sight_takes_its_members_links_with_it(words, tmp_path):
    answer = await answer_in(HIDDEN_GROUP, words, tmp_path)
    assert (answer["symptom"], answer["cause"], answer["certainty"]) == (2, "2j", "likely"), answer
    assert "GRP_Board is not" in answer["text"]


async def test_2k_what_was_changed_a_minute_ago_is_not_due_yet(tmp_path):
    answer = await answer_in(QUIET, "I changed GRP_Board in AD 8 minutes ago, not in NIM", tmp_path)
    assert (answer["symptom"], answer["cause"], answer["certainty"]) == (2, "2k", "likely"), answer
    assert answer["outlook"]["heals"] is True
