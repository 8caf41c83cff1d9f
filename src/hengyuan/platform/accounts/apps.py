from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "hengyuan.platform.accounts"
    verbose_name = _("Offices and people")
