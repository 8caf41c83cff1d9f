from django.urls import path

from hengyuan.platform.terminals import views

app_name = "terminals"

urlpatterns = [
    path("", views.TerminalList.as_view(), name="terminals"),
    path("new/<str:unit_code>/", views.new_terminal, name="new_terminal"),
    path("<str:code>/", views.terminal, name="terminal"),
    path("<str:code>/enrolment-code/", views.enrolment_code, name="enrolment_code"),
    path("<str:code>/suspend/", views.suspend, name="suspend"),
    path("<str:code>/resume/", views.resume, name="resume"),
    path("<str:code>/retire/", views.retire, name="retire"),
]
