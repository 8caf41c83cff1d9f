from django.urls import path

from hengyuan.platform.accounts import views_audit, views_people

app_name = "people"

urlpatterns = [
    path("", views_people.PeopleList.as_view(), name="people"),
    path("excel/", views_people.PeopleExcel.as_view(), name="people_excel"),
    path("<int:pk>/", views_people.person, name="person"),
    path("<int:pk>/edit/", views_people.edit_person, name="edit_person"),
    path("<int:pk>/leave/", views_people.leave, name="leave"),
    path("<int:pk>/take-back/", views_people.take_back, name="take_back"),
    path("<int:pk>/unlock/", views_people.unlock, name="unlock"),
    path("<int:pk>/reset/", views_people.issue_reset, name="issue_reset"),
    path("<int:pk>/two-step-reset/", views_people.reset_two_step, name="reset_two_step"),
    path("<int:pk>/writes/", views_audit.person_writes, name="writes"),
    path("<int:pk>/writes/excel/", views_audit.writes_excel, name="writes_excel"),
    path("<int:pk>/access/", views_audit.person_access, name="access"),
    path("invitations/<int:pk>/renew/", views_people.renew_invitation, name="renew_invitation"),
    path("invitations/<int:pk>/revoke/", views_people.revoke_invitation, name="revoke_invitation"),
]
