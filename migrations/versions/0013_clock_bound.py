"""The moment of an event has an upper bound: a database clock that jumps ahead briefly leaves no trace."""

from alembic import op

revision = "0013"
down_revision = "0012"

STATEMENTS = (
    """
    DROP FUNCTION es.append_batch(
        uuid[], text[], text[], uuid[], integer[], integer[], boolean[], text[], uuid[], bigint[], text[], timestamptz[],
        text[], smallint[], jsonb[], bytea[], boolean[]
    )
    """,
    # The whole function: a migration does not depend on the text of another. One argument is new. `c_latest` is the latest
    # moment that the writer takes for possible. Servers of older code and es.append leave it out.
    """
    CREATE FUNCTION es.append_batch(
        c_id uuid[], c_name text[], c_category text[], c_stream uuid[], c_expected integer[], c_events integer[],
        c_keep boolean[], c_refusal text[], c_correlation uuid[], c_caused_by bigint[], c_actor text[],
        c_occurred timestamptz[],
        e_type text[], e_type_version smallint[], e_data jsonb[], c_digest bytea[], c_final boolean[],
        c_latest timestamptz DEFAULT 'infinity'
    ) RETURNS TABLE (
        status text, actual integer, first_pos bigint, last_pos bigint, recorded timestamptz, refused text,
        known_name text, known_category text, known_stream uuid, known_digest bytea, before_position bigint, before_command uuid, clock timestamptz
    ) LANGUAGE plpgsql AS $$
    DECLARE
        size     integer := cardinality(c_id);
        statuses text[] := array_fill('conflict'::text, ARRAY[size]);
        actuals  integer[] := array_fill(0, ARRAY[size]);
        firsts   bigint[] := array_fill(NULL::bigint, ARRAY[size]);
        twins    integer[] := array_fill(NULL::integer, ARRAY[size]);
        offsets  integer[] := array_fill(0, ARRAY[size]);
        ended    boolean[] := array_fill(false, ARRAY[size]);
        head     bigint;
        before   bigint;
        newest   uuid;
        db_clock timestamptz;
        moment   timestamptz;
        running  integer;
        broken   boolean;
        offset_  integer := 0;
        item     record;
        i        integer;
    BEGIN
        PERFORM pg_advisory_xact_lock(7305813092);

        SELECT e.position, e.command_id, e.recorded_at INTO head, newest, moment
        FROM es.events e ORDER BY e.position DESC LIMIT 1;
        head := coalesce(head, 0);
        before := head;
        db_clock := clock_timestamp();
        moment := greatest(least(db_clock, c_latest), moment);

        FOR item IN
            WITH asked AS (
                SELECT n, id, category, stream,
                       row_number() OVER (PARTITION BY id ORDER BY n) AS repeat,
                       first_value(n) OVER (PARTITION BY id ORDER BY n) AS twin,
                       row_number() OVER (PARTITION BY category, stream ORDER BY n) AS turn
                FROM unnest(c_id, c_category, c_stream) WITH ORDINALITY AS a (id, category, stream, n)
            )
            SELECT a.n, a.turn, a.repeat, a.twin, k.command_id IS NOT NULL AS seen,
                   CASE WHEN a.turn = 1 THEN coalesce((
                       SELECT e.version FROM es.events e
                       WHERE e.category = a.category AND e.stream_id = a.stream
                       ORDER BY e.version DESC LIMIT 1), 0) END AS version
            FROM asked a LEFT JOIN LATERAL (
                SELECT l.command_id FROM es.commands l WHERE l.command_id = a.id LIMIT 1) k ON true
            ORDER BY a.category, a.stream, a.n
        LOOP
            i := item.n;
            IF item.turn = 1 THEN
                running := item.version;
                broken := false;
            END IF;
            IF item.seen THEN
                statuses[i] := 'duplicate';
            ELSIF item.repeat > 1 THEN
                statuses[i] := 'twin';
                twins[i] := item.twin;
            ELSIF c_expected[i] = running AND NOT broken THEN
                statuses[i] := 'accepted';
                running := running + c_events[i];
            ELSE
                -- The caller expected another version: this is the outcome of the command, also for a late repeat.
                ended[i] := c_final[i] AND c_expected[i] <> running;
            END IF;
            -- Those that follow were decided as if its events had been recorded now.
            broken := broken OR (statuses[i] <> 'accepted' AND c_events[i] > 0);
            actuals[i] := running;
        END LOOP;

        FOR i IN 1 .. size LOOP
            offsets[i] := offset_;
            offset_ := offset_ + c_events[i];
            IF statuses[i] = 'accepted' THEN
                firsts[i] := head + 1;
                head := head + c_events[i];
            END IF;
        END LOOP;
        -- A command id that occurs twice in one batch has the outcome of its first occurrence.
        FOR i IN 1 .. size LOOP
            IF statuses[i] = 'twin' THEN
                statuses[i] := CASE statuses[twins[i]] WHEN 'conflict' THEN 'conflict' ELSE 'duplicate' END;
            END IF;
        END LOOP;

        INSERT INTO es.events (position, category, stream_id, version, type, type_version, data, command_id,
                               correlation_id, caused_by, actor, occurred_at, recorded_at)
        SELECT firsts[c.n] + g.k - 1, c.category, c.stream, c.expected + g.k, e_type[offsets[c.n] + g.k],
               e_type_version[offsets[c.n] + g.k], e_data[offsets[c.n] + g.k], c.id, c.correlation, c.caused_by,
               c.actor, coalesce(c.occurred, moment), moment
        FROM unnest(c_id, c_category, c_stream, c_expected, c_events, c_correlation, c_caused_by, c_actor, c_occurred,
                    statuses)
             WITH ORDINALITY AS c (id, category, stream, expected, events, correlation, caused_by, actor, occurred,
                                   status, n),
             generate_series(1, c.events) AS g (k)
        WHERE c.status = 'accepted'
        ORDER BY 1;

        INSERT INTO es.commands (command_id, name, category, stream_id, version, first_position, last_position, refusal,
                                 digest)
        SELECT c.id, c.name, c.category, c.stream, c.actual, coalesce(c.first, head + 1),
               coalesce(c.first + c.events - 1, head), CASE WHEN c.ended THEN '!conflict' ELSE c.refusal END, c.digest
        FROM unnest(c_id, c_name, c_category, c_stream, actuals, firsts, c_events, c_refusal, statuses, c_keep, ended,
                    c_digest)
             AS c (id, name, category, stream, actual, first, events, refusal, status, keep, ended, digest)
        WHERE c.ended OR c.status = 'accepted' AND (c.events > 0 OR c.keep);

        RETURN QUERY
        SELECT c.status, coalesce(k.version, c.actual), coalesce(k.first_position, c.first),
               coalesce(k.last_position, c.first + c.events - 1), moment, k.refusal, k.name, k.category, k.stream_id,
               k.digest, before, newest, db_clock
        FROM unnest(c_id, statuses, actuals, firsts, c_events) WITH ORDINALITY AS c (id, status, actual, first, events, n)
             LEFT JOIN LATERAL (
                 SELECT l.* FROM es.commands l WHERE c.status = 'duplicate' AND l.command_id = c.id LIMIT 1) k ON true
        ORDER BY c.n;
    END
    $$
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
