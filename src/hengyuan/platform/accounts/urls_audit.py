from django.urls import path

from hengyuan.platform.accounts import views_audit

app_name = "audit"

urlpatterns = [
    path("", views_audit.AccessLog.as_view(), name="log"),
    path("excel/", views_audit.AccessLogExcel.as_view(), name="log_excel"),
    path("<str:label>/<str:pk>/", views_audit.history, name="object"),
]
