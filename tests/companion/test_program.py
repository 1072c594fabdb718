"""The companion as a program: its settings, its start over TLS, its end."""

import asyncio
import shutil
import ssl
import subprocess
import sys

import aiohttp
import pytest

from companion.settings import WrongSettings, load

TOKEN = "a-token-for-reading"


def write(tmp_path, text):
    file = tmp_path / "companion.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_table_of_the_common_file_and_a_file_of_its_own_mean_the_same(tmp_path):
    own = load(write(tmp_path, f'root = "{tmp_path}"\ntoken = "{TOKEN}"\nport = 1234\n'))
    common = load(
        write(
            tmp_path, f'[environments.x]\nurl = "x"\n[companion]\nroot = "{tmp_path}"\ntoken = "{TOKEN}"\nport = 1234\n'
        )
    )

    assert own == common
    assert own.port == 1234


def test_the_token_may_lie_in_a_file(tmp_path):
    (tmp_path / "token").write_text(TOKEN + "\n")

    settings = load(write(tmp_path, f'root = "{tmp_path}"\ntoken_file = "{tmp_path / "token"}"\n'))

    assert settings.token.get_secret_value() == TOKEN
    assert TOKEN not in repr(settings)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "token"),
        ('token = "short"', "at least 16"),
        (f'token = "{TOKEN}"\nhost = "0.0.0.0"', "certificate and key are missing"),
        (f'token = "{TOKEN}"\ncertificate = "x.pem"', "belong together"),
        (f'token = "{TOKEN}"\nporte = 1', "porte"),
        (f'token = "{TOKEN}"\n[logs]\ntask = "../{{id}}.log"', "logs.task"),
        (f'token = "{TOKEN}"\n[logs]\ntask = "C:/x.log"', "logs.task"),
        (f'token = "{TOKEN}"\n[logs]\nline = "x"', "logs.line"),
        (f'token = "{TOKEN}"\n[logs]\nzone = "Mars/Base"', "logs.zone"),
        ('token_file = "/nowhere/token"', "token_file"),
        ("token = ", "companion.toml"),
    ],
)
def test_wrong_settings_are_told_in_one_line_with_their_key(tmp_path, text, told):
    root = f"root = '{tmp_path}'\n"

    with pytest.raises(WrongSettings) as error:
        load(write(tmp_path, root + text))

    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_wrong_settings_end_the_program_with_two(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", "companion.cli", "--config", str(write(tmp_path, "root = 1"))],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate for this machine, as the PEM files of certificate and key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("No openssl on this machine to make a certificate with.")
    folder = tmp_path_factory.mktemp("tls")
    for_this_machine = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2", "-nodes"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", *for_this_machine, *files]
    subprocess.run(made, check=True, capture_output=True, timeout=60)
    return folder


async def test_it_serves_over_tls_and_stops_when_it_is_told(tmp_path, certificate):
    config = write(
        tmp_path,
        f'root = "{tmp_path}"\ntoken = "{TOKEN}"\nhost = "127.0.0.1"\nport = 0\n'
        f'certificate = "{certificate / "cert.pem"}"\nkey = "{certificate / "key.pem"}"\n',
    )
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-u", "-m", "companion.cli", "--config", str(config), stdout=subprocess.PIPE
    )
    try:
        assert program.stdout is not None
        url = (await program.stdout.readline()).decode().split()[-1].replace("127.0.0.1", "localhost")
        trust = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as http,
            http.get(f"{url}/ext/nimdesk/v1/capabilities", ssl=trust) as answer,
        ):
            shown = await answer.json()
        program.terminate()
        ended = await asyncio.wait_for(program.wait(), 10)
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()

    assert url.startswith("https://")
    assert shown["capabilities"] == []
    assert ended == 0
