from django.urls import path

from hengyuan.platform.weighing import views, views_export, views_plate

app_name = "weighing"

urlpatterns = [
    path("", views.records, name="records"),
    path("plates/<str:text>/", views_plate.plate, name="plate"),
    path("export.xlsx", views_export.excel, name="excel"),
    path("export.csv", views_export.table, name="table"),
    path("exports/", views_export.taken_out, name="exports"),
    path("chain/", views_export.chain_form, name="chain"),
    path("chain/export", views_export.chain, name="chain_file"),
    path("<str:terminal>/<int:seq>/", views.record, name="record"),
    path("<str:terminal>/<int:seq>/files/<str:digest>", views.evidence, name="evidence"),
]
