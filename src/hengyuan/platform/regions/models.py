"""Administrative divisions by their GB/T 2260 codes; a scope is a prefix of such a code."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from hengyuan.law.regions import scope_prefix


class Level(models.TextChoices):
    PROVINCE = "province", _("Province")
    CITY = "city", _("City")
    COUNTY = "county", _("County")
    TOWNSHIP = "township", _("Township")


class RegionQuerySet(models.QuerySet["Region"]):
    def counties(self) -> RegionQuerySet:
        """Counties, county-level cities, districts and development zones."""
        return self.filter(level=Level.COUNTY)

    def within(self, code: str) -> RegionQuerySet:
        """A division and everything below it."""
        return self.filter(code__startswith=scope_prefix(code))


class Region(models.Model):
    """A province, city, county or township. The list comes with the program, nobody edits it."""

    code = models.CharField(_("code"), max_length=12, primary_key=True)
    name = models.CharField(_("name"), max_length=60)
    level = models.CharField(_("level"), max_length=10, choices=Level.choices)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    is_local = models.BooleanField(
        _("local code"), default=False, help_text=_("Not in GB/T 2260, such as a development zone.")
    )
    tile_col = models.PositiveSmallIntegerField(null=True, blank=True)
    tile_row = models.PositiveSmallIntegerField(null=True, blank=True)

    objects = RegionQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name = _("region")
        verbose_name_plural = _("regions")

    def __str__(self) -> str:
        return self.name

    @property
    def scope_prefix(self) -> str:
        return scope_prefix(self.code)

    def contains(self, code: str) -> bool:
        """True for itself and for every division below it."""
        return code.startswith(self.scope_prefix)


class BoundaryMap(models.Model):
    """The drawn boundaries of a region's counties, made from a file that an authority approved.

    The approval number (审图号) stands under the map wherever it is shown: 《地图审核管理规定》.
    """

    region = models.OneToOneField(
        Region, models.PROTECT, related_name="boundary_map", verbose_name=_("region")
    )
    approval = models.CharField(_("map approval number"), max_length=40)
    source = models.CharField(_("source"), max_length=100, blank=True)
    file_name = models.CharField(_("file"), max_length=200)
    file_digest = models.CharField(_("SHA-256 of the file"), max_length=64)
    imported_at = models.DateTimeField(_("imported at"), auto_now=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    # SVG paths and places for names, by county code, as `outlines.Drawing` has them
    outlines = models.JSONField()
    labels = models.JSONField()

    # the history says which file it was; the file itself is the authority's
    history = HistoricalRecords(excluded_fields=["outlines", "labels"])

    class Meta:
        ordering = ["region_id"]
        verbose_name = _("boundary map")
        verbose_name_plural = _("boundary maps")

    def __str__(self) -> str:
        return f"{self.region_id} {self.approval}"
