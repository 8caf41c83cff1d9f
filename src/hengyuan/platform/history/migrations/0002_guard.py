"""What a sealed month's partition does when somebody writes to it.

A record that comes late is taken, since a terminal that was cut off for long must be heard; but it
breaks the seal in the same transaction, so that nobody can take the month for what was sealed.
Whoever would change or remove a record is refused.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION history_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE history_monthseal SET state = 'reopened', reopened_at = now()
        WHERE month = TG_ARGV[0]::date AND state IN ('sealing', 'sealed', 'handing');
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the records of % are sealed', TG_ARGV[0]
        USING ERRCODE = 'object_not_in_prerequisite_state';
END $$;
"""
BACKWARD = "DROP FUNCTION history_guard() CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("history", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
