from django.urls import path

from hengyuan.platform.design import views

app_name = "design"

urlpatterns = [
    path("", views.parts, name="parts"),
    path("list/", views.table, name="table"),
]
