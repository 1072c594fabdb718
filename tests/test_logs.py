"""What a log holds: ids and codes. Secrets are masked wherever they stand."""

import io
import json
import logging

import pytest
import structlog

from bot import logs

SECRETS = [
    "xoxb-2444-1111-AbCdEf",
    "xapp-1-A0-1234-abcdef",
    "https://hooks.slack.com/commands/T0NIMDESK01/123/secretpart",
    "https://hooks.slack.com/actions/T0NIMDESK01/123/secretpart",
]


@pytest.fixture
def logged(monkeypatch):
    """The lines that were written, each read as JSON."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    logs.set_up()
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_masked_in_words_values_lists_and_tables(logged, secret):
    structlog.get_logger().warning(
        f"said {secret}", why=f"because {secret}", faults=[f"a {secret}"], facts={"where": f"at {secret}"}
    )

    (line,) = logged()
    assert secret not in json.dumps(line)
    assert "secretpart" not in json.dumps(line)
    assert line["event"].startswith("said ")


@pytest.mark.parametrize("key", ["token", "bot_token", "client_secret", "Authorization", "password", "cookie"])
def test_a_value_under_a_telling_name_is_masked_whatever_it_is(logged, key):
    structlog.get_logger().info("told", **{key: "short"}, inside={key: ["short"]})

    (line,) = logged()
    assert "short" not in json.dumps(line)


def test_a_traceback_and_a_library_s_own_line_are_masked_too(logged):
    try:
        int(SECRETS[0])
    except ValueError:
        structlog.get_logger().exception("broken")
    logging.getLogger("a.library").warning("sent %s", SECRETS[1])

    text = json.dumps(logged())
    assert "broken" in text
    assert "sent" in text
    assert SECRETS[0] not in text
    assert SECRETS[1] not in text


def test_ids_and_numbers_stay_as_they_are(logged):
    structlog.get_logger().info("poll failed", env="production", run="52001", failures=3, down=None)

    (line,) = logged()
    assert (line["env"], line["run"], line["failures"], line["down"]) == ("production", "52001", 3, None)
