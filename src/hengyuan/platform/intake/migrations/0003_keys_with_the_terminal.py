"""The keys of batches and refused batches begin with the terminal.

These tables are distributed by terminal when one machine is outgrown, and no server can then say
that a number without the terminal is given once in all of them. Followers still walk the batches
by id, in the order of the commits; that the database gives each id once is enough for it.
"""

from django.db import migrations

FORWARD = """
ALTER TABLE intake_batch DROP CONSTRAINT intake_batch_pkey;
ALTER TABLE intake_batch ADD CONSTRAINT intake_batch_pkey
    PRIMARY KEY USING INDEX intake_batch_terminal;
CREATE INDEX intake_batch_id ON intake_batch (id);

ALTER TABLE intake_refused DROP CONSTRAINT intake_refused_pkey;
ALTER TABLE intake_refused DROP CONSTRAINT intake_refused_terminal_id_body_digest_key;
ALTER TABLE intake_refused ADD CONSTRAINT intake_refused_pkey
    PRIMARY KEY (terminal_id, body_digest);
CREATE INDEX intake_refused_id ON intake_refused (id);
"""
BACKWARD = """
DROP INDEX intake_refused_id;
ALTER TABLE intake_refused DROP CONSTRAINT intake_refused_pkey;
ALTER TABLE intake_refused ADD UNIQUE (terminal_id, body_digest);
ALTER TABLE intake_refused ADD PRIMARY KEY (id);

DROP INDEX intake_batch_id;
ALTER TABLE intake_batch DROP CONSTRAINT intake_batch_pkey;
CREATE UNIQUE INDEX intake_batch_terminal ON intake_batch (terminal_id, last_seq);
ALTER TABLE intake_batch ADD PRIMARY KEY (id);
"""


class Migration(migrations.Migration):
    dependencies = [("intake", "0002_models_for_reading")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
