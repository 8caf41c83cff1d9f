from django.urls import path

from hengyuan.platform.ledger import (
    views,
    views_duplicates,
    views_equipment,
    views_import,
    views_lifecycle,
)

app_name = "ledger"

urlpatterns = [
    path("", views.UnitList.as_view(), name="units"),
    path("new/", views.new_unit, name="new_unit"),
    path("change/", views.change_units, name="change_units"),
    path("export/", views.export, name="export"),
    path("certificates/", views.ScaleList.as_view(), name="certificates"),
    path("template/", views_import.template, name="template"),
    path("import/", views_import.new_import, name="imports"),
    path("import/<uuid:key>/", views_import.import_page, name="import"),
    path("import/<uuid:key>/progress/", views_import.progress, name="import_progress"),
    path("import/<uuid:key>/confirm/", views_import.confirm, name="confirm_import"),
    path("import/<uuid:key>/check/", views_import.check_again, name="check_import"),
    path("import/<uuid:key>/cancel/", views_import.cancel, name="cancel_import"),
    path("import/<uuid:key>/problems/", views_import.problems, name="import_problems"),
    path("duplicates/", views_duplicates.duplicates, name="duplicates"),
    path("duplicates/<str:one>/<str:other>/", views_duplicates.pair, name="pair"),
    path("duplicates/<str:one>/<str:other>/merge/", views_duplicates.merge, name="merge"),
    path(
        "duplicates/<str:one>/<str:other>/different/",
        views_duplicates.not_duplicate,
        name="not_duplicate",
    ),
    path("<str:code>/", views.unit, name="unit"),
    path("<str:code>/equipment/", views.unit_equipment, name="unit_equipment"),
    path("<str:code>/terminals/", views.unit_terminals, name="unit_terminals"),
    path("<str:code>/position/", views.unit_position, name="unit_position"),
    path("<str:code>/history/", views.unit_history, name="unit_history"),
    path("<str:code>/edit/", views.edit_unit, name="edit_unit"),
    path("<str:code>/close/", views_lifecycle.close, name="close_unit"),
    path("<str:code>/reopen/", views_lifecycle.reopen, name="reopen_unit"),
    path("<str:code>/gates/new/", views_equipment.new_gate, name="new_gate"),
    path("<str:code>/gates/<int:number>/", views_equipment.edit_gate, name="edit_gate"),
    path("<str:code>/gates/<int:number>/remove/", views_equipment.remove_gate, name="remove_gate"),
    path("<str:code>/gates/<int:number>/lanes/new/", views_equipment.new_lane, name="new_lane"),
    path(
        "<str:code>/gates/<int:number>/lanes/<int:lane>/",
        views_equipment.edit_lane,
        name="edit_lane",
    ),
    path(
        "<str:code>/gates/<int:number>/lanes/<int:lane>/remove/",
        views_equipment.remove_lane,
        name="remove_lane",
    ),
    path("<str:code>/scales/new/", views_equipment.new_scale, name="new_scale"),
    path("<str:code>/scales/<int:number>/", views_equipment.edit_scale, name="edit_scale"),
    path(
        "<str:code>/scales/<int:number>/remove/", views_equipment.remove_scale, name="remove_scale"
    ),
    path("<str:code>/things/new/", views_equipment.new_thing, name="new_thing"),
    path("<str:code>/things/<int:number>/", views_equipment.edit_thing, name="edit_thing"),
    path(
        "<str:code>/things/<int:number>/remove/", views_equipment.remove_thing, name="remove_thing"
    ),
]
