"""The record table, partitioned by month, and the counts that boards read.

Raw SQL, because Django has no words for partitions. The key begins with the terminal: the column
by which the table is distributed when one machine is outgrown. Fixed-width columns stand first,
widest first, so that no row pays for padding.
"""

from django.db import migrations

FORWARD = """
CREATE TABLE weighing (
    terminal_id       integer     NOT NULL,
    seq               bigint      NOT NULL,
    weighed_at        timestamptz NOT NULL,
    corrects          bigint,
    county            integer     NOT NULL,
    unit_id           integer     NOT NULL,
    gross_kg          integer,
    tare_kg           integer,
    net_kg            integer,
    raw_kg            integer,
    limit_kg          integer,
    licensed_total_kg integer,
    platform_limit_kg integer,
    flags             integer     NOT NULL,
    height_mm         integer,
    length_mm         integer,
    width_mm          integer,
    kind              smallint    NOT NULL,
    lane              smallint    NOT NULL,
    axles             smallint,
    drive_axles       smallint,
    missing_tyres     smallint,
    combination       smallint,
    plate_colour      smallint,
    verdict           smallint,
    platform_verdict  smallint    NOT NULL,
    air_suspension    boolean,
    dual_tyres        boolean,
    assumed           boolean     NOT NULL,
    digest            bytea       NOT NULL,
    files             bytea,
    axle_kg           integer[],
    group_kg          integer[],
    spacing_mm        integer[],
    plate             text,
    trailer_plate     text,
    layout            text,
    rule_pack         text,
    cargo             text,
    note_no           text,
    carrier           text,
    destination       text,
    operator          text,
    witness           text,
    reason            text,
    PRIMARY KEY (terminal_id, seq, weighed_at)
) PARTITION BY RANGE (weighed_at);

CREATE INDEX weighing_plate ON weighing (plate, weighed_at);
CREATE INDEX weighing_unit ON weighing (unit_id, weighed_at);
CREATE INDEX weighing_time ON weighing (weighed_at);

-- What no month takes: a clock that is years off. The record is evidence all the same.
CREATE TABLE weighing_other PARTITION OF weighing DEFAULT;

CREATE TABLE weighing_count (
    unit_id     integer  NOT NULL,
    day         date     NOT NULL,
    hour        smallint NOT NULL,
    kind        smallint NOT NULL,
    band        smallint NOT NULL,
    county      integer  NOT NULL,
    trucks      integer  NOT NULL,
    gross_kg    bigint   NOT NULL,
    overload_kg bigint   NOT NULL,
    PRIMARY KEY (unit_id, day, hour, kind, band)
);
CREATE INDEX weighing_count_day ON weighing_count (day, county);
"""

BACKWARD = "DROP TABLE weighing_count; DROP TABLE weighing;"


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
