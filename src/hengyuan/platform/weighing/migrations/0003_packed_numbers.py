"""Masses and distances of axles in 4 bytes each.

An array of three integers takes 33 bytes, 20 of them about the array itself; packed it takes 13.
Nothing searches inside these columns.
"""

from django.db import migrations

import hengyuan.platform.weighing.models

COLUMNS = ("axle_kg", "group_kg", "spacing_mm")
PACK = """
CREATE FUNCTION pg_temp.pack_numbers(integer[]) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT string_agg(int4send(n), ''::bytea ORDER BY place)
    FROM unnest($1) WITH ORDINALITY AS list(n, place)
$$
"""
UNPACK = """
CREATE FUNCTION pg_temp.unpack_numbers(bytea) RETURNS integer[] LANGUAGE sql IMMUTABLE AS $$
    SELECT array_agg((get_byte($1, at) << 24) + (get_byte($1, at + 1) << 16)
                     + (get_byte($1, at + 2) << 8) + get_byte($1, at + 3) ORDER BY at)
    FROM generate_series(0, length($1) - 4, 4) AS at
$$
"""


def alter(kind: str, function: str) -> str:
    changes = ", ".join(
        f"ALTER {name} TYPE {kind} USING pg_temp.{function}({name})" for name in COLUMNS
    )
    return f"ALTER TABLE weighing {changes}"


class Migration(migrations.Migration):
    dependencies = [("weighing", "0002_exports")]
    operations = [
        migrations.RunSQL(
            [PACK, alter("bytea", "pack_numbers"), "DROP FUNCTION pg_temp.pack_numbers"],
            [UNPACK, alter("integer[]", "unpack_numbers"), "DROP FUNCTION pg_temp.unpack_numbers"],
            state_operations=[
                migrations.AlterField(
                    "weighing",
                    name,
                    hengyuan.platform.weighing.models.PackedNumbersField(null=True),
                )
                for name in COLUMNS
            ],
        )
    ]
