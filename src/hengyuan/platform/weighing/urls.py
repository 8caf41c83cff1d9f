from django.urls import path

from hengyuan.platform.weighing import views, views_export

app_name = "weighing"

urlpatterns = [
    path("", views.records, name="records"),
    path("export.xlsx", views_export.excel, name="excel"),
    path("exports/", views_export.taken_out, name="exports"),
    path("chain/", views_export.chain_form, name="chain"),
    path("chain/export", views_export.chain, name="chain_file"),
    path("<str:terminal>/<int:seq>/", views.record, name="record"),
    path("<str:terminal>/<int:seq>/files/<str:digest>", views.evidence, name="evidence"),
]
