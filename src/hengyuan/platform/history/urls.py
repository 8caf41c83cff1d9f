from django.urls import path

from hengyuan.platform.history import views

app_name = "history"

urlpatterns = [
    path("", views.months, name="months"),
    path("seal/<str:month>/", views.seal, name="seal"),
    path("holds/", views.Holds.as_view(), name="holds"),
    path("holds/new/", views.new_hold, name="new_hold"),
    path("holds/<int:pk>/", views.hold, name="hold"),
]
