import re
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

_FOLLOWS = "default_factory_not_called"  # pydantic's name of what another fault brings with it
EMBEDDED_DATABASE = "sqlite:///calendula.db"
_POSTGRESQL = "postgresql+psycopg"
_STORES = ("redis", "rediss")
_ORIGIN = re.compile(
    r"(?P<scheme>https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:(?P<port>[1-9][0-9]{0,4}))?"
)
_LAST_PORT = 65535
_USUAL_PORTS = {"http": 80, "https": 443}
_NO_DATABASE_URL = "must be postgresql://user:password@host/database or sqlite:///file.db"


class BadSettings(ValueError):
    """A setting cannot be used; the text is one line that names it."""


def known_time_zone(name: str) -> str:
    """Return the name of an IANA time zone; raise ValueError where there is no such zone."""
    try:
        ZoneInfo(name)
    except (ValueError, LookupError, OSError):
        raise ValueError("is not an IANA time zone such as Europe/Berlin") from None
    return name


def _database_url(text: str) -> str:
    """Take PostgreSQL's URL as people write it, or a SQLite file's."""
    scheme, separator, rest = text.partition("://")
    if scheme in {"postgres", "postgresql"}:
        text = f"{_POSTGRESQL}{separator}{rest}"
    try:
        text = _each_host(text)
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError(_NO_DATABASE_URL) from None
    a_file = url.database not in {None, "", ":memory:"} and not url.query
    if url.drivername != _POSTGRESQL and not (url.drivername == "sqlite" and a_file):
        raise ValueError(_NO_DATABASE_URL)
    return text


def _each_host(text: str) -> str:
    """Write several hosts as SQLAlchemy does, `?host=a:1&host=b:2`, where libpq has `a:1,b:2`."""
    parts = urlsplit(text)
    who, _, hosts = parts.netloc.rpartition("@")
    if "," not in hosts:
        return text
    query = [parts.query] if parts.query else []
    query += [f"host={host}" for host in hosts.split(",")]
    return parts._replace(netloc=f"{who}@", query="&".join(query)).geturl()


def _store(text: str) -> str:
    scheme, _, rest = text.partition("://")
    if scheme not in _STORES or not rest:
        raise ValueError("must be redis://:password@host:port/number, or rediss:// for TLS")
    return text


def _networks(value: Any) -> Any:
    """Take addresses and networks, with commas between them."""
    if not isinstance(value, str):
        return value
    networks = [it.strip() for it in value.split(",") if it.strip()]
    try:
        return [str(ip_network(it)) for it in networks]
    except ValueError:
        raise ValueError("must be addresses or networks such as 10.0.0.1, 10.1.0.0/16") from None


def _unless_open(limit: int) -> Any:
    """Return the default of a limit, of which an open clinic has none: it is for trying out."""
    return Field(default_factory=lambda settings: 0 if settings.get("open_clinic") else limit)


_Limit = Annotated[int, Field(ge=0, le=1_000_000_000)]


def _origin(text: str) -> str:
    """Take an origin as browsers write it (RFC 6454): what they send is compared letter by letter.

    So there is none for every site (`*`), and none for a page without one (`null`).
    """
    found = _ORIGIN.fullmatch(text)
    port = int(found["port"] or 0) if found else 0
    if not found or port > _LAST_PORT or port == _USUAL_PORTS[found["scheme"]]:
        raise ValueError(
            "must be scheme, host and port, in small letters: https://clinic.example or "
            "http://10.0.0.7:8080; no path, no * and no usual port"
        )
    return text


def _public_url(text: str) -> str:
    """Take the address at which people open the service."""
    return _origin(text.removesuffix("/"))


def _listed(text: object) -> object:
    if not isinstance(text, str):
        return text
    return tuple(part for it in text.split(",") if (part := it.strip()))


Seconds = Annotated[float, Field(gt=0, le=600)]


class Settings(BaseSettings):
    """What an operator decides: `CALENDULA_*` in the environment, or in `.env` right here."""

    model_config = SettingsConfigDict(
        env_prefix="CALENDULA_", env_file=".env", extra="ignore", frozen=True
    )

    database_url: Annotated[str, AfterValidator(_database_url)] = EMBEDDED_DATABASE
    open_clinic: bool = False
    time_zone: Annotated[str, AfterValidator(known_time_zone)] = "UTC"
    public_url: Annotated[str, AfterValidator(_public_url)] | None = None
    cors_origins: Annotated[
        tuple[Annotated[str, AfterValidator(_origin)], ...], NoDecode, BeforeValidator(_listed)
    ] = ()
    hsts_days: Annotated[int, Field(ge=0, le=730)] = 365
    connections: Annotated[int, Field(ge=10, le=100_000)] = 2000
    connections_per_client: Annotated[int, Field(ge=1, le=100_000)] = 200
    request_timeout: Seconds = 20
    hold_minutes: Annotated[int, Field(ge=1, le=60)] = 10
    holds_per_client: Annotated[int, Field(ge=1, le=100)] = 5
    holds_per_key: Annotated[int, Field(ge=1, le=1000)] = 50
    slots_per_client: _Limit = _unless_open(50)
    slots_per_client_and_day: _Limit = _unless_open(5)
    slots_per_contact: _Limit = _unless_open(10)
    rate_requests: _Limit = _unless_open(3000)
    rate_changes: _Limit = _unless_open(600)
    rate_failures: _Limit = _unless_open(60)
    rate_store: Annotated[str, AfterValidator(_store)] | None = None
    trusted_proxies: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_networks)] = ()
    token_days: Annotated[int, Field(ge=1, le=365)] = 7
    desk_idle_minutes: Annotated[int, Field(ge=1, le=720)] = 30
    live_streams: Annotated[int, Field(ge=1, le=100_000)] = 500
    log_format: Literal["text", "json"] = "text"
    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0
    metrics_host: str = "127.0.0.1"
    pool_size: Annotated[int, Field(ge=1, le=200)] = 10
    pool_timeout: Seconds = 5
    connect_timeout: Seconds = 3
    lock_timeout: Seconds = 5
    statement_timeout: Seconds = 10

    @model_validator(mode="before")
    @classmethod
    def _open_unless_told(cls, values: dict[str, object]) -> dict[str, object]:
        """Without a database of its own, a clinic is the open one."""
        return {"open_clinic": "database_url" not in values, **values}

    @classmethod
    def unknown_variables(cls, environment: Mapping[str, str]) -> list[str]:
        """Return the variables that are named like a setting but are none: misspelt ones."""
        prefix = cls.model_config["env_prefix"]
        known = {f"{prefix}{field}".upper() for field in cls.model_fields}
        return [name for name in environment if name.startswith(prefix) and name not in known]

    @classmethod
    def load(cls) -> Self:
        """Read the environment; raise BadSettings with one line that names each bad variable."""
        try:
            return cls()
        except ValidationError as error:
            prefix = cls.model_config["env_prefix"]
            lines = (
                f"{prefix}{'_'.join(map(str, each['loc'])).upper()}: "
                f"{each['msg'].removeprefix('Value error, ')}"
                for each in error.errors(include_input=False, include_url=False)
                if each["type"] != _FOLLOWS
            )
            raise BadSettings("; ".join(lines)) from None
        except UnicodeDecodeError:
            raise BadSettings(".env: must be a text in UTF-8") from None
