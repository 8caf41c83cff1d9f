from django.urls import path

from hengyuan.platform.portal import views, views_filing, views_reports, views_ticket

app_name = "portal"

urlpatterns = [
    # open to everybody
    path("robots.txt", views.robots, name="robots"),
    path("public/", views.home, name="home"),
    path("public/units/", views.units, name="units"),
    path("public/units/<str:code>/", views.unit, name="unit"),
    path("public/documents/", views.documents, name="documents"),
    path("public/documents/<int:list_pk>/<int:document_pk>/", views.document, name="document"),
    path("public/documents/<int:list_pk>/objection/", views_filing.objection, name="objection"),
    path("public/report/", views_filing.report, name="report_form"),
    path("public/status/", views_filing.status, name="status"),
    path("public/ticket/", views_ticket.verify, name="verify"),
    path("v/<str:number>/", views_ticket.ticket, name="ticket"),
    # the offices that answer
    path("reports/", views_reports.Reports.as_view(), name="reports"),
    path("reports/<int:pk>/", views_reports.report, name="report"),
    path("reports/<int:pk>/contact/", views_reports.contact, name="contact"),
    path("reports/<int:pk>/pictures/<int:number>/", views_reports.picture, name="picture"),
    path("reports/<int:pk>/assign/", views_reports.assign, name="assign"),
    path("reports/<int:pk>/check/", views_reports.check, name="check"),
    path("reports/<int:pk>/answer/", views_reports.answer, name="answer"),
    path("reports/<int:pk>/close/", views_reports.close, name="close"),
    path("reports/<int:pk>/pass-on/", views_reports.pass_on, name="pass_on"),
]
