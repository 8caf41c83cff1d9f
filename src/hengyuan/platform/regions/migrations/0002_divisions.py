from django.db import migrations

from hengyuan.platform.regions.services import load_divisions


def load(apps, schema_editor):
    load_divisions(apps.get_model("regions", "Region"))


class Migration(migrations.Migration):
    dependencies = [("regions", "0001_initial")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
