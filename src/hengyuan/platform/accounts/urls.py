"""Pages about oneself, and those that are open without a login."""

from django.urls import path

from hengyuan.platform.accounts import views, views_links, views_self

app_name = "accounts"

urlpatterns = [
    path("", views_self.profile, name="profile"),
    path("login/", views.Login.as_view(), name="login"),
    path("login/code/", views.second_step, name="second_step"),
    path("logout/", views.Logout.as_view(), name="logout"),
    path("password/", views_self.PasswordChange.as_view(), name="password"),
    path("sessions/", views_self.own_sessions, name="sessions"),
    path("sessions/end-others/", views_self.end_others, name="end_others"),
    path("sessions/<int:pk>/end/", views_self.end_session, name="end_session"),
    path("two-step/", views_self.two_step, name="two_step"),
    path("two-step/off/", views_self.two_step_off, name="two_step_off"),
    path("two-step/codes/", views_self.recovery_codes, name="recovery_codes"),
    path("invitation/<str:token>/", views_links.invitation, name="invitation"),
    path("reset/<str:token>/", views_links.reset, name="reset"),
]
