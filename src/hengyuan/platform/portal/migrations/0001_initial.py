import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("ledger", "0001_initial"),
        ("regions", "0002_divisions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Report",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, verbose_name="version"),
                ),
                (
                    "receipt",
                    models.CharField(
                        editable=False, max_length=12, unique=True, verbose_name="receipt number"
                    ),
                ),
                ("submission", models.CharField(editable=False, max_length=32, unique=True)),
                (
                    "topic",
                    models.CharField(
                        choices=[
                            ("left_overloaded", "An overloaded truck left a source unit"),
                            ("not_weighed", "A source unit lets trucks out without weighing them"),
                            (
                                "unfit_vehicle",
                                "Loading of trucks without plate or papers, or rebuilt ones",
                            ),
                            (
                                "false_data",
                                "False loading notes, or weighing data that were tampered with",
                            ),
                            ("on_road", "An overloaded truck on the road"),
                            ("other", "Something else"),
                        ],
                        max_length=16,
                        verbose_name="what happened",
                    ),
                ),
                ("place", models.CharField(max_length=200, verbose_name="where")),
                ("plate", models.CharField(blank=True, max_length=16, verbose_name="plate")),
                ("happened_at", models.DateTimeField(verbose_name="when")),
                ("description", models.TextField(max_length=2000, verbose_name="description")),
                (
                    "received_at",
                    models.DateTimeField(auto_now_add=True, verbose_name="received at"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("assigned", "Being looked into"),
                            ("checked", "Checked"),
                            ("answered", "Answered"),
                            ("closed", "Closed without a check"),
                        ],
                        default="received",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                (
                    "assigned_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="assigned at"),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("confirmed", "Confirmed"),
                            ("partly", "Confirmed in part"),
                            ("not_confirmed", "Not confirmed"),
                        ],
                        max_length=13,
                        verbose_name="outcome",
                    ),
                ),
                (
                    "findings",
                    models.TextField(blank=True, max_length=4000, verbose_name="findings"),
                ),
                (
                    "checked_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="checked at"),
                ),
                (
                    "answer",
                    models.TextField(blank=True, max_length=2000, verbose_name="public answer"),
                ),
                (
                    "finished_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="answered at"),
                ),
                (
                    "assigned_to",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="assigned to",
                    ),
                ),
                (
                    "finished_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="answered by",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports",
                        to="regions.region",
                        verbose_name="county",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports",
                        to="ledger.sourceunit",
                        verbose_name="source unit",
                    ),
                ),
            ],
            options={
                "verbose_name": "report",
                "verbose_name_plural": "reports",
                "ordering": ["-received_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="HistoricalReport",
            fields=[
                (
                    "id",
                    models.BigIntegerField(
                        auto_created=True, blank=True, db_index=True, verbose_name="ID"
                    ),
                ),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, verbose_name="version"),
                ),
                (
                    "receipt",
                    models.CharField(
                        db_index=True, editable=False, max_length=12, verbose_name="receipt number"
                    ),
                ),
                (
                    "topic",
                    models.CharField(
                        choices=[
                            ("left_overloaded", "An overloaded truck left a source unit"),
                            ("not_weighed", "A source unit lets trucks out without weighing them"),
                            (
                                "unfit_vehicle",
                                "Loading of trucks without plate or papers, or rebuilt ones",
                            ),
                            (
                                "false_data",
                                "False loading notes, or weighing data that were tampered with",
                            ),
                            ("on_road", "An overloaded truck on the road"),
                            ("other", "Something else"),
                        ],
                        max_length=16,
                        verbose_name="what happened",
                    ),
                ),
                ("place", models.CharField(max_length=200, verbose_name="where")),
                ("plate", models.CharField(blank=True, max_length=16, verbose_name="plate")),
                ("happened_at", models.DateTimeField(verbose_name="when")),
                ("description", models.TextField(max_length=2000, verbose_name="description")),
                (
                    "received_at",
                    models.DateTimeField(blank=True, editable=False, verbose_name="received at"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("assigned", "Being looked into"),
                            ("checked", "Checked"),
                            ("answered", "Answered"),
                            ("closed", "Closed without a check"),
                        ],
                        default="received",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                (
                    "assigned_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="assigned at"),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("confirmed", "Confirmed"),
                            ("partly", "Confirmed in part"),
                            ("not_confirmed", "Not confirmed"),
                        ],
                        max_length=13,
                        verbose_name="outcome",
                    ),
                ),
                (
                    "findings",
                    models.TextField(blank=True, max_length=4000, verbose_name="findings"),
                ),
                (
                    "checked_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="checked at"),
                ),
                (
                    "answer",
                    models.TextField(blank=True, max_length=2000, verbose_name="public answer"),
                ),
                (
                    "finished_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="answered at"),
                ),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1
                    ),
                ),
                (
                    "assigned_to",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="assigned to",
                    ),
                ),
                (
                    "finished_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="answered by",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="regions.region",
                        verbose_name="county",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.sourceunit",
                        verbose_name="source unit",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical report",
                "verbose_name_plural": "historical reports",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="ReportContact",
            fields=[
                (
                    "report",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="contact",
                        serialize=False,
                        to="portal.report",
                        verbose_name="report",
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=30, verbose_name="name")),
                ("reach", models.CharField(max_length=60, verbose_name="telephone or e-mail")),
            ],
            options={
                "verbose_name": "contact of a report",
                "verbose_name_plural": "contacts of reports",
            },
        ),
        migrations.CreateModel(
            name="ContactView",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="at")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contact_views",
                        to="portal.report",
                        verbose_name="report",
                    ),
                ),
            ],
            options={
                "verbose_name": "look at a contact",
                "verbose_name_plural": "looks at contacts",
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="ReportPicture",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(verbose_name="number")),
                ("content", models.BinaryField(verbose_name="content")),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                ("digest", models.CharField(max_length=64, verbose_name="digest (SM3)")),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pictures",
                        to="portal.report",
                        verbose_name="report",
                    ),
                ),
            ],
            options={
                "verbose_name": "picture of a report",
                "verbose_name_plural": "pictures of reports",
                "ordering": ["number"],
            },
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(fields=["region", "state"], name="portal_report_inbox"),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("finished_at__isnull", False),
                        ("state__in", ["answered", "closed"]),
                        models.Q(("answer", ""), _negated=True),
                    ),
                    models.Q(
                        ("finished_at__isnull", True),
                        ("state__in", ["received", "assigned", "checked"]),
                        ("answer", ""),
                    ),
                    _connector="OR",
                ),
                name="report_finished_iff_answered",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportpicture",
            constraint=models.UniqueConstraint(
                fields=("report", "number"), name="report_picture_number"
            ),
        ),
    ]
