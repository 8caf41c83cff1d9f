from django.apps import AppConfig


class HistoryConfig(AppConfig):
    name = "hengyuan.platform.history"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Whoever searches records finds the archived ones by this app's reader."""
        from hengyuan.platform.history.reader import reader
        from hengyuan.platform.weighing import archived

        archived.use(reader)
