"""The pages that links lead to, and the panel of the outside world."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("jobs", "HR - complete"),
        ("job-instances/{blocked_run}", "CN=u1,OU=Staff"),
        ("provisioning-review/Directory_User", "Anne Leroy"),
        ("provisioning-review/Directory_User/{order}", "INSUFF_ACCESS_RIGHTS"),
        ("resources/Directory_User/{anne}", "Leroy-Martin"),
        ("workflow-overview", "VPN for Anne"),
        ("connectors/2002", "AD synchronize"),
        ("outside-world", "Outside world"),
        ("outside_world.js", "use strict"),
        ("outside_world.css", "--accent"),
    ],
)
async def test_a_page_shows_what_its_link_promises(nim, path, shown):
    status, body = await nim.call("GET", "/sandbox/ui/" + path.format(**nim.ids))
    assert status == 200
    assert shown in body


@pytest.mark.parametrize(
    "path",
    ["job-instances/1", "connectors/x", "resources/AD_Entry/{anne}", "resources/Nothing/1", "provisioning-review/No"],
)
async def test_a_page_of_nothing_is_not_found(nim, path):
    assert (await nim.call("GET", "/sandbox/ui/" + path.format(**nim.ids)))[0] == 404


async def test_names_are_shown_as_text_not_as_markup(nim):
    nim.world.store.update("Resource", nim.ids["anne"], {"InternalDisplayName": "<script>alert(1)</script>"})
    _, body = await nim.call("GET", "/sandbox/ui/provisioning-review/Directory_User")
    assert "<script>alert" not in body
    assert "&lt;script&gt;alert" in body
