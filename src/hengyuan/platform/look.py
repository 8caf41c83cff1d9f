"""How forms look: the classes of the style sheet, given to every widget in one place."""

from typing import Any

from django.forms.renderers import TemplatesSetting

_CLASS_OF_TYPE = {
    "checkbox": "form-check-input",
    "radio": "form-check-input",
    "select": "form-select",
    "selectmultiple": "form-select",
    "hidden": "",
}
# the box around choices; each choice in it has the class of its own kind
_GROUPS = {"radio.html", "checkbox_select.html"}


class LookRenderer(TemplatesSetting):
    """Renders a form with `forms/form.html`, its fields with `forms/field.html`."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        widget = context.get("widget")
        is_group = template_name.rpartition("/")[2] in _GROUPS
        if isinstance(widget, dict) and "attrs" in widget and not is_group:
            kind = widget.get("type") or template_name.rpartition("/")[2].removesuffix(".html")
            css = _CLASS_OF_TYPE.get(kind, "form-control")
            if css:
                given = widget["attrs"].get("class", "")
                widget["attrs"]["class"] = f"{css} {given}".strip()
        return super().render(template_name, context, request)
