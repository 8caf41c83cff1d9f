"""A stand-in for the extension Citus: its names, and its refusals, on one PostgreSQL server.

It spreads nothing. It shows that the command asks for the right things in the right order and goes
on where it stopped; that Citus does what it is asked is for a Citus to show (test_on_citus.py).
"""

from __future__ import annotations

from pathlib import Path

import psycopg

_CONTROL = """
comment = 'names of Citus for tests'
default_version = '{version}'
relocatable = true
"""
_SCRIPT = """
CREATE TABLE pg_dist_node (nodeid serial, groupid integer, nodename text, nodeport integer);
CREATE TABLE pg_dist_partition (logicalrelid regclass PRIMARY KEY, partmethod "char",
    repmodel "char", partkey text, beside text, place serial);

CREATE FUNCTION create_reference_table(wanted regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conrelid = wanted AND c.contype = 'f'
               AND c.confrelid <> wanted
               AND c.confrelid NOT IN (SELECT logicalrelid FROM pg_dist_partition)) THEN
        RAISE EXCEPTION 'Referenced table must be a distributed table or a reference table';
    END IF;
    INSERT INTO pg_dist_partition VALUES (wanted, 'n', 't');
END $$;

CREATE FUNCTION create_distributed_table(wanted regclass, part text,
                                         colocate_with text DEFAULT 'default')
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF colocate_with NOT IN ('default', 'none') AND colocate_with::regclass
       NOT IN (SELECT logicalrelid FROM pg_dist_partition WHERE partmethod = 'h') THEN
        RAISE EXCEPTION 'relation % is not distributed', colocate_with;
    END IF;
    INSERT INTO pg_dist_partition VALUES (wanted, 'h', 's', part, colocate_with);
END $$;
"""


def install(url: str, folder: Path, version: str = "13.0-1") -> None:
    """Make the extension in the database of this address. Its files lie below `folder`."""
    extensions = folder / "extension"
    extensions.mkdir(parents=True, exist_ok=True)
    (extensions / "citus.control").write_text(_CONTROL.format(version=version))
    (extensions / f"citus--{version}.sql").write_text(_SCRIPT)
    for path in (folder, extensions, *extensions.iterdir()):
        path.chmod(0o755)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"SET extension_control_path = '$system:{folder}'".encode())
        connection.execute("CREATE EXTENSION citus")


def add_coordinator(url: str) -> None:
    """What citus_set_coordinator_host leaves behind."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO pg_dist_node (groupid, nodename, nodeport) VALUES (0, 'localhost', 5432)"
        )
