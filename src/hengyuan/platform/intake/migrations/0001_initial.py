"""Chain heads, accepted batches and refused ones.

No foreign keys to the ledger: intake writes with COPY beside the framework, and the tables may
be distributed by terminal.
"""

from django.db import migrations

FORWARD = """
CREATE TABLE intake_chainhead (
    terminal_id integer PRIMARY KEY,
    last_seq    bigint NOT NULL,
    head        bytea  NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE intake_batch (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    terminal_id integer     NOT NULL,
    first_seq   bigint      NOT NULL,
    last_seq    bigint      NOT NULL,
    received_at timestamptz NOT NULL,
    prev        bytea       NOT NULL,
    head        bytea       NOT NULL,
    signature   bytea       NOT NULL
);
CREATE UNIQUE INDEX intake_batch_terminal ON intake_batch (terminal_id, last_seq);

CREATE TABLE intake_refused (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    terminal_id integer     NOT NULL,
    code        text        NOT NULL,
    detail      text        NOT NULL,
    line        integer,
    first_seq   bigint,
    last_seq    bigint,
    body_digest bytea       NOT NULL,
    body        bytea       NOT NULL,
    remote      text        NOT NULL,
    times       integer     NOT NULL DEFAULT 1,
    first_at    timestamptz NOT NULL,
    last_at     timestamptz NOT NULL,
    UNIQUE (terminal_id, body_digest)
);

CREATE TABLE intake_missingfile (
    terminal_id integer     NOT NULL,
    digest      bytea       NOT NULL,
    seq         bigint      NOT NULL,
    noticed_at  timestamptz NOT NULL,
    PRIMARY KEY (terminal_id, digest)
);

CREATE TABLE intake_follower (
    name       text PRIMARY KEY,
    last_batch bigint NOT NULL
);
"""

BACKWARD = """
DROP TABLE intake_follower; DROP TABLE intake_missingfile; DROP TABLE intake_refused;
DROP TABLE intake_batch; DROP TABLE intake_chainhead;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
