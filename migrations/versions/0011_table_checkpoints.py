"""Each table of a projection has a second checkpoint in its own schema.

The checkpoint in es.checkpoints names the event at its position.
"""

from alembic import op

revision = "0011"
down_revision = "0010"

STATEMENTS = (
    # The identity of the event at `position`. A position alone does not tell a log from another one.
    "ALTER TABLE es.checkpoints ADD COLUMN command_id uuid",
    # The schema of the tables in a slot. A point-in-time table is in the schema of the live ones.
    """
    CREATE FUNCTION es.slot_schema(slot text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
        SELECT CASE slot WHEN 'staging' THEN 'read_staging' WHEN 'former' THEN 'read_former'
                         WHEN 'leaving' THEN 'read_leaving' ELSE 'read' END
    $$
    """,
    # The qualified name of the table in a slot; a point-in-time table has the name of its slot.
    """
    CREATE FUNCTION es.slot_table(projection text, version integer, slot text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
        SELECT format('%I.%I', es.slot_schema(slot),
                      CASE WHEN slot IN ('live', 'staging', 'former', 'leaving') THEN projection || '_v' || version ELSE slot END)
    $$
    """,
    # The qualified name of its history; NULL for a point-in-time table, which has none.
    """
    CREATE FUNCTION es.slot_history(projection text, version integer, slot text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
        SELECT CASE WHEN slot IN ('live', 'staging', 'former', 'leaving')
                    THEN format('%I.%I', es.slot_schema(slot), projection || '_v' || version || '_history') END
    $$
    """,
    # The table and its history, as far as they exist.
    """
    CREATE FUNCTION es.slot_tables(projection text, version integer, slot text) RETURNS regclass[] LANGUAGE sql STABLE AS $$
        SELECT array_remove(ARRAY[to_regclass(es.slot_table(projection, version, slot)),
                                  to_regclass(es.slot_history(projection, version, slot))], NULL)
    $$
    """,
    # Makes the schema and its table of checkpoints if they are missing, as after a restore of schema es alone.
    #
    # One row for each table of the schema, equal to its row in es.checkpoints. It comes and goes with the tables in a
    # dump or a restore. So a restore of one of the schemas alone is detected. `tables` are the table and its history: a
    # dump has their names, so a restored row names the restored tables. A table that was dropped and made again is
    # another one.
    """
    CREATE FUNCTION es.create_slot_schema(slot text) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        name text := es.slot_schema(slot);
    BEGIN
        IF to_regclass(format('%I.table_checkpoints', name)) IS NOT NULL THEN
            RETURN;
        END IF;
        -- The owners of several tables find the schema missing at the same moment.
        PERFORM pg_advisory_xact_lock(7305813111);
        IF to_regnamespace(quote_ident(name)) IS NULL THEN
            EXECUTE format('CREATE SCHEMA %I', name);
        END IF;
        IF to_regclass(format('%I.table_checkpoints', name)) IS NULL THEN
            -- Each batch updates a row in place: the free half of each page takes the new versions.
            EXECUTE format('CREATE TABLE %I.table_checkpoints (
                projection text       NOT NULL,
                version    integer    NOT NULL,
                slot       text       NOT NULL,
                generation bigint     NOT NULL,
                position   bigint     NOT NULL,
                tables     regclass[] NOT NULL,
                PRIMARY KEY (projection, version, slot)
            ) WITH (fillfactor = 50)', name);
        END IF;
    END
    $$
    """,
    # Removes the second checkpoint of a table that a person has emptied.
    """
    CREATE FUNCTION es.forget_table_checkpoint() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        EXECUTE format('DELETE FROM %I.table_checkpoints WHERE $1 = ANY (tables)', TG_TABLE_SCHEMA)
            USING TG_RELID::regclass;
        RETURN NULL;
    END
    $$
    """,
    # Gives the table and its history the trigger on TRUNCATE, if they lack it.
    """
    CREATE FUNCTION es.watch_tables(projection text, version integer, slot text) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        watched regclass;
    BEGIN
        FOREACH watched IN ARRAY es.slot_tables(projection, version, slot) LOOP
            IF NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = watched AND t.tgname = 'table_emptied') THEN
                EXECUTE format('CREATE TRIGGER table_emptied AFTER TRUNCATE ON %s
                                FOR EACH STATEMENT EXECUTE FUNCTION es.forget_table_checkpoint()', watched);
            END IF;
        END LOOP;
    END
    $$
    """,
    # Moves the second checkpoint with the first, and notes the event at the new position. A second checkpoint that
    # differs already stays as it is. A batch must not hide that the table is not the one of the checkpoint.
    """
    CREATE FUNCTION es.move_table_checkpoint() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.command_id := (SELECT e.command_id FROM es.events e WHERE e.position = NEW.position);
        -- The statement of the live table is planned once; that of another slot each time.
        IF OLD.slot = 'live' THEN
            UPDATE read.table_checkpoints t SET position = NEW.position
            WHERE t.projection = OLD.projection AND t.version = OLD.version AND t.slot = OLD.slot
              AND t.generation = OLD.build AND t.position = OLD.position;
        ELSE
            EXECUTE format('UPDATE %I.table_checkpoints SET position = $1 WHERE projection = $2 AND version = $3
                            AND slot = $4 AND generation = $5 AND position = $6', es.slot_schema(OLD.slot))
                USING NEW.position, OLD.projection, OLD.version, OLD.slot, OLD.build, OLD.position;
        END IF;
        RETURN NEW;
    END
    $$
    """,
    # Servers of older code move checkpoints, too. So a trigger keeps the second one, and no statement of the projector.
    """
    CREATE TRIGGER checkpoint_moved BEFORE UPDATE OF position ON es.checkpoints FOR EACH ROW
        WHEN (OLD.position IS DISTINCT FROM NEW.position) EXECUTE FUNCTION es.move_table_checkpoint()
    """,
    # The second checkpoint begins and ends with the first one, and goes with its table from slot to slot. It begins only
    # at position 0: a checkpoint that a restore inserts proves nothing about the table.
    """
    CREATE FUNCTION es.keep_table_checkpoint() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        source text;
        target text;
    BEGIN
        IF TG_OP = 'INSERT' THEN
            IF NEW.position = 0 THEN
                PERFORM es.create_slot_schema(NEW.slot);
                EXECUTE format('INSERT INTO %I.table_checkpoints VALUES ($1, $2, $3, $4, 0, $5)
                                ON CONFLICT (projection, version, slot) DO UPDATE
                                SET generation = excluded.generation, position = 0, tables = excluded.tables',
                               es.slot_schema(NEW.slot))
                    USING NEW.projection, NEW.version, NEW.slot, NEW.build,
                          es.slot_tables(NEW.projection, NEW.version, NEW.slot);
                PERFORM es.watch_tables(NEW.projection, NEW.version, NEW.slot);
            END IF;
            RETURN NULL;
        END IF;
        source := format('%I.table_checkpoints', es.slot_schema(OLD.slot));
        IF TG_OP = 'UPDATE' THEN
            PERFORM es.create_slot_schema(NEW.slot);
            target := format('%I.table_checkpoints', es.slot_schema(NEW.slot));
            EXECUTE format('DELETE FROM %s WHERE projection = $1 AND version = $2 AND slot = $3', target)
                USING NEW.projection, NEW.version, NEW.slot;
            IF to_regclass(source) IS NOT NULL THEN
                EXECUTE format('INSERT INTO %s SELECT projection, version, $4, generation, position, tables FROM %s
                                WHERE projection = $1 AND version = $2 AND slot = $3', target, source)
                    USING OLD.projection, OLD.version, OLD.slot, NEW.slot;
            END IF;
        END IF;
        IF to_regclass(source) IS NOT NULL THEN
            EXECUTE format('DELETE FROM %s WHERE projection = $1 AND version = $2 AND slot = $3', source)
                USING OLD.projection, OLD.version, OLD.slot;
        END IF;
        RETURN NULL;
    END
    $$
    """,
    # After the row: an INSERT that finds the row there already begins nothing.
    """
    CREATE TRIGGER checkpoint_kept AFTER INSERT OR DELETE OR UPDATE OF slot ON es.checkpoints
        FOR EACH ROW EXECUTE FUNCTION es.keep_table_checkpoint()
    """,
    # Why the checkpoint of a table is worth nothing, in one line; NULL if it counts. `has_history` says whether the
    # code wants a history; NULL if that is not known.
    """
    CREATE FUNCTION es.table_problem(
        projection text, version integer, slot text, has_history boolean DEFAULT NULL
    ) RETURNS text LANGUAGE plpgsql STABLE AS $$
    #variable_conflict use_variable
    DECLARE
        table_name text := es.slot_table(projection, version, slot);
        history    text := es.slot_history(projection, version, slot);
        kept_in    text := format('%I.table_checkpoints', es.slot_schema(slot));
        first      es.checkpoints;
        kept       record;
    BEGIN
        SELECT * INTO first FROM es.checkpoints c
        WHERE c.projection = table_problem.projection AND c.version = table_problem.version AND c.slot = table_problem.slot;
        IF first.build IS NULL THEN
            RETURN format('table %s has no checkpoint', table_name);
        END IF;
        IF to_regclass(table_name) IS NULL THEN
            RETURN format('table %s is missing', table_name);
        END IF;
        IF has_history AND to_regclass(history) IS NULL THEN
            RETURN format('table %s is missing', history);
        END IF;
        IF to_regclass(kept_in) IS NULL THEN
            RETURN format('table %s is missing', kept_in);
        END IF;
        EXECUTE format('SELECT t.generation, t.position, t.tables FROM %s t
                        WHERE t.projection = $1 AND t.version = $2 AND t.slot = $3', kept_in)
            INTO kept USING projection, version, slot;
        IF kept.generation IS NULL THEN
            RETURN format('table %s was emptied or restored without its row in %s', table_name, kept_in);
        END IF;
        IF NOT es.slot_tables(projection, version, slot) @> kept.tables OR NOT to_regclass(table_name) = ANY (kept.tables)
           OR (has_history AND NOT to_regclass(history) = ANY (kept.tables)) THEN
            RETURN format('table %s or its history is not the one that the projector made', table_name);
        END IF;
        IF (kept.generation, kept.position) IS DISTINCT FROM (first.build, first.position) THEN
            RETURN format('table %s is at position %s of generation %s, its checkpoint at %s of %s', table_name,
                          kept.position, kept.generation, first.position, first.build);
        END IF;
        IF first.position > 0 AND NOT EXISTS (
            SELECT FROM es.events e WHERE e.position = first.position AND e.command_id = first.command_id
        ) THEN
            RETURN format('table %s has an event at position %s that the log does not have', table_name, first.position);
        END IF;
        RETURN NULL;
    END
    $$
    """,
    # The tables of today are those of their checkpoints: nothing is made again after the upgrade.
    *(f"SELECT es.create_slot_schema('{slot}')" for slot in ("live", "staging", "former", "leaving")),
    *(
        f"""
        INSERT INTO {schema}.table_checkpoints
        SELECT projection, version, slot, build, position, es.slot_tables(projection, version, slot) FROM es.checkpoints
        WHERE es.slot_schema(slot) = '{schema}' AND to_regclass(es.slot_table(projection, version, slot)) IS NOT NULL
        """
        for schema in ("read", "read_staging", "read_former", "read_leaving")
    ),
    "UPDATE es.checkpoints c SET command_id = e.command_id FROM es.events e WHERE e.position = c.position",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
