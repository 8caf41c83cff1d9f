"""An office's own templates, and the documents that were issued, kept as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from hengyuan.platform.accounts.models import Office
from hengyuan.platform.accounts.scope import scope_q
from hengyuan.platform.documents.kinds import KINDS, DocumentKind
from hengyuan.platform.regions.models import Region

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from hengyuan.platform.accounts.models import User


class OfficeTemplateQuerySet(models.QuerySet["OfficeTemplate"]):
    def visible_to(self, user: User | AnonymousUser) -> OfficeTemplateQuerySet:
        return self.filter(scope_q(user, region="office__region"))


class OfficeTemplate(models.Model):
    """How one office words a kind of document, and its own Word template where it has one."""

    office = models.ForeignKey(
        Office, models.CASCADE, related_name="document_templates", verbose_name=_("office")
    )
    kind = models.CharField(_("kind"), max_length=40)
    texts = models.JSONField(_("wording"), default=dict, blank=True)
    word = models.BinaryField(_("Word template"), null=True, blank=True)
    word_name = models.CharField(_("file name"), max_length=150, blank=True)
    word_digest = models.CharField(_("digest (SM3)"), max_length=64, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1)
    updated_at = models.DateTimeField(_("changed at"), auto_now=True)

    history = HistoricalRecords(excluded_fields=["word"])
    objects = OfficeTemplateQuerySet.as_manager()

    class Meta:
        ordering = ["office", "kind"]
        verbose_name = _("document template")
        verbose_name_plural = _("document templates")
        constraints = [
            models.UniqueConstraint(name="template_of_kind_once", fields=["office", "kind"])
        ]

    def __str__(self) -> str:
        return f"{self.office}: {self.document_kind.label}"

    @property
    def document_kind(self) -> DocumentKind:
        return KINDS[self.kind]


class Form(models.TextChoices):
    PDF = "pdf", "PDF"
    WORD = "docx", "Word"


MEDIA_TYPES = {
    Form.PDF: "application/pdf",
    Form.WORD: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


class IssuedDocumentQuerySet(models.QuerySet["IssuedDocument"]):
    def visible_to(self, user: User | AnonymousUser) -> IssuedDocumentQuerySet:
        return self.filter(scope_q(user, region="region"))


class IssuedDocument(models.Model):
    """A document as it went out. Written once; its digest says whether it is still the same."""

    region = models.ForeignKey(
        Region, models.PROTECT, related_name="documents", verbose_name=_("region")
    )
    kind = models.CharField(_("kind"), max_length=40)
    form = models.CharField(_("format"), max_length=4, choices=Form.choices)
    title = models.CharField(_("title"), max_length=200)
    document_no = models.CharField(_("document number"), max_length=60, blank=True)
    content = models.BinaryField(_("content"))
    size_bytes = models.PositiveIntegerField(_("size (bytes)"))
    digest = models.CharField(_("digest (SM3)"), max_length=64)
    template = models.CharField(_("template"), max_length=200, blank=True)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("issued by"),
    )
    issued_at = models.DateTimeField(_("issued at"), auto_now_add=True)

    objects = IssuedDocumentQuerySet.as_manager()

    class Meta:
        ordering = ["-issued_at", "-pk"]
        verbose_name = _("document")
        verbose_name_plural = _("documents")

    def __str__(self) -> str:
        return self.file_name

    @property
    def file_name(self) -> str:
        """The title, the number and what kind of file it is."""
        parts = [self.title, self.document_no]
        return f"{' '.join(part for part in parts if part)}.{self.form}"

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[Form(self.form)]
