from django.urls import path

from hengyuan.platform.accounts import views_offices

app_name = "offices"

urlpatterns = [
    path("", views_offices.OfficeList.as_view(), name="offices"),
    path("excel/", views_offices.OfficesExcel.as_view(), name="offices_excel"),
    path("new/<str:kind>/", views_offices.new_office, name="new_office"),
    path("<int:pk>/", views_offices.office, name="office"),
    path("<int:pk>/edit/", views_offices.edit_office, name="edit_office"),
    path("<int:pk>/close/", views_offices.close_office, name="close_office"),
    path("<int:pk>/reopen/", views_offices.reopen_office, name="reopen_office"),
    path("<int:pk>/invite/", views_offices.invite, name="invite"),
]
