from django.urls import path

from hengyuan.platform.terminals import views, views_directing

app_name = "terminals"

urlpatterns = [
    path("", views.TerminalList.as_view(), name="terminals"),
    path("new/<str:unit_code>/", views.new_terminal, name="new_terminal"),
    path("<str:code>/", views.terminal, name="terminal"),
    path("<str:code>/enrolment-code/", views.enrolment_code, name="enrolment_code"),
    path("<str:code>/suspend/", views.suspend, name="suspend"),
    path("<str:code>/resume/", views.resume, name="resume"),
    path("<str:code>/settings/", views_directing.settings, name="settings"),
    path("<str:code>/settings/rule-pack/", views_directing.rule_pack, name="rule_pack"),
    path("<str:code>/retire/", views.retire, name="retire"),
]
