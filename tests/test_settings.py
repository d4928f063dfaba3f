from contextlib import closing
from pathlib import Path

import pytest

from calendula.database import Database
from calendula.settings import EMBEDDED_DATABASE, BadSettings, Settings


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a variable or a file of the machine that runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"CALENDULA_{name.upper()}", raising=False)


def test_no_settings_make_an_open_clinic() -> None:
    """With nothing set, the clinic is open and its database is a file in the working directory."""
    settings = Settings.load()
    assert (settings.database_url, settings.open_clinic) == (EMBEDDED_DATABASE, True)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_urls_work_as_people_write_them(
    monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """Each way to write the URL means the same, and a database of one's own closes the clinic."""
    monkeypatch.setenv("CALENDULA_DATABASE_URL", f"{scheme}://anna:secret@db/clinic")
    settings = Settings.load()
    assert settings.database_url == "postgresql+psycopg://anna:secret@db/clinic"
    assert settings.open_clinic is False


@pytest.mark.parametrize(
    ("url", "hosts", "ports"),
    [
        ("postgresql://anna:p%40ss@db1:5433,db2/clinic?sslmode=require", "db1,db2", "5433,"),
        (
            "postgresql://anna:p%40ss@/clinic?host=db1:5433&host=db2&sslmode=require",
            "db1,db2",
            "5433,",
        ),
        ("postgresql://anna:p%40ss@db1:5433/clinic?sslmode=require", "db1", 5433),
    ],
)
def test_a_primary_and_its_standbys_are_one_url(url: str, hosts: str, ports: str | int) -> None:
    """Several hosts are written as libpq or SQLAlchemy do; whichever takes writes is wanted."""
    with closing(Database.from_settings(Settings(database_url=url))) as database:
        _, given = database.writer.dialect.create_connect_args(database.writer.url)
    assert (given["host"], given["port"]) == (hosts, ports)
    assert (given["user"], given["password"], given["dbname"]) == ("anna", "p@ss", "clinic")
    assert (given["sslmode"], given["target_session_attrs"]) == ("require", "read-write")


@pytest.mark.parametrize("asked", [True, False])
def test_one_setting_opens_or_closes(monkeypatch: pytest.MonkeyPatch, asked: bool) -> None:
    """CALENDULA_OPEN_CLINIC decides, whatever the database is."""
    monkeypatch.setenv("CALENDULA_OPEN_CLINIC", str(asked))
    assert Settings.load().open_clinic is asked
    monkeypatch.setenv("CALENDULA_DATABASE_URL", "sqlite:///my.db")
    assert Settings.load().open_clinic is asked


def test_a_closed_clinic_has_limits_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """An open clinic, which is for trying out, has those that are set and no others."""
    monkeypatch.setenv("CALENDULA_RATE_CHANGES", "7")
    settings = Settings.load()
    assert (settings.rate_requests, settings.rate_changes, settings.slots_per_client) == (0, 7, 0)
    monkeypatch.setenv("CALENDULA_OPEN_CLINIC", "false")
    settings = Settings.load()
    assert (settings.rate_requests, settings.rate_changes, settings.slots_per_client) == (
        3000,
        7,
        50,
    )


def test_proxies_are_trusted_only_where_they_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """By default nobody is, on this machine neither; addresses and networks can be."""
    assert Settings.load().trusted_proxies == ()
    monkeypatch.setenv("CALENDULA_TRUSTED_PROXIES", "10.0.0.1, 2001:db8::/64,")
    assert Settings.load().trusted_proxies == ("10.0.0.1/32", "2001:db8::/64")


def test_a_file_sets_what_the_environment_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """`.env` is read, and the environment wins over it."""
    Path(".env").write_text("CALENDULA_POOL_SIZE=3\nCALENDULA_TIME_ZONE=Asia/Kolkata\n")
    monkeypatch.setenv("CALENDULA_POOL_SIZE", "4")
    settings = Settings.load()
    assert (settings.pool_size, settings.time_zone) == (4, "Asia/Kolkata")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://anna:secret@db/clinic"),
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "sqlite:///file::memory:?uri=true"),
        ("DATABASE_URL", "postgresql://anna:secret@db:port/clinic"),
        ("OPEN_CLINIC", "perhaps"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("TIME_ZONE", "../etc/passwd"),
        ("TIME_ZONE", "America"),
        ("PUBLIC_URL", "clinic.example"),
        ("PUBLIC_URL", "ftp://clinic.example"),
        ("PUBLIC_URL", "https://anna:secret@clinic.example"),
        ("PUBLIC_URL", "https://clinic.example/booking"),
        ("PUBLIC_URL", "https://clinic.example?secret"),
        ("PUBLIC_URL", "https://clinic.example\nX: secret"),
        ("HSTS_DAYS", "-1"),
        ("CONNECTIONS", "0"),
        ("LOG_FORMAT", "xml"),
        ("POOL_SIZE", "0"),
        ("LOCK_TIMEOUT", "nan"),
        ("RATE_REQUESTS", "-1"),
        ("RATE_STORE", "http://:secret@redis"),
        ("RATE_STORE", "redis://"),
        ("TRUSTED_PROXIES", "*"),
        ("TRUSTED_PROXIES", "10.0.0.1, proxy.example"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
    ],
)
def test_a_bad_value_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """The line names the variable, and does not repeat what may be a secret."""
    monkeypatch.setenv(f"CALENDULA_{name}", value)
    with pytest.raises(BadSettings) as failure:
        Settings.load()
    message = str(failure.value)
    assert message.startswith(f"CALENDULA_{name}: ")
    assert "\n" not in message
    assert "secret" not in message


@pytest.mark.parametrize(
    "origins",
    [
        *("*", "null", "https://*.example", "https://clinic.example/", "clinic.example"),
        *("https://clinic.example:443", "http://clinic.example:80", "https://Clinic.example"),
        *(
            "https://clinic.example/path",
            "https://clinic.example:0",
            "https://clinic.example:65536",
        ),
        *("https://a.example https://b.example", "https://a.example, *", "https://anna@a.example"),
    ],
)
def test_an_origin_that_no_browser_sends_is_refused(
    monkeypatch: pytest.MonkeyPatch, origins: str
) -> None:
    """What would let in everybody, or by a mistake nobody, stops the start."""
    monkeypatch.setenv("CALENDULA_CORS_ORIGINS", origins)
    with pytest.raises(BadSettings, match=r"^CALENDULA_CORS_ORIGINS"):
        Settings.load()


def test_origins_and_address_are_taken_as_people_write_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Origins stand with commas between them, and the address may end with a slash."""
    monkeypatch.setenv("CALENDULA_CORS_ORIGINS", "https://a.example, http://[::1]:8080,")
    monkeypatch.setenv("CALENDULA_PUBLIC_URL", "https://clinic.example/")
    settings = Settings.load()
    assert settings.cors_origins == ("https://a.example", "http://[::1]:8080")
    assert settings.public_url == "https://clinic.example"
    monkeypatch.setenv("CALENDULA_CORS_ORIGINS", "")
    assert Settings.load().cors_origins == ()


def test_a_misspelt_variable_is_found() -> None:
    """A variable that is named like a setting but is none can be pointed out."""
    environment = {"CALENDULA_DATABSE_URL": "x", "CALENDULA_POOL_SIZE": "3", "HOME": "/"}
    assert Settings.unknown_variables(environment) == ["CALENDULA_DATABSE_URL"]
