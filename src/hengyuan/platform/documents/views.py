"""Pages of an office's document templates."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hengyuan.platform.accounts.models import Office, User
from hengyuan.platform.accounts.permissions import may, requires
from hengyuan.platform.audit import trail
from hengyuan.platform.documents import queries, services
from hengyuan.platform.documents.default_word import default_template
from hengyuan.platform.documents.forms import ResetForm, TextsForm, WordForm
from hengyuan.platform.documents.kinds import KINDS, DocumentKind
from hengyuan.platform.documents.models import MEDIA_TYPES, Form
from hengyuan.platform.documents.word import COMMON_VARIABLES, example_heading


@require_GET
@requires("documents.view")
def templates(request: HttpRequest) -> HttpResponse:
    office = _office(request)
    own = queries.own_templates(office)
    rows = [(kind, own.get(kind.name)) for kind in KINDS.values()]
    return render(request, "documents/templates.html", {"rows": rows, "office": office})


@require_GET
@requires("documents.view")
def template(request: HttpRequest, kind: str) -> HttpResponse:
    return _page(request, _kind(kind))


@require_POST
@requires("documents.edit")
def save_texts(request: HttpRequest, kind: str) -> HttpResponse:
    found = _kind(kind)
    form = TextsForm(request.POST, kind=found)
    if form.is_valid():
        try:
            services.save_texts(
                _person(request),
                _office(request),
                found.name,
                form.texts(),
                form.cleaned_data["version"],
            )
        except ValidationError as error:
            for name, problems in error.message_dict.items():
                form.add_error(name, problems)
        except services.Conflict as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The wording is saved."))
            return redirect("documents:template", kind=found.name)
    return _page(request, found, texts_form=form, status=422)


@require_POST
@requires("documents.edit")
def save_word(request: HttpRequest, kind: str) -> HttpResponse:
    found = _kind(kind)
    form = WordForm(request.POST, request.FILES)
    if form.is_valid():
        upload = form.cleaned_data["word"]
        try:
            services.save_word(
                _person(request),
                _office(request),
                found.name,
                upload.name,
                upload.read(),
                form.cleaned_data["version"],
            )
        except services.UnusableWordFile as error:
            form.add_error("word", error.problems)
        except services.Conflict as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The Word template is taken and will be used from now on."))
            return redirect("documents:template", kind=found.name)
    return _page(request, found, word_form=form, status=422)


@require_POST
@requires("documents.edit")
def reset(request: HttpRequest, kind: str) -> HttpResponse:
    """Back to what the superior office or the program offers."""
    found = _kind(kind)
    form = ResetForm(request.POST)
    if form.is_valid():
        part, version = form.cleaned_data["part"], form.cleaned_data["version"]
        try:
            services.reset(_person(request), _office(request), found.name, part, version)
        except services.Conflict as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Your own version is given up."))
    return redirect("documents:template", kind=found.name)


@require_GET
@requires("documents.view")
def word_file(request: HttpRequest, kind: str, which: str) -> HttpResponse:
    """The Word template in use, or the one that came with the program, to be edited in Word."""
    found = _kind(kind)
    if which == "default":
        content = default_template(found.name)
    else:
        content = queries.template_for(_office(request).region, found.name).word
    return _download(content, Form.WORD, f"{found.label}.docx")


@require_GET
@requires("documents.view")
def preview(request: HttpRequest, kind: str, form: str) -> HttpResponse:
    """The document with invented content."""
    found = _kind(kind)
    region = _office(request).region
    wanted = Form(form)
    try:
        content = services.render(
            found.name, region, found.example(), example_heading(), wanted, draft=True
        )
    except (services.NoChineseFont, services.UnusableWordFile) as error:
        messages.error(request, str(error))
        return redirect("documents:template", kind=found.name)
    return _download(content, wanted, f"{found.label}.{form}", inline=wanted == Form.PDF)


def _page(
    request: HttpRequest,
    kind: DocumentKind,
    texts_form: TextsForm | None = None,
    word_form: WordForm | None = None,
    status: int = 200,
) -> HttpResponse:
    office = _office(request)
    used = queries.template_for(office.region, kind.name)
    own = queries.own_template(office, kind.name)
    version = {"version": own.version if own else 0}
    context: dict[str, Any] = {
        "kind": kind,
        "office": office,
        "used": used,
        "own": own,
        "texts_form": texts_form or TextsForm(initial={**used.texts, **version}, kind=kind),
        "word_form": word_form or WordForm(initial=version),
        "common_variables": COMMON_VARIABLES,
        "trail": trail(own) if own and may(request.user, "documents.edit") else [],
    }
    return render(request, "documents/template.html", context, status=status)


def _download(content: bytes, form: Form, name: str, inline: bool = False) -> HttpResponse:
    answer = HttpResponse(content, content_type=MEDIA_TYPES[form])
    answer.headers["Content-Disposition"] = content_disposition_header(not inline, name) or ""
    return answer


def _kind(name: str) -> DocumentKind:
    if name not in KINDS:
        raise Http404(name)
    return KINDS[name]


def _office(request: HttpRequest) -> Office:
    """The office whose templates these are; a department has none."""
    user = _person(request)
    if user.office is None or not queries.keeps_templates(user):
        raise PermissionDenied("documents.view")
    return user.office


def _person(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)
    return user
