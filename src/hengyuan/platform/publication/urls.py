from django.urls import path

from hengyuan.platform.publication import views, views_draft, views_objections, views_steps

app_name = "publication"

urlpatterns = [
    path("", views.Lists.as_view(), name="lists"),
    path("overview/", views.overview, name="overview"),
    path("overview.xlsx", views.overview_excel, name="overview_excel"),
    path("rules/", views.rules, name="rules"),
    path("new/", views_draft.new, name="new"),
    path("<int:pk>/", views.units, name="list"),
    path("<int:pk>/left-out/", views.left_out, name="left_out"),
    path("<int:pk>/changes/", views.changes, name="changes"),
    path("<int:pk>/documents/", views.documents_of, name="documents"),
    path("<int:pk>/history/", views.history, name="history"),
    path("<int:pk>/list.xlsx", views.excel, name="excel"),
    path("<int:pk>/preview.pdf", views.preview, {"form": "pdf"}, name="preview_pdf"),
    path("<int:pk>/preview.docx", views.preview, {"form": "docx"}, name="preview_word"),
    path("<int:pk>/documents/<int:document_pk>/", views.document, name="document"),
    # the draft
    path("<int:pk>/title/", views_draft.title, name="title"),
    path("<int:pk>/findings/", views_draft.findings, name="findings"),
    path("<int:pk>/refresh/", views_draft.refresh, name="refresh"),
    path("<int:pk>/units/set/", views_draft.set_rows, name="set_rows"),
    path("<int:pk>/units/<int:row_pk>/", views_draft.row, name="row"),
    path("<int:pk>/units/<int:row_pk>/edit/", views_draft.edit_row, name="edit_row"),
    path("<int:pk>/units/<int:row_pk>/leave-out/", views_draft.leave_out, name="leave_out"),
    path("<int:pk>/left-out/<int:unit_pk>/reason/", views_draft.give_reason, name="give_reason"),
    path("<int:pk>/left-out/<int:unit_pk>/put-on/", views_draft.put_on, name="put_on"),
    # the steps
    path("<int:pk>/submit/", views_steps.submit, name="submit"),
    path("<int:pk>/recall/", views_steps.recall, name="recall"),
    path("<int:pk>/send-back/", views_steps.send_back, name="send_back"),
    path("<int:pk>/publish/", views_steps.publish, name="publish"),
    path("<int:pk>/finalise/", views_steps.finalise, name="finalise"),
    path("<int:pk>/report/", views_steps.report, name="report"),
    path("<int:pk>/discard/", views_steps.discard, name="discard"),
    path("<int:pk>/withdraw/", views_steps.withdraw, name="withdraw"),
    # objections
    path("<int:pk>/objections/", views_objections.objections, name="objections"),
    path("<int:pk>/objections/new/", views_objections.new, name="new_objection"),
    path("<int:pk>/objections/<int:objection_pk>/", views_objections.objection, name="objection"),
]
