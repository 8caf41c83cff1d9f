from django.urls import path

from hengyuan.platform.ledger import views

app_name = "ledger"

urlpatterns = [
    path("", views.UnitList.as_view(), name="units"),
    path("new/", views.new_unit, name="new_unit"),
    path("<str:code>/", views.unit, name="unit"),
    path("<str:code>/edit/", views.edit_unit, name="edit_unit"),
    path("<str:code>/gates/new/", views.new_gate, name="new_gate"),
    path("<str:code>/gates/<int:number>/lanes/new/", views.new_lane, name="new_lane"),
]
