from django.apps import AppConfig


class WeighingConfig(AppConfig):
    name = "hengyuan.platform.weighing"
    label = "weighing"
