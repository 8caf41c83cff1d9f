from django.urls import path

from hengyuan.platform.documents import views

app_name = "documents"

urlpatterns = [
    path("", views.templates, name="templates"),
    path("<slug:kind>/", views.template, name="template"),
    path("<slug:kind>/texts/", views.save_texts, name="save_texts"),
    path("<slug:kind>/word/", views.save_word, name="save_word"),
    path("<slug:kind>/reset/", views.reset, name="reset"),
    path("<slug:kind>/used.docx", views.word_file, {"which": "used"}, name="used_word"),
    path("<slug:kind>/default.docx", views.word_file, {"which": "default"}, name="default_word"),
    path("<slug:kind>/preview.pdf", views.preview, {"form": "pdf"}, name="preview_pdf"),
    path("<slug:kind>/preview.docx", views.preview, {"form": "docx"}, name="preview_word"),
]
