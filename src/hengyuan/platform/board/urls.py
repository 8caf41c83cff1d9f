from django.urls import path

from hengyuan.platform.board import views

app_name = "board"

urlpatterns = [
    path("", views.start, name="start"),
    path("<str:region>/", views.board, name="board"),
    path("<str:region>/events", views.events, name="events"),
]
