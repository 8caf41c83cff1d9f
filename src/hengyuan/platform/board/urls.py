from django.urls import path

from hengyuan.platform.board import views

app_name = "board"

urlpatterns = [
    path("", views.start, name="start"),
    path("wall/", views.start_wall, name="wall_start"),
    path("wall/<str:region>/", views.wall, name="wall"),
    path("wall/<str:region>/events", views.wall_events, name="wall_events"),
    path("<str:region>/", views.board, name="board"),
    path("<str:region>/events", views.events, name="events"),
]
