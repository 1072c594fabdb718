"""The settings: what a wrong one says, and which of file, environment and secret file wins."""

from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import effective, load

GOOD = """
[slack]
bot_token = "xoxb-demo"
app_token = "xapp-demo"

[environments.production]
url = "https://identity.example.com/"
client_domain = "identity.example.com"
client_secret = "s3cret"
"""


@pytest.fixture
def write(tmp_path: Path):
    def written(text: str) -> Path:
        file = tmp_path / "nimdesk.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return written


def test_a_minimal_file_is_enough(write):
    settings = load(write(GOOD))

    assert settings.environments["production"].url == "https://identity.example.com"
    assert settings.environments["production"].poll_seconds == 15
    assert settings.store.url == "sqlite+aiosqlite:///nimdesk.db"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ('client_secret = "s3cret"', "environments.production.client_secret: is missing"),
        ('client_domain = "identity.example.com"', "environments.production.client_domain: is missing"),
        ('app_token = "xapp-demo"', 'app_token is missing: mode = "socket" needs it'),
    ],
)
def test_what_is_missing_is_named_with_its_file(write, change, said):
    file = write(GOOD.replace(change, ""))

    with pytest.raises(SettingsError) as told:
        load(file)

    assert told.value.say.startswith(str(file))
    assert said in told.value.say
    assert "\n" not in told.value.say


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("[environments.production]\npol_seconds = 3", "poll_seconds"),
        ("[acces]\nviewer = []", "access"),
        ("[slack]\nbot_tokenfile = 'x'", "bot_token_file"),
        ("[watch]\noverlap_second = 1", "overlap_seconds"),
    ],
)
def test_an_unknown_key_names_the_nearest_known_one(write, typed, meant):
    table = typed.partition("\n")[0]
    text = GOOD.replace(table, typed, 1) if table in GOOD else f"{GOOD}\n{typed}"

    with pytest.raises(SettingsError, match=f"did you mean '{meant}'"):
        load(write(text))


def test_the_environment_wins_over_the_file_and_is_named_when_it_is_wrong(write, monkeypatch):
    file = write(GOOD)
    monkeypatch.setenv("NIMDESK_HTTP__PORT", "8080")
    monkeypatch.setenv("NIMDESK_ENVIRONMENTS__PRODUCTION__CLIENT_SECRET", "other")

    settings = load(file)

    assert settings.http.port == 8080
    assert settings.environments["production"].client_secret.get_secret_value() == "other"

    monkeypatch.setenv("NIMDESK_HTTP__PORT", "high")
    with pytest.raises(SettingsError, match=r"^NIMDESK_HTTP__PORT: http\.port: "):
        load(file)


def test_a_secret_may_lie_in_a_file_of_its_own(write, tmp_path):
    (tmp_path / "nim").write_text("from-file\n", encoding="utf-8")
    file = write(GOOD.replace('client_secret = "s3cret"', f'client_secret_file = "{tmp_path / "nim"}"'))

    assert load(file).environments["production"].client_secret.get_secret_value() == "from-file"


def test_a_secret_file_that_is_not_there_is_named(write):
    file = write(GOOD.replace('client_secret = "s3cret"', 'client_secret_file = "/nowhere/nim"'))

    with pytest.raises(SettingsError, match="client_secret_file: /nowhere/nim cannot be read"):
        load(file)


def test_a_token_does_not_travel_in_clear_to_another_machine(write):
    file = write(GOOD.replace("[slack]", '[slack]\napi_url = "http://proxy.example.com/api/"'))

    with pytest.raises(SettingsError, match="https:// outside this machine"):
        load(file)


def test_a_wrong_time_zone_says_what_one_looks_like(write):
    with pytest.raises(SettingsError, match="Europe/Paris"):
        load(write(GOOD + 'timezone = "Paris"\n'))


def test_no_secret_is_shown_in_the_effective_settings(write):
    shown = dict(effective(load(write(GOOD))))

    assert shown["environments.production.client_secret"] == "******"
    assert not {"s3cret", "xoxb-demo", "xapp-demo"} & set(shown.values())


def test_no_secret_is_shown_in_an_error(write):
    with pytest.raises(SettingsError) as told:
        load(write(GOOD.replace('url = "https', 'url = "ftp')))

    assert "s3cret" not in str(told.value)
