"""The list page: filter, table, pages; what a person may not see is never queried."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from django.utils.functional import Promise
from django_filters.views import FilterView
from django_tables2 import SingleTableMixin

from hengyuan.platform.accounts.permissions import RequiresAction


class ListPage(RequiresAction, SingleTableMixin, FilterView):
    """A list of a model that has `visible_to`. Give model, table_class, filterset_class, title.

    The answer to an htmx request is the table alone: filtering does not reload the page.
    """

    model: type[Model]
    title: str | Promise
    template_name = "pages/list.html"
    part_template_name = "pages/list_part.html"
    paginate_by = 50
    strict = False
    # shown where the list is empty without any filter
    empty_text: str | Promise = ""

    def get_queryset(self) -> QuerySet[Any]:
        manager: Any = self.model._default_manager
        visible: QuerySet[Any] = manager.visible_to(self.request.user)
        return visible

    def get_template_names(self) -> list[str]:
        htmx: Any = getattr(self.request, "htmx", None)
        return [self.part_template_name if htmx and not htmx.boosted else self.template_name]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        form = context["filter"].form
        is_filtered = any(
            value not in (None, "", []) for value in getattr(form, "cleaned_data", {}).values()
        )
        return context | {
            "title": self.title,
            "is_filtered": is_filtered,
            "empty_text": self.empty_text,
        }
