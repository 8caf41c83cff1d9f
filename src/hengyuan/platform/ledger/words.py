"""Words that several pages of the ledger share."""

from django.utils.translation import gettext_lazy as _

from hengyuan.platform.ledger.similarity import Likeness

LIKENESS = {
    Likeness.CREDIT_CODE.value: _("same credit code"),
    Likeness.NAME.value: _("same name"),
    Likeness.SIMILAR_NAME.value: _("similar name"),
    Likeness.POSITION.value: _("less than 100 m apart"),
}
