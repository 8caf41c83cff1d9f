"""Tables of offices, people, townships and the access log."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hengyuan.platform.accounts.models import AccessEntry, Office, User
from hengyuan.platform.regions.models import Region

_NUM = {"td": {"class": "num"}, "th": {"class": "num"}}


class OfficeTable(tables.Table):
    name = tables.TemplateColumn(
        template_name="accounts/parts/office_name.html",
        verbose_name=_("name"),
        order_by=("region__code", "rank", "department", "name"),
    )
    kind = tables.TemplateColumn(
        template_name="accounts/parts/office_kind.html", verbose_name=_("kind")
    )
    region = tables.Column(order_by="region__code")
    heads = tables.TemplateColumn(
        template_name="accounts/parts/office_heads.html",
        verbose_name=_("led by"),
        orderable=False,
    )
    people_count = tables.Column(verbose_name=_("people"), attrs=_NUM)
    duty_phone = tables.Column(orderable=False)
    state = tables.TemplateColumn(
        template_name="accounts/parts/office_state.html",
        verbose_name=_("state"),
        order_by="-is_active",
    )

    class Meta:
        model = Office
        fields = ("name", "kind", "region", "heads", "people_count", "duty_phone", "state")


class PeopleTable(tables.Table):
    display_name = tables.TemplateColumn(
        template_name="accounts/parts/person_name.html", verbose_name=_("full name")
    )
    role = tables.TemplateColumn("{{ record.get_role_display }}", verbose_name=_("role"))
    office = tables.Column(linkify=True, order_by=("office__region__code", "office__name"))
    region = tables.Column(
        accessor="office__region", verbose_name=_("region"), order_by="office__region__code"
    )
    state = tables.TemplateColumn(
        template_name="accounts/parts/person_state.html",
        verbose_name=_("state"),
        order_by="-is_active",
    )

    class Meta:
        model = User
        fields = ("display_name", "role", "office", "region", "state")
        order_by = ("office",)


class TownshipTable(tables.Table):
    name = tables.TemplateColumn(
        '<a href="{% url "townships:township" record.code %}">{{ record.name }}</a>',
        verbose_name=_("township"),
        order_by="code",
    )
    parent = tables.Column(verbose_name=_("county"), order_by="parent__code")
    lead = tables.TemplateColumn(
        template_name="accounts/parts/township_lead.html",
        verbose_name=_("person responsible"),
        orderable=False,
    )
    position = tables.TemplateColumn(
        "{{ record.leads_now.0.position|default:'—' }}",
        verbose_name=pgettext_lazy("of a person", "position"),
        orderable=False,
    )
    duty_phone = tables.TemplateColumn(
        "{{ record.leads_now.0.duty_phone|default:'—' }}",
        verbose_name=_("duty telephone"),
        orderable=False,
    )
    since = tables.TemplateColumn(
        "{{ record.leads_now.0.since|date:'SHORT_DATE_FORMAT'|default:'—' }}",
        verbose_name=_("in office since"),
        orderable=False,
    )

    class Meta:
        model = Region
        fields = ("name", "parent", "lead", "position", "duty_phone", "since")
        order_by = ("name",)


class AccessTable(tables.Table):
    at = tables.TemplateColumn("{{ record.at|moment }}", verbose_name=_("time"), order_by="at")
    who = tables.TemplateColumn(
        template_name="accounts/parts/access_who.html", verbose_name=_("who"), order_by="username"
    )
    office = tables.Column(orderable=False)
    kind = tables.TemplateColumn(
        template_name="accounts/parts/access_kind.html", verbose_name=_("what"), order_by="kind"
    )
    detail = tables.Column(orderable=False, attrs={"td": {"class": "wrap"}})
    address = tables.Column(orderable=False)
    device = tables.Column(verbose_name=_("browser"), orderable=False)

    class Meta:
        model = AccessEntry
        fields = ("at", "who", "office", "kind", "detail", "address", "device")
