from django.urls import path

from hengyuan.platform.accounts import views_townships

app_name = "townships"

urlpatterns = [
    path("", views_townships.TownshipList.as_view(), name="townships"),
    path("excel/", views_townships.TownshipsExcel.as_view(), name="townships_excel"),
    path("<str:code>/", views_townships.township, name="township"),
    path("<str:code>/appoint/", views_townships.appoint_lead, name="appoint_lead"),
    path("terms/<int:pk>/edit/", views_townships.edit_lead, name="edit_lead"),
    path("terms/<int:pk>/release/", views_townships.release_lead, name="release_lead"),
]
