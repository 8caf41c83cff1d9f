from django.urls import path

from hengyuan.platform.video import views, views_clips

app_name = "video"

urlpatterns = [
    path("viewings/", views.Viewings.as_view(), name="viewings"),
    path("live/<uuid:pk>/", views.live, name="live"),
    path("live/<uuid:pk>/state/", views.live_state, name="live_state"),
    path("live/<uuid:pk>/<str:name>", views.live_part, name="live_part"),
    path("clips/<uuid:pk>/", views_clips.clip, name="clip"),
    path("clips/<uuid:pk>/state/", views_clips.clip_state, name="clip_state"),
    path("clips/<uuid:pk>/file.mp4", views_clips.clip_file, name="clip_file"),
    path("<str:code>/", views.terminal, name="terminal"),
    path("<str:code>/live/", views.watch, name="watch"),
    path("<str:code>/clip/", views_clips.take, name="take"),
]
