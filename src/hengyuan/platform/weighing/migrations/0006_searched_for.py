"""Indexes for what is looked for over a year: remarkable records, and the plates of trailers.

Remarkable records are some per cent of all, so their index costs a record 3 to 5 bytes, although
it holds everything that such a search decides by. Trailers come again with their trucks, so an
index of the plate alone takes six bytes for those that have one.
"""

from django.db import migrations, models

REMARKABLE = """
CREATE INDEX weighing_remarkable ON weighing (county, weighed_at)
INCLUDE (unit_id, flags, gross_kg, platform_limit_kg, limit_kg, platform_verdict, verdict, kind,
         corrects)
WHERE flags <> 0 OR platform_verdict <> 0 OR kind > 1 OR corrects IS NOT NULL
   OR gross_kg >= 80000 OR verdict <> platform_verdict OR limit_kg <> platform_limit_kg
   OR (verdict IS NOT NULL AND limit_kg IS NULL)
"""
TRAILERS = """
CREATE INDEX weighing_trailer ON weighing (trailer_plate) WHERE trailer_plate IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("weighing", "0005_narrow_rows")]
    operations = [
        migrations.RunSQL(REMARKABLE, "DROP INDEX weighing_remarkable"),
        migrations.RunSQL(TRAILERS, "DROP INDEX weighing_trailer"),
        migrations.AlterField(
            model_name="export",
            name="what",
            field=models.CharField(
                choices=[
                    ("records", "Records (Excel)"),
                    ("table", "Records (CSV)"),
                    ("chain", "Record chain (NDJSON)"),
                ],
                max_length=10,
                verbose_name="what",
            ),
        ),
    ]
