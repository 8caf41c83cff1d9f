"""The log of exports, and an index of corrections.

The record table and the counts were made in SQL; their models enter the migrations' state here,
so that Django compares like with like. Nothing is done to them in the database.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# A page of records asks which of them were voided or weighed again. Corrections are few, so the
# index costs intake nothing that can be measured.
CORRECTIONS = """
CREATE INDEX weighing_corrects ON weighing (terminal_id, corrects) WHERE corrects IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [
        ("weighing", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Weighing",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "terminal_id",
                        "seq",
                        "weighed_at",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("seq", models.BigIntegerField()),
                ("weighed_at", models.DateTimeField()),
                ("county", models.IntegerField()),
                ("gross_kg", models.IntegerField(null=True)),
                ("tare_kg", models.IntegerField(null=True)),
                ("net_kg", models.IntegerField(null=True)),
                ("raw_kg", models.IntegerField(null=True)),
                ("limit_kg", models.IntegerField(null=True)),
                ("platform_limit_kg", models.IntegerField(null=True)),
                ("flags", models.IntegerField()),
                ("corrects", models.BigIntegerField(null=True)),
                ("height_mm", models.IntegerField(null=True)),
                ("length_mm", models.IntegerField(null=True)),
                ("width_mm", models.IntegerField(null=True)),
                ("kind", models.SmallIntegerField()),
                ("lane", models.SmallIntegerField()),
                ("axles", models.SmallIntegerField(null=True)),
                ("drive_axles", models.SmallIntegerField(null=True)),
                ("combination", models.SmallIntegerField(null=True)),
                ("plate_colour", models.SmallIntegerField(null=True)),
                ("verdict", models.SmallIntegerField(null=True)),
                ("platform_verdict", models.SmallIntegerField()),
                ("air_suspension", models.BooleanField(null=True)),
                ("dual_tyres", models.BooleanField(null=True)),
                ("assumed", models.BooleanField()),
                ("digest", models.BinaryField()),
                ("files", models.BinaryField(null=True)),
                (
                    "axle_kg",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), null=True, size=None
                    ),
                ),
                (
                    "group_kg",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), null=True, size=None
                    ),
                ),
                ("plate", models.TextField(null=True)),
                ("trailer_plate", models.TextField(null=True)),
                ("layout", models.TextField(null=True)),
                ("rule_pack", models.TextField(null=True)),
                ("cargo", models.TextField(null=True)),
                ("note_no", models.TextField(null=True)),
                ("carrier", models.TextField(null=True)),
                ("destination", models.TextField(null=True)),
                ("operator", models.TextField(null=True)),
                ("witness", models.TextField(null=True)),
                ("reason", models.TextField(null=True)),
            ],
            options={
                "db_table": "weighing",
                "ordering": ["-weighed_at"],
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="WeighingCount",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "unit_id",
                        "day",
                        "hour",
                        "kind",
                        "band",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("day", models.DateField()),
                ("hour", models.SmallIntegerField()),
                ("kind", models.SmallIntegerField()),
                ("band", models.SmallIntegerField()),
                ("county", models.IntegerField()),
                ("trucks", models.IntegerField()),
                ("gross_kg", models.BigIntegerField()),
                ("overload_kg", models.BigIntegerField()),
            ],
            options={
                "db_table": "weighing_count",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Export",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="at")),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("records", "Records (Excel)"),
                            ("chain", "Record chain (NDJSON)"),
                        ],
                        max_length=10,
                        verbose_name="what",
                    ),
                ),
                ("wanted", models.JSONField(default=dict, verbose_name="wanted")),
                ("description", models.TextField(verbose_name="description")),
                ("records", models.PositiveIntegerField(null=True, verbose_name="records")),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
            ],
            options={
                "verbose_name": "export",
                "verbose_name_plural": "exports",
                "ordering": ["-at"],
                "indexes": [models.Index(fields=["-at"], name="weighing_export_at")],
            },
        ),
        migrations.RunSQL(CORRECTIONS, "DROP INDEX weighing_corrects"),
    ]
