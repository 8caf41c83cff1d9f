from django.urls import path

from hengyuan.platform.upkeep import views

app_name = "upkeep"

urlpatterns = [
    path("", views.Matters.as_view(), name="matters"),
    path("counties/", views.counties, name="counties"),
    path("excel/", views.MattersExcel.as_view(), name="matters_excel"),
    path("journal/", views.Journal.as_view(), name="journal"),
    path("journal/excel/", views.JournalExcel.as_view(), name="journal_excel"),
]
