"""Enter one unit and one terminal into the platform of HENGYUAN_HOME; prints the enrolment code.

python -m hengyuan.world.loss.enter
"""

import sys

from hengyuan.platform import server

REGION = "141024"


def main() -> int:
    """Print `CODE ENROLMENT-CODE`."""
    server.use_home(None)
    with server.django_at_work():
        from hengyuan.platform.accounts.models import User
        from hengyuan.platform.ledger.models import UnitKind
        from hengyuan.platform.ledger.services import register_unit
        from hengyuan.platform.regions.models import Region
        from hengyuan.platform.terminals.services import create_terminal, issue_enrolment_code

        clerk = User.objects.create(username="loss-test")
        region = Region.objects.get(pk=REGION)
        unit = register_unit(None, region=region, name="丢失试验煤矿", kind=UnitKind.COAL)
        terminal = create_terminal(None, unit, "丢失试验终端")
        sys.stdout.write(f"{terminal.code} {issue_enrolment_code(terminal, clerk)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
