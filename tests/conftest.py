"""What every test may ask for: a PostgreSQL of the run's own, fresh databases, the fixed cast."""

import atexit
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 4 << 30


def _fast_folder() -> Path | None:
    """Memory, where there is plenty: thousands of tests empty their tables, and a disk would be
    waited for each time. That what is committed is on the disk is tested in homes on disk."""
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES
    return _MEMORY if roomy and os.access(_MEMORY, os.W_OK) else None


# before Django reads its settings: a home of this run's own, removed at its end
_HOME = Path(tempfile.mkdtemp(prefix="hengyuan-tests-", dir=_fast_folder()))
_HOME.chmod(0o711 if os.geteuid() == 0 else 0o700)
os.environ["HENGYUAN_HOME"] = str(_HOME)
os.environ["DJANGO_SETTINGS_MODULE"] = "hengyuan.platform.settings"

from hengyuan.platform.embedded import (  # noqa: E402
    URL_VARIABLE,
    EmbeddedPostgres,
    database_url,
    with_database,
)

_OUTSIDE_SERVER = os.environ.get(URL_VARIABLE)
_POSTGRES = EmbeddedPostgres(_HOME)
os.environ[URL_VARIABLE] = _OUTSIDE_SERVER or _POSTGRES.url()

if TYPE_CHECKING:
    from hengyuan.platform.accounts.models import Office, User
    from hengyuan.platform.ledger.models import SourceUnit


def pytest_configure() -> None:
    """Reads the settings now, with this run's home, so that pytest-django sets Django up."""
    from django.conf import settings

    assert Path(settings.HENGYUAN_HOME) == _HOME


def _remove_home() -> None:
    if _POSTGRES.is_running():
        _POSTGRES.stop()
    shutil.rmtree(_HOME, ignore_errors=True)


atexit.register(_remove_home)

# The address's own database lies on a Citus cluster and is used as it is, not copied:
# tests/platform/outgrowing/test_on_citus.py starts such a run.
_ON_CITUS = bool(os.environ.get("HENGYUAN_TEST_ON_CITUS"))

_TEMPLATE = f"hengyuan_template_{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """Address of a running PostgreSQL; its databases are made by whoever needs one."""
    if not _OUTSIDE_SERVER:
        _POSTGRES.start()
    return database_url()


def _administer(url: str, *statements: str) -> None:
    import psycopg

    with psycopg.connect(with_database(url, "postgres"), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres_url: str) -> None:
    """The server runs before Django's test database is made."""
    from django.conf import settings
    from django.db.models.signals import post_migrate

    if _ON_CITUS:
        database = settings.DATABASES["default"]
        database.setdefault("TEST", {})["NAME"] = database["NAME"]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    post_migrate.connect(_restore_reference_data)


def _restore_reference_data(sender: Any, **_: Any) -> None:
    """A test with real transactions empties every table behind it: the divisions come back."""
    from hengyuan.platform.regions.models import Region
    from hengyuan.platform.regions.services import load_divisions

    if sender.label == "regions" and not Region.objects.exists():
        load_divisions(Region)


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: Any, postgres_url: str
) -> Iterator[None]:
    """Keeps a copy of the migrated, empty database, from which fresh ones are made."""
    from django.db import connections

    with django_db_blocker.unblock():
        name = connections["default"].settings_dict["NAME"]
        connections.close_all()
        if _ON_CITUS:
            _distribute(postgres_url)
        else:
            _administer(postgres_url, f'CREATE DATABASE "{_TEMPLATE}" TEMPLATE "{name}"')
    yield
    if not _ON_CITUS:
        _administer(postgres_url, f'DROP DATABASE IF EXISTS "{_TEMPLATE}" WITH (FORCE)')


def _distribute(url: str) -> None:
    import psycopg

    from hengyuan.platform.distribution import distribute, steps

    with psycopg.connect(url, autocommit=True) as connection:
        for step in steps(connection):
            distribute(connection, step)


@pytest.fixture
def fresh_database(django_db_setup: None, postgres_url: str) -> Iterator[Callable[[], str]]:
    """A factory of migrated databases (their addresses), for a platform in its own process."""
    made: list[str] = []
    if _ON_CITUS:
        pytest.skip("a database on a Citus cluster cannot be copied")

    def make() -> str:
        name = f"hengyuan_fresh_{uuid.uuid4().hex[:12]}"
        _administer(postgres_url, f'CREATE DATABASE "{name}" TEMPLATE "{_TEMPLATE}"')
        made.append(name)
        return with_database(postgres_url, name)

    yield make
    for name in made:
        _administer(postgres_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@dataclass(frozen=True)
class Cast:
    """The people of every permission test. All of them have the password `PASSWORD`.

    The unit lies in 141024; the neighbour is the county 141023, the outsider has no office.
    """

    province_head: "User"
    city_clerk: "User"
    county_head: "User"
    county_clerk: "User"
    county_inspector: "User"
    county_readonly: "User"
    neighbour_clerk: "User"
    department_clerk: "User"
    unit_manager: "User"
    gatekeeper: "User"
    other_gatekeeper: "User"
    outsider: "User"
    unit: "SourceUnit"
    other_unit: "SourceUnit"
    neighbour_unit: "SourceUnit"

    PASSWORD = "weigh-every-truck-1"

    def people(self) -> "dict[str, User]":
        """Everybody by the name of their part."""
        from hengyuan.platform.accounts.models import User

        return {name: value for name, value in vars(self).items() if isinstance(value, User)}


@pytest.fixture
def cast(db: None) -> Cast:
    """The fixed cast: an office of every kind, a unit of its own, one next door, an outsider."""
    from hengyuan.platform.accounts.models import Department, Office, OfficeKind, Role, User
    from hengyuan.platform.ledger.models import UnitKind
    from hengyuan.platform.ledger.services import register_unit
    from hengyuan.platform.regions.models import Region

    def office(kind: OfficeKind, code: str, name: str, **more: Any) -> "Office":
        made: Office = Office.objects.create(
            kind=kind, region=Region.objects.get(pk=code), name=name, **more
        )
        return made

    def person(username: str, office: "Office | None", role: str) -> "User":
        made: User = User.objects.create_user(
            username=username,
            password=Cast.PASSWORD,
            display_name=username.replace("_", " ").title(),
            office=office,
            role=role,
        )
        return made

    province = office(OfficeKind.PROVINCE, "140000", "测试省治超办")
    city = office(OfficeKind.CITY, "141000", "测试市治超办")
    county = office(OfficeKind.COUNTY, "141024", "测试县治超办")
    neighbour = office(OfficeKind.COUNTY, "141023", "测试邻县治超办")
    transport = office(
        OfficeKind.DEPARTMENT, "141024", "测试县交通运输局", department=Department.TRANSPORT
    )
    county_clerk = person("county_clerk", county, Role.CLERK)
    neighbour_clerk = person("neighbour_clerk", neighbour, Role.CLERK)

    def unit(by: "User", code: str, name: str) -> "SourceUnit":
        region = Region.objects.get(pk=code)
        return register_unit(by, region=region, name=name, kind=UnitKind.COAL)

    own = unit(county_clerk, "141024", "测试甲煤矿")
    other = unit(county_clerk, "141024", "测试乙煤矿")
    next_door = unit(neighbour_clerk, "141023", "测试邻县煤矿")
    gate = office(OfficeKind.SOURCE_UNIT, "141024", "测试甲煤矿", source_unit=own)
    other_gate = office(OfficeKind.SOURCE_UNIT, "141024", "测试乙煤矿", source_unit=other)
    return Cast(
        province_head=person("province_head", province, Role.HEAD),
        city_clerk=person("city_clerk", city, Role.CLERK),
        county_head=person("county_head", county, Role.HEAD),
        county_clerk=county_clerk,
        county_inspector=person("county_inspector", county, Role.INSPECTOR),
        county_readonly=person("county_readonly", county, Role.READONLY),
        neighbour_clerk=neighbour_clerk,
        department_clerk=person("department_clerk", transport, Role.CLERK),
        unit_manager=person("unit_manager", gate, Role.MANAGER),
        gatekeeper=person("gatekeeper", gate, Role.GATEKEEPER),
        other_gatekeeper=person("other_gatekeeper", other_gate, Role.GATEKEEPER),
        outsider=person("outsider", None, Role.CLERK),
        unit=own,
        other_unit=other,
        neighbour_unit=next_door,
    )
