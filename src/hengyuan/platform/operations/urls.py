from django.urls import path

from hengyuan.platform.operations import views

app_name = "operations"

urlpatterns = [path("", views.overview, name="overview")]
