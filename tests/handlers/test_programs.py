"""`doctor`, `ask` and `audit`, as somebody at a terminal has them, against a sandbox and a workspace."""

import asyncio
import csv
import io
import json
from datetime import UTC, datetime
from threading import Thread

import pytest
from click.testing import CliRunner
from prometheus_client import REGISTRY

from bot.cli import main
from bot.model.action import Wish
from bot.model.actor import Place
from bot.model.finding import ActionKind
from bot.shipped import shipped
from bot.store.store import Store
from sandbox.identity_manager.server.running import start_sandbox
from sandbox.workspace import WorkspaceConfig, start_workspace
from sandbox.workspace.config import with_manifest

QUIET = """
title = "A quiet installation"
people = 80

[time]
history_days = 1
clock = "10:07"
"""
SETTINGS = """
[slack]
bot_token = "{bot_token}"
app_token = "{app_token}"
api_url = "{api_url}"

[store]
url = "sqlite+aiosqlite:///{folder}/nimdesk.db"

[environments.production]
url = "{url}"
client_id = "{client_id}"
client_domain = "{client_domain}"
client_secret = "{client_secret}"
companion_url = "{url}"
companion_token = "{companion_token}"

[access]
viewer = ["@helpdesk"]
operator = ["@iam-operators", "U0OMAR00001"]
"""


class Others:
    """Identity Manager and Slack on a loop of their own: the program that is tried has its own loop."""

    def __init__(self, folder):
        self.loop = asyncio.new_event_loop()
        self._thread = Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        scenario = folder / "quiet.toml"
        scenario.write_text(QUIET, encoding="utf-8")
        self.sandbox = self.does(start_sandbox(scenario))
        app = with_manifest(WorkspaceConfig(), shipped("manifest.yml"))
        self.workspace = self.does(start_workspace(app))

    def does(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def close(self):
        self.does(self.sandbox.close())
        self.does(self.workspace.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    there = Others(tmp_path_factory.mktemp("others"))
    yield there
    there.close()


@pytest.fixture
def config(others, tmp_path):
    def write(more="", **changed):
        sandbox, workspace = others.sandbox, others.workspace
        told = {
            name: getattr(sandbox, name)
            for name in ("url", "client_id", "client_domain", "client_secret", "companion_token")
        }
        told |= {name: getattr(workspace, name) for name in ("bot_token", "app_token", "api_url")}
        path = tmp_path / "nimdesk.toml"
        path.write_text(SETTINGS.format(folder=tmp_path, **(told | changed)) + more, encoding="utf-8")
        return str(path)

    return write


def nimdesk(*words):
    return CliRunner().invoke(main, words)


def lines(ran, mark):
    return [line for line in ran.stdout.splitlines() if line.startswith(mark)]


# --- doctor ---------------------------------------------------------------------------------------------------------


def test_doctor_finds_a_sound_installation_in_order(config):
    ran = nimdesk("doctor", "--config", config())

    assert ran.exit_code == 0, ran.stdout
    assert lines(ran, "FAIL") == []
    told = "\n".join(lines(ran, "ok"))
    assert "slack token: is nimdesk" in told
    assert "slack scopes: all that the manifest asks for" in told
    assert "slack default channel: #iam-alerts: I am in it" in told
    assert "production jobs: readable" in told
    assert "production companion: shows" in told
    assert "warn store" in ran.stdout


def test_doctor_prints_the_settings_without_their_secrets(config, others):
    ran = nimdesk("doctor", "--config", config())

    assert f"environments.production.url = {others.sandbox.url}" in ran.stdout
    for secret in (others.sandbox.client_secret, others.workspace.bot_token, others.sandbox.companion_token):
        assert secret not in ran.stdout


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"bot_token": "xoxb-wrong"}, "FAIL slack token: Slack does not take it (invalid_auth)"),
        ({"client_secret": "wrong"}, "FAIL production jobs"),
        ({"url": "http://127.0.0.1:9"}, "FAIL production jobs"),
        ({"companion_token": "wrong"}, "FAIL production companion"),
    ],
)
def test_doctor_ends_with_one_and_names_what_is_wrong(config, changed, line):
    ran = nimdesk("doctor", "--config", config(**changed))

    assert ran.exit_code == 1
    assert any(one.startswith(line) for one in lines(ran, "FAIL")), ran.stdout


def test_doctor_finds_a_group_that_does_not_exist(config):
    ran = nimdesk("doctor", "--config", config('approver = ["@nobody-made-this"]\n'))

    assert ran.exit_code == 1
    assert "FAIL slack role approver: no such user group: @nobody-made-this" in ran.stdout


def test_a_key_that_is_none_ends_the_program_with_two_and_one_line(config):
    ran = nimdesk("doctor", "--config", config("operators = []\n"))

    assert ran.exit_code == 2
    assert ran.stderr.count("\n") == 1
    assert "operators" in ran.stderr
    assert "operator" in ran.stderr


# --- ask ------------------------------------------------------------------------------------------------------------


def test_ask_answers_in_words_and_as_one_object(config, others):
    words = nimdesk("ask", "sync AD", "--config", config())
    told = json.loads(nimdesk("ask", "sync AD", "--config", config(), "--format", "json").stdout)

    assert words.exit_code == 0
    assert told["title"] in words.stdout
    assert (told["kind"], told["env"], told["symptom"]) == ("finding", "production", 2)
    assert told["requests"] > 0


def test_every_request_to_identity_manager_is_counted_by_its_status(config):
    def counted():
        labels = {"environment": "production", "status": "200"}
        return REGISTRY.get_sample_value("nimdesk_nim_requests_total", labels) or 0

    before = counted()
    told = json.loads(nimdesk("ask", "jobs", "--config", config(), "--format", "json").stdout)

    assert counted() - before == told["requests"]


def test_ask_works_with_slashes_at_the_end_of_addresses(config, others):
    ran = nimdesk("ask", "status", "--config", config(url=f"{others.sandbox.url}/"), "--format", "json")

    assert json.loads(ran.stdout)["kind"] != "unavailable"


def test_ask_never_writes(config, others):
    nimdesk("ask", "relaunch AD Incremental", "--config", config())

    written = [one for one in others.sandbox.server.requests if one["method"] not in {"GET", "HEAD"}]
    assert [one["path"] for one in written if "token" not in one["path"]] == []


@pytest.mark.parametrize(("who", "allowed"), [("U0OMAR00001", True), ("U0NADIA0001", False), ("", False)])
def test_ask_colours_the_offers_as_somebody_would_see_them(config, who, allowed):
    as_whom = ["--as", who] if who else []
    ran = nimdesk("ask", "job AD Incremental", "--config", config(), "--format", "json", *as_whom)

    offers = {one["action"]: one["allowed"] for one in json.loads(ran.stdout)["offers"]}
    assert offers["relaunch"] is allowed


def test_ask_says_what_is_away_and_ends_with_one(config):
    ran = nimdesk("ask", "jobs", "--config", config(url="http://127.0.0.1:9"), "--format", "json")

    assert ran.exit_code == 1
    assert json.loads(ran.stdout)["kind"] == "unavailable"


def test_ask_can_be_switched_off(config):
    ran = nimdesk("ask", "status", "--config", config('cli = "off"\n'))

    assert ran.exit_code == 2
    assert "Slack only" in ran.stderr


# --- audit ----------------------------------------------------------------------------------------------------------


async def _recorded(url, reason):
    store = await Store.open(url)
    wish = Wish(
        env="production",
        kind=ActionKind.RELAUNCH,
        target="1006",
        seen="1",
        team_id="T1",
        user_id="U_OMAR",
        place=Place(channel="C1"),
        label="AD Incremental",
        reason=reason,
        role="operator",
    )
    await store.actions.ask(wish, datetime(2026, 3, 3, 9, 41, tzinfo=UTC))
    await store.close()


def test_the_audit_is_printed_as_lines_and_for_a_spreadsheet_without_formulas(config, tmp_path):
    path = config()
    asyncio.run(_recorded(f"sqlite+aiosqlite:///{tmp_path}/nimdesk.db", "=HYPERLINK(1)"))

    as_lines = nimdesk("audit", "export", "--since", "2026-03-03", "--config", path)
    as_table = nimdesk("audit", "export", "--since", "2026-03-03", "--format", "csv", "--config", path)
    later = nimdesk("audit", "export", "--since", "2026-03-04", "--config", path)
    whole = nimdesk("audit", "verify", "--config", path)

    assert json.loads(as_lines.stdout)["user_id"] == "U_OMAR"
    row = next(csv.DictReader(io.StringIO(as_table.stdout)))
    assert "'=HYPERLINK(1)" in row.values()
    assert later.stdout == ""
    assert "whole: 1 records" in whole.stdout


def test_a_date_that_is_none_is_told(config):
    ran = nimdesk("audit", "export", "--since", "yesterday", "--config", config())

    assert ran.exit_code == 2
    assert "2026-01-31" in ran.stderr
