from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "hengyuan.platform.intake"
    label = "intake"
