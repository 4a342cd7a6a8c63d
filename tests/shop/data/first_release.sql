SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE SCHEMA es;
CREATE SCHEMA read;
CREATE SCHEMA read_former;
CREATE SCHEMA read_leaving;
CREATE SCHEMA read_staging;
CREATE SCHEMA simulated_gateway;
CREATE FUNCTION es.append(c_id uuid[], c_name text[], c_category text[], c_stream uuid[], c_expected integer[], c_events integer[], c_keep boolean[], c_refusal text[], c_correlation uuid[], c_caused_by bigint[], c_actor text[], c_occurred timestamp with time zone[], e_type text[], e_type_version smallint[], e_data jsonb[]) RETURNS TABLE(status text, actual integer, first_pos bigint, last_pos bigint, recorded timestamp with time zone, refused text, known_name text, known_category text, known_stream uuid)
    LANGUAGE plpgsql
    AS $$
    DECLARE
        size     integer := cardinality(c_id);
        statuses text[] := array_fill('conflict'::text, ARRAY[size]);
        actuals  integer[] := array_fill(0, ARRAY[size]);
        firsts   bigint[] := array_fill(NULL::bigint, ARRAY[size]);
        twins    integer[] := array_fill(NULL::integer, ARRAY[size]);
        offsets  integer[] := array_fill(0, ARRAY[size]);
        head     bigint;
        moment   timestamptz;
        running  integer;
        broken   boolean;
        offset_  integer := 0;
        item     record;
        i        integer;
    BEGIN
        PERFORM pg_advisory_xact_lock(7305813092);
        SELECT e.position, e.recorded_at INTO head, moment FROM es.events e ORDER BY e.position DESC LIMIT 1;
        head := coalesce(head, 0);
        moment := greatest(clock_timestamp(), moment);
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
        INSERT INTO es.commands (command_id, name, category, stream_id, version, first_position, last_position, refusal)
        SELECT c.id, c.name, c.category, c.stream, c.actual, c.first, c.first + c.events - 1, c.refusal
        FROM unnest(c_id, c_name, c_category, c_stream, actuals, firsts, c_events, c_refusal, statuses, c_keep)
             AS c (id, name, category, stream, actual, first, events, refusal, status, keep)
        WHERE c.status = 'accepted' AND (c.events > 0 OR c.keep);
        RETURN QUERY
        SELECT c.status, coalesce(k.version, c.actual), coalesce(k.first_position, c.first),
               coalesce(k.last_position, c.first + c.events - 1), moment, k.refusal, k.name, k.category, k.stream_id
        FROM unnest(c_id, statuses, actuals, firsts, c_events) WITH ORDINALITY AS c (id, status, actual, first, events, n)
             LEFT JOIN LATERAL (
                 SELECT l.* FROM es.commands l WHERE c.status = 'duplicate' AND l.command_id = c.id LIMIT 1) k ON true
        ORDER BY c.n;
    END
    $$;
CREATE FUNCTION es.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    BEGIN
        RAISE EXCEPTION '% on %.% is refused: what was recorded stays as it is', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END
    $$;
CREATE FUNCTION simulated_gateway.answer(a_key uuid, a_kind text, a_payment uuid, an_amount numeric, a_currency text, declined boolean) RETURNS text
    LANGUAGE plpgsql
    AS $$
    DECLARE
        call simulated_gateway.calls;
        books simulated_gateway.payments;
        said jsonb := '{}';
    BEGIN
        -- It moves no money: what it did in the last moments before the database crashed, it may forget.
        PERFORM set_config('synchronous_commit', 'off', true);
        INSERT INTO simulated_gateway.calls (key, kind, payment_id, amount, currency)
        VALUES (a_key, a_kind, a_payment, an_amount, a_currency) ON CONFLICT DO NOTHING;
        SELECT * INTO call FROM simulated_gateway.calls WHERE key = a_key FOR UPDATE;
        IF (call.kind, call.payment_id, call.amount, call.currency) <> (a_kind, a_payment, an_amount, a_currency) THEN
            RETURN NULL;
        ELSIF call.answer IS NOT NULL THEN
            RETURN call.answer;
        END IF;
        INSERT INTO simulated_gateway.payments (payment_id) VALUES (a_payment) ON CONFLICT DO NOTHING;
        SELECT * INTO books FROM simulated_gateway.payments WHERE payment_id = a_payment FOR UPDATE;
        IF a_kind = 'call off' THEN
            UPDATE simulated_gateway.payments SET called_off = true, refunded = captured WHERE payment_id = a_payment;
            IF books.captured > 0 THEN
                said := jsonb_build_object('refunded', books.captured::text, 'currency', books.currency);
            END IF;
        ELSIF books.called_off THEN
            said := jsonb_build_object('refused', 'the payment was called off');
        ELSIF a_kind = 'authorise' AND declined THEN
            said := jsonb_build_object('refused', 'insufficient funds');
        ELSIF a_kind = 'authorise' THEN
            UPDATE simulated_gateway.payments SET authorised = an_amount, currency = a_currency WHERE payment_id = a_payment;
            said := jsonb_build_object('reference', 'sim-' || left(replace(a_payment::text, '-', ''), 12));
        ELSIF an_amount > books.authorised THEN
            said := jsonb_build_object('refused', 'that much was not authorised');
        ELSE
            UPDATE simulated_gateway.payments SET captured = an_amount WHERE payment_id = a_payment;
        END IF;
        UPDATE simulated_gateway.calls SET answer = said::text WHERE key = a_key;
        RETURN said::text;
    END
    $$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE es.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE es.checkpoints (
    projection text NOT NULL,
    version integer NOT NULL,
    "position" bigint DEFAULT 0 NOT NULL,
    owner text,
    moved_at timestamp with time zone DEFAULT now() NOT NULL,
    slot text DEFAULT 'live'::text NOT NULL,
    build bigint NOT NULL,
    fingerprint text,
    unread jsonb DEFAULT '{}'::jsonb NOT NULL
);
ALTER TABLE es.checkpoints ALTER COLUMN build ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME es.checkpoints_build_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE es.commands (
    command_id uuid NOT NULL,
    name text NOT NULL,
    category text NOT NULL,
    stream_id uuid NOT NULL,
    version integer NOT NULL,
    first_position bigint NOT NULL,
    last_position bigint NOT NULL,
    refusal text
);
CREATE TABLE es.events (
    "position" bigint NOT NULL,
    category text NOT NULL,
    stream_id uuid NOT NULL,
    version integer NOT NULL,
    type text NOT NULL,
    type_version smallint NOT NULL,
    data jsonb NOT NULL,
    command_id uuid NOT NULL,
    correlation_id uuid NOT NULL,
    caused_by bigint,
    actor text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT events_type_version_check CHECK ((type_version > 0)),
    CONSTRAINT events_version_check CHECK ((version > 0))
);
CREATE TABLE es.parked (
    projection text NOT NULL,
    version integer NOT NULL,
    slot text NOT NULL,
    key jsonb NOT NULL,
    "position" bigint NOT NULL,
    error text NOT NULL,
    traceback text NOT NULL,
    parked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    asked_at timestamp with time zone,
    tried_at timestamp with time zone,
    tries integer DEFAULT 0 NOT NULL
);
CREATE TABLE es.process_checkpoints (
    process text NOT NULL,
    "position" bigint NOT NULL,
    owner text,
    moved_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE es.process_deadlines (
    process text NOT NULL,
    instance uuid NOT NULL,
    name text NOT NULL,
    due timestamp with time zone NOT NULL,
    correlation_id uuid NOT NULL,
    caused_by bigint NOT NULL
);
CREATE TABLE es.process_steps (
    id uuid NOT NULL,
    seq bigint NOT NULL,
    process text NOT NULL,
    instance uuid NOT NULL,
    step text NOT NULL,
    kind text NOT NULL,
    category text NOT NULL,
    stream_id uuid NOT NULL,
    name text NOT NULL,
    body jsonb NOT NULL,
    correlation_id uuid NOT NULL,
    caused_by bigint NOT NULL,
    outcome text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    "position" bigint,
    error text,
    asked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    moved_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT process_steps_kind_check CHECK ((kind = ANY (ARRAY['command'::text, 'effect'::text, 'note'::text]))),
    CONSTRAINT process_steps_outcome_check CHECK ((outcome = ANY (ARRAY['due'::text, 'done'::text, 'refused'::text, 'stuck'::text, 'skipped'::text, 'withdrawn'::text])))
);
ALTER TABLE es.process_steps ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME es.process_steps_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE es.processes (
    process text NOT NULL,
    id uuid NOT NULL,
    state jsonb,
    status text NOT NULL,
    ended boolean NOT NULL,
    began bigint NOT NULL,
    "position" bigint NOT NULL,
    parked_position bigint,
    parked_error text,
    retry boolean DEFAULT false NOT NULL,
    began_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    moved_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
CREATE TABLE es.rebuilds (
    projection text NOT NULL,
    version integer NOT NULL,
    slot text NOT NULL,
    state text NOT NULL,
    "position" bigint DEFAULT 0 NOT NULL,
    target bigint NOT NULL,
    events_per_second double precision DEFAULT 0 NOT NULL,
    owner text NOT NULL,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    error text
);
CREATE TABLE es.seals (
    number bigint NOT NULL,
    first_position bigint NOT NULL,
    last_position bigint NOT NULL,
    root bytea NOT NULL,
    marks bytea NOT NULL,
    sealed_at timestamp with time zone NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT seals_check CHECK ((last_position >= first_position))
);
ALTER TABLE ONLY es.seals ALTER COLUMN marks SET STORAGE EXTERNAL;
CREATE TABLE es.skipped (
    projection text NOT NULL,
    version integer NOT NULL,
    key jsonb NOT NULL,
    "position" bigint NOT NULL,
    reason text NOT NULL,
    actor text NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
CREATE TABLE es.snapshots (
    stream_id uuid NOT NULL,
    category text NOT NULL,
    mark text NOT NULL,
    version integer NOT NULL,
    "position" bigint NOT NULL,
    state text NOT NULL,
    digest bytea NOT NULL,
    taken_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE read.customers_v1 (
    id uuid NOT NULL,
    spent jsonb NOT NULL,
    placed_orders bigint NOT NULL
);
CREATE TABLE read.daily_sales_v1 (
    day date NOT NULL,
    currency text NOT NULL,
    orders bigint NOT NULL,
    items bigint NOT NULL,
    revenue numeric NOT NULL
);
CREATE TABLE read.orders_v3 (
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    status text NOT NULL,
    lines jsonb NOT NULL,
    total numeric NOT NULL,
    currency text NOT NULL,
    reason text,
    opened_at timestamp with time zone NOT NULL,
    placed_at timestamp with time zone,
    version bigint NOT NULL
);
CREATE TABLE read.orders_v3_history (
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    status text NOT NULL,
    lines jsonb NOT NULL,
    total numeric NOT NULL,
    currency text NOT NULL,
    reason text,
    opened_at timestamp with time zone NOT NULL,
    placed_at timestamp with time zone,
    version bigint NOT NULL,
    valid_from bigint NOT NULL,
    valid_to bigint
);
CREATE TABLE read.payments_v2 (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    status text NOT NULL,
    amount numeric NOT NULL,
    currency text NOT NULL,
    reason text,
    version bigint NOT NULL
);
CREATE TABLE read.payments_v2_history (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    status text NOT NULL,
    amount numeric NOT NULL,
    currency text NOT NULL,
    reason text,
    version bigint NOT NULL,
    valid_from bigint NOT NULL,
    valid_to bigint
);
CREATE TABLE read.products_v2 (
    id uuid NOT NULL,
    sku text NOT NULL,
    name text NOT NULL,
    price numeric NOT NULL,
    currency text NOT NULL,
    on_hand bigint NOT NULL,
    reserved bigint NOT NULL,
    available bigint NOT NULL,
    version bigint NOT NULL
);
CREATE TABLE read.products_v2_history (
    id uuid NOT NULL,
    sku text NOT NULL,
    name text NOT NULL,
    price numeric NOT NULL,
    currency text NOT NULL,
    on_hand bigint NOT NULL,
    reserved bigint NOT NULL,
    available bigint NOT NULL,
    version bigint NOT NULL,
    valid_from bigint NOT NULL,
    valid_to bigint
);
CREATE TABLE read_former.customers_v1 (
    id uuid NOT NULL,
    spent jsonb NOT NULL,
    placed_orders bigint NOT NULL
);
CREATE TABLE read_staging.orders_v3 (
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    status text NOT NULL,
    lines jsonb NOT NULL,
    total numeric NOT NULL,
    currency text NOT NULL,
    reason text,
    opened_at timestamp with time zone NOT NULL,
    placed_at timestamp with time zone,
    version bigint NOT NULL
);
CREATE TABLE read_staging.orders_v3_history (
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    status text NOT NULL,
    lines jsonb NOT NULL,
    total numeric NOT NULL,
    currency text NOT NULL,
    reason text,
    opened_at timestamp with time zone NOT NULL,
    placed_at timestamp with time zone,
    version bigint NOT NULL,
    valid_from bigint NOT NULL,
    valid_to bigint
);
CREATE TABLE simulated_gateway.calls (
    key uuid NOT NULL,
    kind text NOT NULL,
    payment_id uuid NOT NULL,
    amount numeric NOT NULL,
    currency text NOT NULL,
    attempts integer DEFAULT 1 NOT NULL,
    answer text
);
CREATE TABLE simulated_gateway.payments (
    payment_id uuid NOT NULL,
    currency text DEFAULT ''::text NOT NULL,
    authorised numeric DEFAULT 0 NOT NULL,
    captured numeric DEFAULT 0 NOT NULL,
    refunded numeric DEFAULT 0 NOT NULL,
    called_off boolean DEFAULT false NOT NULL
);
INSERT INTO es.alembic_version VALUES
	('0007');
INSERT INTO es.checkpoints OVERRIDING SYSTEM VALUE VALUES
	('orders', 3, 150, NULL, '2026-11-26 06:33:15.408815+00', 'staging', 22, '8c16bfc1e3208d40', '{}'),
	('orders', 3, 247, 'old:1', '2026-11-26 06:33:15.564524+00', 'live', 5, '8c16bfc1e3208d40', '{}'),
	('payments', 2, 247, 'old:1', '2026-11-26 06:33:15.565876+00', 'live', 3, '6e666bd199b194ee', '{}'),
	('products', 2, 247, 'old:1', '2026-11-26 06:33:15.577547+00', 'live', 4, 'a2fb186774bae7a7', '{}'),
	('daily_sales', 1, 247, 'old:1', '2026-11-26 06:33:15.591145+00', 'live', 1, 'ccbab0f275ae8579', '{}'),
	('customers', 1, 247, 'old:1', '2026-11-26 06:33:15.661937+00', 'former', 2, '26b4378abbf1138d', '{}'),
	('customers', 1, 247, 'old:1', '2026-11-26 06:33:15.66635+00', 'live', 21, '26b4378abbf1138d', '{}');
INSERT INTO es.commands VALUES
	('7332ace2-5a76-523a-b167-ba53ba8fa8f2', 'Register', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 1, 1, 1, NULL),
	('7374502b-1b3a-50f1-afa6-18a436a5d48d', 'ReceiveStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 2, 2, 2, NULL),
	('793e24a3-3cdb-5abd-a97a-f49b61ba22c3', 'Register', 'product', 'f3cb8331-76ee-58ef-8856-ee61c759bac2', 1, 3, 3, NULL),
	('6213d9bf-bf83-5379-970c-321494989736', 'ReceiveStock', 'product', 'f3cb8331-76ee-58ef-8856-ee61c759bac2', 2, 4, 4, NULL),
	('875abca6-4df8-5d84-aa72-94a73241bb9e', 'Register', 'product', '8d204d04-96e4-563f-bd83-e45998396646', 1, 5, 5, NULL),
	('b9c2dcd2-54fc-5ec7-8ca7-17dbfa88d98c', 'ReceiveStock', 'product', '8d204d04-96e4-563f-bd83-e45998396646', 2, 6, 6, NULL),
	('33c67793-46df-5235-9af8-83748f24c6b0', 'Register', 'product', 'a4aec6f1-99d4-57c1-ab70-ec34b5227ce8', 1, 7, 7, NULL),
	('613f2a29-fe13-50ce-bf8e-f9ae557f89d1', 'Register', 'product', '4a1d51fe-972f-51da-9ab0-4b60aa78ae0c', 1, 8, 8, NULL),
	('ed9621db-2014-5ec8-a38f-9c1c14f60d45', 'ReceiveStock', 'product', '4a1d51fe-972f-51da-9ab0-4b60aa78ae0c', 2, 9, 9, NULL),
	('4c1072dd-ec8b-5889-ad24-d7daafa4a444', 'Register', 'product', '2010e0e0-6d29-5a13-b158-71ff29b9c9d6', 1, 10, 10, NULL),
	('6d29e9e8-fc0f-5331-93a3-3bbfb45891d7', 'ReceiveStock', 'product', '2010e0e0-6d29-5a13-b158-71ff29b9c9d6', 2, 11, 11, NULL),
	('5097617a-72a3-5caf-afe0-d6efa177c506', 'ChangePrice', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 3, 12, 12, NULL),
	('b7b59936-afe3-5dbb-97d7-1b90658ba561', 'ChangePrice', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 3, 13, 12, NULL),
	('ea766b5a-4098-52b0-82c4-3c9f0e4da8b6', 'Register', 'product', 'f3cb8331-76ee-58ef-8856-ee61c759bac2', 2, 13, 12, NULL),
	('c7f91ea6-c1ed-5495-86bf-103c6c526b2e', 'ReceiveStock', 'product', '6701cf13-15f4-554a-ae94-fc710d50af45', 0, 13, 12, 'PRODUCT_UNKNOWN'),
	('a0d03999-203e-544f-967c-2bc5a94aebc2', 'OpenOrder', 'order', '17b040c2-52af-57cd-a80d-984c4126521f', 1, 13, 13, NULL),
	('a358615f-fc27-5465-9bcd-ed192774f4b9', 'AddLine', 'order', '17b040c2-52af-57cd-a80d-984c4126521f', 2, 14, 14, NULL),
	('862a740b-d7d3-5846-9066-44854d16a5cd', 'AddLine', 'order', '17b040c2-52af-57cd-a80d-984c4126521f', 3, 15, 15, NULL),
	('5c11e651-14bd-5549-bcc6-3348ac91323b', 'AddLine', 'order', '17b040c2-52af-57cd-a80d-984c4126521f', 4, 16, 16, NULL),
	('fdebde2b-67be-5523-aa83-55457ce01281', 'ChangeQuantity', 'order', '17b040c2-52af-57cd-a80d-984c4126521f', 5, 17, 17, NULL),
	('666ed974-7bab-5af6-9cdf-b5849eb52dd1', 'RemoveLine', 'order', '17b040c2-52af-57cd-a80d-984c4126521f', 6, 18, 18, NULL),
	('38bfeb81-02c1-558b-a1ae-eaa79be17054', 'UndoChange', 'order', '17b040c2-52af-57cd-a80d-984c4126521f', 7, 19, 19, NULL),
	('4988b87a-22b9-5cd5-8de4-4640cbae1579', 'UndoChange', 'order', '17b040c2-52af-57cd-a80d-984c4126521f', 8, 20, 20, NULL),
	('b47c887e-36c4-5c97-99ba-0059ca8f8ce2', 'RedoChange', 'order', '17b040c2-52af-57cd-a80d-984c4126521f', 9, 21, 21, NULL),
	('56e7d218-24cc-5534-ae75-808bbab974c7', 'ShipOrder', 'order', '17b040c2-52af-57cd-a80d-984c4126521f', 9, 22, 21, 'ORDER_NOT_PLACED'),
	('3ac0b305-b0e3-507d-9e52-1b56b21b4fe4', 'OpenOrder', 'order', '3ff50e96-7c48-5b5d-b0b7-1a81d086aa0c', 1, 22, 22, NULL),
	('7a1bb6c4-9388-5f89-996b-75f8a26121f5', 'UndoChange', 'order', '3ff50e96-7c48-5b5d-b0b7-1a81d086aa0c', 1, 23, 22, 'NOTHING_TO_UNDO'),
	('7aeb9476-e114-5f71-9412-fca56d79bee7', 'RedoChange', 'order', '3ff50e96-7c48-5b5d-b0b7-1a81d086aa0c', 1, 23, 22, 'NOTHING_TO_REDO'),
	('2d7e07d4-b76e-5a3a-a0fe-7ad0e74de043', 'PlaceOrder', 'order', '3ff50e96-7c48-5b5d-b0b7-1a81d086aa0c', 1, 23, 22, 'ORDER_EMPTY'),
	('050df453-211f-571c-b511-a8669bb1cb5f', 'OpenOrder', 'order', '6b43a5f0-8525-57bf-9675-69a7dea4d625', 1, 23, 23, NULL),
	('51c3dfde-99f2-570e-9368-7b40616bd162', 'AddLine', 'order', '6b43a5f0-8525-57bf-9675-69a7dea4d625', 2, 24, 24, NULL),
	('152c801d-9394-5d67-8776-e0d2bd4fcf6d', 'CancelOrder', 'order', '6b43a5f0-8525-57bf-9675-69a7dea4d625', 3, 25, 25, NULL),
	('ded636a8-348f-5791-b363-74cb29e0c39a', 'CancelOrder', 'order', '6b43a5f0-8525-57bf-9675-69a7dea4d625', 3, 26, 25, NULL),
	('198f8c56-c43a-5ee5-85d2-3ac64a3bc513', 'OpenOrder', 'order', '83a8d44c-383f-5473-80ad-09173cddaeb0', 1, 26, 26, NULL),
	('fd4f2b6f-1e2c-5f9d-8b0a-35c920a52cb2', 'AddLine', 'order', '83a8d44c-383f-5473-80ad-09173cddaeb0', 2, 27, 27, NULL),
	('647a44b3-938c-5ff8-be7d-577c02ec6c46', 'PlaceOrder', 'order', '83a8d44c-383f-5473-80ad-09173cddaeb0', 3, 28, 28, NULL),
	('d2472eb7-3979-5479-97ff-1af03f75cf35', 'OpenOrder', 'order', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 1, 29, 29, NULL),
	('fbdacc3e-e346-5a60-b628-64877a97fcad', 'ReserveStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 4, 30, 30, NULL),
	('445694d6-4838-57e7-9fce-35eb7d3dd375', 'Record', 'fulfilment', '83a8d44c-383f-5473-80ad-09173cddaeb0', 1, 31, 31, NULL),
	('4db05f72-c48a-5080-93da-3b158885044c', 'AddLine', 'order', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 2, 32, 32, NULL),
	('2f3091ca-46bc-5e2e-9e20-694a87d702eb', 'RequestPayment', 'payment', '83a8d44c-383f-5473-80ad-09173cddaeb0', 1, 33, 33, NULL),
	('f7fe0d72-444f-58c4-a048-2516900a0e85', 'PlaceOrder', 'order', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 3, 34, 34, NULL),
	('fc5a2bba-5dec-5451-8b20-0e22779a6d0f', 'ReserveStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 5, 35, 35, NULL),
	('f1419d02-6231-5473-964f-8e8c45d7d66f', 'Record', 'fulfilment', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 1, 36, 36, NULL),
	('c034412e-0fb0-5a20-a511-ea865ad32586', 'OpenOrder', 'order', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 1, 37, 37, NULL),
	('281f465a-2d34-5528-ab7d-5764f16771db', 'RecordAuthorisation', 'payment', '83a8d44c-383f-5473-80ad-09173cddaeb0', 2, 38, 38, NULL),
	('4b60779f-654e-5fa6-a78e-2f2d9dfe649a', 'RequestPayment', 'payment', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 1, 39, 39, NULL),
	('09b0e8e4-b598-5dcd-bc97-3a61d3eedf38', 'AddLine', 'order', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 2, 40, 40, NULL),
	('a0d13cbc-1f52-5bcf-8ffc-e0b6bb101369', 'ConfirmOrder', 'order', '83a8d44c-383f-5473-80ad-09173cddaeb0', 4, 41, 41, NULL),
	('8061ba5b-3c71-5f3e-9a40-35214ac986e5', 'RecordAuthorisation', 'payment', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 2, 42, 42, NULL),
	('7a4464a3-7465-57f3-b9f1-9e9f91a47736', 'PlaceOrder', 'order', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 3, 43, 43, NULL),
	('d772f989-e66b-5114-98d5-6d26f11f7fa1', 'RecordCapture', 'payment', '83a8d44c-383f-5473-80ad-09173cddaeb0', 3, 44, 44, NULL),
	('ab994535-48ab-574a-bce4-b43d06810756', 'ConfirmOrder', 'order', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 4, 45, 45, NULL),
	('b8ddc725-d731-5258-badd-eae65be40bcf', 'ReserveStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 6, 46, 46, NULL),
	('82410765-c7f8-5693-be11-005dd53fd3dc', 'OpenOrder', 'order', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 1, 47, 47, NULL),
	('ad876976-363e-54bc-b4cf-6727b4a082dd', 'Record', 'fulfilment', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 1, 48, 48, NULL),
	('15212446-9638-5cd1-a59d-8dcd506d0ad8', 'DispatchStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 7, 49, 49, NULL),
	('ef2fe2fa-2b5e-58a1-a288-1e53b44cee43', 'RequestPayment', 'payment', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 1, 50, 50, NULL),
	('d861dca8-2bf2-50a6-b956-2cffe8db4358', 'RecordCapture', 'payment', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 3, 51, 51, NULL),
	('2fa580ae-3c38-5bc1-867c-5e1013c5f706', 'Record', 'fulfilment', '83a8d44c-383f-5473-80ad-09173cddaeb0', 2, 52, 52, NULL),
	('784b9a05-e5f5-5669-aa29-4e74cebadd52', 'AddLine', 'order', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 2, 53, 53, NULL),
	('1a7555db-c4c8-5cce-b8fe-658e4e73689a', 'DispatchStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 8, 54, 54, NULL),
	('69f19d3d-a16f-577b-8c00-9f75baab392e', 'RecordAuthorisation', 'payment', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 2, 55, 55, NULL),
	('045fd5a9-12d2-5831-a63d-7213e6dccd02', 'Record', 'fulfilment', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 2, 56, 56, NULL),
	('520d4428-93ce-5046-a493-1e69dd84b2b8', 'PlaceOrder', 'order', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 3, 57, 57, NULL),
	('8c118cd2-159a-566d-b9ec-ee592358b3d8', 'ConfirmOrder', 'order', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 4, 58, 58, NULL),
	('ef090d16-d932-516d-880b-c6a1f40ed5e9', 'ReserveStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 9, 59, 59, NULL),
	('acee1c0b-eb45-5cd9-b739-f3d93fb6d3d0', 'OpenOrder', 'order', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 1, 60, 60, NULL),
	('1256108c-943c-5c89-9af0-1f35d930f2be', 'Record', 'fulfilment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 1, 61, 61, NULL),
	('fa32ebeb-3608-571f-b5e1-c416a0df5a94', 'RecordCapture', 'payment', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 3, 62, 62, NULL),
	('f20cddc8-2042-5598-ba3b-11ac2f762f3a', 'RequestPayment', 'payment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 1, 63, 63, NULL),
	('69780e87-a97d-511b-9c8f-3988636f853d', 'DispatchStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 10, 64, 64, NULL),
	('bc3c3f1b-3c73-5137-bd63-190e266bef09', 'AddLine', 'order', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 2, 65, 65, NULL),
	('25a827fe-93dc-5b75-83b2-3b4dd792a61b', 'RecordAuthorisation', 'payment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 2, 66, 66, NULL),
	('4d7ccf9e-8cde-567b-8797-bb284051c3f6', 'AddLine', 'order', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 3, 67, 67, NULL),
	('80766ec1-95df-564b-bed3-903babeae249', 'Record', 'fulfilment', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 2, 68, 68, NULL),
	('f4359207-fd82-520c-b95f-c870de63883e', 'ConfirmOrder', 'order', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 4, 69, 69, NULL),
	('cdb38282-3406-5d2a-b356-d2cbcb24c689', 'PlaceOrder', 'order', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 4, 70, 70, NULL),
	('c85396de-26a7-55d3-9c25-4915b69a025b', 'RecordCapture', 'payment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 3, 71, 71, NULL),
	('79561ab6-97e1-5b85-a11f-b7f098696174', 'ReserveStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 11, 72, 72, NULL),
	('e80fb831-9516-5c06-91e3-314a43f68780', 'Record', 'fulfilment', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 1, 73, 73, NULL),
	('f7e7a364-2443-5ffb-a27b-64dcc819ac56', 'DispatchStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 12, 74, 74, NULL),
	('0d149b00-bac3-5407-a83c-9994a81184b7', 'ReserveStock', 'product', 'a4aec6f1-99d4-57c1-ab70-ec34b5227ce8', 1, 75, 74, 'OUT_OF_STOCK'),
	('51458854-ea49-5205-9183-ca72601602cb', 'Record', 'fulfilment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 2, 75, 75, NULL),
	('f85e8edc-235f-58b4-aded-a3bfaa0070ba', 'Record', 'fulfilment', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 2, 76, 76, NULL),
	('9b807b22-3f40-5180-802b-1cdcdc14de68', 'ReleaseReservation', 'product', 'a4aec6f1-99d4-57c1-ab70-ec34b5227ce8', 1, 77, 76, NULL),
	('4eba8576-6374-50e9-bce3-56cf9f230097', 'ReleaseReservation', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 13, 77, 77, NULL),
	('9edf5ed3-7292-5b25-83a2-92e1eeddee62', 'RejectOrder', 'order', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 5, 78, 78, NULL),
	('6e035c32-3c9b-5d97-a558-abeb43607e4b', 'Record', 'fulfilment', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 3, 79, 79, NULL),
	('697d3c9e-256e-58e8-8492-a6d5487aeade', 'ShipOrder', 'order', '83a8d44c-383f-5473-80ad-09173cddaeb0', 5, 80, 80, NULL),
	('f30ab67e-05a4-55bf-b144-b3550a43c6b4', 'ShipOrder', 'order', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 5, 81, 81, NULL),
	('2ed3a51a-bcf4-5342-86a6-e64ff78e4e66', 'CancelOrder', 'order', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 5, 82, 82, NULL),
	('d1660e30-9021-5f85-bfd5-32563b8e2ec2', 'RecordRefund', 'payment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 4, 83, 83, NULL),
	('b2e2f020-39d1-5489-b5e1-2678c5ac0bbb', 'ReceiveStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 14, 84, 84, NULL),
	('764488b3-68cb-5fb3-9806-ec4914a40023', 'Record', 'fulfilment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 3, 85, 85, NULL),
	('d7dd2295-a934-5b1e-b3be-d7823e4b1c9e', 'AddLine', 'order', '83a8d44c-383f-5473-80ad-09173cddaeb0', 5, 86, 85, 'ORDER_NOT_OPEN'),
	('6a897d71-ab92-59ef-944a-fe2594b45d57', 'OpenOrder', 'order', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 1, 86, 86, NULL),
	('d4ab1e6b-7ad6-5ad6-858c-68a3d5cc5735', 'AddLine', 'order', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 2, 87, 87, NULL),
	('bf79121d-58db-56c8-8156-c0275d0ced22', 'PlaceOrder', 'order', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 3, 88, 88, NULL),
	('fc37261a-00be-5024-a89c-16a3d2a4f862', 'Record', 'fulfilment', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 1, 89, 89, NULL),
	('c64c109b-75b1-56ba-ad61-14c511ee7675', 'ReserveStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 15, 90, 90, NULL),
	('c2625103-369f-59cf-9de2-b6d614d80b9c', 'RequestPayment', 'payment', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 1, 91, 91, NULL),
	('be74b2e0-2d0c-595f-af42-7c23c669f6a8', 'Record', 'fulfilment', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 2, 92, 92, NULL),
	('46da9903-8ea2-548b-ad7f-5f5ad3f3c4a7', 'RetryStep', 'fulfilment', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 3, 93, 93, NULL),
	('a3a1dd90-fc9d-5ec1-a338-f416cbf730ff', 'Record', 'fulfilment', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 4, 94, 94, NULL),
	('2d547d19-e123-5b36-a7ce-137d2d179230', 'OpenOrder', 'order', '02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 1, 95, 95, NULL),
	('b0b57590-48a7-5b08-83ec-492e1add0f86', 'AddLine', 'order', '02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 2, 96, 96, NULL),
	('aaaea3ed-e64d-5cc6-ae06-6c87438b01cf', 'PlaceOrder', 'order', '02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 3, 97, 97, NULL),
	('83b690f8-4f9a-5771-90e2-3fc1f3f75e34', 'ReserveStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 16, 98, 98, NULL),
	('bc29903b-e8bf-57bb-ac20-ba8a7c7d5579', 'Record', 'fulfilment', '02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 1, 99, 99, NULL),
	('3720d405-565b-53e3-9b64-14e9ec887b85', 'RequestPayment', 'payment', '02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 1, 100, 100, NULL),
	('786c7a02-2329-577a-a276-a3f13c93b30b', 'OpenOrder', 'order', 'bcd100ce-5e57-59bb-b4ab-1e4affa5fb14', 1, 101, 101, NULL),
	('18985128-dad4-50e7-90b9-73074f057aed', 'AddLine', 'order', 'bcd100ce-5e57-59bb-b4ab-1e4affa5fb14', 2, 102, 102, NULL),
	('41d43ae6-44de-5098-8e90-8fcfda75c939', 'AddLine', 'order', 'bcd100ce-5e57-59bb-b4ab-1e4affa5fb14', 3, 103, 103, NULL),
	('971ef27b-1259-505d-bc16-c9567435f3e5', 'PlaceOrder', 'order', 'bcd100ce-5e57-59bb-b4ab-1e4affa5fb14', 4, 104, 104, NULL),
	('960f4bb0-c396-5800-8b9b-317618c2b070', 'OpenOrder', 'order', 'cabd3673-cab3-50ca-85fc-b1f32e09dee7', 1, 105, 105, NULL),
	('586395a6-7a52-5b66-bf70-3802f4339a25', 'AddLine', 'order', 'cabd3673-cab3-50ca-85fc-b1f32e09dee7', 2, 106, 106, NULL),
	('9a20a7fe-a319-50d0-8cb9-e026325f3fd6', 'PlaceOrder', 'order', 'cabd3673-cab3-50ca-85fc-b1f32e09dee7', 3, 107, 107, NULL),
	('b4f89087-b0ae-5f64-bc34-d00cfe6f5f77', 'Record', 'fulfilment', 'bcd100ce-5e57-59bb-b4ab-1e4affa5fb14', 1, 108, 108, NULL),
	('96e7da6e-bfe4-5d32-9056-81bdae8fe10a', 'Record', 'fulfilment', 'cabd3673-cab3-50ca-85fc-b1f32e09dee7', 1, 109, 109, NULL),
	('9babf90c-6d92-5abd-b16a-5a615320d5b0', 'OpenOrder', 'order', '88dc316d-7cb6-5bd4-9efb-09bd65ba550d', 1, 110, 110, NULL),
	('be263ef6-4d13-5810-a494-ca7a229547c9', 'ReserveStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 17, 111, 111, NULL),
	('2ebffe1d-1bf0-53e5-a035-823785b9ad29', 'AddLine', 'order', '88dc316d-7cb6-5bd4-9efb-09bd65ba550d', 2, 112, 112, NULL),
	('b769dd38-e8fe-5b4a-a79e-10490785d84d', 'PlaceOrder', 'order', '88dc316d-7cb6-5bd4-9efb-09bd65ba550d', 3, 113, 113, NULL),
	('949b0994-e66f-5101-8268-edb1e71214ad', 'ReserveStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 18, 114, 114, NULL),
	('00603c0d-8728-500c-8c38-351f8eb06529', 'OpenOrder', 'order', 'cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 1, 115, 115, NULL),
	('b66a6a88-f5a5-5d53-9e18-7c06d91345e6', 'Record', 'fulfilment', '88dc316d-7cb6-5bd4-9efb-09bd65ba550d', 1, 116, 116, NULL),
	('dd4ae7a3-357e-5585-9142-a754eaf503ad', 'AddLine', 'order', 'cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 2, 117, 117, NULL),
	('47934552-bf8e-51d5-b664-92b7a60a8c96', 'PlaceOrder', 'order', 'cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 3, 118, 118, NULL),
	('b13e71a4-63f6-5abd-890b-e700d2ee9e3f', 'ReserveStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 19, 119, 119, NULL),
	('a487f850-04a0-5c2e-9f8c-2a857a50fd68', 'OpenOrder', 'order', '5aca4a05-5900-502a-a069-06c5af62b532', 1, 120, 120, NULL),
	('7351b8d2-135b-5de6-8e07-19be9c0560cb', 'Record', 'fulfilment', 'cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 1, 121, 121, NULL),
	('7cd69922-0e14-56b8-a616-f46256c8f03b', 'RequestPayment', 'payment', 'cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 1, 122, 122, NULL),
	('3c2fc80d-16d3-56ed-a20d-1619bea78f9a', 'AddLine', 'order', '5aca4a05-5900-502a-a069-06c5af62b532', 2, 123, 123, NULL),
	('9f84b0c6-caa7-510d-9e61-fc2ec387e59b', 'PlaceOrder', 'order', '5aca4a05-5900-502a-a069-06c5af62b532', 3, 124, 124, NULL),
	('71d63f0f-367e-53d0-acdf-b4d1c9b14868', 'ReserveStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 20, 125, 125, NULL),
	('366cfaa8-a243-5b83-a82b-eee99f1c3199', 'Record', 'fulfilment', '5aca4a05-5900-502a-a069-06c5af62b532', 1, 126, 126, NULL),
	('72ad9df9-b7ce-5eb5-9b54-5682aa3c7e29', 'OpenOrder', 'order', '944c8103-ef19-596b-9a14-dd7c3a2b56db', 1, 127, 127, NULL),
	('17be69ea-bee4-5c23-b70a-b585709960fd', 'RequestPayment', 'payment', '5aca4a05-5900-502a-a069-06c5af62b532', 1, 128, 128, NULL),
	('505c4908-eebf-5954-b053-37f847475ea5', 'RecordAuthorisation', 'payment', '5aca4a05-5900-502a-a069-06c5af62b532', 2, 129, 129, NULL),
	('e554f7b8-9827-5816-901c-ad4a23fab938', 'AddLine', 'order', '944c8103-ef19-596b-9a14-dd7c3a2b56db', 2, 130, 130, NULL),
	('8c776d1e-a725-553a-a356-c80b9cef80fe', 'ConfirmOrder', 'order', '5aca4a05-5900-502a-a069-06c5af62b532', 4, 131, 131, NULL),
	('8466937d-3991-5fc4-920d-3c81c53f3fc2', 'PlaceOrder', 'order', '944c8103-ef19-596b-9a14-dd7c3a2b56db', 3, 132, 132, NULL),
	('bfb4101c-6849-5d51-8003-c6411876a35b', 'RecordCapture', 'payment', '5aca4a05-5900-502a-a069-06c5af62b532', 3, 133, 133, NULL),
	('4f38649a-1496-515f-8582-97b4401276fd', 'ReserveStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 21, 134, 134, NULL),
	('ab33ac45-7499-5460-9cd8-8095a00a4f44', 'OpenOrder', 'order', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 1, 135, 135, NULL),
	('5272d3cd-b198-51d9-8bcb-3d9866609820', 'Record', 'fulfilment', '944c8103-ef19-596b-9a14-dd7c3a2b56db', 1, 136, 136, NULL),
	('b10c281f-3270-503d-90f0-7d456398ec23', 'DispatchStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 22, 137, 137, NULL),
	('cb5572b3-8ece-5ce7-b4cc-bbf455c3627e', 'Record', 'fulfilment', '5aca4a05-5900-502a-a069-06c5af62b532', 2, 138, 138, NULL),
	('4a410d4f-c570-5929-9714-0e5e3427d0d8', 'AddLine', 'order', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 2, 139, 139, NULL),
	('0ef7e94e-ce85-55dc-9b85-842d5517a5d8', 'RequestPayment', 'payment', '944c8103-ef19-596b-9a14-dd7c3a2b56db', 1, 140, 140, NULL),
	('f3a58c60-ffb7-548a-87d4-2f4f04f29698', 'PlaceOrder', 'order', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 3, 141, 141, NULL),
	('ec70ec84-a95b-54e4-9d37-57ffda40ae74', 'RecordAuthorisation', 'payment', '944c8103-ef19-596b-9a14-dd7c3a2b56db', 2, 142, 142, NULL),
	('eef77573-2f96-5243-9fec-727c75c2ad0e', 'OpenOrder', 'order', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 1, 143, 143, NULL),
	('571d59f8-e3aa-5d71-b797-9eb3928b95b8', 'ReserveStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 23, 144, 144, NULL),
	('cda366f1-b903-52ee-98ea-26c84c044626', 'Record', 'fulfilment', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 1, 145, 145, NULL),
	('0cecb7b0-9523-5bfb-8b6c-2b7d139153ae', 'AddLine', 'order', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 2, 146, 146, NULL),
	('0e70c6bf-0277-5a9b-b4d7-bd59236d515a', 'RequestPayment', 'payment', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 1, 147, 147, NULL),
	('e9e25d9a-0a04-54fb-be5f-9220b824af28', 'PlaceOrder', 'order', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 3, 148, 148, NULL),
	('fc2f5a78-872b-5052-b9e3-ad34413e7a10', 'RecordAuthorisation', 'payment', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 2, 149, 149, NULL),
	('ff0c3ebb-1c74-5f3b-92c8-980bb13f1ac5', 'OpenOrder', 'order', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 1, 150, 150, NULL),
	('d6b84327-9f1a-541a-a1bc-4f28ece405c9', 'ReserveStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 24, 151, 151, NULL),
	('ef6b7d7d-3228-5fda-922d-d53ff5660459', 'Record', 'fulfilment', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 1, 152, 152, NULL),
	('c358ae8b-8283-5715-9fda-71c061142965', 'ConfirmOrder', 'order', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 4, 153, 153, NULL),
	('754e0df7-cbd7-53aa-80ea-7f6af7b386ef', 'AddLine', 'order', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 2, 154, 154, NULL),
	('ac766a88-9492-563a-a597-162153790225', 'RequestPayment', 'payment', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 1, 155, 155, NULL),
	('27fb4c68-f425-50b0-b3d1-ac20e1ab3e1c', 'AddLine', 'order', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 3, 156, 156, NULL),
	('60c06f59-6164-501f-a386-4a16ea730edd', 'PlaceOrder', 'order', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 4, 157, 157, NULL),
	('adbca87f-ffd1-5081-9efc-649f5052bc3c', 'RecordAuthorisation', 'payment', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 2, 158, 158, NULL),
	('5531da9c-c032-527d-ab9e-1a025cc79918', 'ReserveStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 25, 159, 159, NULL),
	('c478009a-6415-584d-90e3-3dd9c005337d', 'ConfirmOrder', 'order', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 4, 160, 160, NULL),
	('7f5e1c03-be6b-577a-be0e-8ef503ae2e9a', 'Record', 'fulfilment', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 1, 161, 161, NULL),
	('c1c588e4-f37d-5c1a-aac3-f8bf468fa2af', 'OpenOrder', 'order', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 1, 162, 162, NULL),
	('e36e1d43-869f-5e6b-8bb1-ab5c4b48bf9d', 'ReserveStock', 'product', '8d204d04-96e4-563f-bd83-e45998396646', 3, 163, 163, NULL),
	('0dddd750-d1cf-5685-b001-227b1c029985', 'AddLine', 'order', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 2, 164, 164, NULL),
	('350472dc-1016-596e-ae57-7980b6a264e7', 'RequestPayment', 'payment', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 1, 165, 165, NULL),
	('b7041746-611f-5a15-904e-95267ad55e2d', 'PlaceOrder', 'order', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 3, 166, 166, NULL),
	('3a326476-0781-5545-8264-1dfdf43d3443', 'RecordAuthorisation', 'payment', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 2, 167, 167, NULL),
	('c93456b1-c992-549b-ac38-11c20150f71c', 'ReserveStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 26, 168, 168, NULL),
	('cc32d993-bd17-56b0-ab60-96e5959a0162', 'Record', 'fulfilment', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 1, 169, 169, NULL),
	('c270d9b1-6727-5f8e-9bfb-9191a1953645', 'ConfirmOrder', 'order', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 5, 170, 170, NULL),
	('e78555fa-5610-5583-a52f-6db83b91b0e8', 'OpenOrder', 'order', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 1, 171, 171, NULL),
	('0b3f283e-421d-5d5d-a4e2-ccf8d0a8bc1a', 'RequestPayment', 'payment', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 1, 172, 172, NULL),
	('844e7ca0-c7c4-50ea-9135-b5a27502d226', 'RecordCapture', 'payment', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 3, 173, 173, NULL),
	('fbda1703-ea6e-5c51-895b-07edaff0792d', 'AddLine', 'order', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 2, 174, 174, NULL),
	('78da2992-5a02-5e95-889f-2b4b5e29f4be', 'RecordAuthorisation', 'payment', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 2, 175, 175, NULL),
	('39d2d2c7-baaf-5015-a195-1962d184923f', 'PlaceOrder', 'order', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 3, 176, 176, NULL),
	('76b74d1a-386d-5157-a512-f41df251503e', 'ConfirmOrder', 'order', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 4, 177, 177, NULL),
	('95439d76-8c47-5e13-95a8-375c0d5b4002', 'ReserveStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 27, 178, 178, NULL),
	('fa3fab35-4df2-567b-be13-180200b88dd9', 'OpenOrder', 'order', '2fdab627-33df-5734-8191-d8bc13ecd494', 1, 179, 179, NULL),
	('5c79af9c-287d-59e6-9c83-59c3d752f314', 'RecordCapture', 'payment', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 3, 180, 180, NULL),
	('47bbdcd9-310a-5791-ae7b-9617b9b43c1d', 'Record', 'fulfilment', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 1, 181, 181, NULL),
	('0b74e7e1-2ce7-5543-abe4-c01cebf4224a', 'AddLine', 'order', '2fdab627-33df-5734-8191-d8bc13ecd494', 2, 182, 182, NULL),
	('f9f32eab-aea6-55e6-87f0-b766d2886080', 'RequestPayment', 'payment', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 1, 183, 183, NULL),
	('49c70159-3df4-59d3-9185-ca5129fe67b0', 'DispatchStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 28, 184, 184, NULL),
	('fccc6dba-c18b-5d28-b368-57ab027a9b6c', 'AddLine', 'order', '2fdab627-33df-5734-8191-d8bc13ecd494', 3, 185, 185, NULL),
	('c839c3e7-b28b-5574-85f1-621f14760802', 'RecordAuthorisation', 'payment', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 2, 186, 186, NULL),
	('e036ae00-f162-5ade-ba76-a77314ec1144', 'PlaceOrder', 'order', '2fdab627-33df-5734-8191-d8bc13ecd494', 4, 187, 187, NULL),
	('d9a06173-d4d4-51e6-9224-e10011036fcc', 'ConfirmOrder', 'order', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 4, 188, 188, NULL),
	('e7669e05-b03f-5769-b0ee-843f2eb846b0', 'OpenOrder', 'order', 'f5ba3266-3d18-584b-9375-46a3de945c51', 1, 189, 189, NULL);
INSERT INTO es.commands VALUES
	('5b6c1e4f-050f-5a52-bc80-2d1c5a41c9a7', 'ReserveStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 29, 190, 190, NULL),
	('493302f1-2634-5cf6-ad48-d3ffd4c06dd4', 'Record', 'fulfilment', '2fdab627-33df-5734-8191-d8bc13ecd494', 1, 191, 191, NULL),
	('7a1bec40-9ef5-5391-9a67-9cec5fa71c77', 'RecordCapture', 'payment', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 3, 192, 192, NULL),
	('741565a4-5823-577a-84dd-56f5d76564f4', 'ReserveStock', 'product', 'a4aec6f1-99d4-57c1-ab70-ec34b5227ce8', 1, 193, 192, 'OUT_OF_STOCK'),
	('48e8153f-a0ff-5f52-8991-ce3e4953b07b', 'AddLine', 'order', 'f5ba3266-3d18-584b-9375-46a3de945c51', 2, 193, 193, NULL),
	('b1e6ae77-170f-5096-b617-1d8c85271981', 'DispatchStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 30, 194, 194, NULL),
	('b67c1d23-b23f-50ab-aacc-b1253c39f771', 'AddLine', 'order', 'f5ba3266-3d18-584b-9375-46a3de945c51', 3, 195, 195, NULL),
	('d69ddbe8-588c-59bb-93b2-8e03e38c3c6e', 'PlaceOrder', 'order', 'f5ba3266-3d18-584b-9375-46a3de945c51', 4, 196, 196, NULL),
	('44c3ba06-26b4-5c55-897a-f446ffb5ef75', 'ReserveStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 31, 197, 197, NULL),
	('5bcc9f57-ed0e-5c9a-9dc7-23b57df32495', 'OpenOrder', 'order', '95188e2b-5e73-5567-bdf7-e1910f81d027', 1, 198, 198, NULL),
	('b47b705f-f000-58f2-9a79-7a5833f7e5bc', 'ReserveStock', 'product', 'a4aec6f1-99d4-57c1-ab70-ec34b5227ce8', 1, 199, 198, 'OUT_OF_STOCK'),
	('0d72ba69-5157-563d-8907-195ae17f0d82', 'Record', 'fulfilment', 'f5ba3266-3d18-584b-9375-46a3de945c51', 1, 199, 199, NULL),
	('9b1687d6-af96-59a8-9da5-243ea48c702c', 'AddLine', 'order', '95188e2b-5e73-5567-bdf7-e1910f81d027', 2, 200, 200, NULL),
	('2923ea1c-84a6-549d-9427-b3423adb52b3', 'Record', 'fulfilment', 'f5ba3266-3d18-584b-9375-46a3de945c51', 2, 201, 201, NULL),
	('ef44989f-44d4-53f9-9c7f-55a4a6774b7d', 'PlaceOrder', 'order', '95188e2b-5e73-5567-bdf7-e1910f81d027', 3, 202, 202, NULL),
	('0e64285b-a093-56db-9bc9-8fc0e24778b4', 'OpenOrder', 'order', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 1, 203, 203, NULL),
	('5c1da509-316e-57dc-b6ed-f32ef1d70b14', 'Record', 'fulfilment', '95188e2b-5e73-5567-bdf7-e1910f81d027', 1, 204, 204, NULL),
	('4d70ee06-8bc6-5db4-9406-dd5c4319db77', 'ReserveStock', 'product', '4a1d51fe-972f-51da-9ab0-4b60aa78ae0c', 3, 205, 205, NULL),
	('0b3baadc-8901-57af-bd15-eab53b96773e', 'AddLine', 'order', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 2, 206, 206, NULL),
	('2a889ab2-963c-5bcc-88c8-d1cbd78fe2da', 'RequestPayment', 'payment', '95188e2b-5e73-5567-bdf7-e1910f81d027', 1, 207, 207, NULL),
	('f9b1e036-7013-5080-a4e8-6ca6063869c6', 'PlaceOrder', 'order', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 3, 208, 208, NULL),
	('24318fcc-58b0-51d0-9331-866faf616ff7', 'RecordDecline', 'payment', '95188e2b-5e73-5567-bdf7-e1910f81d027', 2, 209, 209, NULL),
	('ac90f820-1264-545e-a61e-57f137734cc8', 'ReserveStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 32, 210, 210, NULL),
	('ec4a7803-abd9-58dd-8abf-751fe85d5c1f', 'OpenOrder', 'order', '310d1894-d392-5e07-a1cc-4d4b245805be', 1, 211, 211, NULL),
	('5fd0db45-9a48-57c7-86ca-3e008b45df7a', 'Record', 'fulfilment', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 1, 212, 212, NULL),
	('30a04bde-cf98-5c31-bddf-0d8968f25c1c', 'ReleaseReservation', 'product', '4a1d51fe-972f-51da-9ab0-4b60aa78ae0c', 4, 213, 213, NULL),
	('969ad992-a30b-5edb-9e31-af358e2d826d', 'AddLine', 'order', '310d1894-d392-5e07-a1cc-4d4b245805be', 2, 214, 214, NULL),
	('b1d915ed-ed3b-5061-9c84-3d4eee0484f7', 'RequestPayment', 'payment', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 1, 215, 215, NULL),
	('39abe8c8-c6b9-5121-ac7b-c8d3f530ebb8', 'PlaceOrder', 'order', '310d1894-d392-5e07-a1cc-4d4b245805be', 3, 216, 216, NULL),
	('436b104d-c9cd-5f60-a194-0e2974a6f28b', 'RecordAuthorisation', 'payment', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 2, 217, 217, NULL),
	('8969f42a-03f1-5b30-956c-30f6f0895d69', 'ReserveStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 33, 218, 218, NULL),
	('2ab3d4f2-8800-55bd-950a-3330ad1491cc', 'Record', 'fulfilment', '310d1894-d392-5e07-a1cc-4d4b245805be', 1, 219, 219, NULL),
	('69a87cc6-a532-55a0-84a0-6d960f11beb5', 'OpenOrder', 'order', '98352393-1372-550d-80c7-1e88afb92621', 1, 220, 220, NULL),
	('3b305404-d668-5b3c-bc0a-ba65b088b07b', 'ConfirmOrder', 'order', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 4, 221, 221, NULL),
	('aaaf4284-0aae-5534-ba9e-49045b722c41', 'RequestPayment', 'payment', '310d1894-d392-5e07-a1cc-4d4b245805be', 1, 222, 222, NULL),
	('357662a0-f8a6-573f-affd-3c40b2ec1702', 'AddLine', 'order', '98352393-1372-550d-80c7-1e88afb92621', 2, 223, 223, NULL),
	('45ce29ed-9c64-5a1e-9bf7-b78af34afd63', 'RecordAuthorisation', 'payment', '310d1894-d392-5e07-a1cc-4d4b245805be', 2, 224, 224, NULL),
	('c19e3175-b247-5b9f-a3e3-35276be3ba3d', 'PlaceOrder', 'order', '98352393-1372-550d-80c7-1e88afb92621', 3, 225, 225, NULL),
	('24dc8a83-a366-5e88-b24f-8f13f6b4ac63', 'ConfirmOrder', 'order', '310d1894-d392-5e07-a1cc-4d4b245805be', 4, 226, 226, NULL),
	('f436905e-835f-5338-a3b8-6cf67a45bd8f', 'ReserveStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 34, 227, 227, NULL),
	('9f778152-05bb-5383-9b61-901780ee595a', 'OpenOrder', 'order', '9fb6aa84-1078-50c3-adeb-4100124b1e8a', 1, 228, 228, NULL),
	('ea954e07-3329-530d-af89-8cb4fc24b0b8', 'Record', 'fulfilment', '98352393-1372-550d-80c7-1e88afb92621', 1, 229, 229, NULL),
	('8e98b1c8-8630-5fc6-8bce-cb112818f3a4', 'RequestPayment', 'payment', '98352393-1372-550d-80c7-1e88afb92621', 1, 230, 230, NULL),
	('f6c59fc4-97cd-5fcb-95da-d946d54808a7', 'AddLine', 'order', '9fb6aa84-1078-50c3-adeb-4100124b1e8a', 2, 231, 231, NULL),
	('3b796c65-f99e-50f8-a4c4-2f8cab158eb9', 'RecordAuthorisation', 'payment', '98352393-1372-550d-80c7-1e88afb92621', 2, 232, 232, NULL),
	('1174a12b-c4a8-5567-b4a6-71fb6ff3eb45', 'PlaceOrder', 'order', '9fb6aa84-1078-50c3-adeb-4100124b1e8a', 3, 233, 233, NULL),
	('b7514c3e-869b-5bb1-84c0-8da53aeab444', 'ConfirmOrder', 'order', '98352393-1372-550d-80c7-1e88afb92621', 4, 234, 234, NULL),
	('74128802-9bb7-5ed2-b1be-a9a3a2298469', 'ReserveStock', 'product', '2010e0e0-6d29-5a13-b158-71ff29b9c9d6', 3, 235, 235, NULL),
	('0df64080-b4e9-5197-9e59-7ddf4e05a7d8', 'Record', 'fulfilment', '9fb6aa84-1078-50c3-adeb-4100124b1e8a', 1, 236, 236, NULL),
	('34607e42-9e37-545d-9f0d-6a5abf340dea', 'RecordCapture', 'payment', '98352393-1372-550d-80c7-1e88afb92621', 3, 237, 237, NULL),
	('345c2484-456b-5920-95f9-5f2cbcdf92c6', 'CancelOrder', 'order', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 5, 238, 238, NULL),
	('3d01865b-02e2-5f2d-abbe-b74b254629ec', 'DispatchStock', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 35, 239, 239, NULL),
	('f28b4a05-eb67-5289-aabc-28272804490e', 'RequestPayment', 'payment', '9fb6aa84-1078-50c3-adeb-4100124b1e8a', 1, 240, 240, NULL),
	('690b9c21-3486-5383-9b22-478ea3e8ba55', 'Record', 'fulfilment', '98352393-1372-550d-80c7-1e88afb92621', 2, 241, 241, NULL),
	('f6760ba8-3704-595b-99d1-3c2d7b064861', 'CancelOrder', 'order', '310d1894-d392-5e07-a1cc-4d4b245805be', 5, 242, 242, NULL),
	('bbfe721c-1a4f-5e6a-b96b-3ce02c395718', 'CancelOrder', 'order', '98352393-1372-550d-80c7-1e88afb92621', 5, 243, 243, NULL),
	('3c13af36-0065-5906-864b-3c9e7297ceff', 'RecordRefund', 'payment', '98352393-1372-550d-80c7-1e88afb92621', 4, 244, 244, NULL),
	('e92d1432-18ec-57ee-b2ae-371e77adcf73', 'ReceiveStock', 'product', 'f3cb8331-76ee-58ef-8856-ee61c759bac2', 3, 245, 245, NULL),
	('315e31b9-4383-5b7b-a9cc-4d8d5d084495', 'OpenOrder', 'order', 'ff667660-d80d-5776-bef7-3b67c0e27ebe', 1, 246, 246, NULL),
	('510d13bc-0f68-5447-9c90-b832d640c12b', 'AddLine', 'order', 'ff667660-d80d-5776-bef7-3b67c0e27ebe', 2, 247, 247, NULL);
INSERT INTO es.events VALUES
	(1, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 1, 'product.registered', 1, '{"sku": "TEA", "name": "Tea", "price": {"amount": "4.50", "currency": "EUR"}}', '7332ace2-5a76-523a-b167-ba53ba8fa8f2', '01a2168e-885b-7dd0-9c0d-5c844ed5d638', NULL, 'anonymous', '2026-11-26 06:32:49.550444+00', '2026-11-26 06:32:49.550444+00'),
	(2, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 2, 'product.stock-received', 1, '{"quantity": 200}', '7374502b-1b3a-50f1-afa6-18a436a5d48d', '01a2168e-88bc-7f62-b83e-f4907c8d67fa', NULL, 'anonymous', '2026-11-26 06:32:49.606624+00', '2026-11-26 06:32:49.606624+00'),
	(3, 'product', 'f3cb8331-76ee-58ef-8856-ee61c759bac2', 1, 'product.registered', 1, '{"sku": "CUP", "name": "Cup", "price": {"amount": "7.25", "currency": "EUR"}}', '793e24a3-3cdb-5abd-a97a-f49b61ba22c3', '01a2168e-8953-7da4-b65e-a9d34f356312', NULL, 'anonymous', '2026-11-26 06:32:49.760952+00', '2026-11-26 06:32:49.760952+00'),
	(4, 'product', 'f3cb8331-76ee-58ef-8856-ee61c759bac2', 2, 'product.stock-received', 1, '{"quantity": 200}', '6213d9bf-bf83-5379-970c-321494989736', '01a2168e-897b-7240-95b6-968ed306fa8b', NULL, 'anonymous', '2026-11-26 06:32:49.789168+00', '2026-11-26 06:32:49.789168+00'),
	(5, 'product', '8d204d04-96e4-563f-bd83-e45998396646', 1, 'product.registered', 1, '{"sku": "POT", "name": "Pot", "price": {"amount": "31.00", "currency": "EUR"}}', '875abca6-4df8-5d84-aa72-94a73241bb9e', '01a2168e-8990-7e01-b97f-f3dcfd4afc2a', NULL, 'anonymous', '2026-11-26 06:32:49.819342+00', '2026-11-26 06:32:49.819342+00'),
	(6, 'product', '8d204d04-96e4-563f-bd83-e45998396646', 2, 'product.stock-received', 1, '{"quantity": 50}', 'b9c2dcd2-54fc-5ec7-8ca7-17dbfa88d98c', '01a2168e-89a8-75e4-bf40-00cc8366c997', NULL, 'anonymous', '2026-11-26 06:32:49.836068+00', '2026-11-26 06:32:49.836068+00'),
	(7, 'product', 'a4aec6f1-99d4-57c1-ab70-ec34b5227ce8', 1, 'product.registered', 1, '{"sku": "SCARCE", "name": "Scarce", "price": {"amount": "99.00", "currency": "EUR"}}', '33c67793-46df-5235-9af8-83748f24c6b0', '01a2168e-89bb-72d2-9cfd-14f7dc261e0c', NULL, 'anonymous', '2026-11-26 06:32:49.860606+00', '2026-11-26 06:32:49.860606+00'),
	(8, 'product', '4a1d51fe-972f-51da-9ab0-4b60aa78ae0c', 1, 'product.registered', 1, '{"sku": "DECLINED", "name": "Declined", "price": {"amount": "1313.13", "currency": "EUR"}}', '613f2a29-fe13-50ce-bf8e-f9ae557f89d1', '01a2168e-89cf-78f6-867a-8727f8e8a0a5', NULL, 'anonymous', '2026-11-26 06:32:49.881294+00', '2026-11-26 06:32:49.881294+00'),
	(9, 'product', '4a1d51fe-972f-51da-9ab0-4b60aa78ae0c', 2, 'product.stock-received', 1, '{"quantity": 5}', 'ed9621db-2014-5ec8-a38f-9c1c14f60d45', '01a2168e-89ef-7f58-bc73-d3b8117e34c0', NULL, 'anonymous', '2026-11-26 06:32:49.904923+00', '2026-11-26 06:32:49.904923+00'),
	(10, 'product', '2010e0e0-6d29-5a13-b158-71ff29b9c9d6', 1, 'product.registered', 1, '{"sku": "SLOW", "name": "Slow", "price": {"amount": "1414.14", "currency": "EUR"}}', '4c1072dd-ec8b-5889-ad24-d7daafa4a444', '01a2168e-8a00-7dfe-8a69-6116befe0be3', NULL, 'anonymous', '2026-11-26 06:32:49.924493+00', '2026-11-26 06:32:49.924493+00'),
	(11, 'product', '2010e0e0-6d29-5a13-b158-71ff29b9c9d6', 2, 'product.stock-received', 1, '{"quantity": 5}', '6d29e9e8-fc0f-5331-93a3-3bbfb45891d7', '01a2168e-8a14-71a3-ad1a-b7557bec010e', NULL, 'anonymous', '2026-11-26 06:32:49.941533+00', '2026-11-26 06:32:49.941533+00'),
	(12, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 3, 'product.price-changed', 1, '{"price": {"amount": "4.75", "currency": "EUR"}}', '5097617a-72a3-5caf-afe0-d6efa177c506', '01a2168e-8a25-7b36-98e1-392812a31567', NULL, 'anonymous', '2026-11-26 06:32:49.984481+00', '2026-11-26 06:32:49.984481+00'),
	(13, 'order', '17b040c2-52af-57cd-a80d-984c4126521f', 1, 'order.opened', 1, '{"customer_id": "ee847f26-54ee-56b0-880b-1b4cb0e94d96"}', 'a0d03999-203e-544f-967c-2bc5a94aebc2', '01a2168e-8a8c-73cb-b1cc-87c2e9223c11', NULL, 'anonymous', '2026-11-26 06:32:50.083756+00', '2026-11-26 06:32:50.083756+00'),
	(14, 'order', '17b040c2-52af-57cd-a80d-984c4126521f', 2, 'order.line-added', 1, '{"sku": "TEA", "place": null, "redoes": null, "undoes": null, "quantity": 2, "unit_price": {"amount": "4.75", "currency": "EUR"}}', 'a358615f-fc27-5465-9bcd-ed192774f4b9', '01a2168e-8ab8-732c-9a00-a86b6d7c6be6', NULL, 'anonymous', '2026-11-26 06:32:50.124346+00', '2026-11-26 06:32:50.124346+00'),
	(15, 'order', '17b040c2-52af-57cd-a80d-984c4126521f', 3, 'order.line-added', 1, '{"sku": "CUP", "place": null, "redoes": null, "undoes": null, "quantity": 3, "unit_price": {"amount": "7.25", "currency": "EUR"}}', '862a740b-d7d3-5846-9066-44854d16a5cd', '01a2168e-8ae4-78ef-b3ef-7404580a235f', NULL, 'anonymous', '2026-11-26 06:32:50.167792+00', '2026-11-26 06:32:50.167792+00'),
	(16, 'order', '17b040c2-52af-57cd-a80d-984c4126521f', 4, 'order.line-added', 1, '{"sku": "POT", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "31.00", "currency": "EUR"}}', '5c11e651-14bd-5549-bcc6-3348ac91323b', '01a2168e-8b0c-7e6c-9f38-4f27f36f8c4b', NULL, 'anonymous', '2026-11-26 06:32:50.191517+00', '2026-11-26 06:32:50.191517+00'),
	(17, 'order', '17b040c2-52af-57cd-a80d-984c4126521f', 5, 'order.quantity-changed', 1, '{"sku": "TEA", "redoes": null, "undoes": null, "quantity": 5}', 'fdebde2b-67be-5523-aa83-55457ce01281', '01a2168e-8b19-7b5e-9115-fab60067c1f1', NULL, 'anonymous', '2026-11-26 06:32:50.219324+00', '2026-11-26 06:32:50.219324+00'),
	(18, 'order', '17b040c2-52af-57cd-a80d-984c4126521f', 6, 'order.line-removed', 1, '{"sku": "POT", "redoes": null, "undoes": null}', '666ed974-7bab-5af6-9cdf-b5849eb52dd1', '01a2168e-8b3b-7b7f-98e5-edeacf123967', NULL, 'anonymous', '2026-11-26 06:32:50.251077+00', '2026-11-26 06:32:50.251077+00'),
	(19, 'order', '17b040c2-52af-57cd-a80d-984c4126521f', 7, 'order.line-added', 1, '{"sku": "POT", "place": null, "redoes": null, "undoes": 6, "quantity": 1, "unit_price": {"amount": "31.00", "currency": "EUR"}}', '38bfeb81-02c1-558b-a1ae-eaa79be17054', '01a2168e-8b5c-7453-87cf-62762775a32b', NULL, 'anonymous', '2026-11-26 06:32:50.287335+00', '2026-11-26 06:32:50.287335+00'),
	(20, 'order', '17b040c2-52af-57cd-a80d-984c4126521f', 8, 'order.quantity-changed', 1, '{"sku": "TEA", "redoes": null, "undoes": 5, "quantity": 2}', '4988b87a-22b9-5cd5-8de4-4640cbae1579', '01a2168e-8b7e-7358-961d-f93a8d9fb53e', NULL, 'anonymous', '2026-11-26 06:32:50.309049+00', '2026-11-26 06:32:50.309049+00'),
	(21, 'order', '17b040c2-52af-57cd-a80d-984c4126521f', 9, 'order.quantity-changed', 1, '{"sku": "TEA", "redoes": 5, "undoes": null, "quantity": 5}', 'b47c887e-36c4-5c97-99ba-0059ca8f8ce2', '01a2168e-8b9b-75ca-8de2-954e0fd4359b', NULL, 'anonymous', '2026-11-26 06:32:50.347287+00', '2026-11-26 06:32:50.347287+00'),
	(22, 'order', '3ff50e96-7c48-5b5d-b0b7-1a81d086aa0c', 1, 'order.opened', 1, '{"customer_id": "680574a3-4b7e-5537-80cf-a0c431d7367f"}', '3ac0b305-b0e3-507d-9e52-1b56b21b4fe4', '01a2168e-8bea-72ed-8976-f85092e9aead', NULL, 'anonymous', '2026-11-26 06:32:50.415143+00', '2026-11-26 06:32:50.415143+00'),
	(23, 'order', '6b43a5f0-8525-57bf-9675-69a7dea4d625', 1, 'order.opened', 1, '{"customer_id": "69600a23-367f-5d01-95b3-e1249469bc0a"}', '050df453-211f-571c-b511-a8669bb1cb5f', '01a2168e-8c44-7ff9-80ed-4ec05d333cfe', NULL, 'anonymous', '2026-11-26 06:32:50.512391+00', '2026-11-26 06:32:50.512391+00'),
	(24, 'order', '6b43a5f0-8525-57bf-9675-69a7dea4d625', 2, 'order.line-added', 1, '{"sku": "CUP", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "7.25", "currency": "EUR"}}', '51c3dfde-99f2-570e-9368-7b40616bd162', '01a2168e-8c62-726f-b3b8-523e786efa4c', NULL, 'anonymous', '2026-11-26 06:32:50.542124+00', '2026-11-26 06:32:50.542124+00'),
	(25, 'order', '6b43a5f0-8525-57bf-9675-69a7dea4d625', 3, 'order.cancelled', 1, '{"reason": "changed my mind", "placement": null, "customer_id": "69600a23-367f-5d01-95b3-e1249469bc0a"}', '152c801d-9394-5d67-8776-e0d2bd4fcf6d', '01a2168e-8c82-7098-99f9-bac73b0710a6', NULL, 'anonymous', '2026-11-26 06:32:50.579319+00', '2026-11-26 06:32:50.579319+00'),
	(26, 'order', '83a8d44c-383f-5473-80ad-09173cddaeb0', 1, 'order.opened', 1, '{"customer_id": "b102ee3e-b2bb-503b-a730-568999310b6c"}', '198f8c56-c43a-5ee5-85d2-3ac64a3bc513', '01a2168e-8cae-7761-9178-9707eca2082d', NULL, 'anonymous', '2026-11-26 06:32:50.619353+00', '2026-11-26 06:32:50.619353+00'),
	(27, 'order', '83a8d44c-383f-5473-80ad-09173cddaeb0', 2, 'order.line-added', 1, '{"sku": "TEA", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}', 'fd4f2b6f-1e2c-5f9d-8b0a-35c920a52cb2', '01a2168e-8cd5-77ac-9c68-52560424383a', NULL, 'anonymous', '2026-11-26 06:32:50.655911+00', '2026-11-26 06:32:50.655911+00'),
	(28, 'order', '83a8d44c-383f-5473-80ad-09173cddaeb0', 3, 'order.placed', 2, '{"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:32:50.683473Z", "customer_id": "b102ee3e-b2bb-503b-a730-568999310b6c"}', '647a44b3-938c-5ff8-be7d-577c02ec6c46', '01a2168e-8cf8-7918-a872-554600a36b1a', NULL, 'anonymous', '2026-11-26 06:32:50.684304+00', '2026-11-26 06:32:50.684304+00'),
	(29, 'order', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 1, 'order.opened', 1, '{"customer_id": "ee847f26-54ee-56b0-880b-1b4cb0e94d96"}', 'd2472eb7-3979-5479-97ff-1af03f75cf35', '01a2168e-8d16-7464-bf02-19c81e111082', NULL, 'anonymous', '2026-11-26 06:32:50.72713+00', '2026-11-26 06:32:50.72713+00'),
	(30, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 4, 'product.stock-reserved', 1, '{"order_id": "83a8d44c-383f-5473-80ad-09173cddaeb0", "quantity": 1}', 'fbdacc3e-e346-5a60-b628-64877a97fcad', '01a2168e-8cf8-7918-a872-554600a36b1a', 28, 'process:fulfilment', '2026-11-26 06:32:50.756689+00', '2026-11-26 06:32:50.756689+00'),
	(31, 'fulfilment', '83a8d44c-383f-5473-80ad-09173cddaeb0', 1, 'fulfilment.started', 1, '{}', '445694d6-4838-57e7-9fce-35eb7d3dd375', '01a2168e-8cf8-7918-a872-554600a36b1a', 28, 'process:fulfilment', '2026-11-26 06:32:50.776461+00', '2026-11-26 06:32:50.776461+00'),
	(32, 'order', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 2, 'order.line-added', 1, '{"sku": "TEA", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}', '4db05f72-c48a-5080-93da-3b158885044c', '01a2168e-8d58-73ab-a2fa-a92c9a7fc321', NULL, 'anonymous', '2026-11-26 06:32:50.792119+00', '2026-11-26 06:32:50.792119+00'),
	(33, 'payment', '83a8d44c-383f-5473-80ad-09173cddaeb0', 1, 'payment.requested', 1, '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "83a8d44c-383f-5473-80ad-09173cddaeb0"}', '2f3091ca-46bc-5e2e-9e20-694a87d702eb', '01a2168e-8cf8-7918-a872-554600a36b1a', 30, 'process:fulfilment', '2026-11-26 06:32:50.800762+00', '2026-11-26 06:32:50.800762+00'),
	(34, 'order', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 3, 'order.placed', 2, '{"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:32:50.812887Z", "customer_id": "ee847f26-54ee-56b0-880b-1b4cb0e94d96"}', 'f7fe0d72-444f-58c4-a048-2516900a0e85', '01a2168e-8d7c-70c4-91cd-3da5b1b6baf9', NULL, 'anonymous', '2026-11-26 06:32:50.815281+00', '2026-11-26 06:32:50.815281+00'),
	(35, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 5, 'product.stock-reserved', 1, '{"order_id": "6dd21f2f-9b50-5aac-bf7a-1f620f3e1438", "quantity": 1}', 'fc5a2bba-5dec-5451-8b20-0e22779a6d0f', '01a2168e-8d7c-70c4-91cd-3da5b1b6baf9', 34, 'process:fulfilment', '2026-11-26 06:32:50.862837+00', '2026-11-26 06:32:50.862837+00'),
	(36, 'fulfilment', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 1, 'fulfilment.started', 1, '{}', 'f1419d02-6231-5473-964f-8e8c45d7d66f', '01a2168e-8d7c-70c4-91cd-3da5b1b6baf9', 34, 'process:fulfilment', '2026-11-26 06:32:50.877765+00', '2026-11-26 06:32:50.877765+00'),
	(37, 'order', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 1, 'order.opened', 1, '{"customer_id": "69600a23-367f-5d01-95b3-e1249469bc0a"}', 'c034412e-0fb0-5a20-a511-ea865ad32586', '01a2168e-8da5-7106-b802-2ef452bc1a83', NULL, 'anonymous', '2026-11-26 06:32:50.877765+00', '2026-11-26 06:32:50.877765+00'),
	(38, 'payment', '83a8d44c-383f-5473-80ad-09173cddaeb0', 2, 'payment.authorised', 1, '{"reference": "sim-83a8d44c383f"}', '281f465a-2d34-5528-ab7d-5764f16771db', '01a2168e-8cf8-7918-a872-554600a36b1a', 33, 'process:fulfilment', '2026-11-26 06:32:50.908087+00', '2026-11-26 06:32:50.908087+00'),
	(39, 'payment', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 1, 'payment.requested', 1, '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "6dd21f2f-9b50-5aac-bf7a-1f620f3e1438"}', '4b60779f-654e-5fa6-a78e-2f2d9dfe649a', '01a2168e-8d7c-70c4-91cd-3da5b1b6baf9', 35, 'process:fulfilment', '2026-11-26 06:32:50.911271+00', '2026-11-26 06:32:50.911271+00'),
	(40, 'order', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 2, 'order.line-added', 1, '{"sku": "TEA", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}', '09b0e8e4-b598-5dcd-bc97-3a61d3eedf38', '01a2168e-8ddc-7a2a-8ca5-f6059bb109f2', NULL, 'anonymous', '2026-11-26 06:32:50.919316+00', '2026-11-26 06:32:50.919316+00'),
	(41, 'order', '83a8d44c-383f-5473-80ad-09173cddaeb0', 4, 'order.confirmed', 1, '{}', 'a0d13cbc-1f52-5bcf-8ffc-e0b6bb101369', '01a2168e-8cf8-7918-a872-554600a36b1a', 38, 'process:fulfilment', '2026-11-26 06:32:50.919316+00', '2026-11-26 06:32:50.919316+00'),
	(42, 'payment', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 2, 'payment.authorised', 1, '{"reference": "sim-6dd21f2f9b50"}', '8061ba5b-3c71-5f3e-9a40-35214ac986e5', '01a2168e-8d7c-70c4-91cd-3da5b1b6baf9', 39, 'process:fulfilment', '2026-11-26 06:32:50.953907+00', '2026-11-26 06:32:50.953907+00'),
	(43, 'order', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 3, 'order.placed', 2, '{"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:32:50.953309Z", "customer_id": "69600a23-367f-5d01-95b3-e1249469bc0a"}', '7a4464a3-7465-57f3-b9f1-9e9f91a47736', '01a2168e-8e08-78bb-804f-88b2e05f6c94', NULL, 'anonymous', '2026-11-26 06:32:50.953907+00', '2026-11-26 06:32:50.953907+00'),
	(44, 'payment', '83a8d44c-383f-5473-80ad-09173cddaeb0', 3, 'payment.captured', 1, '{"amount": {"amount": "4.75", "currency": "EUR"}}', 'd772f989-e66b-5114-98d5-6d26f11f7fa1', '01a2168e-8cf8-7918-a872-554600a36b1a', 41, 'process:fulfilment', '2026-11-26 06:32:50.981284+00', '2026-11-26 06:32:50.981284+00'),
	(45, 'order', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 4, 'order.confirmed', 1, '{}', 'ab994535-48ab-574a-bce4-b43d06810756', '01a2168e-8d7c-70c4-91cd-3da5b1b6baf9', 42, 'process:fulfilment', '2026-11-26 06:32:50.99273+00', '2026-11-26 06:32:50.99273+00'),
	(46, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 6, 'product.stock-reserved', 1, '{"order_id": "3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9", "quantity": 1}', 'b8ddc725-d731-5258-badd-eae65be40bcf', '01a2168e-8e08-78bb-804f-88b2e05f6c94', 43, 'process:fulfilment', '2026-11-26 06:32:50.99273+00', '2026-11-26 06:32:50.99273+00'),
	(47, 'order', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 1, 'order.opened', 1, '{"customer_id": "680574a3-4b7e-5537-80cf-a0c431d7367f"}', '82410765-c7f8-5693-be11-005dd53fd3dc', '01a2168e-8e29-7d67-9060-d8179eb410ca', NULL, 'anonymous', '2026-11-26 06:32:51.003413+00', '2026-11-26 06:32:51.003413+00'),
	(48, 'fulfilment', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 1, 'fulfilment.started', 1, '{}', 'ad876976-363e-54bc-b4cf-6727b4a082dd', '01a2168e-8e08-78bb-804f-88b2e05f6c94', 43, 'process:fulfilment', '2026-11-26 06:32:51.015642+00', '2026-11-26 06:32:51.015642+00'),
	(49, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 7, 'product.stock-dispatched', 1, '{"order_id": "83a8d44c-383f-5473-80ad-09173cddaeb0", "quantity": 1}', '15212446-9638-5cd1-a59d-8dcd506d0ad8', '01a2168e-8cf8-7918-a872-554600a36b1a', 44, 'process:fulfilment', '2026-11-26 06:32:51.015642+00', '2026-11-26 06:32:51.015642+00'),
	(50, 'payment', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 1, 'payment.requested', 1, '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9"}', 'ef2fe2fa-2b5e-58a1-a288-1e53b44cee43', '01a2168e-8e08-78bb-804f-88b2e05f6c94', 46, 'process:fulfilment', '2026-11-26 06:32:51.026308+00', '2026-11-26 06:32:51.026308+00'),
	(51, 'payment', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 3, 'payment.captured', 1, '{"amount": {"amount": "4.75", "currency": "EUR"}}', 'd861dca8-2bf2-50a6-b956-2cffe8db4358', '01a2168e-8d7c-70c4-91cd-3da5b1b6baf9', 45, 'process:fulfilment', '2026-11-26 06:32:51.026308+00', '2026-11-26 06:32:51.026308+00'),
	(52, 'fulfilment', '83a8d44c-383f-5473-80ad-09173cddaeb0', 2, 'fulfilment.ended', 1, '{"outcome": "confirmed"}', '2fa580ae-3c38-5bc1-867c-5e1013c5f706', '01a2168e-8cf8-7918-a872-554600a36b1a', 49, 'process:fulfilment', '2026-11-26 06:32:51.036977+00', '2026-11-26 06:32:51.036977+00'),
	(53, 'order', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 2, 'order.line-added', 1, '{"sku": "TEA", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}', '784b9a05-e5f5-5669-aa29-4e74cebadd52', '01a2168e-8e51-7e16-808d-d11682378d93', NULL, 'anonymous', '2026-11-26 06:32:51.052019+00', '2026-11-26 06:32:51.052019+00'),
	(54, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 8, 'product.stock-dispatched', 1, '{"order_id": "6dd21f2f-9b50-5aac-bf7a-1f620f3e1438", "quantity": 1}', '1a7555db-c4c8-5cce-b8fe-658e4e73689a', '01a2168e-8d7c-70c4-91cd-3da5b1b6baf9', 51, 'process:fulfilment', '2026-11-26 06:32:51.06334+00', '2026-11-26 06:32:51.06334+00'),
	(55, 'payment', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 2, 'payment.authorised', 1, '{"reference": "sim-3ff3297dd0e5"}', '69f19d3d-a16f-577b-8c00-9f75baab392e', '01a2168e-8e08-78bb-804f-88b2e05f6c94', 50, 'process:fulfilment', '2026-11-26 06:32:51.077674+00', '2026-11-26 06:32:51.077674+00'),
	(56, 'fulfilment', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 2, 'fulfilment.ended', 1, '{"outcome": "confirmed"}', '045fd5a9-12d2-5831-a63d-7213e6dccd02', '01a2168e-8d7c-70c4-91cd-3da5b1b6baf9', 54, 'process:fulfilment', '2026-11-26 06:32:51.091979+00', '2026-11-26 06:32:51.091979+00'),
	(57, 'order', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 3, 'order.placed', 2, '{"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:32:51.092829Z", "customer_id": "680574a3-4b7e-5537-80cf-a0c431d7367f"}', '520d4428-93ce-5046-a493-1e69dd84b2b8', '01a2168e-8e94-7c45-af90-9a239c02e37f', NULL, 'anonymous', '2026-11-26 06:32:51.112817+00', '2026-11-26 06:32:51.112817+00'),
	(58, 'order', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 4, 'order.confirmed', 1, '{}', '8c118cd2-159a-566d-b9ec-ee592358b3d8', '01a2168e-8e08-78bb-804f-88b2e05f6c94', 55, 'process:fulfilment', '2026-11-26 06:32:51.112817+00', '2026-11-26 06:32:51.112817+00'),
	(59, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 9, 'product.stock-reserved', 1, '{"order_id": "d7809bc0-72af-584f-b735-b7fd7071eb6b", "quantity": 1}', 'ef090d16-d932-516d-880b-c6a1f40ed5e9', '01a2168e-8e94-7c45-af90-9a239c02e37f', 57, 'process:fulfilment', '2026-11-26 06:32:51.153453+00', '2026-11-26 06:32:51.153453+00'),
	(60, 'order', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 1, 'order.opened', 1, '{"customer_id": "69600a23-367f-5d01-95b3-e1249469bc0a"}', 'acee1c0b-eb45-5cd9-b739-f3d93fb6d3d0', '01a2168e-8ecb-75f0-b8d0-8de13af4d8cd', NULL, 'anonymous', '2026-11-26 06:32:51.163434+00', '2026-11-26 06:32:51.163434+00'),
	(61, 'fulfilment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 1, 'fulfilment.started', 1, '{}', '1256108c-943c-5c89-9af0-1f35d930f2be', '01a2168e-8e94-7c45-af90-9a239c02e37f', 57, 'process:fulfilment', '2026-11-26 06:32:51.178956+00', '2026-11-26 06:32:51.178956+00'),
	(62, 'payment', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 3, 'payment.captured', 1, '{"amount": {"amount": "4.75", "currency": "EUR"}}', 'fa32ebeb-3608-571f-b5e1-c416a0df5a94', '01a2168e-8e08-78bb-804f-88b2e05f6c94', 58, 'process:fulfilment', '2026-11-26 06:32:51.178956+00', '2026-11-26 06:32:51.178956+00'),
	(63, 'payment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 1, 'payment.requested', 1, '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "d7809bc0-72af-584f-b735-b7fd7071eb6b"}', 'f20cddc8-2042-5598-ba3b-11ac2f762f3a', '01a2168e-8e94-7c45-af90-9a239c02e37f', 59, 'process:fulfilment', '2026-11-26 06:32:51.209397+00', '2026-11-26 06:32:51.209397+00'),
	(64, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 10, 'product.stock-dispatched', 1, '{"order_id": "3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9", "quantity": 1}', '69780e87-a97d-511b-9c8f-3988636f853d', '01a2168e-8e08-78bb-804f-88b2e05f6c94', 62, 'process:fulfilment', '2026-11-26 06:32:51.219282+00', '2026-11-26 06:32:51.219282+00'),
	(65, 'order', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 2, 'order.line-added', 1, '{"sku": "TEA", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}', 'bc3c3f1b-3c73-5137-bd63-190e266bef09', '01a2168e-8f02-7f8f-9887-b7658b56cd08', NULL, 'anonymous', '2026-11-26 06:32:51.219282+00', '2026-11-26 06:32:51.219282+00'),
	(66, 'payment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 2, 'payment.authorised', 1, '{"reference": "sim-d7809bc072af"}', '25a827fe-93dc-5b75-83b2-3b4dd792a61b', '01a2168e-8e94-7c45-af90-9a239c02e37f', 63, 'process:fulfilment', '2026-11-26 06:32:51.242221+00', '2026-11-26 06:32:51.242221+00'),
	(67, 'order', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 3, 'order.line-added', 1, '{"sku": "SCARCE", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "99.00", "currency": "EUR"}}', '4d7ccf9e-8cde-567b-8797-bb284051c3f6', '01a2168e-8f28-74b4-803d-40a68cf5a24a', NULL, 'anonymous', '2026-11-26 06:32:51.257634+00', '2026-11-26 06:32:51.257634+00'),
	(68, 'fulfilment', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 2, 'fulfilment.ended', 1, '{"outcome": "confirmed"}', '80766ec1-95df-564b-bed3-903babeae249', '01a2168e-8e08-78bb-804f-88b2e05f6c94', 64, 'process:fulfilment', '2026-11-26 06:32:51.257634+00', '2026-11-26 06:32:51.257634+00'),
	(69, 'order', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 4, 'order.confirmed', 1, '{}', 'f4359207-fd82-520c-b95f-c870de63883e', '01a2168e-8e94-7c45-af90-9a239c02e37f', 66, 'process:fulfilment', '2026-11-26 06:32:51.260774+00', '2026-11-26 06:32:51.260774+00'),
	(70, 'order', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 4, 'order.placed', 2, '{"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "SCARCE", "quantity": 1, "unit_price": {"amount": "99.00", "currency": "EUR"}}], "total": {"amount": "103.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:32:51.277535Z", "customer_id": "69600a23-367f-5d01-95b3-e1249469bc0a"}', 'cdb38282-3406-5d2a-b356-d2cbcb24c689', '01a2168e-8f4c-7d32-854b-22699a5643f6', NULL, 'anonymous', '2026-11-26 06:32:51.278515+00', '2026-11-26 06:32:51.278515+00'),
	(71, 'payment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 3, 'payment.captured', 1, '{"amount": {"amount": "4.75", "currency": "EUR"}}', 'c85396de-26a7-55d3-9c25-4915b69a025b', '01a2168e-8e94-7c45-af90-9a239c02e37f', 69, 'process:fulfilment', '2026-11-26 06:32:51.320064+00', '2026-11-26 06:32:51.320064+00'),
	(72, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 11, 'product.stock-reserved', 1, '{"order_id": "a01b5d36-dcfd-56aa-806c-b42d11148704", "quantity": 1}', '79561ab6-97e1-5b85-a11f-b7f098696174', '01a2168e-8f4c-7d32-854b-22699a5643f6', 70, 'process:fulfilment', '2026-11-26 06:32:51.332179+00', '2026-11-26 06:32:51.332179+00'),
	(73, 'fulfilment', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 1, 'fulfilment.started', 1, '{}', 'e80fb831-9516-5c06-91e3-314a43f68780', '01a2168e-8f4c-7d32-854b-22699a5643f6', 70, 'process:fulfilment', '2026-11-26 06:32:51.347333+00', '2026-11-26 06:32:51.347333+00'),
	(74, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 12, 'product.stock-dispatched', 1, '{"order_id": "d7809bc0-72af-584f-b735-b7fd7071eb6b", "quantity": 1}', 'f7e7a364-2443-5ffb-a27b-64dcc819ac56', '01a2168e-8e94-7c45-af90-9a239c02e37f', 71, 'process:fulfilment', '2026-11-26 06:32:51.347333+00', '2026-11-26 06:32:51.347333+00'),
	(75, 'fulfilment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 2, 'fulfilment.ended', 1, '{"outcome": "confirmed"}', '51458854-ea49-5205-9183-ca72601602cb', '01a2168e-8e94-7c45-af90-9a239c02e37f', 74, 'process:fulfilment', '2026-11-26 06:32:51.37675+00', '2026-11-26 06:32:51.37675+00'),
	(76, 'fulfilment', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 2, 'fulfilment.step-refused', 1, '{"code": "OUT_OF_STOCK", "step": "reserve SCARCE", "message": "There is not enough in stock."}', 'f85e8edc-235f-58b4-aded-a3bfaa0070ba', '01a2168e-8f4c-7d32-854b-22699a5643f6', 70, 'process:fulfilment', '2026-11-26 06:32:51.407139+00', '2026-11-26 06:32:51.407139+00'),
	(77, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 13, 'product.reservation-released', 1, '{"order_id": "a01b5d36-dcfd-56aa-806c-b42d11148704", "quantity": 1}', '4eba8576-6374-50e9-bce3-56cf9f230097', '01a2168e-8f4c-7d32-854b-22699a5643f6', 76, 'process:fulfilment', '2026-11-26 06:32:51.461356+00', '2026-11-26 06:32:51.461356+00'),
	(78, 'order', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 5, 'order.rejected', 1, '{"reason": "Could not reserve SCARCE: There is not enough in stock.", "placement": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "SCARCE", "quantity": 1, "unit_price": {"amount": "99.00", "currency": "EUR"}}], "total": {"amount": "103.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:32:51.277535Z"}, "customer_id": "69600a23-367f-5d01-95b3-e1249469bc0a"}', '9edf5ed3-7292-5b25-83a2-92e1eeddee62', '01a2168e-8f4c-7d32-854b-22699a5643f6', 76, 'process:fulfilment', '2026-11-26 06:32:51.469453+00', '2026-11-26 06:32:51.469453+00'),
	(79, 'fulfilment', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 3, 'fulfilment.ended', 1, '{"outcome": "rejected"}', '6e035c32-3c9b-5d97-a558-abeb43607e4b', '01a2168e-8f4c-7d32-854b-22699a5643f6', 76, 'process:fulfilment', '2026-11-26 06:32:51.499357+00', '2026-11-26 06:32:51.499357+00'),
	(80, 'order', '83a8d44c-383f-5473-80ad-09173cddaeb0', 5, 'order.shipped', 1, '{}', '697d3c9e-256e-58e8-8492-a6d5487aeade', '01a2168e-908f-7fcd-ba2c-58f8b9e087eb', NULL, 'anonymous', '2026-11-26 06:32:51.601008+00', '2026-11-26 06:32:51.601008+00'),
	(81, 'order', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 5, 'order.shipped', 1, '{}', 'f30ab67e-05a4-55bf-b144-b3550a43c6b4', '01a2168e-90a8-78c9-9a56-095f9668c55e', NULL, 'anonymous', '2026-11-26 06:32:51.631839+00', '2026-11-26 06:32:51.631839+00'),
	(82, 'order', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 5, 'order.cancelled', 1, '{"reason": "broken", "placement": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:32:51.092829Z"}, "customer_id": "680574a3-4b7e-5537-80cf-a0c431d7367f"}', '2ed3a51a-bcf4-5342-86a6-e64ff78e4e66', '01a2168e-90df-7f76-a8ca-e029c362e6ef', NULL, 'anonymous', '2026-11-26 06:32:51.684677+00', '2026-11-26 06:32:51.684677+00'),
	(83, 'payment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 4, 'payment.refunded', 1, '{"amount": {"amount": "4.75", "currency": "EUR"}}', 'd1660e30-9021-5f85-bfd5-32563b8e2ec2', '01a2168e-90df-7f76-a8ca-e029c362e6ef', 82, 'process:fulfilment', '2026-11-26 06:32:51.789972+00', '2026-11-26 06:32:51.789972+00'),
	(84, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 14, 'product.stock-received', 1, '{"quantity": 1}', 'b2e2f020-39d1-5489-b5e1-2678c5ac0bbb', '01a2168e-90df-7f76-a8ca-e029c362e6ef', 83, 'process:fulfilment', '2026-11-26 06:32:51.823344+00', '2026-11-26 06:32:51.823344+00'),
	(85, 'fulfilment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 3, 'fulfilment.ended', 1, '{"outcome": "cancelled"}', '764488b3-68cb-5fb3-9806-ec4914a40023', '01a2168e-90df-7f76-a8ca-e029c362e6ef', 83, 'process:fulfilment', '2026-11-26 06:32:51.832472+00', '2026-11-26 06:32:51.832472+00'),
	(86, 'order', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 1, 'order.opened', 1, '{"customer_id": "680574a3-4b7e-5537-80cf-a0c431d7367f"}', '6a897d71-ab92-59ef-944a-fe2594b45d57', '01a2168e-b1a6-74a6-a7c1-dad01dabfd11', NULL, 'anonymous', '2026-11-26 06:33:00.124207+00', '2026-11-26 06:33:00.124207+00'),
	(87, 'order', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 2, 'order.line-added', 1, '{"sku": "TEA", "place": null, "redoes": null, "undoes": null, "quantity": 2, "unit_price": {"amount": "4.75", "currency": "EUR"}}', 'd4ab1e6b-7ad6-5ad6-858c-68a3d5cc5735', '01a2168e-b238-7606-aca0-b0d4b804ca10', NULL, 'anonymous', '2026-11-26 06:33:00.236434+00', '2026-11-26 06:33:00.236434+00'),
	(88, 'order', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 3, 'order.placed', 2, '{"lines": [{"sku": "TEA", "quantity": 2, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "9.50", "currency": "EUR"}, "placed_at": "2026-11-26T06:33:00.256089Z", "customer_id": "680574a3-4b7e-5537-80cf-a0c431d7367f"}', 'bf79121d-58db-56c8-8156-c0275d0ced22', '01a2168e-b25a-77a9-8f35-87c18c53445f', NULL, 'anonymous', '2026-11-26 06:33:00.25751+00', '2026-11-26 06:33:00.25751+00'),
	(89, 'fulfilment', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 1, 'fulfilment.started', 1, '{}', 'fc37261a-00be-5024-a89c-16a3d2a4f862', '01a2168e-b25a-77a9-8f35-87c18c53445f', 88, 'process:fulfilment', '2026-11-26 06:33:00.416812+00', '2026-11-26 06:33:00.416812+00'),
	(90, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 15, 'product.stock-reserved', 1, '{"order_id": "85133ca8-291e-5b0e-8c0f-d40346f4801c", "quantity": 2}', 'c64c109b-75b1-56ba-ad61-14c511ee7675', '01a2168e-b25a-77a9-8f35-87c18c53445f', 88, 'process:fulfilment', '2026-11-26 06:33:00.429605+00', '2026-11-26 06:33:00.429605+00'),
	(91, 'payment', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 1, 'payment.requested', 1, '{"amount": {"amount": "9.50", "currency": "EUR"}, "order_id": "85133ca8-291e-5b0e-8c0f-d40346f4801c"}', 'c2625103-369f-59cf-9de2-b6d614d80b9c', '01a2168e-b25a-77a9-8f35-87c18c53445f', 90, 'process:fulfilment', '2026-11-26 06:33:00.44898+00', '2026-11-26 06:33:00.44898+00'),
	(92, 'fulfilment', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 2, 'fulfilment.step-stuck', 1, '{"step": "authorise the payment", "error": "app.ports.simulated_gateway.GatewayAway: the connection was refused"}', 'be74b2e0-2d0c-595f-af42-7c23c669f6a8', '01a2168e-b25a-77a9-8f35-87c18c53445f', 91, 'process:fulfilment', '2026-11-26 06:33:00.60498+00', '2026-11-26 06:33:00.60498+00'),
	(93, 'fulfilment', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 3, 'fulfilment.step-retried', 1, '{"step": "authorise the payment"}', '46da9903-8ea2-548b-ad7f-5f5ad3f3c4a7', '01a2168e-b3dc-7999-bd08-03d903940d8f', NULL, 'anonymous', '2026-11-26 06:33:00.677421+00', '2026-11-26 06:33:00.677421+00'),
	(94, 'fulfilment', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 4, 'fulfilment.step-stuck', 1, '{"step": "authorise the payment", "error": "app.ports.simulated_gateway.GatewayAway: the connection was refused"}', 'a3a1dd90-fc9d-5ec1-a338-f416cbf730ff', '01a2168e-b25a-77a9-8f35-87c18c53445f', 91, 'process:fulfilment', '2026-11-26 06:33:00.819902+00', '2026-11-26 06:33:00.819902+00'),
	(95, 'order', '02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 1, 'order.opened', 1, '{"customer_id": "b102ee3e-b2bb-503b-a730-568999310b6c"}', '2d547d19-e123-5b36-a7ce-137d2d179230', '01a2168e-c65d-7adf-83ef-30bd832d3a9b', NULL, 'anonymous', '2026-11-26 06:33:05.514076+00', '2026-11-26 06:33:05.514076+00'),
	(96, 'order', '02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 2, 'order.line-added', 1, '{"sku": "TEA", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}', 'b0b57590-48a7-5b08-83ec-492e1add0f86', '01a2168e-c766-7e40-b78a-55a439d257c3', NULL, 'anonymous', '2026-11-26 06:33:05.717756+00', '2026-11-26 06:33:05.717756+00'),
	(97, 'order', '02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 3, 'order.placed', 2, '{"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:33:05.734123Z", "customer_id": "b102ee3e-b2bb-503b-a730-568999310b6c"}', 'aaaea3ed-e64d-5cc6-ae06-6c87438b01cf', '01a2168e-c7c2-7dd4-ac80-017b7e3eb9b5', NULL, 'anonymous', '2026-11-26 06:33:05.734759+00', '2026-11-26 06:33:05.734759+00'),
	(98, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 16, 'product.stock-reserved', 1, '{"order_id": "02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea", "quantity": 1}', '83b690f8-4f9a-5771-90e2-3fc1f3f75e34', '01a2168e-c7c2-7dd4-ac80-017b7e3eb9b5', 97, 'process:fulfilment', '2026-11-26 06:33:05.812442+00', '2026-11-26 06:33:05.812442+00'),
	(99, 'fulfilment', '02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 1, 'fulfilment.started', 1, '{}', 'bc29903b-e8bf-57bb-ac20-ba8a7c7d5579', '01a2168e-c7c2-7dd4-ac80-017b7e3eb9b5', 97, 'process:fulfilment', '2026-11-26 06:33:05.81974+00', '2026-11-26 06:33:05.81974+00'),
	(100, 'payment', '02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 1, 'payment.requested', 1, '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea"}', '3720d405-565b-53e3-9b64-14e9ec887b85', '01a2168e-c7c2-7dd4-ac80-017b7e3eb9b5', 98, 'process:fulfilment', '2026-11-26 06:33:05.838297+00', '2026-11-26 06:33:05.838297+00'),
	(101, 'order', 'bcd100ce-5e57-59bb-b4ab-1e4affa5fb14', 1, 'order.opened', 1, '{"customer_id": "b102ee3e-b2bb-503b-a730-568999310b6c"}', '786c7a02-2329-577a-a276-a3f13c93b30b', '01a2168e-d7a8-74f0-875d-210cfa3981c0', NULL, 'anonymous', '2026-11-26 06:33:09.838394+00', '2026-11-26 06:33:09.838394+00'),
	(102, 'order', 'bcd100ce-5e57-59bb-b4ab-1e4affa5fb14', 2, 'order.line-added', 1, '{"sku": "TEA", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}', '18985128-dad4-50e7-90b9-73074f057aed', '01a2168e-d820-7fea-8a25-ca8d80a42821', NULL, 'anonymous', '2026-11-26 06:33:09.967264+00', '2026-11-26 06:33:09.967264+00'),
	(103, 'order', 'bcd100ce-5e57-59bb-b4ab-1e4affa5fb14', 3, 'order.line-added', 1, '{"sku": "CUP", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "7.25", "currency": "EUR"}}', '41d43ae6-44de-5098-8e90-8fcfda75c939', '01a2168e-d85e-7b89-af14-659ee4a71cd5', NULL, 'anonymous', '2026-11-26 06:33:09.991301+00', '2026-11-26 06:33:09.991301+00'),
	(104, 'order', 'bcd100ce-5e57-59bb-b4ab-1e4affa5fb14', 4, 'order.placed', 2, '{"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "CUP", "quantity": 1, "unit_price": {"amount": "7.25", "currency": "EUR"}}], "total": {"amount": "12.00", "currency": "EUR"}, "placed_at": "2026-11-26T06:33:10.015964Z", "customer_id": "b102ee3e-b2bb-503b-a730-568999310b6c"}', '971ef27b-1259-505d-bc16-c9567435f3e5', '01a2168e-d875-734f-944e-cee635cf03f2', NULL, 'anonymous', '2026-11-26 06:33:10.016669+00', '2026-11-26 06:33:10.016669+00'),
	(105, 'order', 'cabd3673-cab3-50ca-85fc-b1f32e09dee7', 1, 'order.opened', 1, '{"customer_id": "69600a23-367f-5d01-95b3-e1249469bc0a"}', '960f4bb0-c396-5800-8b9b-317618c2b070', '01a2168e-d894-7f47-9f1d-55bf981acce8', NULL, 'anonymous', '2026-11-26 06:33:10.040718+00', '2026-11-26 06:33:10.040718+00'),
	(106, 'order', 'cabd3673-cab3-50ca-85fc-b1f32e09dee7', 2, 'order.line-added', 1, '{"sku": "TEA", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}', '586395a6-7a52-5b66-bf70-3802f4339a25', '01a2168e-d8b0-7de6-b6e0-ac4d35b85a31', NULL, 'anonymous', '2026-11-26 06:33:10.071266+00', '2026-11-26 06:33:10.071266+00'),
	(107, 'order', 'cabd3673-cab3-50ca-85fc-b1f32e09dee7', 3, 'order.placed', 2, '{"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:33:10.085865Z", "customer_id": "69600a23-367f-5d01-95b3-e1249469bc0a"}', '9a20a7fe-a319-50d0-8cb9-e026325f3fd6', '01a2168e-d8c5-73c1-a605-907f3e3003cc', NULL, 'anonymous', '2026-11-26 06:33:10.087265+00', '2026-11-26 06:33:10.087265+00'),
	(108, 'fulfilment', 'bcd100ce-5e57-59bb-b4ab-1e4affa5fb14', 1, 'fulfilment.started', 1, '{}', 'b4f89087-b0ae-5f64-bc34-d00cfe6f5f77', '01a2168e-d875-734f-944e-cee635cf03f2', 104, 'process:fulfilment', '2026-11-26 06:33:10.092752+00', '2026-11-26 06:33:10.092752+00'),
	(109, 'fulfilment', 'cabd3673-cab3-50ca-85fc-b1f32e09dee7', 1, 'fulfilment.started', 1, '{}', '96e7da6e-bfe4-5d32-9056-81bdae8fe10a', '01a2168e-d8c5-73c1-a605-907f3e3003cc', 107, 'process:fulfilment', '2026-11-26 06:33:10.119986+00', '2026-11-26 06:33:10.119986+00'),
	(110, 'order', '88dc316d-7cb6-5bd4-9efb-09bd65ba550d', 1, 'order.opened', 1, '{"customer_id": "b102ee3e-b2bb-503b-a730-568999310b6c"}', '9babf90c-6d92-5abd-b16a-5a615320d5b0', '01a2168e-d8e2-7e52-9588-80fc891b8d4e', NULL, 'anonymous', '2026-11-26 06:33:10.124768+00', '2026-11-26 06:33:10.124768+00'),
	(111, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 17, 'product.stock-reserved', 1, '{"order_id": "cabd3673-cab3-50ca-85fc-b1f32e09dee7", "quantity": 1}', 'be263ef6-4d13-5810-a494-ca7a229547c9', '01a2168e-d8c5-73c1-a605-907f3e3003cc', 107, 'process:fulfilment', '2026-11-26 06:33:10.135259+00', '2026-11-26 06:33:10.135259+00'),
	(112, 'order', '88dc316d-7cb6-5bd4-9efb-09bd65ba550d', 2, 'order.line-added', 1, '{"sku": "TEA", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}', '2ebffe1d-1bf0-53e5-a035-823785b9ad29', '01a2168e-d8fa-74c2-bc24-ef4885fdcc5c', NULL, 'anonymous', '2026-11-26 06:33:10.144177+00', '2026-11-26 06:33:10.144177+00'),
	(113, 'order', '88dc316d-7cb6-5bd4-9efb-09bd65ba550d', 3, 'order.placed', 2, '{"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:33:10.162772Z", "customer_id": "b102ee3e-b2bb-503b-a730-568999310b6c"}', 'b769dd38-e8fe-5b4a-a79e-10490785d84d', '01a2168e-d912-7a1f-a249-7fb432f4bf21', NULL, 'anonymous', '2026-11-26 06:33:10.168481+00', '2026-11-26 06:33:10.168481+00'),
	(114, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 18, 'product.stock-reserved', 1, '{"order_id": "88dc316d-7cb6-5bd4-9efb-09bd65ba550d", "quantity": 1}', '949b0994-e66f-5101-8268-edb1e71214ad', '01a2168e-d912-7a1f-a249-7fb432f4bf21', 113, 'process:fulfilment', '2026-11-26 06:33:10.190212+00', '2026-11-26 06:33:10.190212+00'),
	(115, 'order', 'cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 1, 'order.opened', 1, '{"customer_id": "ee847f26-54ee-56b0-880b-1b4cb0e94d96"}', '00603c0d-8728-500c-8c38-351f8eb06529', '01a2168e-d92c-71f9-a190-0f6668f79ed4', NULL, 'anonymous', '2026-11-26 06:33:10.192518+00', '2026-11-26 06:33:10.192518+00'),
	(116, 'fulfilment', '88dc316d-7cb6-5bd4-9efb-09bd65ba550d', 1, 'fulfilment.started', 1, '{}', 'b66a6a88-f5a5-5d53-9e18-7c06d91345e6', '01a2168e-d912-7a1f-a249-7fb432f4bf21', 113, 'process:fulfilment', '2026-11-26 06:33:10.192518+00', '2026-11-26 06:33:10.192518+00'),
	(117, 'order', 'cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 2, 'order.line-added', 1, '{"sku": "TEA", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}', 'dd4ae7a3-357e-5585-9142-a754eaf503ad', '01a2168e-d93d-7001-bda5-c62f26519d66', NULL, 'anonymous', '2026-11-26 06:33:10.214621+00', '2026-11-26 06:33:10.214621+00'),
	(118, 'order', 'cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 3, 'order.placed', 2, '{"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:33:10.236167Z", "customer_id": "ee847f26-54ee-56b0-880b-1b4cb0e94d96"}', '47934552-bf8e-51d5-b664-92b7a60a8c96', '01a2168e-d95b-73ea-ad9b-edaf536e86e1', NULL, 'anonymous', '2026-11-26 06:33:10.238009+00', '2026-11-26 06:33:10.238009+00'),
	(119, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 19, 'product.stock-reserved', 1, '{"order_id": "cd69ce60-6eb1-5d2a-98e0-8116c4557d13", "quantity": 1}', 'b13e71a4-63f6-5abd-890b-e700d2ee9e3f', '01a2168e-d95b-73ea-ad9b-edaf536e86e1', 118, 'process:fulfilment', '2026-11-26 06:33:10.257699+00', '2026-11-26 06:33:10.257699+00'),
	(120, 'order', '5aca4a05-5900-502a-a069-06c5af62b532', 1, 'order.opened', 1, '{"customer_id": "ee847f26-54ee-56b0-880b-1b4cb0e94d96"}', 'a487f850-04a0-5c2e-9f8c-2a857a50fd68', '01a2168e-d96e-71e3-a7fa-41b2bc695495', NULL, 'anonymous', '2026-11-26 06:33:10.263491+00', '2026-11-26 06:33:10.263491+00'),
	(121, 'fulfilment', 'cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 1, 'fulfilment.started', 1, '{}', '7351b8d2-135b-5de6-8e07-19be9c0560cb', '01a2168e-d95b-73ea-ad9b-edaf536e86e1', 118, 'process:fulfilment', '2026-11-26 06:33:10.269516+00', '2026-11-26 06:33:10.269516+00'),
	(122, 'payment', 'cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 1, 'payment.requested', 1, '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "cd69ce60-6eb1-5d2a-98e0-8116c4557d13"}', '7cd69922-0e14-56b8-a616-f46256c8f03b', '01a2168e-d95b-73ea-ad9b-edaf536e86e1', 119, 'process:fulfilment', '2026-11-26 06:33:10.288611+00', '2026-11-26 06:33:10.288611+00'),
	(123, 'order', '5aca4a05-5900-502a-a069-06c5af62b532', 2, 'order.line-added', 1, '{"sku": "TEA", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}', '3c2fc80d-16d3-56ed-a20d-1619bea78f9a', '01a2168e-d98f-7d27-b76a-790971df6642', NULL, 'anonymous', '2026-11-26 06:33:10.292366+00', '2026-11-26 06:33:10.292366+00'),
	(186, 'payment', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 2, 'payment.authorised', 1, '{"reference": "sim-b0dd473f9812"}', 'c839c3e7-b28b-5574-85f1-621f14760802', '01a2168e-db55-785c-8ed9-035e128157d4', 183, 'process:fulfilment', '2026-11-26 06:33:10.814817+00', '2026-11-26 06:33:10.814817+00'),
	(124, 'order', '5aca4a05-5900-502a-a069-06c5af62b532', 3, 'order.placed', 2, '{"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:33:10.315132Z", "customer_id": "ee847f26-54ee-56b0-880b-1b4cb0e94d96"}', '9f84b0c6-caa7-510d-9e61-fc2ec387e59b', '01a2168e-d9aa-75e6-af41-ec8dc95f331c', NULL, 'anonymous', '2026-11-26 06:33:10.319363+00', '2026-11-26 06:33:10.319363+00'),
	(125, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 20, 'product.stock-reserved', 1, '{"order_id": "5aca4a05-5900-502a-a069-06c5af62b532", "quantity": 1}', '71d63f0f-367e-53d0-acdf-b4d1c9b14868', '01a2168e-d9aa-75e6-af41-ec8dc95f331c', 124, 'process:fulfilment', '2026-11-26 06:33:10.342686+00', '2026-11-26 06:33:10.342686+00'),
	(126, 'fulfilment', '5aca4a05-5900-502a-a069-06c5af62b532', 1, 'fulfilment.started', 1, '{}', '366cfaa8-a243-5b83-a82b-eee99f1c3199', '01a2168e-d9aa-75e6-af41-ec8dc95f331c', 124, 'process:fulfilment', '2026-11-26 06:33:10.352791+00', '2026-11-26 06:33:10.352791+00'),
	(127, 'order', '944c8103-ef19-596b-9a14-dd7c3a2b56db', 1, 'order.opened', 1, '{"customer_id": "b102ee3e-b2bb-503b-a730-568999310b6c"}', '72ad9df9-b7ce-5eb5-9b54-5682aa3c7e29', '01a2168e-d9c5-7b94-aac7-cfc75ce620ce', NULL, 'anonymous', '2026-11-26 06:33:10.352791+00', '2026-11-26 06:33:10.352791+00'),
	(128, 'payment', '5aca4a05-5900-502a-a069-06c5af62b532', 1, 'payment.requested', 1, '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "5aca4a05-5900-502a-a069-06c5af62b532"}', '17be69ea-bee4-5c23-b70a-b585709960fd', '01a2168e-d9aa-75e6-af41-ec8dc95f331c', 125, 'process:fulfilment', '2026-11-26 06:33:10.359645+00', '2026-11-26 06:33:10.359645+00'),
	(129, 'payment', '5aca4a05-5900-502a-a069-06c5af62b532', 2, 'payment.authorised', 1, '{"reference": "sim-5aca4a055900"}', '505c4908-eebf-5954-b053-37f847475ea5', '01a2168e-d9aa-75e6-af41-ec8dc95f331c', 128, 'process:fulfilment', '2026-11-26 06:33:10.375971+00', '2026-11-26 06:33:10.375971+00'),
	(130, 'order', '944c8103-ef19-596b-9a14-dd7c3a2b56db', 2, 'order.line-added', 1, '{"sku": "TEA", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}', 'e554f7b8-9827-5816-901c-ad4a23fab938', '01a2168e-d9e4-79cb-9fa5-3a1119c073d3', NULL, 'anonymous', '2026-11-26 06:33:10.375971+00', '2026-11-26 06:33:10.375971+00'),
	(131, 'order', '5aca4a05-5900-502a-a069-06c5af62b532', 4, 'order.confirmed', 1, '{}', '8c776d1e-a725-553a-a356-c80b9cef80fe', '01a2168e-d9aa-75e6-af41-ec8dc95f331c', 129, 'process:fulfilment', '2026-11-26 06:33:10.385332+00', '2026-11-26 06:33:10.385332+00'),
	(132, 'order', '944c8103-ef19-596b-9a14-dd7c3a2b56db', 3, 'order.placed', 2, '{"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:33:10.386072Z", "customer_id": "b102ee3e-b2bb-503b-a730-568999310b6c"}', '8466937d-3991-5fc4-920d-3c81c53f3fc2', '01a2168e-d9f1-715f-9c91-4970881920d1', NULL, 'anonymous', '2026-11-26 06:33:10.39164+00', '2026-11-26 06:33:10.39164+00'),
	(133, 'payment', '5aca4a05-5900-502a-a069-06c5af62b532', 3, 'payment.captured', 1, '{"amount": {"amount": "4.75", "currency": "EUR"}}', 'bfb4101c-6849-5d51-8003-c6411876a35b', '01a2168e-d9aa-75e6-af41-ec8dc95f331c', 131, 'process:fulfilment', '2026-11-26 06:33:10.409923+00', '2026-11-26 06:33:10.409923+00'),
	(134, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 21, 'product.stock-reserved', 1, '{"order_id": "944c8103-ef19-596b-9a14-dd7c3a2b56db", "quantity": 1}', '4f38649a-1496-515f-8582-97b4401276fd', '01a2168e-d9f1-715f-9c91-4970881920d1', 132, 'process:fulfilment', '2026-11-26 06:33:10.412181+00', '2026-11-26 06:33:10.412181+00'),
	(135, 'order', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 1, 'order.opened', 1, '{"customer_id": "b102ee3e-b2bb-503b-a730-568999310b6c"}', 'ab33ac45-7499-5460-9cd8-8095a00a4f44', '01a2168e-da06-7904-82ad-7c1287d89966', NULL, 'anonymous', '2026-11-26 06:33:10.412181+00', '2026-11-26 06:33:10.412181+00'),
	(136, 'fulfilment', '944c8103-ef19-596b-9a14-dd7c3a2b56db', 1, 'fulfilment.started', 1, '{}', '5272d3cd-b198-51d9-8bcb-3d9866609820', '01a2168e-d9f1-715f-9c91-4970881920d1', 132, 'process:fulfilment', '2026-11-26 06:33:10.412181+00', '2026-11-26 06:33:10.412181+00'),
	(137, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 22, 'product.stock-dispatched', 1, '{"order_id": "5aca4a05-5900-502a-a069-06c5af62b532", "quantity": 1}', 'b10c281f-3270-503d-90f0-7d456398ec23', '01a2168e-d9aa-75e6-af41-ec8dc95f331c', 133, 'process:fulfilment', '2026-11-26 06:33:10.415711+00', '2026-11-26 06:33:10.415711+00'),
	(138, 'fulfilment', '5aca4a05-5900-502a-a069-06c5af62b532', 2, 'fulfilment.ended', 1, '{"outcome": "confirmed"}', 'cb5572b3-8ece-5ce7-b4cc-bbf455c3627e', '01a2168e-d9aa-75e6-af41-ec8dc95f331c', 137, 'process:fulfilment', '2026-11-26 06:33:10.434543+00', '2026-11-26 06:33:10.434543+00'),
	(139, 'order', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 2, 'order.line-added', 1, '{"sku": "TEA", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}', '4a410d4f-c570-5929-9714-0e5e3427d0d8', '01a2168e-da21-7e64-9cba-8601fe6735eb', NULL, 'anonymous', '2026-11-26 06:33:10.444388+00', '2026-11-26 06:33:10.444388+00'),
	(140, 'payment', '944c8103-ef19-596b-9a14-dd7c3a2b56db', 1, 'payment.requested', 1, '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "944c8103-ef19-596b-9a14-dd7c3a2b56db"}', '0ef7e94e-ce85-55dc-9b85-842d5517a5d8', '01a2168e-d9f1-715f-9c91-4970881920d1', 134, 'process:fulfilment', '2026-11-26 06:33:10.450571+00', '2026-11-26 06:33:10.450571+00'),
	(141, 'order', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 3, 'order.placed', 2, '{"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:33:10.466961Z", "customer_id": "b102ee3e-b2bb-503b-a730-568999310b6c"}', 'f3a58c60-ffb7-548a-87d4-2f4f04f29698', '01a2168e-da42-7ded-8fbf-8a1894c1f13c', NULL, 'anonymous', '2026-11-26 06:33:10.470975+00', '2026-11-26 06:33:10.470975+00'),
	(142, 'payment', '944c8103-ef19-596b-9a14-dd7c3a2b56db', 2, 'payment.authorised', 1, '{"reference": "sim-944c8103ef19"}', 'ec70ec84-a95b-54e4-9d37-57ffda40ae74', '01a2168e-d9f1-715f-9c91-4970881920d1', 140, 'process:fulfilment', '2026-11-26 06:33:10.479392+00', '2026-11-26 06:33:10.479392+00'),
	(143, 'order', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 1, 'order.opened', 1, '{"customer_id": "69600a23-367f-5d01-95b3-e1249469bc0a"}', 'eef77573-2f96-5243-9fec-727c75c2ad0e', '01a2168e-da4d-740f-a6b3-f2fb1c82cf10', NULL, 'anonymous', '2026-11-26 06:33:10.487265+00', '2026-11-26 06:33:10.487265+00'),
	(144, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 23, 'product.stock-reserved', 1, '{"order_id": "7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c", "quantity": 1}', '571d59f8-e3aa-5d71-b797-9eb3928b95b8', '01a2168e-da42-7ded-8fbf-8a1894c1f13c', 141, 'process:fulfilment', '2026-11-26 06:33:10.496335+00', '2026-11-26 06:33:10.496335+00'),
	(145, 'fulfilment', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 1, 'fulfilment.started', 1, '{}', 'cda366f1-b903-52ee-98ea-26c84c044626', '01a2168e-da42-7ded-8fbf-8a1894c1f13c', 141, 'process:fulfilment', '2026-11-26 06:33:10.496335+00', '2026-11-26 06:33:10.496335+00'),
	(146, 'order', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 2, 'order.line-added', 1, '{"sku": "TEA", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}', '0cecb7b0-9523-5bfb-8b6c-2b7d139153ae', '01a2168e-da67-7d37-a7dd-6721f728d5ab', NULL, 'anonymous', '2026-11-26 06:33:10.507885+00', '2026-11-26 06:33:10.507885+00'),
	(147, 'payment', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 1, 'payment.requested', 1, '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c"}', '0e70c6bf-0277-5a9b-b4d7-bd59236d515a', '01a2168e-da42-7ded-8fbf-8a1894c1f13c', 144, 'process:fulfilment', '2026-11-26 06:33:10.513182+00', '2026-11-26 06:33:10.513182+00'),
	(148, 'order', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 3, 'order.placed', 2, '{"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:33:10.515647Z", "customer_id": "69600a23-367f-5d01-95b3-e1249469bc0a"}', 'e9e25d9a-0a04-54fb-be5f-9220b824af28', '01a2168e-da73-7038-8db5-877c46c4350f', NULL, 'anonymous', '2026-11-26 06:33:10.52361+00', '2026-11-26 06:33:10.52361+00'),
	(149, 'payment', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 2, 'payment.authorised', 1, '{"reference": "sim-7e5c6ec9ad3c"}', 'fc2f5a78-872b-5052-b9e3-ad34413e7a10', '01a2168e-da42-7ded-8fbf-8a1894c1f13c', 147, 'process:fulfilment', '2026-11-26 06:33:10.539+00', '2026-11-26 06:33:10.539+00'),
	(150, 'order', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 1, 'order.opened', 1, '{"customer_id": "69600a23-367f-5d01-95b3-e1249469bc0a"}', 'ff0c3ebb-1c74-5f3b-92c8-980bb13f1ac5', '01a2168e-da88-76bb-b83e-0150bbc1f9ea', NULL, 'anonymous', '2026-11-26 06:33:10.547724+00', '2026-11-26 06:33:10.547724+00'),
	(151, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 24, 'product.stock-reserved', 1, '{"order_id": "9b08c095-7e9a-5dd9-8706-19408d330ba0", "quantity": 1}', 'd6b84327-9f1a-541a-a1bc-4f28ece405c9', '01a2168e-da73-7038-8db5-877c46c4350f', 148, 'process:fulfilment', '2026-11-26 06:33:10.547724+00', '2026-11-26 06:33:10.547724+00'),
	(152, 'fulfilment', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 1, 'fulfilment.started', 1, '{}', 'ef6b7d7d-3228-5fda-922d-d53ff5660459', '01a2168e-da73-7038-8db5-877c46c4350f', 148, 'process:fulfilment', '2026-11-26 06:33:10.551231+00', '2026-11-26 06:33:10.551231+00'),
	(153, 'order', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 4, 'order.confirmed', 1, '{}', 'c358ae8b-8283-5715-9fda-71c061142965', '01a2168e-da42-7ded-8fbf-8a1894c1f13c', 149, 'process:fulfilment', '2026-11-26 06:33:10.554929+00', '2026-11-26 06:33:10.554929+00'),
	(154, 'order', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 2, 'order.line-added', 1, '{"sku": "TEA", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}', '754e0df7-cbd7-53aa-80ea-7f6af7b386ef', '01a2168e-da9c-78b2-bb45-3a8880947e5b', NULL, 'anonymous', '2026-11-26 06:33:10.565381+00', '2026-11-26 06:33:10.565381+00'),
	(155, 'payment', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 1, 'payment.requested', 1, '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "9b08c095-7e9a-5dd9-8706-19408d330ba0"}', 'ac766a88-9492-563a-a597-162153790225', '01a2168e-da73-7038-8db5-877c46c4350f', 151, 'process:fulfilment', '2026-11-26 06:33:10.568299+00', '2026-11-26 06:33:10.568299+00'),
	(156, 'order', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 3, 'order.line-added', 1, '{"sku": "POT", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "31.00", "currency": "EUR"}}', '27fb4c68-f425-50b0-b3d1-ac20e1ab3e1c', '01a2168e-dab5-7e23-8382-d71b4b19fb88', NULL, 'anonymous', '2026-11-26 06:33:10.584591+00', '2026-11-26 06:33:10.584591+00'),
	(157, 'order', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 4, 'order.placed', 2, '{"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "POT", "quantity": 1, "unit_price": {"amount": "31.00", "currency": "EUR"}}], "total": {"amount": "35.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:33:10.596090Z", "customer_id": "69600a23-367f-5d01-95b3-e1249469bc0a"}', '60c06f59-6164-501f-a386-4a16ea730edd', '01a2168e-dac2-7f7d-9645-c4e1dd17cf12', NULL, 'anonymous', '2026-11-26 06:33:10.598031+00', '2026-11-26 06:33:10.598031+00'),
	(158, 'payment', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 2, 'payment.authorised', 1, '{"reference": "sim-9b08c0957e9a"}', 'adbca87f-ffd1-5081-9efc-649f5052bc3c', '01a2168e-da73-7038-8db5-877c46c4350f', 155, 'process:fulfilment', '2026-11-26 06:33:10.607263+00', '2026-11-26 06:33:10.607263+00'),
	(159, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 25, 'product.stock-reserved', 1, '{"order_id": "21ce9d40-5e8f-553f-8593-1a72f80c61ca", "quantity": 1}', '5531da9c-c032-527d-ab9e-1a025cc79918', '01a2168e-dac2-7f7d-9645-c4e1dd17cf12', 157, 'process:fulfilment', '2026-11-26 06:33:10.621428+00', '2026-11-26 06:33:10.621428+00'),
	(160, 'order', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 4, 'order.confirmed', 1, '{}', 'c478009a-6415-584d-90e3-3dd9c005337d', '01a2168e-da73-7038-8db5-877c46c4350f', 158, 'process:fulfilment', '2026-11-26 06:33:10.630763+00', '2026-11-26 06:33:10.630763+00'),
	(161, 'fulfilment', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 1, 'fulfilment.started', 1, '{}', '7f5e1c03-be6b-577a-be0e-8ef503ae2e9a', '01a2168e-dac2-7f7d-9645-c4e1dd17cf12', 157, 'process:fulfilment', '2026-11-26 06:33:10.630763+00', '2026-11-26 06:33:10.630763+00'),
	(162, 'order', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 1, 'order.opened', 1, '{"customer_id": "ee847f26-54ee-56b0-880b-1b4cb0e94d96"}', 'c1c588e4-f37d-5c1a-aac3-f8bf468fa2af', '01a2168e-dad4-7eb0-82db-7f3b88cf9c40', NULL, 'anonymous', '2026-11-26 06:33:10.630763+00', '2026-11-26 06:33:10.630763+00'),
	(163, 'product', '8d204d04-96e4-563f-bd83-e45998396646', 3, 'product.stock-reserved', 1, '{"order_id": "21ce9d40-5e8f-553f-8593-1a72f80c61ca", "quantity": 1}', 'e36e1d43-869f-5e6b-8bb1-ab5c4b48bf9d', '01a2168e-dac2-7f7d-9645-c4e1dd17cf12', 157, 'process:fulfilment', '2026-11-26 06:33:10.640656+00', '2026-11-26 06:33:10.640656+00'),
	(164, 'order', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 2, 'order.line-added', 1, '{"sku": "TEA", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}', '0dddd750-d1cf-5685-b001-227b1c029985', '01a2168e-daf1-7340-8309-5b282f308529', NULL, 'anonymous', '2026-11-26 06:33:10.650505+00', '2026-11-26 06:33:10.650505+00'),
	(165, 'payment', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 1, 'payment.requested', 1, '{"amount": {"amount": "35.75", "currency": "EUR"}, "order_id": "21ce9d40-5e8f-553f-8593-1a72f80c61ca"}', '350472dc-1016-596e-ae57-7980b6a264e7', '01a2168e-dac2-7f7d-9645-c4e1dd17cf12', 163, 'process:fulfilment', '2026-11-26 06:33:10.656829+00', '2026-11-26 06:33:10.656829+00'),
	(166, 'order', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 3, 'order.placed', 2, '{"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:33:10.660101Z", "customer_id": "ee847f26-54ee-56b0-880b-1b4cb0e94d96"}', 'b7041746-611f-5a15-904e-95267ad55e2d', '01a2168e-db02-79ae-938e-7d78cd07b25c', NULL, 'anonymous', '2026-11-26 06:33:10.663626+00', '2026-11-26 06:33:10.663626+00'),
	(167, 'payment', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 2, 'payment.authorised', 1, '{"reference": "sim-21ce9d405e8f"}', '3a326476-0781-5545-8264-1dfdf43d3443', '01a2168e-dac2-7f7d-9645-c4e1dd17cf12', 165, 'process:fulfilment', '2026-11-26 06:33:10.673992+00', '2026-11-26 06:33:10.673992+00'),
	(168, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 26, 'product.stock-reserved', 1, '{"order_id": "bf07dafd-5d64-5244-b5ba-9a85089c2ce6", "quantity": 1}', 'c93456b1-c992-549b-ac38-11c20150f71c', '01a2168e-db02-79ae-938e-7d78cd07b25c', 166, 'process:fulfilment', '2026-11-26 06:33:10.68012+00', '2026-11-26 06:33:10.68012+00'),
	(169, 'fulfilment', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 1, 'fulfilment.started', 1, '{}', 'cc32d993-bd17-56b0-ab60-96e5959a0162', '01a2168e-db02-79ae-938e-7d78cd07b25c', 166, 'process:fulfilment', '2026-11-26 06:33:10.693275+00', '2026-11-26 06:33:10.693275+00'),
	(170, 'order', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 5, 'order.confirmed', 1, '{}', 'c270d9b1-6727-5f8e-9bfb-9191a1953645', '01a2168e-dac2-7f7d-9645-c4e1dd17cf12', 167, 'process:fulfilment', '2026-11-26 06:33:10.693275+00', '2026-11-26 06:33:10.693275+00'),
	(171, 'order', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 1, 'order.opened', 1, '{"customer_id": "b102ee3e-b2bb-503b-a730-568999310b6c"}', 'e78555fa-5610-5583-a52f-6db83b91b0e8', '01a2168e-db18-7f07-a7e7-0d4484252d73', NULL, 'anonymous', '2026-11-26 06:33:10.696995+00', '2026-11-26 06:33:10.696995+00'),
	(172, 'payment', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 1, 'payment.requested', 1, '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "bf07dafd-5d64-5244-b5ba-9a85089c2ce6"}', '0b3f283e-421d-5d5d-a4e2-ccf8d0a8bc1a', '01a2168e-db02-79ae-938e-7d78cd07b25c', 168, 'process:fulfilment', '2026-11-26 06:33:10.696995+00', '2026-11-26 06:33:10.696995+00'),
	(173, 'payment', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 3, 'payment.captured', 1, '{"amount": {"amount": "35.75", "currency": "EUR"}}', '844e7ca0-c7c4-50ea-9135-b5a27502d226', '01a2168e-dac2-7f7d-9645-c4e1dd17cf12', 170, 'process:fulfilment', '2026-11-26 06:33:10.720314+00', '2026-11-26 06:33:10.720314+00'),
	(174, 'order', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 2, 'order.line-added', 1, '{"sku": "TEA", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}', 'fbda1703-ea6e-5c51-895b-07edaff0792d', '01a2168e-db3a-7dda-9161-f08aabaf7b0e', NULL, 'anonymous', '2026-11-26 06:33:10.723231+00', '2026-11-26 06:33:10.723231+00'),
	(175, 'payment', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 2, 'payment.authorised', 1, '{"reference": "sim-bf07dafd5d64"}', '78da2992-5a02-5e95-889f-2b4b5e29f4be', '01a2168e-db02-79ae-938e-7d78cd07b25c', 172, 'process:fulfilment', '2026-11-26 06:33:10.728409+00', '2026-11-26 06:33:10.728409+00'),
	(176, 'order', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 3, 'order.placed', 2, '{"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:33:10.741751Z", "customer_id": "b102ee3e-b2bb-503b-a730-568999310b6c"}', '39d2d2c7-baaf-5015-a195-1962d184923f', '01a2168e-db55-785c-8ed9-035e128157d4', NULL, 'anonymous', '2026-11-26 06:33:10.742251+00', '2026-11-26 06:33:10.742251+00'),
	(177, 'order', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 4, 'order.confirmed', 1, '{}', '76b74d1a-386d-5157-a512-f41df251503e', '01a2168e-db02-79ae-938e-7d78cd07b25c', 175, 'process:fulfilment', '2026-11-26 06:33:10.74782+00', '2026-11-26 06:33:10.74782+00'),
	(178, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 27, 'product.stock-reserved', 1, '{"order_id": "b0dd473f-9812-54b5-b2d0-26c0e76a0940", "quantity": 1}', '95439d76-8c47-5e13-95a8-375c0d5b4002', '01a2168e-db55-785c-8ed9-035e128157d4', 176, 'process:fulfilment', '2026-11-26 06:33:10.76513+00', '2026-11-26 06:33:10.76513+00'),
	(179, 'order', '2fdab627-33df-5734-8191-d8bc13ecd494', 1, 'order.opened', 1, '{"customer_id": "b102ee3e-b2bb-503b-a730-568999310b6c"}', 'fa3fab35-4df2-567b-be13-180200b88dd9', '01a2168e-db65-748c-897b-72dd27c28295', NULL, 'anonymous', '2026-11-26 06:33:10.77145+00', '2026-11-26 06:33:10.77145+00'),
	(180, 'payment', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 3, 'payment.captured', 1, '{"amount": {"amount": "4.75", "currency": "EUR"}}', '5c79af9c-287d-59e6-9c83-59c3d752f314', '01a2168e-db02-79ae-938e-7d78cd07b25c', 177, 'process:fulfilment', '2026-11-26 06:33:10.77145+00', '2026-11-26 06:33:10.77145+00'),
	(181, 'fulfilment', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 1, 'fulfilment.started', 1, '{}', '47bbdcd9-310a-5791-ae7b-9617b9b43c1d', '01a2168e-db55-785c-8ed9-035e128157d4', 176, 'process:fulfilment', '2026-11-26 06:33:10.77145+00', '2026-11-26 06:33:10.77145+00'),
	(182, 'order', '2fdab627-33df-5734-8191-d8bc13ecd494', 2, 'order.line-added', 1, '{"sku": "TEA", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}', '0b74e7e1-2ce7-5543-abe4-c01cebf4224a', '01a2168e-db84-7af8-956a-f8fa1470d860', NULL, 'anonymous', '2026-11-26 06:33:10.790268+00', '2026-11-26 06:33:10.790268+00'),
	(183, 'payment', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 1, 'payment.requested', 1, '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "b0dd473f-9812-54b5-b2d0-26c0e76a0940"}', 'f9f32eab-aea6-55e6-87f0-b766d2886080', '01a2168e-db55-785c-8ed9-035e128157d4', 178, 'process:fulfilment', '2026-11-26 06:33:10.793193+00', '2026-11-26 06:33:10.793193+00'),
	(184, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 28, 'product.stock-dispatched', 1, '{"order_id": "bf07dafd-5d64-5244-b5ba-9a85089c2ce6", "quantity": 1}', '49c70159-3df4-59d3-9185-ca5129fe67b0', '01a2168e-db02-79ae-938e-7d78cd07b25c', 180, 'process:fulfilment', '2026-11-26 06:33:10.793193+00', '2026-11-26 06:33:10.793193+00'),
	(185, 'order', '2fdab627-33df-5734-8191-d8bc13ecd494', 3, 'order.line-added', 1, '{"sku": "SCARCE", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "99.00", "currency": "EUR"}}', 'fccc6dba-c18b-5d28-b368-57ab027a9b6c', '01a2168e-db92-7f2b-a131-dc648ea37b62', NULL, 'anonymous', '2026-11-26 06:33:10.812407+00', '2026-11-26 06:33:10.812407+00'),
	(187, 'order', '2fdab627-33df-5734-8191-d8bc13ecd494', 4, 'order.placed', 2, '{"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "SCARCE", "quantity": 1, "unit_price": {"amount": "99.00", "currency": "EUR"}}], "total": {"amount": "103.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:33:10.820610Z", "customer_id": "b102ee3e-b2bb-503b-a730-568999310b6c"}', 'e036ae00-f162-5ade-ba76-a77314ec1144', '01a2168e-dba2-7833-9538-0cb9fcf37636', NULL, 'anonymous', '2026-11-26 06:33:10.821168+00', '2026-11-26 06:33:10.821168+00'),
	(188, 'order', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 4, 'order.confirmed', 1, '{}', 'd9a06173-d4d4-51e6-9224-e10011036fcc', '01a2168e-db55-785c-8ed9-035e128157d4', 186, 'process:fulfilment', '2026-11-26 06:33:10.832155+00', '2026-11-26 06:33:10.832155+00'),
	(189, 'order', 'f5ba3266-3d18-584b-9375-46a3de945c51', 1, 'order.opened', 1, '{"customer_id": "b102ee3e-b2bb-503b-a730-568999310b6c"}', 'e7669e05-b03f-5769-b0ee-843f2eb846b0', '01a2168e-dbb4-751f-8aa5-417403cc0280', NULL, 'anonymous', '2026-11-26 06:33:10.842747+00', '2026-11-26 06:33:10.842747+00'),
	(190, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 29, 'product.stock-reserved', 1, '{"order_id": "2fdab627-33df-5734-8191-d8bc13ecd494", "quantity": 1}', '5b6c1e4f-050f-5a52-bc80-2d1c5a41c9a7', '01a2168e-dba2-7833-9538-0cb9fcf37636', 187, 'process:fulfilment', '2026-11-26 06:33:10.842747+00', '2026-11-26 06:33:10.842747+00'),
	(191, 'fulfilment', '2fdab627-33df-5734-8191-d8bc13ecd494', 1, 'fulfilment.started', 1, '{}', '493302f1-2634-5cf6-ad48-d3ffd4c06dd4', '01a2168e-dba2-7833-9538-0cb9fcf37636', 187, 'process:fulfilment', '2026-11-26 06:33:10.848651+00', '2026-11-26 06:33:10.848651+00'),
	(192, 'payment', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 3, 'payment.captured', 1, '{"amount": {"amount": "4.75", "currency": "EUR"}}', '7a1bec40-9ef5-5391-9a67-9cec5fa71c77', '01a2168e-db55-785c-8ed9-035e128157d4', 188, 'process:fulfilment', '2026-11-26 06:33:10.859719+00', '2026-11-26 06:33:10.859719+00'),
	(193, 'order', 'f5ba3266-3d18-584b-9375-46a3de945c51', 2, 'order.line-added', 1, '{"sku": "TEA", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}', '48e8153f-a0ff-5f52-8991-ce3e4953b07b', '01a2168e-dbca-7eda-aae0-0fc895445d2d', NULL, 'anonymous', '2026-11-26 06:33:10.863564+00', '2026-11-26 06:33:10.863564+00'),
	(194, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 30, 'product.stock-dispatched', 1, '{"order_id": "b0dd473f-9812-54b5-b2d0-26c0e76a0940", "quantity": 1}', 'b1e6ae77-170f-5096-b617-1d8c85271981', '01a2168e-db55-785c-8ed9-035e128157d4', 192, 'process:fulfilment', '2026-11-26 06:33:10.873155+00', '2026-11-26 06:33:10.873155+00'),
	(195, 'order', 'f5ba3266-3d18-584b-9375-46a3de945c51', 3, 'order.line-added', 1, '{"sku": "SCARCE", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "99.00", "currency": "EUR"}}', 'b67c1d23-b23f-50ab-aacc-b1253c39f771', '01a2168e-dbdb-73f2-b9fd-44289d3f3e95', NULL, 'anonymous', '2026-11-26 06:33:10.884974+00', '2026-11-26 06:33:10.884974+00'),
	(196, 'order', 'f5ba3266-3d18-584b-9375-46a3de945c51', 4, 'order.placed', 2, '{"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "SCARCE", "quantity": 1, "unit_price": {"amount": "99.00", "currency": "EUR"}}], "total": {"amount": "103.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:33:10.894222Z", "customer_id": "b102ee3e-b2bb-503b-a730-568999310b6c"}', 'd69ddbe8-588c-59bb-93b2-8e03e38c3c6e', '01a2168e-dbed-7369-a7b7-2a8636f395f9', NULL, 'anonymous', '2026-11-26 06:33:10.894732+00', '2026-11-26 06:33:10.894732+00'),
	(197, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 31, 'product.stock-reserved', 1, '{"order_id": "f5ba3266-3d18-584b-9375-46a3de945c51", "quantity": 1}', '44c3ba06-26b4-5c55-897a-f446ffb5ef75', '01a2168e-dbed-7369-a7b7-2a8636f395f9', 196, 'process:fulfilment', '2026-11-26 06:33:10.913429+00', '2026-11-26 06:33:10.913429+00'),
	(198, 'order', '95188e2b-5e73-5567-bdf7-e1910f81d027', 1, 'order.opened', 1, '{"customer_id": "ee847f26-54ee-56b0-880b-1b4cb0e94d96"}', '5bcc9f57-ed0e-5c9a-9dc7-23b57df32495', '01a2168e-dbfc-7780-94f4-12785661692c', NULL, 'anonymous', '2026-11-26 06:33:10.921584+00', '2026-11-26 06:33:10.921584+00'),
	(199, 'fulfilment', 'f5ba3266-3d18-584b-9375-46a3de945c51', 1, 'fulfilment.started', 1, '{}', '0d72ba69-5157-563d-8907-195ae17f0d82', '01a2168e-dbed-7369-a7b7-2a8636f395f9', 196, 'process:fulfilment', '2026-11-26 06:33:10.925474+00', '2026-11-26 06:33:10.925474+00'),
	(200, 'order', '95188e2b-5e73-5567-bdf7-e1910f81d027', 2, 'order.line-added', 1, '{"sku": "DECLINED", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "1313.13", "currency": "EUR"}}', '9b1687d6-af96-59a8-9da5-243ea48c702c', '01a2168e-dc16-72fc-b941-40ae95976af3', NULL, 'anonymous', '2026-11-26 06:33:10.942037+00', '2026-11-26 06:33:10.942037+00');
INSERT INTO es.events VALUES
	(201, 'fulfilment', 'f5ba3266-3d18-584b-9375-46a3de945c51', 2, 'fulfilment.step-refused', 1, '{"code": "OUT_OF_STOCK", "step": "reserve SCARCE", "message": "There is not enough in stock."}', '2923ea1c-84a6-549d-9427-b3423adb52b3', '01a2168e-dbed-7369-a7b7-2a8636f395f9', 196, 'process:fulfilment', '2026-11-26 06:33:10.942037+00', '2026-11-26 06:33:10.942037+00'),
	(202, 'order', '95188e2b-5e73-5567-bdf7-e1910f81d027', 3, 'order.placed', 2, '{"lines": [{"sku": "DECLINED", "quantity": 1, "unit_price": {"amount": "1313.13", "currency": "EUR"}}], "total": {"amount": "1313.13", "currency": "EUR"}, "placed_at": "2026-11-26T06:33:10.958846Z", "customer_id": "ee847f26-54ee-56b0-880b-1b4cb0e94d96"}', 'ef44989f-44d4-53f9-9c7f-55a4a6774b7d', '01a2168e-dc2e-73ad-9333-b2da5e25ab45', NULL, 'anonymous', '2026-11-26 06:33:10.959359+00', '2026-11-26 06:33:10.959359+00'),
	(203, 'order', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 1, 'order.opened', 1, '{"customer_id": "69600a23-367f-5d01-95b3-e1249469bc0a"}', '0e64285b-a093-56db-9bc9-8fc0e24778b4', '01a2168e-dc37-724f-a64f-51e31e73a124', NULL, 'anonymous', '2026-11-26 06:33:10.969353+00', '2026-11-26 06:33:10.969353+00'),
	(204, 'fulfilment', '95188e2b-5e73-5567-bdf7-e1910f81d027', 1, 'fulfilment.started', 1, '{}', '5c1da509-316e-57dc-b6ed-f32ef1d70b14', '01a2168e-dc2e-73ad-9333-b2da5e25ab45', 202, 'process:fulfilment', '2026-11-26 06:33:10.981556+00', '2026-11-26 06:33:10.981556+00'),
	(205, 'product', '4a1d51fe-972f-51da-9ab0-4b60aa78ae0c', 3, 'product.stock-reserved', 1, '{"order_id": "95188e2b-5e73-5567-bdf7-e1910f81d027", "quantity": 1}', '4d70ee06-8bc6-5db4-9406-dd5c4319db77', '01a2168e-dc2e-73ad-9333-b2da5e25ab45', 202, 'process:fulfilment', '2026-11-26 06:33:10.981556+00', '2026-11-26 06:33:10.981556+00'),
	(206, 'order', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 2, 'order.line-added', 1, '{"sku": "TEA", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}', '0b3baadc-8901-57af-bd15-eab53b96773e', '01a2168e-dc51-7e67-a2a8-e9297bb91bb6', NULL, 'anonymous', '2026-11-26 06:33:11.003285+00', '2026-11-26 06:33:11.003285+00'),
	(207, 'payment', '95188e2b-5e73-5567-bdf7-e1910f81d027', 1, 'payment.requested', 1, '{"amount": {"amount": "1313.13", "currency": "EUR"}, "order_id": "95188e2b-5e73-5567-bdf7-e1910f81d027"}', '2a889ab2-963c-5bcc-88c8-d1cbd78fe2da', '01a2168e-dc2e-73ad-9333-b2da5e25ab45', 205, 'process:fulfilment', '2026-11-26 06:33:11.007685+00', '2026-11-26 06:33:11.007685+00'),
	(208, 'order', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 3, 'order.placed', 2, '{"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:33:11.020987Z", "customer_id": "69600a23-367f-5d01-95b3-e1249469bc0a"}', 'f9b1e036-7013-5080-a4e8-6ca6063869c6', '01a2168e-dc6c-7be5-bea8-a74ce377d757', NULL, 'anonymous', '2026-11-26 06:33:11.021539+00', '2026-11-26 06:33:11.021539+00'),
	(209, 'payment', '95188e2b-5e73-5567-bdf7-e1910f81d027', 2, 'payment.declined', 1, '{"reason": "insufficient funds"}', '24318fcc-58b0-51d0-9331-866faf616ff7', '01a2168e-dc2e-73ad-9333-b2da5e25ab45', 207, 'process:fulfilment', '2026-11-26 06:33:11.028389+00', '2026-11-26 06:33:11.028389+00'),
	(210, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 32, 'product.stock-reserved', 1, '{"order_id": "0cedd612-a08e-53ab-90ad-f96bd10727c2", "quantity": 1}', 'ac90f820-1264-545e-a61e-57f137734cc8', '01a2168e-dc6c-7be5-bea8-a74ce377d757', 208, 'process:fulfilment', '2026-11-26 06:33:11.048253+00', '2026-11-26 06:33:11.048253+00'),
	(211, 'order', '310d1894-d392-5e07-a1cc-4d4b245805be', 1, 'order.opened', 1, '{"customer_id": "680574a3-4b7e-5537-80cf-a0c431d7367f"}', 'ec4a7803-abd9-58dd-8abf-751fe85d5c1f', '01a2168e-dc7d-7a1d-819e-4fa84ce0abfd', NULL, 'anonymous', '2026-11-26 06:33:11.051201+00', '2026-11-26 06:33:11.051201+00'),
	(212, 'fulfilment', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 1, 'fulfilment.started', 1, '{}', '5fd0db45-9a48-57c7-86ca-3e008b45df7a', '01a2168e-dc6c-7be5-bea8-a74ce377d757', 208, 'process:fulfilment', '2026-11-26 06:33:11.051201+00', '2026-11-26 06:33:11.051201+00'),
	(213, 'product', '4a1d51fe-972f-51da-9ab0-4b60aa78ae0c', 4, 'product.reservation-released', 1, '{"order_id": "95188e2b-5e73-5567-bdf7-e1910f81d027", "quantity": 1}', '30a04bde-cf98-5c31-bddf-0d8968f25c1c', '01a2168e-dc2e-73ad-9333-b2da5e25ab45', 209, 'process:fulfilment', '2026-11-26 06:33:11.059019+00', '2026-11-26 06:33:11.059019+00'),
	(214, 'order', '310d1894-d392-5e07-a1cc-4d4b245805be', 2, 'order.line-added', 1, '{"sku": "TEA", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}', '969ad992-a30b-5edb-9e31-af358e2d826d', '01a2168e-dca7-7a46-b15f-c3c70069e39b', NULL, 'anonymous', '2026-11-26 06:33:11.083204+00', '2026-11-26 06:33:11.083204+00'),
	(215, 'payment', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 1, 'payment.requested', 1, '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "0cedd612-a08e-53ab-90ad-f96bd10727c2"}', 'b1d915ed-ed3b-5061-9c84-3d4eee0484f7', '01a2168e-dc6c-7be5-bea8-a74ce377d757', 210, 'process:fulfilment', '2026-11-26 06:33:11.085704+00', '2026-11-26 06:33:11.085704+00'),
	(216, 'order', '310d1894-d392-5e07-a1cc-4d4b245805be', 3, 'order.placed', 2, '{"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:33:11.101318Z", "customer_id": "680574a3-4b7e-5537-80cf-a0c431d7367f"}', '39abe8c8-c6b9-5121-ac7b-c8d3f530ebb8', '01a2168e-dcbc-7bdf-abb3-d63a7fa62a38', NULL, 'anonymous', '2026-11-26 06:33:11.113641+00', '2026-11-26 06:33:11.113641+00'),
	(217, 'payment', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 2, 'payment.authorised', 1, '{"reference": "sim-0cedd612a08e"}', '436b104d-c9cd-5f60-a194-0e2974a6f28b', '01a2168e-dc6c-7be5-bea8-a74ce377d757', 215, 'process:fulfilment', '2026-11-26 06:33:11.115964+00', '2026-11-26 06:33:11.115964+00'),
	(218, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 33, 'product.stock-reserved', 1, '{"order_id": "310d1894-d392-5e07-a1cc-4d4b245805be", "quantity": 1}', '8969f42a-03f1-5b30-956c-30f6f0895d69', '01a2168e-dcbc-7bdf-abb3-d63a7fa62a38', 216, 'process:fulfilment', '2026-11-26 06:33:11.141406+00', '2026-11-26 06:33:11.141406+00'),
	(219, 'fulfilment', '310d1894-d392-5e07-a1cc-4d4b245805be', 1, 'fulfilment.started', 1, '{}', '2ab3d4f2-8800-55bd-950a-3330ad1491cc', '01a2168e-dcbc-7bdf-abb3-d63a7fa62a38', 216, 'process:fulfilment', '2026-11-26 06:33:11.149129+00', '2026-11-26 06:33:11.149129+00'),
	(220, 'order', '98352393-1372-550d-80c7-1e88afb92621', 1, 'order.opened', 1, '{"customer_id": "b102ee3e-b2bb-503b-a730-568999310b6c"}', '69a87cc6-a532-55a0-84a0-6d960f11beb5', '01a2168e-dce4-7b8c-b2b1-6077044fe5e0', NULL, 'anonymous', '2026-11-26 06:33:11.149129+00', '2026-11-26 06:33:11.149129+00'),
	(221, 'order', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 4, 'order.confirmed', 1, '{}', '3b305404-d668-5b3c-bc0a-ba65b088b07b', '01a2168e-dc6c-7be5-bea8-a74ce377d757', 217, 'process:fulfilment', '2026-11-26 06:33:11.154592+00', '2026-11-26 06:33:11.154592+00'),
	(222, 'payment', '310d1894-d392-5e07-a1cc-4d4b245805be', 1, 'payment.requested', 1, '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "310d1894-d392-5e07-a1cc-4d4b245805be"}', 'aaaf4284-0aae-5534-ba9e-49045b722c41', '01a2168e-dcbc-7bdf-abb3-d63a7fa62a38', 218, 'process:fulfilment', '2026-11-26 06:33:11.174001+00', '2026-11-26 06:33:11.174001+00'),
	(223, 'order', '98352393-1372-550d-80c7-1e88afb92621', 2, 'order.line-added', 1, '{"sku": "TEA", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}', '357662a0-f8a6-573f-affd-3c40b2ec1702', '01a2168e-dd03-77e7-9d03-35483a547c8e', NULL, 'anonymous', '2026-11-26 06:33:11.177581+00', '2026-11-26 06:33:11.177581+00'),
	(224, 'payment', '310d1894-d392-5e07-a1cc-4d4b245805be', 2, 'payment.authorised', 1, '{"reference": "sim-310d1894d392"}', '45ce29ed-9c64-5a1e-9bf7-b78af34afd63', '01a2168e-dcbc-7bdf-abb3-d63a7fa62a38', 222, 'process:fulfilment', '2026-11-26 06:33:11.193615+00', '2026-11-26 06:33:11.193615+00'),
	(225, 'order', '98352393-1372-550d-80c7-1e88afb92621', 3, 'order.placed', 2, '{"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:33:11.190952Z", "customer_id": "b102ee3e-b2bb-503b-a730-568999310b6c"}', 'c19e3175-b247-5b9f-a3e3-35276be3ba3d', '01a2168e-dd16-7fe2-b4c3-d7049b6752de', NULL, 'anonymous', '2026-11-26 06:33:11.193615+00', '2026-11-26 06:33:11.193615+00'),
	(226, 'order', '310d1894-d392-5e07-a1cc-4d4b245805be', 4, 'order.confirmed', 1, '{}', '24dc8a83-a366-5e88-b24f-8f13f6b4ac63', '01a2168e-dcbc-7bdf-abb3-d63a7fa62a38', 224, 'process:fulfilment', '2026-11-26 06:33:11.218383+00', '2026-11-26 06:33:11.218383+00'),
	(227, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 34, 'product.stock-reserved', 1, '{"order_id": "98352393-1372-550d-80c7-1e88afb92621", "quantity": 1}', 'f436905e-835f-5338-a3b8-6cf67a45bd8f', '01a2168e-dd16-7fe2-b4c3-d7049b6752de', 225, 'process:fulfilment', '2026-11-26 06:33:11.218383+00', '2026-11-26 06:33:11.218383+00'),
	(228, 'order', '9fb6aa84-1078-50c3-adeb-4100124b1e8a', 1, 'order.opened', 1, '{"customer_id": "69600a23-367f-5d01-95b3-e1249469bc0a"}', '9f778152-05bb-5383-9b61-901780ee595a', '01a2168e-dd2d-734f-9ead-863bbb64abce', NULL, 'anonymous', '2026-11-26 06:33:11.225245+00', '2026-11-26 06:33:11.225245+00'),
	(229, 'fulfilment', '98352393-1372-550d-80c7-1e88afb92621', 1, 'fulfilment.started', 1, '{}', 'ea954e07-3329-530d-af89-8cb4fc24b0b8', '01a2168e-dd16-7fe2-b4c3-d7049b6752de', 225, 'process:fulfilment', '2026-11-26 06:33:11.225245+00', '2026-11-26 06:33:11.225245+00'),
	(230, 'payment', '98352393-1372-550d-80c7-1e88afb92621', 1, 'payment.requested', 1, '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "98352393-1372-550d-80c7-1e88afb92621"}', '8e98b1c8-8630-5fc6-8bce-cb112818f3a4', '01a2168e-dd16-7fe2-b4c3-d7049b6752de', 227, 'process:fulfilment', '2026-11-26 06:33:11.234032+00', '2026-11-26 06:33:11.234032+00'),
	(231, 'order', '9fb6aa84-1078-50c3-adeb-4100124b1e8a', 2, 'order.line-added', 1, '{"sku": "SLOW", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "1414.14", "currency": "EUR"}}', 'f6c59fc4-97cd-5fcb-95da-d946d54808a7', '01a2168e-dd4c-7b65-999a-10c2fd1ed611', NULL, 'anonymous', '2026-11-26 06:33:11.258197+00', '2026-11-26 06:33:11.258197+00'),
	(232, 'payment', '98352393-1372-550d-80c7-1e88afb92621', 2, 'payment.authorised', 1, '{"reference": "sim-983523931372"}', '3b796c65-f99e-50f8-a4c4-2f8cab158eb9', '01a2168e-dd16-7fe2-b4c3-d7049b6752de', 230, 'process:fulfilment', '2026-11-26 06:33:11.259236+00', '2026-11-26 06:33:11.259236+00'),
	(233, 'order', '9fb6aa84-1078-50c3-adeb-4100124b1e8a', 3, 'order.placed', 2, '{"lines": [{"sku": "SLOW", "quantity": 1, "unit_price": {"amount": "1414.14", "currency": "EUR"}}], "total": {"amount": "1414.14", "currency": "EUR"}, "placed_at": "2026-11-26T06:33:11.277297Z", "customer_id": "69600a23-367f-5d01-95b3-e1249469bc0a"}', '1174a12b-c4a8-5567-b4a6-71fb6ff3eb45', '01a2168e-dd6c-72b3-8b93-b0ab833c5fca', NULL, 'anonymous', '2026-11-26 06:33:11.282683+00', '2026-11-26 06:33:11.282683+00'),
	(234, 'order', '98352393-1372-550d-80c7-1e88afb92621', 4, 'order.confirmed', 1, '{}', 'b7514c3e-869b-5bb1-84c0-8da53aeab444', '01a2168e-dd16-7fe2-b4c3-d7049b6752de', 232, 'process:fulfilment', '2026-11-26 06:33:11.284862+00', '2026-11-26 06:33:11.284862+00'),
	(235, 'product', '2010e0e0-6d29-5a13-b158-71ff29b9c9d6', 3, 'product.stock-reserved', 1, '{"order_id": "9fb6aa84-1078-50c3-adeb-4100124b1e8a", "quantity": 1}', '74128802-9bb7-5ed2-b1be-a9a3a2298469', '01a2168e-dd6c-72b3-8b93-b0ab833c5fca', 233, 'process:fulfilment', '2026-11-26 06:33:11.293298+00', '2026-11-26 06:33:11.293298+00'),
	(236, 'fulfilment', '9fb6aa84-1078-50c3-adeb-4100124b1e8a', 1, 'fulfilment.started', 1, '{}', '0df64080-b4e9-5197-9e59-7ddf4e05a7d8', '01a2168e-dd6c-72b3-8b93-b0ab833c5fca', 233, 'process:fulfilment', '2026-11-26 06:33:11.30265+00', '2026-11-26 06:33:11.30265+00'),
	(237, 'payment', '98352393-1372-550d-80c7-1e88afb92621', 3, 'payment.captured', 1, '{"amount": {"amount": "4.75", "currency": "EUR"}}', '34607e42-9e37-545d-9f0d-6a5abf340dea', '01a2168e-dd16-7fe2-b4c3-d7049b6752de', 234, 'process:fulfilment', '2026-11-26 06:33:11.30265+00', '2026-11-26 06:33:11.30265+00'),
	(238, 'order', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 5, 'order.cancelled', 1, '{"reason": "changed my mind", "placement": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:33:11.020987Z"}, "customer_id": "69600a23-367f-5d01-95b3-e1249469bc0a"}', '345c2484-456b-5920-95f9-5f2cbcdf92c6', '01a2168e-dd98-7a21-9c61-e7c2735e887c', NULL, 'anonymous', '2026-11-26 06:33:11.330506+00', '2026-11-26 06:33:11.330506+00'),
	(239, 'product', '4182b94a-932e-558d-969b-b955cad1262a', 35, 'product.stock-dispatched', 1, '{"order_id": "98352393-1372-550d-80c7-1e88afb92621", "quantity": 1}', '3d01865b-02e2-5f2d-abbe-b74b254629ec', '01a2168e-dd16-7fe2-b4c3-d7049b6752de', 237, 'process:fulfilment', '2026-11-26 06:33:11.336465+00', '2026-11-26 06:33:11.336465+00'),
	(240, 'payment', '9fb6aa84-1078-50c3-adeb-4100124b1e8a', 1, 'payment.requested', 1, '{"amount": {"amount": "1414.14", "currency": "EUR"}, "order_id": "9fb6aa84-1078-50c3-adeb-4100124b1e8a"}', 'f28b4a05-eb67-5289-aabc-28272804490e', '01a2168e-dd6c-72b3-8b93-b0ab833c5fca', 235, 'process:fulfilment', '2026-11-26 06:33:11.336465+00', '2026-11-26 06:33:11.336465+00'),
	(241, 'fulfilment', '98352393-1372-550d-80c7-1e88afb92621', 2, 'fulfilment.ended', 1, '{"outcome": "confirmed"}', '690b9c21-3486-5383-9b22-478ea3e8ba55', '01a2168e-dd16-7fe2-b4c3-d7049b6752de', 239, 'process:fulfilment', '2026-11-26 06:33:11.35502+00', '2026-11-26 06:33:11.35502+00'),
	(242, 'order', '310d1894-d392-5e07-a1cc-4d4b245805be', 5, 'order.cancelled', 1, '{"reason": "changed my mind", "placement": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:33:11.101318Z"}, "customer_id": "680574a3-4b7e-5537-80cf-a0c431d7367f"}', 'f6760ba8-3704-595b-99d1-3c2d7b064861', '01a2168e-ddcc-7585-878c-8b378c9fecad', NULL, 'anonymous', '2026-11-26 06:33:11.373061+00', '2026-11-26 06:33:11.373061+00'),
	(243, 'order', '98352393-1372-550d-80c7-1e88afb92621', 5, 'order.cancelled', 1, '{"reason": "broken", "placement": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "placed_at": "2026-11-26T06:33:11.190952Z"}, "customer_id": "b102ee3e-b2bb-503b-a730-568999310b6c"}', 'bbfe721c-1a4f-5e6a-b96b-3ce02c395718', '01a2168e-ddeb-7188-bc72-0ae3a8680179', NULL, 'anonymous', '2026-11-26 06:33:11.404412+00', '2026-11-26 06:33:11.404412+00'),
	(244, 'payment', '98352393-1372-550d-80c7-1e88afb92621', 4, 'payment.refunded', 1, '{"amount": {"amount": "4.75", "currency": "EUR"}}', '3c13af36-0065-5906-864b-3c9e7297ceff', '01a2168e-ddeb-7188-bc72-0ae3a8680179', 243, 'process:fulfilment', '2026-11-26 06:33:11.431574+00', '2026-11-26 06:33:11.431574+00'),
	(245, 'product', 'f3cb8331-76ee-58ef-8856-ee61c759bac2', 3, 'product.stock-received', 1, '{"quantity": 10}', 'e92d1432-18ec-57ee-b2ae-371e77adcf73', '01a2168e-eda9-7fe8-aa1d-529925f945bc', NULL, 'anonymous', '2026-11-26 06:33:15.460943+00', '2026-11-26 06:33:15.460943+00'),
	(246, 'order', 'ff667660-d80d-5776-bef7-3b67c0e27ebe', 1, 'order.opened', 1, '{"customer_id": "680574a3-4b7e-5537-80cf-a0c431d7367f"}', '315e31b9-4383-5b7b-a9cc-4d8d5d084495', '01a2168e-ede2-781a-8a87-bc68503f392c', NULL, 'anonymous', '2026-11-26 06:33:15.496728+00', '2026-11-26 06:33:15.496728+00'),
	(247, 'order', 'ff667660-d80d-5776-bef7-3b67c0e27ebe', 2, 'order.line-added', 1, '{"sku": "CUP", "place": null, "redoes": null, "undoes": null, "quantity": 1, "unit_price": {"amount": "7.25", "currency": "EUR"}}', '510d13bc-0f68-5447-9c90-b832d640c12b', '01a2168e-ee0d-73b4-96dc-a0cc8c16612c', NULL, 'anonymous', '2026-11-26 06:33:15.54337+00', '2026-11-26 06:33:15.54337+00');
INSERT INTO es.parked VALUES
	('payments', 2, 'live', '["6dd21f2f-9b50-5aac-bf7a-1f620f3e1438"]', 51, 'LookupError: no payments can become CAPTURED today', 'Traceback (most recent call last):
  File "app/projector/park.py", line 191, in fold
    row = fold(key, before := rows[key], fact)
  File "projections/payment.py", line 53, in fold
    return replace(row, status="CAPTURED", version=fact.version)
  File "make_dump.py", line 70, in replace
    raise LookupError(f"no {name} can become {changes[''status'']} today")
LookupError: no payments can become CAPTURED today
', '2026-11-26 06:32:51.220599+00', NULL, NULL, 0);
INSERT INTO es.process_checkpoints VALUES
	('fulfilment', 244, 'old:1', '2026-11-26 06:33:11.437177+00');
INSERT INTO es.process_deadlines VALUES
	('fulfilment', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 'payment', '2026-11-26 06:48:00.44898+00', '01a2168e-b25a-77a9-8f35-87c18c53445f', 91),
	('fulfilment', '02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 'payment', '2026-11-26 06:48:05.838297+00', '01a2168e-c7c2-7dd4-ac80-017b7e3eb9b5', 100),
	('fulfilment', 'cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 'payment', '2026-11-26 06:48:10.288611+00', '01a2168e-d95b-73ea-ad9b-edaf536e86e1', 122),
	('fulfilment', '9fb6aa84-1078-50c3-adeb-4100124b1e8a', 'payment', '2026-11-26 06:48:11.336465+00', '01a2168e-dd6c-72b3-8b93-b0ab833c5fca', 240);
INSERT INTO es.process_steps OVERRIDING SYSTEM VALUE VALUES
	('fbdacc3e-e346-5a60-b628-64877a97fcad', 2, 'fulfilment', '83a8d44c-383f-5473-80ad-09173cddaeb0', 'reserve TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReserveStock', '{"order_id": "83a8d44c-383f-5473-80ad-09173cddaeb0", "quantity": 1}', '01a2168e-8cf8-7918-a872-554600a36b1a', 28, 'done', 0, 30, NULL, '2026-11-26 06:32:50.744653+00', '2026-11-26 06:32:50.783682+00'),
	('445694d6-4838-57e7-9fce-35eb7d3dd375', 1, 'fulfilment', '83a8d44c-383f-5473-80ad-09173cddaeb0', 'Started', 'note', 'fulfilment', '83a8d44c-383f-5473-80ad-09173cddaeb0', 'Started', '{}', '01a2168e-8cf8-7918-a872-554600a36b1a', 28, 'done', 0, 31, NULL, '2026-11-26 06:32:50.744416+00', '2026-11-26 06:32:50.799918+00'),
	('2f3091ca-46bc-5e2e-9e20-694a87d702eb', 3, 'fulfilment', '83a8d44c-383f-5473-80ad-09173cddaeb0', 'request the payment', 'command', 'payment', '83a8d44c-383f-5473-80ad-09173cddaeb0', 'RequestPayment', '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "83a8d44c-383f-5473-80ad-09173cddaeb0"}', '01a2168e-8cf8-7918-a872-554600a36b1a', 30, 'done', 0, 33, NULL, '2026-11-26 06:32:50.78356+00', '2026-11-26 06:32:50.817206+00'),
	('fc5a2bba-5dec-5451-8b20-0e22779a6d0f', 6, 'fulfilment', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'reserve TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReserveStock', '{"order_id": "6dd21f2f-9b50-5aac-bf7a-1f620f3e1438", "quantity": 1}', '01a2168e-8d7c-70c4-91cd-3da5b1b6baf9', 34, 'done', 0, 35, NULL, '2026-11-26 06:32:50.847468+00', '2026-11-26 06:32:50.884551+00'),
	('f1419d02-6231-5473-964f-8e8c45d7d66f', 5, 'fulfilment', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'Started', 'note', 'fulfilment', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'Started', '{}', '01a2168e-8d7c-70c4-91cd-3da5b1b6baf9', 34, 'done', 0, 36, NULL, '2026-11-26 06:32:50.847378+00', '2026-11-26 06:32:50.895474+00'),
	('74236cf7-8ec8-5812-b899-1aeb6c7dad91', 4, 'fulfilment', '83a8d44c-383f-5473-80ad-09173cddaeb0', 'authorise the payment', 'effect', '', '83a8d44c-383f-5473-80ad-09173cddaeb0', 'Authorise', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "83a8d44c-383f-5473-80ad-09173cddaeb0"}', '01a2168e-8cf8-7918-a872-554600a36b1a', 33, 'done', 0, 38, NULL, '2026-11-26 06:32:50.816979+00', '2026-11-26 06:32:50.912954+00'),
	('4b60779f-654e-5fa6-a78e-2f2d9dfe649a', 7, 'fulfilment', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'request the payment', 'command', 'payment', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'RequestPayment', '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "6dd21f2f-9b50-5aac-bf7a-1f620f3e1438"}', '01a2168e-8d7c-70c4-91cd-3da5b1b6baf9', 35, 'done', 0, 39, NULL, '2026-11-26 06:32:50.884452+00', '2026-11-26 06:32:50.927754+00'),
	('a0d13cbc-1f52-5bcf-8ffc-e0b6bb101369', 8, 'fulfilment', '83a8d44c-383f-5473-80ad-09173cddaeb0', 'confirm the order', 'command', 'order', '83a8d44c-383f-5473-80ad-09173cddaeb0', 'ConfirmOrder', '{}', '01a2168e-8cf8-7918-a872-554600a36b1a', 38, 'done', 0, 41, NULL, '2026-11-26 06:32:50.912785+00', '2026-11-26 06:32:50.952693+00'),
	('4a510c98-278c-5407-bbf3-05ef13d0bd3f', 9, 'fulfilment', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'authorise the payment', 'effect', '', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'Authorise', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "6dd21f2f-9b50-5aac-bf7a-1f620f3e1438"}', '01a2168e-8d7c-70c4-91cd-3da5b1b6baf9', 39, 'done', 0, 42, NULL, '2026-11-26 06:32:50.927553+00', '2026-11-26 06:32:50.987943+00'),
	('c985defd-c372-5ea5-b3f7-fbd618c24aa5', 10, 'fulfilment', '83a8d44c-383f-5473-80ad-09173cddaeb0', 'capture the payment', 'effect', '', '83a8d44c-383f-5473-80ad-09173cddaeb0', 'Capture', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "83a8d44c-383f-5473-80ad-09173cddaeb0"}', '01a2168e-8cf8-7918-a872-554600a36b1a', 41, 'done', 0, 44, NULL, '2026-11-26 06:32:50.952393+00', '2026-11-26 06:32:51.003156+00'),
	('ab994535-48ab-574a-bce4-b43d06810756', 11, 'fulfilment', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'confirm the order', 'command', 'order', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'ConfirmOrder', '{}', '01a2168e-8d7c-70c4-91cd-3da5b1b6baf9', 42, 'done', 0, 45, NULL, '2026-11-26 06:32:50.987759+00', '2026-11-26 06:32:51.007636+00'),
	('b8ddc725-d731-5258-badd-eae65be40bcf', 13, 'fulfilment', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 'reserve TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReserveStock', '{"order_id": "3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9", "quantity": 1}', '01a2168e-8e08-78bb-804f-88b2e05f6c94', 43, 'done', 0, 46, NULL, '2026-11-26 06:32:50.987825+00', '2026-11-26 06:32:51.007665+00'),
	('ad876976-363e-54bc-b4cf-6727b4a082dd', 12, 'fulfilment', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 'Started', 'note', 'fulfilment', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 'Started', '{}', '01a2168e-8e08-78bb-804f-88b2e05f6c94', 43, 'done', 0, 48, NULL, '2026-11-26 06:32:50.987815+00', '2026-11-26 06:32:51.032735+00'),
	('15212446-9638-5cd1-a59d-8dcd506d0ad8', 14, 'fulfilment', '83a8d44c-383f-5473-80ad-09173cddaeb0', 'dispatch TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'DispatchStock', '{"order_id": "83a8d44c-383f-5473-80ad-09173cddaeb0"}', '01a2168e-8cf8-7918-a872-554600a36b1a', 44, 'done', 0, 49, NULL, '2026-11-26 06:32:51.002954+00', '2026-11-26 06:32:51.032763+00'),
	('ef2fe2fa-2b5e-58a1-a288-1e53b44cee43', 16, 'fulfilment', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 'request the payment', 'command', 'payment', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 'RequestPayment', '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9"}', '01a2168e-8e08-78bb-804f-88b2e05f6c94', 46, 'done', 0, 50, NULL, '2026-11-26 06:32:51.007555+00', '2026-11-26 06:32:51.051658+00'),
	('390fd0c7-8a2e-502d-9c4b-1ce789ef4b77', 15, 'fulfilment', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'capture the payment', 'effect', '', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'Capture', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "6dd21f2f-9b50-5aac-bf7a-1f620f3e1438"}', '01a2168e-8d7c-70c4-91cd-3da5b1b6baf9', 45, 'done', 0, 51, NULL, '2026-11-26 06:32:51.007483+00', '2026-11-26 06:32:51.051686+00'),
	('2fa580ae-3c38-5bc1-867c-5e1013c5f706', 17, 'fulfilment', '83a8d44c-383f-5473-80ad-09173cddaeb0', 'Ended', 'note', 'fulfilment', '83a8d44c-383f-5473-80ad-09173cddaeb0', 'Ended', '{"outcome": "confirmed"}', '01a2168e-8cf8-7918-a872-554600a36b1a', 49, 'done', 0, 52, NULL, '2026-11-26 06:32:51.032612+00', '2026-11-26 06:32:51.058005+00'),
	('1a7555db-c4c8-5cce-b8fe-658e4e73689a', 19, 'fulfilment', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'dispatch TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'DispatchStock', '{"order_id": "6dd21f2f-9b50-5aac-bf7a-1f620f3e1438"}', '01a2168e-8d7c-70c4-91cd-3da5b1b6baf9', 51, 'done', 0, 54, NULL, '2026-11-26 06:32:51.051547+00', '2026-11-26 06:32:51.079454+00'),
	('cf9f26ee-ab8d-5774-ad58-52cbaa058554', 18, 'fulfilment', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 'authorise the payment', 'effect', '', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 'Authorise', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9"}', '01a2168e-8e08-78bb-804f-88b2e05f6c94', 50, 'done', 0, 55, NULL, '2026-11-26 06:32:51.051474+00', '2026-11-26 06:32:51.101422+00'),
	('045fd5a9-12d2-5831-a63d-7213e6dccd02', 20, 'fulfilment', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'Ended', 'note', 'fulfilment', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'Ended', '{"outcome": "confirmed"}', '01a2168e-8d7c-70c4-91cd-3da5b1b6baf9', 54, 'done', 0, 56, NULL, '2026-11-26 06:32:51.079338+00', '2026-11-26 06:32:51.113624+00'),
	('8c118cd2-159a-566d-b9ec-ee592358b3d8', 21, 'fulfilment', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 'confirm the order', 'command', 'order', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 'ConfirmOrder', '{}', '01a2168e-8e08-78bb-804f-88b2e05f6c94', 55, 'done', 0, 58, NULL, '2026-11-26 06:32:51.101266+00', '2026-11-26 06:32:51.137756+00'),
	('ef090d16-d932-516d-880b-c6a1f40ed5e9', 23, 'fulfilment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 'reserve TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReserveStock', '{"order_id": "d7809bc0-72af-584f-b735-b7fd7071eb6b", "quantity": 1}', '01a2168e-8e94-7c45-af90-9a239c02e37f', 57, 'done', 0, 59, NULL, '2026-11-26 06:32:51.137659+00', '2026-11-26 06:32:51.168623+00'),
	('1256108c-943c-5c89-9af0-1f35d930f2be', 22, 'fulfilment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 'Started', 'note', 'fulfilment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 'Started', '{}', '01a2168e-8e94-7c45-af90-9a239c02e37f', 57, 'done', 0, 61, NULL, '2026-11-26 06:32:51.137589+00', '2026-11-26 06:32:51.209126+00'),
	('65d7b4ca-fbaf-5ff9-8b56-5b25eae3abb6', 24, 'fulfilment', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 'capture the payment', 'effect', '', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 'Capture', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9"}', '01a2168e-8e08-78bb-804f-88b2e05f6c94', 58, 'done', 0, 62, NULL, '2026-11-26 06:32:51.13767+00', '2026-11-26 06:32:51.209159+00'),
	('69780e87-a97d-511b-9c8f-3988636f853d', 26, 'fulfilment', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 'dispatch TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'DispatchStock', '{"order_id": "3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9"}', '01a2168e-8e08-78bb-804f-88b2e05f6c94', 62, 'done', 0, 64, NULL, '2026-11-26 06:32:51.208876+00', '2026-11-26 06:32:51.243582+00'),
	('f20cddc8-2042-5598-ba3b-11ac2f762f3a', 25, 'fulfilment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 'request the payment', 'command', 'payment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 'RequestPayment', '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "d7809bc0-72af-584f-b735-b7fd7071eb6b"}', '01a2168e-8e94-7c45-af90-9a239c02e37f', 59, 'done', 0, 63, NULL, '2026-11-26 06:32:51.168514+00', '2026-11-26 06:32:51.220557+00'),
	('4dabbc8f-f839-5388-b308-41840a6d91f0', 27, 'fulfilment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 'authorise the payment', 'effect', '', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 'Authorise', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "d7809bc0-72af-584f-b735-b7fd7071eb6b"}', '01a2168e-8e94-7c45-af90-9a239c02e37f', 63, 'done', 0, 66, NULL, '2026-11-26 06:32:51.220136+00', '2026-11-26 06:32:51.259569+00'),
	('80766ec1-95df-564b-bed3-903babeae249', 28, 'fulfilment', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 'Ended', 'note', 'fulfilment', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 'Ended', '{"outcome": "confirmed"}', '01a2168e-8e08-78bb-804f-88b2e05f6c94', 64, 'done', 0, 68, NULL, '2026-11-26 06:32:51.243416+00', '2026-11-26 06:32:51.271689+00'),
	('f4359207-fd82-520c-b95f-c870de63883e', 29, 'fulfilment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 'confirm the order', 'command', 'order', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 'ConfirmOrder', '{}', '01a2168e-8e94-7c45-af90-9a239c02e37f', 66, 'done', 0, 69, NULL, '2026-11-26 06:32:51.259408+00', '2026-11-26 06:32:51.279936+00'),
	('104ddf41-0ed8-5aa9-811a-626bb5e36100', 30, 'fulfilment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 'capture the payment', 'effect', '', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 'Capture', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "d7809bc0-72af-584f-b735-b7fd7071eb6b"}', '01a2168e-8e94-7c45-af90-9a239c02e37f', 69, 'done', 0, 71, NULL, '2026-11-26 06:32:51.279774+00', '2026-11-26 06:32:51.334025+00'),
	('79561ab6-97e1-5b85-a11f-b7f098696174', 32, 'fulfilment', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 'reserve TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReserveStock', '{"order_id": "a01b5d36-dcfd-56aa-806c-b42d11148704", "quantity": 1}', '01a2168e-8f4c-7d32-854b-22699a5643f6', 70, 'done', 0, 72, NULL, '2026-11-26 06:32:51.319699+00', '2026-11-26 06:32:51.346916+00'),
	('e80fb831-9516-5c06-91e3-314a43f68780', 31, 'fulfilment', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 'Started', 'note', 'fulfilment', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 'Started', '{}', '01a2168e-8f4c-7d32-854b-22699a5643f6', 70, 'done', 0, 73, NULL, '2026-11-26 06:32:51.319631+00', '2026-11-26 06:32:51.370343+00'),
	('f7e7a364-2443-5ffb-a27b-64dcc819ac56', 34, 'fulfilment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 'dispatch TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'DispatchStock', '{"order_id": "d7809bc0-72af-584f-b735-b7fd7071eb6b"}', '01a2168e-8e94-7c45-af90-9a239c02e37f', 71, 'done', 0, 74, NULL, '2026-11-26 06:32:51.333882+00', '2026-11-26 06:32:51.370386+00'),
	('0d149b00-bac3-5407-a83c-9994a81184b7', 33, 'fulfilment', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 'reserve SCARCE', 'command', 'product', 'a4aec6f1-99d4-57c1-ab70-ec34b5227ce8', 'ReserveStock', '{"order_id": "a01b5d36-dcfd-56aa-806c-b42d11148704", "quantity": 1}', '01a2168e-8f4c-7d32-854b-22699a5643f6', 70, 'refused', 0, NULL, 'There is not enough in stock.', '2026-11-26 06:32:51.319709+00', '2026-11-26 06:32:51.377832+00'),
	('51458854-ea49-5205-9183-ca72601602cb', 35, 'fulfilment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 'Ended', 'note', 'fulfilment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 'Ended', '{"outcome": "confirmed"}', '01a2168e-8e94-7c45-af90-9a239c02e37f', 74, 'done', 0, 75, NULL, '2026-11-26 06:32:51.370126+00', '2026-11-26 06:32:51.408477+00'),
	('f85e8edc-235f-58b4-aded-a3bfaa0070ba', 36, 'fulfilment', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 'StepRefused', 'note', 'fulfilment', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 'StepRefused', '{"code": "OUT_OF_STOCK", "step": "reserve SCARCE", "message": "There is not enough in stock."}', '01a2168e-8f4c-7d32-854b-22699a5643f6', 70, 'done', 0, 76, NULL, '2026-11-26 06:32:51.377708+00', '2026-11-26 06:32:51.432548+00'),
	('9b807b22-3f40-5180-802b-1cdcdc14de68', 37, 'fulfilment', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 'release SCARCE', 'command', 'product', 'a4aec6f1-99d4-57c1-ab70-ec34b5227ce8', 'ReleaseReservation', '{"order_id": "a01b5d36-dcfd-56aa-806c-b42d11148704"}', '01a2168e-8f4c-7d32-854b-22699a5643f6', 76, 'done', 0, NULL, NULL, '2026-11-26 06:32:51.443498+00', '2026-11-26 06:32:51.462444+00'),
	('4eba8576-6374-50e9-bce3-56cf9f230097', 38, 'fulfilment', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 'release TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReleaseReservation', '{"order_id": "a01b5d36-dcfd-56aa-806c-b42d11148704"}', '01a2168e-8f4c-7d32-854b-22699a5643f6', 76, 'done', 0, 77, NULL, '2026-11-26 06:32:51.443603+00', '2026-11-26 06:32:51.470497+00'),
	('9edf5ed3-7292-5b25-83a2-92e1eeddee62', 39, 'fulfilment', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 'reject the order', 'command', 'order', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 'RejectOrder', '{"reason": "Could not reserve SCARCE: There is not enough in stock."}', '01a2168e-8f4c-7d32-854b-22699a5643f6', 76, 'done', 0, 78, NULL, '2026-11-26 06:32:51.443618+00', '2026-11-26 06:32:51.495615+00'),
	('6e035c32-3c9b-5d97-a558-abeb43607e4b', 40, 'fulfilment', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 'Ended', 'note', 'fulfilment', 'a01b5d36-dcfd-56aa-806c-b42d11148704', 'Ended', '{"outcome": "rejected"}', '01a2168e-8f4c-7d32-854b-22699a5643f6', 76, 'done', 0, 79, NULL, '2026-11-26 06:32:51.44363+00', '2026-11-26 06:32:51.513487+00'),
	('fa019a0c-88c8-5596-a509-604800350645', 41, 'fulfilment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 'call the payment off', 'effect', '', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 'CallOff', '{"payment_id": "d7809bc0-72af-584f-b735-b7fd7071eb6b"}', '01a2168e-90df-7f76-a8ca-e029c362e6ef', 82, 'done', 0, 83, NULL, '2026-11-26 06:32:51.750633+00', '2026-11-26 06:32:51.816467+00'),
	('b2e2f020-39d1-5489-b5e1-2678c5ac0bbb', 42, 'fulfilment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 'restock TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReceiveStock', '{"quantity": 1}', '01a2168e-90df-7f76-a8ca-e029c362e6ef', 83, 'done', 0, 84, NULL, '2026-11-26 06:32:51.816274+00', '2026-11-26 06:32:51.879553+00'),
	('764488b3-68cb-5fb3-9806-ec4914a40023', 43, 'fulfilment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 'Ended', 'note', 'fulfilment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 'Ended', '{"outcome": "cancelled"}', '01a2168e-90df-7f76-a8ca-e029c362e6ef', 83, 'done', 0, 85, NULL, '2026-11-26 06:32:51.816357+00', '2026-11-26 06:32:51.886994+00'),
	('fc37261a-00be-5024-a89c-16a3d2a4f862', 44, 'fulfilment', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 'Started', 'note', 'fulfilment', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 'Started', '{}', '01a2168e-b25a-77a9-8f35-87c18c53445f', 88, 'done', 0, 89, NULL, '2026-11-26 06:33:00.407826+00', '2026-11-26 06:33:00.431276+00'),
	('c64c109b-75b1-56ba-ad61-14c511ee7675', 45, 'fulfilment', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 'reserve TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReserveStock', '{"order_id": "85133ca8-291e-5b0e-8c0f-d40346f4801c", "quantity": 2}', '01a2168e-b25a-77a9-8f35-87c18c53445f', 88, 'done', 0, 90, NULL, '2026-11-26 06:33:00.407907+00', '2026-11-26 06:33:00.437442+00'),
	('c2625103-369f-59cf-9de2-b6d614d80b9c', 46, 'fulfilment', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 'request the payment', 'command', 'payment', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 'RequestPayment', '{"amount": {"amount": "9.50", "currency": "EUR"}, "order_id": "85133ca8-291e-5b0e-8c0f-d40346f4801c"}', '01a2168e-b25a-77a9-8f35-87c18c53445f', 90, 'done', 0, 91, NULL, '2026-11-26 06:33:00.437342+00', '2026-11-26 06:33:00.467333+00'),
	('be74b2e0-2d0c-595f-af42-7c23c669f6a8', 48, 'fulfilment', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 'StepStuck', 'note', 'fulfilment', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 'StepStuck', '{"step": "authorise the payment", "error": "app.ports.simulated_gateway.GatewayAway: the connection was refused"}', '01a2168e-b25a-77a9-8f35-87c18c53445f', 91, 'done', 0, 92, NULL, '2026-11-26 06:33:00.596317+00', '2026-11-26 06:33:00.616205+00'),
	('3d4cff65-c44a-5b72-ae22-d63a769bbf00', 47, 'fulfilment', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 'authorise the payment', 'effect', '', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 'Authorise', '{"amount": {"amount": "9.50", "currency": "EUR"}, "payment_id": "85133ca8-291e-5b0e-8c0f-d40346f4801c"}', '01a2168e-b25a-77a9-8f35-87c18c53445f', 91, 'stuck', 4, NULL, 'app.ports.simulated_gateway.GatewayAway: the connection was refused', '2026-11-26 06:33:00.465652+00', '2026-11-26 06:33:00.81404+00'),
	('a3a1dd90-fc9d-5ec1-a338-f416cbf730ff', 49, 'fulfilment', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 'StepStuck', 'note', 'fulfilment', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 'StepStuck', '{"step": "authorise the payment", "error": "app.ports.simulated_gateway.GatewayAway: the connection was refused"}', '01a2168e-b25a-77a9-8f35-87c18c53445f', 91, 'done', 0, 94, NULL, '2026-11-26 06:33:00.816781+00', '2026-11-26 06:33:00.829969+00'),
	('83b690f8-4f9a-5771-90e2-3fc1f3f75e34', 51, 'fulfilment', '02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 'reserve TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReserveStock', '{"order_id": "02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea", "quantity": 1}', '01a2168e-c7c2-7dd4-ac80-017b7e3eb9b5', 97, 'done', 0, 98, NULL, '2026-11-26 06:33:05.808692+00', '2026-11-26 06:33:05.825529+00'),
	('bc29903b-e8bf-57bb-ac20-ba8a7c7d5579', 50, 'fulfilment', '02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 'Started', 'note', 'fulfilment', '02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 'Started', '{}', '01a2168e-c7c2-7dd4-ac80-017b7e3eb9b5', 97, 'done', 0, 99, NULL, '2026-11-26 06:33:05.808604+00', '2026-11-26 06:33:05.837581+00'),
	('39db054b-a858-509d-b163-dd1e531255fd', 53, 'fulfilment', '02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 'authorise the payment', 'effect', '', '02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 'Authorise', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea"}', '01a2168e-c7c2-7dd4-ac80-017b7e3eb9b5', 100, 'due', 3, NULL, 'app.ports.simulated_gateway.GatewayAway: the connection was refused', '2026-11-26 06:33:05.84652+00', '2026-11-26 06:33:06.148889+00'),
	('7a7d5402-5fdc-5ab7-b73e-fc68025cc6a4', 81, 'fulfilment', '944c8103-ef19-596b-9a14-dd7c3a2b56db', 'confirm the order', 'command', 'order', '944c8103-ef19-596b-9a14-dd7c3a2b56db', 'ConfirmOrder', '{}', '01a2168e-d9f1-715f-9c91-4970881920d1', 142, 'due', 0, NULL, NULL, '2026-11-26 06:33:10.487968+00', '2026-11-26 06:33:10.487968+00'),
	('574c34b1-7680-539e-a643-361c97353b44', 137, 'fulfilment', '95188e2b-5e73-5567-bdf7-e1910f81d027', 'Ended', 'note', 'fulfilment', '95188e2b-5e73-5567-bdf7-e1910f81d027', 'Ended', '{"outcome": "rejected"}', '01a2168e-dc2e-73ad-9333-b2da5e25ab45', 209, 'due', 0, NULL, NULL, '2026-11-26 06:33:11.052315+00', '2026-11-26 06:33:11.052315+00'),
	('3720d405-565b-53e3-9b64-14e9ec887b85', 52, 'fulfilment', '02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 'request the payment', 'command', 'payment', '02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 'RequestPayment', '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea"}', '01a2168e-c7c2-7dd4-ac80-017b7e3eb9b5', 98, 'done', 0, 100, NULL, '2026-11-26 06:33:05.825406+00', '2026-11-26 06:33:05.846653+00'),
	('02204b1a-9d35-52ef-9162-5492368b15e4', 55, 'fulfilment', 'bcd100ce-5e57-59bb-b4ab-1e4affa5fb14', 'reserve TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReserveStock', '{"order_id": "bcd100ce-5e57-59bb-b4ab-1e4affa5fb14", "quantity": 1}', '01a2168e-d875-734f-944e-cee635cf03f2', 104, 'due', 0, NULL, NULL, '2026-11-26 06:33:10.081628+00', '2026-11-26 06:33:10.081628+00'),
	('effcad19-0149-5840-9309-71203c45e797', 56, 'fulfilment', 'bcd100ce-5e57-59bb-b4ab-1e4affa5fb14', 'reserve CUP', 'command', 'product', 'f3cb8331-76ee-58ef-8856-ee61c759bac2', 'ReserveStock', '{"order_id": "bcd100ce-5e57-59bb-b4ab-1e4affa5fb14", "quantity": 1}', '01a2168e-d875-734f-944e-cee635cf03f2', 104, 'due', 0, NULL, NULL, '2026-11-26 06:33:10.081639+00', '2026-11-26 06:33:10.081639+00'),
	('be263ef6-4d13-5810-a494-ca7a229547c9', 58, 'fulfilment', 'cabd3673-cab3-50ca-85fc-b1f32e09dee7', 'reserve TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReserveStock', '{"order_id": "cabd3673-cab3-50ca-85fc-b1f32e09dee7", "quantity": 1}', '01a2168e-d8c5-73c1-a605-907f3e3003cc', 107, 'due', 0, NULL, NULL, '2026-11-26 06:33:10.103768+00', '2026-11-26 06:33:10.103768+00'),
	('b4f89087-b0ae-5f64-bc34-d00cfe6f5f77', 54, 'fulfilment', 'bcd100ce-5e57-59bb-b4ab-1e4affa5fb14', 'Started', 'note', 'fulfilment', 'bcd100ce-5e57-59bb-b4ab-1e4affa5fb14', 'Started', '{}', '01a2168e-d875-734f-944e-cee635cf03f2', 104, 'done', 0, 108, NULL, '2026-11-26 06:33:10.08154+00', '2026-11-26 06:33:10.103826+00'),
	('96e7da6e-bfe4-5d32-9056-81bdae8fe10a', 57, 'fulfilment', 'cabd3673-cab3-50ca-85fc-b1f32e09dee7', 'Started', 'note', 'fulfilment', 'cabd3673-cab3-50ca-85fc-b1f32e09dee7', 'Started', '{}', '01a2168e-d8c5-73c1-a605-907f3e3003cc', 107, 'done', 0, 109, NULL, '2026-11-26 06:33:10.103718+00', '2026-11-26 06:33:10.126566+00'),
	('f7e52eb6-99b1-5b6a-abc0-2bf477b29fe5', 59, 'fulfilment', 'cabd3673-cab3-50ca-85fc-b1f32e09dee7', 'request the payment', 'command', 'payment', 'cabd3673-cab3-50ca-85fc-b1f32e09dee7', 'RequestPayment', '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "cabd3673-cab3-50ca-85fc-b1f32e09dee7"}', '01a2168e-d8c5-73c1-a605-907f3e3003cc', 111, 'due', 0, NULL, NULL, '2026-11-26 06:33:10.150139+00', '2026-11-26 06:33:10.150139+00'),
	('6f1a136f-73b0-52ac-a85c-7afda968f223', 62, 'fulfilment', '88dc316d-7cb6-5bd4-9efb-09bd65ba550d', 'request the payment', 'command', 'payment', '88dc316d-7cb6-5bd4-9efb-09bd65ba550d', 'RequestPayment', '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "88dc316d-7cb6-5bd4-9efb-09bd65ba550d"}', '01a2168e-d912-7a1f-a249-7fb432f4bf21', 114, 'due', 0, NULL, NULL, '2026-11-26 06:33:10.193731+00', '2026-11-26 06:33:10.193731+00'),
	('949b0994-e66f-5101-8268-edb1e71214ad', 61, 'fulfilment', '88dc316d-7cb6-5bd4-9efb-09bd65ba550d', 'reserve TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReserveStock', '{"order_id": "88dc316d-7cb6-5bd4-9efb-09bd65ba550d", "quantity": 1}', '01a2168e-d912-7a1f-a249-7fb432f4bf21', 113, 'done', 0, 114, NULL, '2026-11-26 06:33:10.188303+00', '2026-11-26 06:33:10.193838+00'),
	('b66a6a88-f5a5-5d53-9e18-7c06d91345e6', 60, 'fulfilment', '88dc316d-7cb6-5bd4-9efb-09bd65ba550d', 'Started', 'note', 'fulfilment', '88dc316d-7cb6-5bd4-9efb-09bd65ba550d', 'Started', '{}', '01a2168e-d912-7a1f-a249-7fb432f4bf21', 113, 'done', 0, 116, NULL, '2026-11-26 06:33:10.188248+00', '2026-11-26 06:33:10.203123+00'),
	('b13e71a4-63f6-5abd-890b-e700d2ee9e3f', 64, 'fulfilment', 'cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 'reserve TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReserveStock', '{"order_id": "cd69ce60-6eb1-5d2a-98e0-8116c4557d13", "quantity": 1}', '01a2168e-d95b-73ea-ad9b-edaf536e86e1', 118, 'done', 0, 119, NULL, '2026-11-26 06:33:10.25248+00', '2026-11-26 06:33:10.266764+00'),
	('7351b8d2-135b-5de6-8e07-19be9c0560cb', 63, 'fulfilment', 'cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 'Started', 'note', 'fulfilment', 'cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 'Started', '{}', '01a2168e-d95b-73ea-ad9b-edaf536e86e1', 118, 'done', 0, 121, NULL, '2026-11-26 06:33:10.252415+00', '2026-11-26 06:33:10.285456+00'),
	('4b4e068f-7603-545d-9282-a4f95934a782', 66, 'fulfilment', 'cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 'authorise the payment', 'effect', '', 'cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 'Authorise', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "cd69ce60-6eb1-5d2a-98e0-8116c4557d13"}', '01a2168e-d95b-73ea-ad9b-edaf536e86e1', 122, 'due', 0, NULL, NULL, '2026-11-26 06:33:10.295957+00', '2026-11-26 06:33:10.295957+00'),
	('7cd69922-0e14-56b8-a616-f46256c8f03b', 65, 'fulfilment', 'cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 'request the payment', 'command', 'payment', 'cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 'RequestPayment', '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "cd69ce60-6eb1-5d2a-98e0-8116c4557d13"}', '01a2168e-d95b-73ea-ad9b-edaf536e86e1', 119, 'done', 0, 122, NULL, '2026-11-26 06:33:10.266658+00', '2026-11-26 06:33:10.296108+00'),
	('71d63f0f-367e-53d0-acdf-b4d1c9b14868', 68, 'fulfilment', '5aca4a05-5900-502a-a069-06c5af62b532', 'reserve TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReserveStock', '{"order_id": "5aca4a05-5900-502a-a069-06c5af62b532", "quantity": 1}', '01a2168e-d9aa-75e6-af41-ec8dc95f331c', 124, 'done', 0, 125, NULL, '2026-11-26 06:33:10.34018+00', '2026-11-26 06:33:10.35343+00'),
	('366cfaa8-a243-5b83-a82b-eee99f1c3199', 67, 'fulfilment', '5aca4a05-5900-502a-a069-06c5af62b532', 'Started', 'note', 'fulfilment', '5aca4a05-5900-502a-a069-06c5af62b532', 'Started', '{}', '01a2168e-d9aa-75e6-af41-ec8dc95f331c', 124, 'done', 0, 126, NULL, '2026-11-26 06:33:10.34012+00', '2026-11-26 06:33:10.362624+00'),
	('d8ae3d05-b8a4-51df-a14b-886f529e596a', 70, 'fulfilment', '5aca4a05-5900-502a-a069-06c5af62b532', 'authorise the payment', 'effect', '', '5aca4a05-5900-502a-a069-06c5af62b532', 'Authorise', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "5aca4a05-5900-502a-a069-06c5af62b532"}', '01a2168e-d9aa-75e6-af41-ec8dc95f331c', 128, 'due', 0, NULL, NULL, '2026-11-26 06:33:10.371139+00', '2026-11-26 06:33:10.371139+00'),
	('17be69ea-bee4-5c23-b70a-b585709960fd', 69, 'fulfilment', '5aca4a05-5900-502a-a069-06c5af62b532', 'request the payment', 'command', 'payment', '5aca4a05-5900-502a-a069-06c5af62b532', 'RequestPayment', '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "5aca4a05-5900-502a-a069-06c5af62b532"}', '01a2168e-d9aa-75e6-af41-ec8dc95f331c', 125, 'done', 0, 128, NULL, '2026-11-26 06:33:10.353305+00', '2026-11-26 06:33:10.371288+00'),
	('8c776d1e-a725-553a-a356-c80b9cef80fe', 71, 'fulfilment', '5aca4a05-5900-502a-a069-06c5af62b532', 'confirm the order', 'command', 'order', '5aca4a05-5900-502a-a069-06c5af62b532', 'ConfirmOrder', '{}', '01a2168e-d9aa-75e6-af41-ec8dc95f331c', 129, 'done', 0, 131, NULL, '2026-11-26 06:33:10.380366+00', '2026-11-26 06:33:10.395355+00'),
	('d13fb7fa-1526-5e35-96fa-b8770ff80e22', 72, 'fulfilment', '5aca4a05-5900-502a-a069-06c5af62b532', 'capture the payment', 'effect', '', '5aca4a05-5900-502a-a069-06c5af62b532', 'Capture', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "5aca4a05-5900-502a-a069-06c5af62b532"}', '01a2168e-d9aa-75e6-af41-ec8dc95f331c', 131, 'done', 0, 133, NULL, '2026-11-26 06:33:10.395224+00', '2026-11-26 06:33:10.414707+00'),
	('4f38649a-1496-515f-8582-97b4401276fd', 74, 'fulfilment', '944c8103-ef19-596b-9a14-dd7c3a2b56db', 'reserve TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReserveStock', '{"order_id": "944c8103-ef19-596b-9a14-dd7c3a2b56db", "quantity": 1}', '01a2168e-d9f1-715f-9c91-4970881920d1', 132, 'done', 0, 134, NULL, '2026-11-26 06:33:10.406617+00', '2026-11-26 06:33:10.42471+00'),
	('5272d3cd-b198-51d9-8bcb-3d9866609820', 73, 'fulfilment', '944c8103-ef19-596b-9a14-dd7c3a2b56db', 'Started', 'note', 'fulfilment', '944c8103-ef19-596b-9a14-dd7c3a2b56db', 'Started', '{}', '01a2168e-d9f1-715f-9c91-4970881920d1', 132, 'done', 0, 136, NULL, '2026-11-26 06:33:10.406555+00', '2026-11-26 06:33:10.424739+00'),
	('b10c281f-3270-503d-90f0-7d456398ec23', 75, 'fulfilment', '5aca4a05-5900-502a-a069-06c5af62b532', 'dispatch TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'DispatchStock', '{"order_id": "5aca4a05-5900-502a-a069-06c5af62b532"}', '01a2168e-d9aa-75e6-af41-ec8dc95f331c', 133, 'done', 0, 137, NULL, '2026-11-26 06:33:10.414559+00', '2026-11-26 06:33:10.43322+00'),
	('cb5572b3-8ece-5ce7-b4cc-bbf455c3627e', 77, 'fulfilment', '5aca4a05-5900-502a-a069-06c5af62b532', 'Ended', 'note', 'fulfilment', '5aca4a05-5900-502a-a069-06c5af62b532', 'Ended', '{"outcome": "confirmed"}', '01a2168e-d9aa-75e6-af41-ec8dc95f331c', 137, 'done', 0, 138, NULL, '2026-11-26 06:33:10.433078+00', '2026-11-26 06:33:10.447465+00'),
	('0ef7e94e-ce85-55dc-9b85-842d5517a5d8', 76, 'fulfilment', '944c8103-ef19-596b-9a14-dd7c3a2b56db', 'request the payment', 'command', 'payment', '944c8103-ef19-596b-9a14-dd7c3a2b56db', 'RequestPayment', '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "944c8103-ef19-596b-9a14-dd7c3a2b56db"}', '01a2168e-d9f1-715f-9c91-4970881920d1', 134, 'done', 0, 140, NULL, '2026-11-26 06:33:10.424577+00', '2026-11-26 06:33:10.470746+00'),
	('c2e66655-b798-5ed7-b17e-b03e965bc793', 78, 'fulfilment', '944c8103-ef19-596b-9a14-dd7c3a2b56db', 'authorise the payment', 'effect', '', '944c8103-ef19-596b-9a14-dd7c3a2b56db', 'Authorise', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "944c8103-ef19-596b-9a14-dd7c3a2b56db"}', '01a2168e-d9f1-715f-9c91-4970881920d1', 140, 'done', 0, 142, NULL, '2026-11-26 06:33:10.470602+00', '2026-11-26 06:33:10.488108+00'),
	('571d59f8-e3aa-5d71-b797-9eb3928b95b8', 80, 'fulfilment', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 'reserve TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReserveStock', '{"order_id": "7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c", "quantity": 1}', '01a2168e-da42-7ded-8fbf-8a1894c1f13c', 141, 'done', 0, 144, NULL, '2026-11-26 06:33:10.481663+00', '2026-11-26 06:33:10.507653+00'),
	('cda366f1-b903-52ee-98ea-26c84c044626', 79, 'fulfilment', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 'Started', 'note', 'fulfilment', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 'Started', '{}', '01a2168e-da42-7ded-8fbf-8a1894c1f13c', 141, 'done', 0, 145, NULL, '2026-11-26 06:33:10.4816+00', '2026-11-26 06:33:10.50768+00'),
	('0e70c6bf-0277-5a9b-b4d7-bd59236d515a', 82, 'fulfilment', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 'request the payment', 'command', 'payment', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 'RequestPayment', '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c"}', '01a2168e-da42-7ded-8fbf-8a1894c1f13c', 144, 'done', 0, 147, NULL, '2026-11-26 06:33:10.507472+00', '2026-11-26 06:33:10.526519+00'),
	('fa814b0e-591c-5dfd-8d47-e5ee83d64bf7', 83, 'fulfilment', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 'authorise the payment', 'effect', '', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 'Authorise', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c"}', '01a2168e-da42-7ded-8fbf-8a1894c1f13c', 147, 'done', 0, 149, NULL, '2026-11-26 06:33:10.52636+00', '2026-11-26 06:33:10.54945+00'),
	('d6b84327-9f1a-541a-a1bc-4f28ece405c9', 85, 'fulfilment', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 'reserve TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReserveStock', '{"order_id": "9b08c095-7e9a-5dd9-8706-19408d330ba0", "quantity": 1}', '01a2168e-da73-7038-8db5-877c46c4350f', 148, 'done', 0, 151, NULL, '2026-11-26 06:33:10.541801+00', '2026-11-26 06:33:10.556688+00'),
	('ef6b7d7d-3228-5fda-922d-d53ff5660459', 84, 'fulfilment', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 'Started', 'note', 'fulfilment', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 'Started', '{}', '01a2168e-da73-7038-8db5-877c46c4350f', 148, 'done', 0, 152, NULL, '2026-11-26 06:33:10.541741+00', '2026-11-26 06:33:10.564681+00'),
	('f75a78e9-95d6-5194-aa22-e9a7b4a0dda7', 88, 'fulfilment', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 'capture the payment', 'effect', '', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 'Capture', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c"}', '01a2168e-da42-7ded-8fbf-8a1894c1f13c', 153, 'due', 0, NULL, NULL, '2026-11-26 06:33:10.566057+00', '2026-11-26 06:33:10.566057+00'),
	('c358ae8b-8283-5715-9fda-71c061142965', 86, 'fulfilment', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 'confirm the order', 'command', 'order', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 'ConfirmOrder', '{}', '01a2168e-da42-7ded-8fbf-8a1894c1f13c', 149, 'done', 0, 153, NULL, '2026-11-26 06:33:10.549215+00', '2026-11-26 06:33:10.566174+00'),
	('ac766a88-9492-563a-a597-162153790225', 87, 'fulfilment', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 'request the payment', 'command', 'payment', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 'RequestPayment', '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "9b08c095-7e9a-5dd9-8706-19408d330ba0"}', '01a2168e-da73-7038-8db5-877c46c4350f', 151, 'done', 0, 155, NULL, '2026-11-26 06:33:10.556558+00', '2026-11-26 06:33:10.575121+00'),
	('40fde67c-192e-5969-9626-aef18c5761c3', 89, 'fulfilment', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 'authorise the payment', 'effect', '', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 'Authorise', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "9b08c095-7e9a-5dd9-8706-19408d330ba0"}', '01a2168e-da73-7038-8db5-877c46c4350f', 155, 'done', 0, 158, NULL, '2026-11-26 06:33:10.57493+00', '2026-11-26 06:33:10.621183+00'),
	('5531da9c-c032-527d-ab9e-1a025cc79918', 91, 'fulfilment', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 'reserve TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReserveStock', '{"order_id": "21ce9d40-5e8f-553f-8593-1a72f80c61ca", "quantity": 1}', '01a2168e-dac2-7f7d-9645-c4e1dd17cf12', 157, 'done', 0, 159, NULL, '2026-11-26 06:33:10.616422+00', '2026-11-26 06:33:10.636388+00'),
	('9e6c7ff1-516d-5310-8565-7d412f3223c9', 94, 'fulfilment', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 'capture the payment', 'effect', '', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 'Capture', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "9b08c095-7e9a-5dd9-8706-19408d330ba0"}', '01a2168e-da73-7038-8db5-877c46c4350f', 160, 'due', 0, NULL, NULL, '2026-11-26 06:33:10.64259+00', '2026-11-26 06:33:10.642591+00'),
	('c478009a-6415-584d-90e3-3dd9c005337d', 93, 'fulfilment', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 'confirm the order', 'command', 'order', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 'ConfirmOrder', '{}', '01a2168e-da73-7038-8db5-877c46c4350f', 158, 'done', 0, 160, NULL, '2026-11-26 06:33:10.621034+00', '2026-11-26 06:33:10.642729+00'),
	('7f5e1c03-be6b-577a-be0e-8ef503ae2e9a', 90, 'fulfilment', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 'Started', 'note', 'fulfilment', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 'Started', '{}', '01a2168e-dac2-7f7d-9645-c4e1dd17cf12', 157, 'done', 0, 161, NULL, '2026-11-26 06:33:10.616362+00', '2026-11-26 06:33:10.642757+00'),
	('e36e1d43-869f-5e6b-8bb1-ab5c4b48bf9d', 92, 'fulfilment', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 'reserve POT', 'command', 'product', '8d204d04-96e4-563f-bd83-e45998396646', 'ReserveStock', '{"order_id": "21ce9d40-5e8f-553f-8593-1a72f80c61ca", "quantity": 1}', '01a2168e-dac2-7f7d-9645-c4e1dd17cf12', 157, 'done', 0, 163, NULL, '2026-11-26 06:33:10.616435+00', '2026-11-26 06:33:10.653975+00'),
	('350472dc-1016-596e-ae57-7980b6a264e7', 95, 'fulfilment', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 'request the payment', 'command', 'payment', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 'RequestPayment', '{"amount": {"amount": "35.75", "currency": "EUR"}, "order_id": "21ce9d40-5e8f-553f-8593-1a72f80c61ca"}', '01a2168e-dac2-7f7d-9645-c4e1dd17cf12', 163, 'done', 0, 165, NULL, '2026-11-26 06:33:10.653852+00', '2026-11-26 06:33:10.665325+00'),
	('7ed71ec3-c8a4-51fb-a43e-94aa159281de', 96, 'fulfilment', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 'authorise the payment', 'effect', '', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 'Authorise', '{"amount": {"amount": "35.75", "currency": "EUR"}, "payment_id": "21ce9d40-5e8f-553f-8593-1a72f80c61ca"}', '01a2168e-dac2-7f7d-9645-c4e1dd17cf12', 165, 'done', 0, 167, NULL, '2026-11-26 06:33:10.665185+00', '2026-11-26 06:33:10.691692+00'),
	('c93456b1-c992-549b-ac38-11c20150f71c', 98, 'fulfilment', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'reserve TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReserveStock', '{"order_id": "bf07dafd-5d64-5244-b5ba-9a85089c2ce6", "quantity": 1}', '01a2168e-db02-79ae-938e-7d78cd07b25c', 166, 'done', 0, 168, NULL, '2026-11-26 06:33:10.673764+00', '2026-11-26 06:33:10.694052+00'),
	('cc32d993-bd17-56b0-ab60-96e5959a0162', 97, 'fulfilment', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'Started', 'note', 'fulfilment', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'Started', '{}', '01a2168e-db02-79ae-938e-7d78cd07b25c', 166, 'done', 0, 169, NULL, '2026-11-26 06:33:10.673699+00', '2026-11-26 06:33:10.699649+00'),
	('c270d9b1-6727-5f8e-9bfb-9191a1953645', 99, 'fulfilment', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 'confirm the order', 'command', 'order', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 'ConfirmOrder', '{}', '01a2168e-dac2-7f7d-9645-c4e1dd17cf12', 167, 'done', 0, 170, NULL, '2026-11-26 06:33:10.691521+00', '2026-11-26 06:33:10.699677+00'),
	('0b3f283e-421d-5d5d-a4e2-ccf8d0a8bc1a', 100, 'fulfilment', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'request the payment', 'command', 'payment', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'RequestPayment', '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "bf07dafd-5d64-5244-b5ba-9a85089c2ce6"}', '01a2168e-db02-79ae-938e-7d78cd07b25c', 168, 'done', 0, 172, NULL, '2026-11-26 06:33:10.693949+00', '2026-11-26 06:33:10.708578+00'),
	('5990a40d-307e-5459-a6b2-fbc202da0498', 103, 'fulfilment', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 'dispatch TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'DispatchStock', '{"order_id": "21ce9d40-5e8f-553f-8593-1a72f80c61ca"}', '01a2168e-dac2-7f7d-9645-c4e1dd17cf12', 173, 'due', 0, NULL, NULL, '2026-11-26 06:33:10.725965+00', '2026-11-26 06:33:10.725965+00'),
	('748caf3b-364d-5aa5-9996-38036d2e8393', 104, 'fulfilment', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 'dispatch POT', 'command', 'product', '8d204d04-96e4-563f-bd83-e45998396646', 'DispatchStock', '{"order_id": "21ce9d40-5e8f-553f-8593-1a72f80c61ca"}', '01a2168e-dac2-7f7d-9645-c4e1dd17cf12', 173, 'due', 0, NULL, NULL, '2026-11-26 06:33:10.726034+00', '2026-11-26 06:33:10.726034+00'),
	('5f5be9a3-2b6a-5db0-8d48-962e97755710', 101, 'fulfilment', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 'capture the payment', 'effect', '', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 'Capture', '{"amount": {"amount": "35.75", "currency": "EUR"}, "payment_id": "21ce9d40-5e8f-553f-8593-1a72f80c61ca"}', '01a2168e-dac2-7f7d-9645-c4e1dd17cf12', 170, 'done', 0, 173, NULL, '2026-11-26 06:33:10.699521+00', '2026-11-26 06:33:10.726117+00'),
	('face4d47-6917-57cc-a2c0-28845adbdddc', 102, 'fulfilment', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'authorise the payment', 'effect', '', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'Authorise', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "bf07dafd-5d64-5244-b5ba-9a85089c2ce6"}', '01a2168e-db02-79ae-938e-7d78cd07b25c', 172, 'done', 0, 175, NULL, '2026-11-26 06:33:10.708425+00', '2026-11-26 06:33:10.743155+00'),
	('76b74d1a-386d-5157-a512-f41df251503e', 105, 'fulfilment', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'confirm the order', 'command', 'order', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'ConfirmOrder', '{}', '01a2168e-db02-79ae-938e-7d78cd07b25c', 175, 'done', 0, 177, NULL, '2026-11-26 06:33:10.742965+00', '2026-11-26 06:33:10.758734+00'),
	('95439d76-8c47-5e13-95a8-375c0d5b4002', 107, 'fulfilment', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'reserve TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReserveStock', '{"order_id": "b0dd473f-9812-54b5-b2d0-26c0e76a0940", "quantity": 1}', '01a2168e-db55-785c-8ed9-035e128157d4', 176, 'done', 0, 178, NULL, '2026-11-26 06:33:10.75867+00', '2026-11-26 06:33:10.779643+00'),
	('32aa74cf-3c32-5e5e-9476-34c8ae046605', 108, 'fulfilment', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'capture the payment', 'effect', '', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'Capture', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "bf07dafd-5d64-5244-b5ba-9a85089c2ce6"}', '01a2168e-db02-79ae-938e-7d78cd07b25c', 177, 'done', 0, 180, NULL, '2026-11-26 06:33:10.764819+00', '2026-11-26 06:33:10.791279+00'),
	('49c70159-3df4-59d3-9185-ca5129fe67b0', 110, 'fulfilment', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'dispatch TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'DispatchStock', '{"order_id": "bf07dafd-5d64-5244-b5ba-9a85089c2ce6"}', '01a2168e-db02-79ae-938e-7d78cd07b25c', 180, 'due', 0, NULL, NULL, '2026-11-26 06:33:10.791154+00', '2026-11-26 06:33:10.791154+00'),
	('47bbdcd9-310a-5791-ae7b-9617b9b43c1d', 106, 'fulfilment', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'Started', 'note', 'fulfilment', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'Started', '{}', '01a2168e-db55-785c-8ed9-035e128157d4', 176, 'done', 0, 181, NULL, '2026-11-26 06:33:10.758613+00', '2026-11-26 06:33:10.791307+00'),
	('46d11415-7ab6-5d71-ba02-b936c1c784df', 112, 'fulfilment', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'Ended', 'note', 'fulfilment', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'Ended', '{"outcome": "confirmed"}', '01a2168e-db02-79ae-938e-7d78cd07b25c', 184, 'due', 0, NULL, NULL, '2026-11-26 06:33:10.805485+00', '2026-11-26 06:33:10.805485+00'),
	('f9f32eab-aea6-55e6-87f0-b766d2886080', 109, 'fulfilment', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'request the payment', 'command', 'payment', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'RequestPayment', '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "b0dd473f-9812-54b5-b2d0-26c0e76a0940"}', '01a2168e-db55-785c-8ed9-035e128157d4', 178, 'done', 0, 183, NULL, '2026-11-26 06:33:10.779471+00', '2026-11-26 06:33:10.805582+00'),
	('bf627296-9241-56d0-8af9-7b6d88cf9472', 111, 'fulfilment', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'authorise the payment', 'effect', '', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'Authorise', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "b0dd473f-9812-54b5-b2d0-26c0e76a0940"}', '01a2168e-db55-785c-8ed9-035e128157d4', 183, 'done', 0, 186, NULL, '2026-11-26 06:33:10.805416+00', '2026-11-26 06:33:10.821896+00'),
	('d9a06173-d4d4-51e6-9224-e10011036fcc', 113, 'fulfilment', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'confirm the order', 'command', 'order', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'ConfirmOrder', '{}', '01a2168e-db55-785c-8ed9-035e128157d4', 186, 'done', 0, 188, NULL, '2026-11-26 06:33:10.821753+00', '2026-11-26 06:33:10.838714+00'),
	('5b6c1e4f-050f-5a52-bc80-2d1c5a41c9a7', 115, 'fulfilment', '2fdab627-33df-5734-8191-d8bc13ecd494', 'reserve TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReserveStock', '{"order_id": "2fdab627-33df-5734-8191-d8bc13ecd494", "quantity": 1}', '01a2168e-dba2-7833-9538-0cb9fcf37636', 187, 'done', 0, 190, NULL, '2026-11-26 06:33:10.838637+00', '2026-11-26 06:33:10.859485+00'),
	('493302f1-2634-5cf6-ad48-d3ffd4c06dd4', 114, 'fulfilment', '2fdab627-33df-5734-8191-d8bc13ecd494', 'Started', 'note', 'fulfilment', '2fdab627-33df-5734-8191-d8bc13ecd494', 'Started', '{}', '01a2168e-dba2-7833-9538-0cb9fcf37636', 187, 'done', 0, 191, NULL, '2026-11-26 06:33:10.838575+00', '2026-11-26 06:33:10.86157+00'),
	('51c969ee-69f6-5bdb-8a45-7f7a9af10eb9', 117, 'fulfilment', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'capture the payment', 'effect', '', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'Capture', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "b0dd473f-9812-54b5-b2d0-26c0e76a0940"}', '01a2168e-db55-785c-8ed9-035e128157d4', 188, 'done', 0, 192, NULL, '2026-11-26 06:33:10.844136+00', '2026-11-26 06:33:10.867275+00'),
	('6f5965aa-15c4-5abf-ad24-8857ac26eea7', 119, 'fulfilment', '2fdab627-33df-5734-8191-d8bc13ecd494', 'StepRefused', 'note', 'fulfilment', '2fdab627-33df-5734-8191-d8bc13ecd494', 'StepRefused', '{"code": "OUT_OF_STOCK", "step": "reserve SCARCE", "message": "There is not enough in stock."}', '01a2168e-dba2-7833-9538-0cb9fcf37636', 187, 'due', 0, NULL, NULL, '2026-11-26 06:33:10.875436+00', '2026-11-26 06:33:10.875436+00'),
	('741565a4-5823-577a-84dd-56f5d76564f4', 116, 'fulfilment', '2fdab627-33df-5734-8191-d8bc13ecd494', 'reserve SCARCE', 'command', 'product', 'a4aec6f1-99d4-57c1-ab70-ec34b5227ce8', 'ReserveStock', '{"order_id": "2fdab627-33df-5734-8191-d8bc13ecd494", "quantity": 1}', '01a2168e-dba2-7833-9538-0cb9fcf37636', 187, 'refused', 0, NULL, 'There is not enough in stock.', '2026-11-26 06:33:10.838648+00', '2026-11-26 06:33:10.875538+00'),
	('07c4c55c-7d9c-5523-ba7c-da6111e4b7eb', 120, 'fulfilment', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'Ended', 'note', 'fulfilment', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'Ended', '{"outcome": "confirmed"}', '01a2168e-db55-785c-8ed9-035e128157d4', 194, 'due', 0, NULL, NULL, '2026-11-26 06:33:10.885702+00', '2026-11-26 06:33:10.885702+00'),
	('b1e6ae77-170f-5096-b617-1d8c85271981', 118, 'fulfilment', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'dispatch TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'DispatchStock', '{"order_id": "b0dd473f-9812-54b5-b2d0-26c0e76a0940"}', '01a2168e-db55-785c-8ed9-035e128157d4', 192, 'done', 0, 194, NULL, '2026-11-26 06:33:10.867157+00', '2026-11-26 06:33:10.885817+00'),
	('44c3ba06-26b4-5c55-897a-f446ffb5ef75', 122, 'fulfilment', 'f5ba3266-3d18-584b-9375-46a3de945c51', 'reserve TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReserveStock', '{"order_id": "f5ba3266-3d18-584b-9375-46a3de945c51", "quantity": 1}', '01a2168e-dbed-7369-a7b7-2a8636f395f9', 196, 'done', 0, 197, NULL, '2026-11-26 06:33:10.909789+00', '2026-11-26 06:33:10.92237+00'),
	('b47b705f-f000-58f2-9a79-7a5833f7e5bc', 123, 'fulfilment', 'f5ba3266-3d18-584b-9375-46a3de945c51', 'reserve SCARCE', 'command', 'product', 'a4aec6f1-99d4-57c1-ab70-ec34b5227ce8', 'ReserveStock', '{"order_id": "f5ba3266-3d18-584b-9375-46a3de945c51", "quantity": 1}', '01a2168e-dbed-7369-a7b7-2a8636f395f9', 196, 'refused', 0, NULL, 'There is not enough in stock.', '2026-11-26 06:33:10.909799+00', '2026-11-26 06:33:10.939576+00'),
	('0d72ba69-5157-563d-8907-195ae17f0d82', 121, 'fulfilment', 'f5ba3266-3d18-584b-9375-46a3de945c51', 'Started', 'note', 'fulfilment', 'f5ba3266-3d18-584b-9375-46a3de945c51', 'Started', '{}', '01a2168e-dbed-7369-a7b7-2a8636f395f9', 196, 'done', 0, 199, NULL, '2026-11-26 06:33:10.909723+00', '2026-11-26 06:33:10.939604+00'),
	('2923ea1c-84a6-549d-9427-b3423adb52b3', 124, 'fulfilment', 'f5ba3266-3d18-584b-9375-46a3de945c51', 'StepRefused', 'note', 'fulfilment', 'f5ba3266-3d18-584b-9375-46a3de945c51', 'StepRefused', '{"code": "OUT_OF_STOCK", "step": "reserve SCARCE", "message": "There is not enough in stock."}', '01a2168e-dbed-7369-a7b7-2a8636f395f9', 196, 'done', 0, 201, NULL, '2026-11-26 06:33:10.939448+00', '2026-11-26 06:33:10.960688+00'),
	('7d748d55-4173-5b5b-af0d-6fb29b3cc222', 125, 'fulfilment', 'f5ba3266-3d18-584b-9375-46a3de945c51', 'release SCARCE', 'command', 'product', 'a4aec6f1-99d4-57c1-ab70-ec34b5227ce8', 'ReleaseReservation', '{"order_id": "f5ba3266-3d18-584b-9375-46a3de945c51"}', '01a2168e-dbed-7369-a7b7-2a8636f395f9', 201, 'due', 0, NULL, NULL, '2026-11-26 06:33:10.966971+00', '2026-11-26 06:33:10.966971+00'),
	('28f2014e-5578-5132-95e1-56b9f8856351', 126, 'fulfilment', 'f5ba3266-3d18-584b-9375-46a3de945c51', 'release TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReleaseReservation', '{"order_id": "f5ba3266-3d18-584b-9375-46a3de945c51"}', '01a2168e-dbed-7369-a7b7-2a8636f395f9', 201, 'due', 0, NULL, NULL, '2026-11-26 06:33:10.96708+00', '2026-11-26 06:33:10.96708+00'),
	('208a5cf8-a877-5636-83e9-2f7a597eb5ab', 127, 'fulfilment', 'f5ba3266-3d18-584b-9375-46a3de945c51', 'reject the order', 'command', 'order', 'f5ba3266-3d18-584b-9375-46a3de945c51', 'RejectOrder', '{"reason": "Could not reserve SCARCE: There is not enough in stock."}', '01a2168e-dbed-7369-a7b7-2a8636f395f9', 201, 'due', 0, NULL, NULL, '2026-11-26 06:33:10.967095+00', '2026-11-26 06:33:10.967095+00'),
	('17eecf50-7031-5d95-bc8a-6c95aa54d1ca', 128, 'fulfilment', 'f5ba3266-3d18-584b-9375-46a3de945c51', 'Ended', 'note', 'fulfilment', 'f5ba3266-3d18-584b-9375-46a3de945c51', 'Ended', '{"outcome": "rejected"}', '01a2168e-dbed-7369-a7b7-2a8636f395f9', 201, 'due', 0, NULL, NULL, '2026-11-26 06:33:10.967103+00', '2026-11-26 06:33:10.967103+00'),
	('5c1da509-316e-57dc-b6ed-f32ef1d70b14', 129, 'fulfilment', '95188e2b-5e73-5567-bdf7-e1910f81d027', 'Started', 'note', 'fulfilment', '95188e2b-5e73-5567-bdf7-e1910f81d027', 'Started', '{}', '01a2168e-dc2e-73ad-9333-b2da5e25ab45', 202, 'done', 0, 204, NULL, '2026-11-26 06:33:10.969754+00', '2026-11-26 06:33:10.995564+00'),
	('4d70ee06-8bc6-5db4-9406-dd5c4319db77', 130, 'fulfilment', '95188e2b-5e73-5567-bdf7-e1910f81d027', 'reserve DECLINED', 'command', 'product', '4a1d51fe-972f-51da-9ab0-4b60aa78ae0c', 'ReserveStock', '{"order_id": "95188e2b-5e73-5567-bdf7-e1910f81d027", "quantity": 1}', '01a2168e-dc2e-73ad-9333-b2da5e25ab45', 202, 'done', 0, 205, NULL, '2026-11-26 06:33:10.969808+00', '2026-11-26 06:33:10.995595+00'),
	('2a889ab2-963c-5bcc-88c8-d1cbd78fe2da', 131, 'fulfilment', '95188e2b-5e73-5567-bdf7-e1910f81d027', 'request the payment', 'command', 'payment', '95188e2b-5e73-5567-bdf7-e1910f81d027', 'RequestPayment', '{"amount": {"amount": "1313.13", "currency": "EUR"}, "order_id": "95188e2b-5e73-5567-bdf7-e1910f81d027"}', '01a2168e-dc2e-73ad-9333-b2da5e25ab45', 205, 'done', 0, 207, NULL, '2026-11-26 06:33:10.99541+00', '2026-11-26 06:33:11.013057+00'),
	('43ac9330-27e3-58d0-8e9b-337998b0b989', 132, 'fulfilment', '95188e2b-5e73-5567-bdf7-e1910f81d027', 'authorise the payment', 'effect', '', '95188e2b-5e73-5567-bdf7-e1910f81d027', 'Authorise', '{"amount": {"amount": "1313.13", "currency": "EUR"}, "payment_id": "95188e2b-5e73-5567-bdf7-e1910f81d027"}', '01a2168e-dc2e-73ad-9333-b2da5e25ab45', 207, 'done', 0, 209, NULL, '2026-11-26 06:33:11.012909+00', '2026-11-26 06:33:11.049901+00'),
	('850f9c90-fc82-53d9-9299-9da24ac01984', 136, 'fulfilment', '95188e2b-5e73-5567-bdf7-e1910f81d027', 'reject the order', 'command', 'order', '95188e2b-5e73-5567-bdf7-e1910f81d027', 'RejectOrder', '{"reason": "The payment was declined: insufficient funds"}', '01a2168e-dc2e-73ad-9333-b2da5e25ab45', 209, 'due', 0, NULL, NULL, '2026-11-26 06:33:11.052304+00', '2026-11-26 06:33:11.052304+00'),
	('ac90f820-1264-545e-a61e-57f137734cc8', 134, 'fulfilment', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 'reserve TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReserveStock', '{"order_id": "0cedd612-a08e-53ab-90ad-f96bd10727c2", "quantity": 1}', '01a2168e-dc6c-7be5-bea8-a74ce377d757', 208, 'done', 0, 210, NULL, '2026-11-26 06:33:11.036078+00', '2026-11-26 06:33:11.068737+00'),
	('30a04bde-cf98-5c31-bddf-0d8968f25c1c', 135, 'fulfilment', '95188e2b-5e73-5567-bdf7-e1910f81d027', 'release DECLINED', 'command', 'product', '4a1d51fe-972f-51da-9ab0-4b60aa78ae0c', 'ReleaseReservation', '{"order_id": "95188e2b-5e73-5567-bdf7-e1910f81d027"}', '01a2168e-dc2e-73ad-9333-b2da5e25ab45', 209, 'done', 0, 213, NULL, '2026-11-26 06:33:11.052237+00', '2026-11-26 06:33:11.08284+00'),
	('5fd0db45-9a48-57c7-86ca-3e008b45df7a', 133, 'fulfilment', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 'Started', 'note', 'fulfilment', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 'Started', '{}', '01a2168e-dc6c-7be5-bea8-a74ce377d757', 208, 'done', 0, 212, NULL, '2026-11-26 06:33:11.035995+00', '2026-11-26 06:33:11.068776+00'),
	('b1d915ed-ed3b-5061-9c84-3d4eee0484f7', 138, 'fulfilment', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 'request the payment', 'command', 'payment', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 'RequestPayment', '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "0cedd612-a08e-53ab-90ad-f96bd10727c2"}', '01a2168e-dc6c-7be5-bea8-a74ce377d757', 210, 'done', 0, 215, NULL, '2026-11-26 06:33:11.068426+00', '2026-11-26 06:33:11.100538+00'),
	('53b0062e-9f02-532e-a03a-d4e4c58df845', 139, 'fulfilment', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 'authorise the payment', 'effect', '', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 'Authorise', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "0cedd612-a08e-53ab-90ad-f96bd10727c2"}', '01a2168e-dc6c-7be5-bea8-a74ce377d757', 215, 'done', 0, 217, NULL, '2026-11-26 06:33:11.100409+00', '2026-11-26 06:33:11.136605+00'),
	('8969f42a-03f1-5b30-956c-30f6f0895d69', 141, 'fulfilment', '310d1894-d392-5e07-a1cc-4d4b245805be', 'reserve TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReserveStock', '{"order_id": "310d1894-d392-5e07-a1cc-4d4b245805be", "quantity": 1}', '01a2168e-dcbc-7bdf-abb3-d63a7fa62a38', 216, 'done', 0, 218, NULL, '2026-11-26 06:33:11.136536+00', '2026-11-26 06:33:11.156391+00'),
	('2ab3d4f2-8800-55bd-950a-3330ad1491cc', 140, 'fulfilment', '310d1894-d392-5e07-a1cc-4d4b245805be', 'Started', 'note', 'fulfilment', '310d1894-d392-5e07-a1cc-4d4b245805be', 'Started', '{}', '01a2168e-dcbc-7bdf-abb3-d63a7fa62a38', 216, 'done', 0, 219, NULL, '2026-11-26 06:33:11.136468+00', '2026-11-26 06:33:11.164716+00'),
	('3b305404-d668-5b3c-bc0a-ba65b088b07b', 142, 'fulfilment', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 'confirm the order', 'command', 'order', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 'ConfirmOrder', '{}', '01a2168e-dc6c-7be5-bea8-a74ce377d757', 217, 'done', 0, 221, NULL, '2026-11-26 06:33:11.1499+00', '2026-11-26 06:33:11.175082+00'),
	('aaaf4284-0aae-5534-ba9e-49045b722c41', 143, 'fulfilment', '310d1894-d392-5e07-a1cc-4d4b245805be', 'request the payment', 'command', 'payment', '310d1894-d392-5e07-a1cc-4d4b245805be', 'RequestPayment', '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "310d1894-d392-5e07-a1cc-4d4b245805be"}', '01a2168e-dcbc-7bdf-abb3-d63a7fa62a38', 218, 'done', 0, 222, NULL, '2026-11-26 06:33:11.156278+00', '2026-11-26 06:33:11.180885+00'),
	('0aaa7654-de59-5c8c-8451-9a91b1464dc8', 145, 'fulfilment', '310d1894-d392-5e07-a1cc-4d4b245805be', 'authorise the payment', 'effect', '', '310d1894-d392-5e07-a1cc-4d4b245805be', 'Authorise', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "310d1894-d392-5e07-a1cc-4d4b245805be"}', '01a2168e-dcbc-7bdf-abb3-d63a7fa62a38', 222, 'done', 0, 224, NULL, '2026-11-26 06:33:11.180742+00', '2026-11-26 06:33:11.211113+00'),
	('24dc8a83-a366-5e88-b24f-8f13f6b4ac63', 146, 'fulfilment', '310d1894-d392-5e07-a1cc-4d4b245805be', 'confirm the order', 'command', 'order', '310d1894-d392-5e07-a1cc-4d4b245805be', 'ConfirmOrder', '{}', '01a2168e-dcbc-7bdf-abb3-d63a7fa62a38', 224, 'done', 0, 226, NULL, '2026-11-26 06:33:11.210865+00', '2026-11-26 06:33:11.228902+00'),
	('f436905e-835f-5338-a3b8-6cf67a45bd8f', 148, 'fulfilment', '98352393-1372-550d-80c7-1e88afb92621', 'reserve TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReserveStock', '{"order_id": "98352393-1372-550d-80c7-1e88afb92621", "quantity": 1}', '01a2168e-dd16-7fe2-b4c3-d7049b6752de', 225, 'done', 0, 227, NULL, '2026-11-26 06:33:11.210941+00', '2026-11-26 06:33:11.22894+00'),
	('ea954e07-3329-530d-af89-8cb4fc24b0b8', 147, 'fulfilment', '98352393-1372-550d-80c7-1e88afb92621', 'Started', 'note', 'fulfilment', '98352393-1372-550d-80c7-1e88afb92621', 'Started', '{}', '01a2168e-dd16-7fe2-b4c3-d7049b6752de', 225, 'done', 0, 229, NULL, '2026-11-26 06:33:11.21093+00', '2026-11-26 06:33:11.235338+00'),
	('8e98b1c8-8630-5fc6-8bce-cb112818f3a4', 150, 'fulfilment', '98352393-1372-550d-80c7-1e88afb92621', 'request the payment', 'command', 'payment', '98352393-1372-550d-80c7-1e88afb92621', 'RequestPayment', '{"amount": {"amount": "4.75", "currency": "EUR"}, "order_id": "98352393-1372-550d-80c7-1e88afb92621"}', '01a2168e-dd16-7fe2-b4c3-d7049b6752de', 227, 'done', 0, 230, NULL, '2026-11-26 06:33:11.22881+00', '2026-11-26 06:33:11.253556+00'),
	('eaf135c0-afdd-533e-96b9-2d8e0f3d1039', 151, 'fulfilment', '98352393-1372-550d-80c7-1e88afb92621', 'authorise the payment', 'effect', '', '98352393-1372-550d-80c7-1e88afb92621', 'Authorise', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "98352393-1372-550d-80c7-1e88afb92621"}', '01a2168e-dd16-7fe2-b4c3-d7049b6752de', 230, 'done', 0, 232, NULL, '2026-11-26 06:33:11.253392+00', '2026-11-26 06:33:11.283664+00'),
	('b7514c3e-869b-5bb1-84c0-8da53aeab444', 152, 'fulfilment', '98352393-1372-550d-80c7-1e88afb92621', 'confirm the order', 'command', 'order', '98352393-1372-550d-80c7-1e88afb92621', 'ConfirmOrder', '{}', '01a2168e-dd16-7fe2-b4c3-d7049b6752de', 232, 'done', 0, 234, NULL, '2026-11-26 06:33:11.28353+00', '2026-11-26 06:33:11.29305+00'),
	('74128802-9bb7-5ed2-b1be-a9a3a2298469', 154, 'fulfilment', '9fb6aa84-1078-50c3-adeb-4100124b1e8a', 'reserve SLOW', 'command', 'product', '2010e0e0-6d29-5a13-b158-71ff29b9c9d6', 'ReserveStock', '{"order_id": "9fb6aa84-1078-50c3-adeb-4100124b1e8a", "quantity": 1}', '01a2168e-dd6c-72b3-8b93-b0ab833c5fca', 233, 'done', 0, 235, NULL, '2026-11-26 06:33:11.28834+00', '2026-11-26 06:33:11.309223+00'),
	('0df64080-b4e9-5197-9e59-7ddf4e05a7d8', 153, 'fulfilment', '9fb6aa84-1078-50c3-adeb-4100124b1e8a', 'Started', 'note', 'fulfilment', '9fb6aa84-1078-50c3-adeb-4100124b1e8a', 'Started', '{}', '01a2168e-dd6c-72b3-8b93-b0ab833c5fca', 233, 'done', 0, 236, NULL, '2026-11-26 06:33:11.288267+00', '2026-11-26 06:33:11.321537+00'),
	('8aea7497-d85b-5705-ba1f-2637144a99e9', 144, 'fulfilment', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 'capture the payment', 'effect', '', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 'Capture', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "0cedd612-a08e-53ab-90ad-f96bd10727c2"}', '01a2168e-dc6c-7be5-bea8-a74ce377d757', 221, 'withdrawn', 0, NULL, NULL, '2026-11-26 06:33:11.164591+00', '2026-11-26 06:33:11.345312+00'),
	('c65af0f9-0841-5e51-92c2-143e1aecc37e', 149, 'fulfilment', '310d1894-d392-5e07-a1cc-4d4b245805be', 'capture the payment', 'effect', '', '310d1894-d392-5e07-a1cc-4d4b245805be', 'Capture', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "310d1894-d392-5e07-a1cc-4d4b245805be"}', '01a2168e-dcbc-7bdf-abb3-d63a7fa62a38', 226, 'withdrawn', 0, NULL, NULL, '2026-11-26 06:33:11.228738+00', '2026-11-26 06:33:11.385533+00'),
	('f558d432-8167-5e2d-a81c-013004343ea5', 155, 'fulfilment', '98352393-1372-550d-80c7-1e88afb92621', 'capture the payment', 'effect', '', '98352393-1372-550d-80c7-1e88afb92621', 'Capture', '{"amount": {"amount": "4.75", "currency": "EUR"}, "payment_id": "98352393-1372-550d-80c7-1e88afb92621"}', '01a2168e-dd16-7fe2-b4c3-d7049b6752de', 234, 'done', 0, 237, NULL, '2026-11-26 06:33:11.292831+00', '2026-11-26 06:33:11.321568+00'),
	('478f2ff6-9a3c-52fd-8f57-a709614ea71f', 158, 'fulfilment', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 'call the payment off', 'effect', '', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 'CallOff', '{"payment_id": "0cedd612-a08e-53ab-90ad-f96bd10727c2"}', '01a2168e-dd98-7a21-9c61-e7c2735e887c', 238, 'due', 0, NULL, NULL, '2026-11-26 06:33:11.347755+00', '2026-11-26 06:33:11.347755+00'),
	('cc30ac54-af1a-50a5-9f3f-735fa938101e', 160, 'fulfilment', '9fb6aa84-1078-50c3-adeb-4100124b1e8a', 'authorise the payment', 'effect', '', '9fb6aa84-1078-50c3-adeb-4100124b1e8a', 'Authorise', '{"amount": {"amount": "1414.14", "currency": "EUR"}, "payment_id": "9fb6aa84-1078-50c3-adeb-4100124b1e8a"}', '01a2168e-dd6c-72b3-8b93-b0ab833c5fca', 240, 'due', 0, NULL, NULL, '2026-11-26 06:33:11.352097+00', '2026-11-26 06:33:11.352097+00'),
	('3d01865b-02e2-5f2d-abbe-b74b254629ec', 157, 'fulfilment', '98352393-1372-550d-80c7-1e88afb92621', 'dispatch TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'DispatchStock', '{"order_id": "98352393-1372-550d-80c7-1e88afb92621"}', '01a2168e-dd16-7fe2-b4c3-d7049b6752de', 237, 'done', 0, 239, NULL, '2026-11-26 06:33:11.321369+00', '2026-11-26 06:33:11.352201+00'),
	('f28b4a05-eb67-5289-aabc-28272804490e', 156, 'fulfilment', '9fb6aa84-1078-50c3-adeb-4100124b1e8a', 'request the payment', 'command', 'payment', '9fb6aa84-1078-50c3-adeb-4100124b1e8a', 'RequestPayment', '{"amount": {"amount": "1414.14", "currency": "EUR"}, "order_id": "9fb6aa84-1078-50c3-adeb-4100124b1e8a"}', '01a2168e-dd6c-72b3-8b93-b0ab833c5fca', 235, 'done', 0, 240, NULL, '2026-11-26 06:33:11.309109+00', '2026-11-26 06:33:11.352228+00'),
	('690b9c21-3486-5383-9b22-478ea3e8ba55', 159, 'fulfilment', '98352393-1372-550d-80c7-1e88afb92621', 'Ended', 'note', 'fulfilment', '98352393-1372-550d-80c7-1e88afb92621', 'Ended', '{"outcome": "confirmed"}', '01a2168e-dd16-7fe2-b4c3-d7049b6752de', 239, 'done', 0, 241, NULL, '2026-11-26 06:33:11.352013+00', '2026-11-26 06:33:11.365451+00'),
	('bd321e83-70c1-51e7-a8a7-d1df785c35e0', 161, 'fulfilment', '310d1894-d392-5e07-a1cc-4d4b245805be', 'call the payment off', 'effect', '', '310d1894-d392-5e07-a1cc-4d4b245805be', 'CallOff', '{"payment_id": "310d1894-d392-5e07-a1cc-4d4b245805be"}', '01a2168e-ddcc-7585-878c-8b378c9fecad', 242, 'due', 0, NULL, NULL, '2026-11-26 06:33:11.387991+00', '2026-11-26 06:33:11.387991+00'),
	('c876e0cc-cc12-5e4f-a4fc-8b8016525a56', 163, 'fulfilment', '98352393-1372-550d-80c7-1e88afb92621', 'restock TEA', 'command', 'product', '4182b94a-932e-558d-969b-b955cad1262a', 'ReceiveStock', '{"quantity": 1}', '01a2168e-ddeb-7188-bc72-0ae3a8680179', 244, 'due', 0, NULL, NULL, '2026-11-26 06:33:11.437218+00', '2026-11-26 06:33:11.437218+00'),
	('b4c6d327-d82e-5cec-8378-92e6b9331ff2', 164, 'fulfilment', '98352393-1372-550d-80c7-1e88afb92621', 'Ended', 'note', 'fulfilment', '98352393-1372-550d-80c7-1e88afb92621', 'Ended', '{"outcome": "cancelled"}', '01a2168e-ddeb-7188-bc72-0ae3a8680179', 244, 'due', 0, NULL, NULL, '2026-11-26 06:33:11.437286+00', '2026-11-26 06:33:11.437286+00'),
	('f7c7788b-235d-5da0-baed-7cbfec58fdc5', 162, 'fulfilment', '98352393-1372-550d-80c7-1e88afb92621', 'call the payment off', 'effect', '', '98352393-1372-550d-80c7-1e88afb92621', 'CallOff', '{"payment_id": "98352393-1372-550d-80c7-1e88afb92621"}', '01a2168e-ddeb-7188-bc72-0ae3a8680179', 243, 'done', 0, 244, NULL, '2026-11-26 06:33:11.427362+00', '2026-11-26 06:33:11.437361+00');
INSERT INTO es.processes VALUES
	('fulfilment', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', '["Dispatched", "53bab838b659", {"job": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "order_id": "3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9"}, "gone": ["4182b94a-932e-558d-969b-b955cad1262a"]}]', 'dispatched', true, 43, 68, NULL, NULL, false, '2026-11-26 06:32:50.987904+00', '2026-11-26 06:32:51.271655+00'),
	('fulfilment', '88dc316d-7cb6-5bd4-9efb-09bd65ba550d', '["Paying", "a432d1d97ab3", {"job": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "order_id": "88dc316d-7cb6-5bd4-9efb-09bd65ba550d"}}]', 'paying', false, 113, 116, NULL, NULL, false, '2026-11-26 06:33:10.18833+00', '2026-11-26 06:33:10.203096+00'),
	('fulfilment', '83a8d44c-383f-5473-80ad-09173cddaeb0', '["Dispatched", "53bab838b659", {"job": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "order_id": "83a8d44c-383f-5473-80ad-09173cddaeb0"}, "gone": ["4182b94a-932e-558d-969b-b955cad1262a"]}]', 'dispatched', true, 28, 52, NULL, NULL, false, '2026-11-26 06:32:50.744691+00', '2026-11-26 06:32:51.057974+00'),
	('fulfilment', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', '["Undone", "420fef5ae849", {"job": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "order_id": "d7809bc0-72af-584f-b735-b7fd7071eb6b"}, "gone": ["4182b94a-932e-558d-969b-b955cad1262a"], "reason": "broken", "cancelled": true}]', 'cancelled', true, 57, 85, NULL, NULL, false, '2026-11-26 06:32:51.137704+00', '2026-11-26 06:32:51.886958+00'),
	('fulfilment', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', '["Dispatched", "53bab838b659", {"job": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "order_id": "6dd21f2f-9b50-5aac-bf7a-1f620f3e1438"}, "gone": ["4182b94a-932e-558d-969b-b955cad1262a"]}]', 'dispatched', true, 34, 56, NULL, NULL, false, '2026-11-26 06:32:50.847526+00', '2026-11-26 06:32:51.113582+00'),
	('fulfilment', '02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', '["Paying", "a432d1d97ab3", {"job": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "order_id": "02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea"}}]', 'paying', false, 97, 100, NULL, NULL, false, '2026-11-26 06:33:05.808719+00', '2026-11-26 06:33:05.846631+00'),
	('fulfilment', 'bcd100ce-5e57-59bb-b4ab-1e4affa5fb14', '["Reserving", "df7faf256680", {"job": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "CUP", "quantity": 1, "unit_price": {"amount": "7.25", "currency": "EUR"}}], "total": {"amount": "12.00", "currency": "EUR"}, "order_id": "bcd100ce-5e57-59bb-b4ab-1e4affa5fb14"}, "missing": ["4182b94a-932e-558d-969b-b955cad1262a", "f3cb8331-76ee-58ef-8856-ee61c759bac2"]}]', 'reserving', false, 104, 108, NULL, NULL, false, '2026-11-26 06:33:10.081667+00', '2026-11-26 06:33:10.118754+00'),
	('fulfilment', 'a01b5d36-dcfd-56aa-806c-b42d11148704', '["Undone", "420fef5ae849", {"job": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "SCARCE", "quantity": 1, "unit_price": {"amount": "99.00", "currency": "EUR"}}], "total": {"amount": "103.75", "currency": "EUR"}, "order_id": "a01b5d36-dcfd-56aa-806c-b42d11148704"}, "gone": [], "reason": "Could not reserve SCARCE: There is not enough in stock.", "cancelled": false}]', 'rejected', true, 70, 79, NULL, NULL, false, '2026-11-26 06:32:51.31975+00', '2026-11-26 06:32:51.513444+00'),
	('fulfilment', 'cabd3673-cab3-50ca-85fc-b1f32e09dee7', '["Paying", "a432d1d97ab3", {"job": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "order_id": "cabd3673-cab3-50ca-85fc-b1f32e09dee7"}}]', 'paying', false, 107, 111, NULL, NULL, false, '2026-11-26 06:33:10.103794+00', '2026-11-26 06:33:10.150228+00'),
	('fulfilment', '85133ca8-291e-5b0e-8c0f-d40346f4801c', '["Paying", "a432d1d97ab3", {"job": {"lines": [{"sku": "TEA", "quantity": 2, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "9.50", "currency": "EUR"}, "order_id": "85133ca8-291e-5b0e-8c0f-d40346f4801c"}}]', 'paying', false, 88, 94, NULL, NULL, false, '2026-11-26 06:33:00.407941+00', '2026-11-26 06:33:00.829945+00'),
	('fulfilment', '944c8103-ef19-596b-9a14-dd7c3a2b56db', '["Confirming", "a432d1d97ab3", {"job": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "order_id": "944c8103-ef19-596b-9a14-dd7c3a2b56db"}}]', 'confirming', false, 132, 142, NULL, NULL, false, '2026-11-26 06:33:10.406647+00', '2026-11-26 06:33:10.488088+00'),
	('fulfilment', '9b08c095-7e9a-5dd9-8706-19408d330ba0', '["Capturing", "a432d1d97ab3", {"job": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "order_id": "9b08c095-7e9a-5dd9-8706-19408d330ba0"}}]', 'capturing', false, 148, 160, NULL, NULL, false, '2026-11-26 06:33:10.541831+00', '2026-11-26 06:33:10.642691+00'),
	('fulfilment', 'cd69ce60-6eb1-5d2a-98e0-8116c4557d13', '["Paying", "a432d1d97ab3", {"job": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "order_id": "cd69ce60-6eb1-5d2a-98e0-8116c4557d13"}}]', 'paying', false, 118, 122, NULL, NULL, false, '2026-11-26 06:33:10.252512+00', '2026-11-26 06:33:10.296083+00'),
	('fulfilment', '5aca4a05-5900-502a-a069-06c5af62b532', '["Dispatched", "53bab838b659", {"job": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "order_id": "5aca4a05-5900-502a-a069-06c5af62b532"}, "gone": ["4182b94a-932e-558d-969b-b955cad1262a"]}]', 'dispatched', true, 124, 138, NULL, NULL, false, '2026-11-26 06:33:10.340222+00', '2026-11-26 06:33:10.447442+00'),
	('fulfilment', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', '["Capturing", "a432d1d97ab3", {"job": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "order_id": "7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c"}}]', 'capturing', false, 141, 153, NULL, NULL, false, '2026-11-26 06:33:10.481694+00', '2026-11-26 06:33:10.566157+00'),
	('fulfilment', '98352393-1372-550d-80c7-1e88afb92621', '["Undone", "420fef5ae849", {"job": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "order_id": "98352393-1372-550d-80c7-1e88afb92621"}, "gone": ["4182b94a-932e-558d-969b-b955cad1262a"], "reason": "broken", "cancelled": true}]', 'cancelled', true, 225, 244, NULL, NULL, false, '2026-11-26 06:33:11.211016+00', '2026-11-26 06:33:11.43734+00'),
	('fulfilment', 'f5ba3266-3d18-584b-9375-46a3de945c51', '["Undone", "420fef5ae849", {"job": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "SCARCE", "quantity": 1, "unit_price": {"amount": "99.00", "currency": "EUR"}}], "total": {"amount": "103.75", "currency": "EUR"}, "order_id": "f5ba3266-3d18-584b-9375-46a3de945c51"}, "gone": [], "reason": "Could not reserve SCARCE: There is not enough in stock.", "cancelled": false}]', 'rejected', true, 196, 201, NULL, NULL, false, '2026-11-26 06:33:10.909836+00', '2026-11-26 06:33:10.967194+00'),
	('fulfilment', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', '["Dispatched", "53bab838b659", {"job": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "order_id": "bf07dafd-5d64-5244-b5ba-9a85089c2ce6"}, "gone": ["4182b94a-932e-558d-969b-b955cad1262a"]}]', 'dispatched', true, 166, 184, NULL, NULL, false, '2026-11-26 06:33:10.673793+00', '2026-11-26 06:33:10.805563+00'),
	('fulfilment', '9fb6aa84-1078-50c3-adeb-4100124b1e8a', '["Paying", "a432d1d97ab3", {"job": {"lines": [{"sku": "SLOW", "quantity": 1, "unit_price": {"amount": "1414.14", "currency": "EUR"}}], "total": {"amount": "1414.14", "currency": "EUR"}, "order_id": "9fb6aa84-1078-50c3-adeb-4100124b1e8a"}}]', 'paying', false, 233, 240, NULL, NULL, false, '2026-11-26 06:33:11.288377+00', '2026-11-26 06:33:11.352182+00'),
	('fulfilment', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', '["Dispatching", "bd1c41c74e6a", {"job": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "POT", "quantity": 1, "unit_price": {"amount": "31.00", "currency": "EUR"}}], "total": {"amount": "35.75", "currency": "EUR"}, "order_id": "21ce9d40-5e8f-553f-8593-1a72f80c61ca"}, "gone": [], "left": ["4182b94a-932e-558d-969b-b955cad1262a", "8d204d04-96e4-563f-bd83-e45998396646"], "reason": null, "cancelled": false}]', 'dispatching', false, 157, 173, NULL, NULL, false, '2026-11-26 06:33:10.616463+00', '2026-11-26 06:33:10.726086+00'),
	('fulfilment', '2fdab627-33df-5734-8191-d8bc13ecd494', '["Reserving", "df7faf256680", {"job": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "SCARCE", "quantity": 1, "unit_price": {"amount": "99.00", "currency": "EUR"}}], "total": {"amount": "103.75", "currency": "EUR"}, "order_id": "2fdab627-33df-5734-8191-d8bc13ecd494"}, "missing": ["a4aec6f1-99d4-57c1-ab70-ec34b5227ce8"]}]', 'reserving', false, 187, 191, NULL, NULL, false, '2026-11-26 06:33:10.838674+00', '2026-11-26 06:33:10.861548+00'),
	('fulfilment', '95188e2b-5e73-5567-bdf7-e1910f81d027', '["Undone", "420fef5ae849", {"job": {"lines": [{"sku": "DECLINED", "quantity": 1, "unit_price": {"amount": "1313.13", "currency": "EUR"}}], "total": {"amount": "1313.13", "currency": "EUR"}, "order_id": "95188e2b-5e73-5567-bdf7-e1910f81d027"}, "gone": [], "reason": "The payment was declined: insufficient funds", "cancelled": false}]', 'rejected', true, 202, 209, NULL, NULL, false, '2026-11-26 06:33:10.969846+00', '2026-11-26 06:33:11.052381+00'),
	('fulfilment', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', '["Dispatched", "53bab838b659", {"job": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "order_id": "b0dd473f-9812-54b5-b2d0-26c0e76a0940"}, "gone": ["4182b94a-932e-558d-969b-b955cad1262a"]}]', 'dispatched', true, 176, 194, NULL, NULL, false, '2026-11-26 06:33:10.758698+00', '2026-11-26 06:33:10.885798+00'),
	('fulfilment', '0cedd612-a08e-53ab-90ad-f96bd10727c2', '["Refunding", "420fef5ae849", {"job": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "order_id": "0cedd612-a08e-53ab-90ad-f96bd10727c2"}, "gone": [], "reason": "changed my mind", "cancelled": true}]', 'refunding', false, 208, 238, NULL, NULL, false, '2026-11-26 06:33:11.036108+00', '2026-11-26 06:33:11.347917+00'),
	('fulfilment', '310d1894-d392-5e07-a1cc-4d4b245805be', '["Refunding", "420fef5ae849", {"job": {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}], "total": {"amount": "4.75", "currency": "EUR"}, "order_id": "310d1894-d392-5e07-a1cc-4d4b245805be"}, "gone": [], "reason": "changed my mind", "cancelled": true}]', 'refunding', false, 216, 242, NULL, NULL, false, '2026-11-26 06:33:11.13657+00', '2026-11-26 06:33:11.388109+00');
INSERT INTO es.rebuilds VALUES
	('customers', 1, 'staging', 'promoted', 244, 244, 0, 'old:1', '2026-11-26 06:33:13.454081+00', '2026-11-26 06:33:13.576113+00', NULL),
	('orders', 3, 'staging', 'building', 150, 244, 1497.7841780843971, 'old:1', '2026-11-26 06:33:15.321361+00', '2026-11-26 06:33:15.416016+00', NULL);
INSERT INTO es.seals VALUES
	(1, 1, 40, '\x91f46cc62cd54121d40d4faba53745c719c8ff9a377a7bfa72ce8bc3e262288c', '\xf81cd5bacdfd4d4cf7cdb4ccfa71b528aea96e7303ccb34c71b05deb851db74f6a65c258bd4ef43d45415fc15bdb0b1bffc4d9fba27420a4845c64b4440366ba2af869e08571a53518be05d157dc386d3cd3a173f3155d1781fd7b7ba462d3f25c822729997a54943d6eba9f16350409ff8334bece08fe338dc100d76c66bbd9299af08ff9ffd1ac4ae01aef1c47a9e1b461adb708d66fb699a4c0924b8ffdc077e329ea3f07d1371ee7828bf349a0ff554ad7c3e7a9defaf0bf7c4980f1f37f5e5b589ee104a327e0b5290d79b9571a8d115ca9583cf74e57c3f951f0df1fc86facc0df69a06ed1af3d5cbfbac336135d4c2a323fdccf3d2d9e5cbdf422a1cf56dadc73c9aa23772af46c91f2acb45fe3401584b62b69739f6399b03a0b8fbbb85fc81694a6a9ab677236b497da6eb5957abf05e27fff737eb2142a8a03cf57', '2026-11-26 06:32:50.981097+00', '\x04b1324ab43cca91eb304992cabf6dbcca0d1b43d827ffe4d3fb99617c000e6f'),
	(2, 41, 80, '\x8efd6b323bb45059f9bc2127dd2acefaae845d97050b454c8222cfe41f1eda88', '\xc678877fb40b175e44027f75012477f8502e5324bc0f4eb6fc3251c05982949f2825be5630cdd42858f112e222d8017ab8651f976769d9a0ef77d49f9d1f79bfef82873c61dd54e42bafb417d4225d9e8c8724136280fd050243007b8fea8a2fb91bf118adbced5347861588f748e2b9e55090bb05123735c56ea61f9f1d1be02edafdde208f342d32cb14287501280a50f3d534bd574d1fb2c94b57e372b636cb5176d26edc11ff043ecf20affa60fc5656e8a2209e69f2db2c6f3f5963e58e5719ce2324bc2e5932d1806d37655515b0676e4d19754c4cf7282f6c62b3d2c1cc9c639daaad01ed8a651b6270d73719e89baba7650bc85b753e15faf476093b3b6ac8e68fbb8c4c23900144e72172e062aedb6d6830108b1763aeb8814191ea02b9a7a90964e4df5cc6ef79a13fd6ebe08971b4334a6e92695fadc57742d0e7', '2026-11-26 06:32:51.62319+00', '\xa86b4cb3b18d8a8bbcde8c9f17771804684670b3339bf0a4a9a47eb7ffeef2aa'),
	(3, 81, 120, '\x84dbe6f853f40f0e3b367bdc2966eec355e4a82c347925ac293c1c79a18c80d9', '\xb3648ed6f146890f89a99619f03e336ceb78e39957736827b5baee15a16a72d1d8f5208073514510ade17b9579e3b01740dcbdcdf1b049dbf101b4d61e95b9e6ceee1d2ce798b82c0fde77e2507775a54ad8a63c15e79c13a950863a8119cefb98c5d3bd40362fb015b72ba604f0fa58db414fbb75fb72935c3d25b970519bb5f59e0c93c1db65b3be279d5482594adeed7efc16fa5de03f7af5604c5e19afe9efce2a1d0b2dfee1326f15dd5d890da41c04219042e0b311bc13cef9b734da51ee47f366895574206267bae5934b30657856e9aef9ff84ee87f7a70f64ca26e47e70f3b3d661eb437b78e4b764d25ec8c06a7e2993b72b82a0aa3518f03b3b82748c90f766a985df1d1e4e276579f76f63d610aba85dece15e05862655a3d2b5cec148b4d5b7fcf3a89cdd69dd523d8c6b937e11a3b5f87ba2d96a4cd1d0cc7c', '2026-11-26 06:33:10.285269+00', '\xcbea6b851d023d008cc13dcab419add32b2cece134fa9eba17825bd1f00b716c'),
	(4, 121, 160, '\xbb6d657a75eb0ec3d7d3b420f612a1c465203987a1b5635fc6f14fff65b3d6a4', '\xfe892ef1d387a2474776079795bbba1b81ba1411eb59b6afdce4a8d261cb9c3221e28dde6cba74992bfd528201b819c41c0f8993f8f61a9337347230d15d171e5337fcf9ea5be47096fdd300d173dc40aae16a369863cb7d85d998ef770fc374704c4f7a70632c7cf9e6b4d1d1a164ab0665b49a93b4700542a6f55562891811499cdf929da1e4227c7b0cf6f194c946e997fb587951ebf8e48681c47f3f44da15c20cb29f52456fb44b2464cfc48862ea7b00d3081974f9db0050e068c0c81a2594a478961b4253c298e754131b549b9d34eade505efdeb7b59e0b1f66c2e3481a47351a2a16354d234adcc52484b509b1dce0f255375920d537c050e339dd383ad8355404099e913432b7043eff5dc4caa8fabb81d717143fe2bb22b2ccbb3ddcb442e446d11a0d7d8ab3f74696266973e6ebbf91ab23158cfba348020da0d', '2026-11-26 06:33:10.639881+00', '\xf0379812209830f7b753c270a3b6c8a973dae0fb717c5cd93ae896d4fd4874ad'),
	(5, 161, 200, '\x6b0439cf47adad599d69d4649961a6a1bdd57ce30327d10031ff541f9ad266cd', '\xc40df1b9eccdb2c24ae5b7ef7d0bf44c248dd2ff657282c96297620ee8f386bf474d6169229fa967a70cbba930fb4c7dba93cc8d8c3e309285ecfc193f30c53fa00d51de4bdddd023b2ac2afe3d53c69262ae3ea2d16d7bed20fd1d219270ed46c724003bd2234a4a97e922d2e1317239e607ca533e263c2c1a65fc285a5027eaefd1387cb005037252d0b6a23eee34d821c5741fda9cdcbe1f40d6eff6e523227ed19b208c930eaf63c8b8848a5e5f3a21efafac762ef3edcd96c3e34e3df0163efe2503ca7d4c7fed64a516eb7d8e4531f1e0c1a0b6df034672164ad8b43eb27fc54f23ab888e707cccfec7f567e6195492cb6762d00834de760cb2206cbe6ceb99994bef31129c1b9aeaa7d5d90354d920944967d31b5ed3963ae7aaa22371df691fefc173d0829d8c2d6f957cdcb7b3ef750a4afc45221726fa910682edd', '2026-11-26 06:33:10.958778+00', '\x1f331da2fb5bcccf95fba0580556d9e5a574f7baf3c3fff4a1ffd467bf2be293'),
	(6, 201, 240, '\x11db5243fe59405114d389eed706c42ca85840b6650d5788a59ed507d62b3b9f', '\x584ccaa409caf81727cadea41b426a86ba475afa1ed8bcd957eb05279f1bb658d0d9ad5de062d0e649fe7ba0e84576765c637fc3342d48953ae31a6de2d88c79d8a00b6548c43da7cd0fbd1ad89ed68b1b062662dce646ca6dbc700b739a35b63b2885da4202fc83a4728f3c1520c18f1fec554eb9bdbaa8be0e6c3fb2d50810fd4e1ac76236982e909e35d664e48c222f70a391246b594b2ea8aefe317824381e9abefb95974e3568c9a31b1f0052a9e3b074078b6d16ff11a7029854983f4c29f996d2f56f8dd13efff72dc0cc2e67a039b45c4e9f2bb99f9828644b03b59ec49af5844944691644d02ac3bd5f4c5e8ccfc6867c2ce366b467eb467e3b98d0eb0d5bed1c1ea1e44b9883fa7cf61cb42d60d37185724a1caf64892c3c633c7d543edeed9f388a3b9826aad2b83ac1129c6dad84c7f16a7747e8ba88d6538109', '2026-11-26 06:33:11.349986+00', '\xfe4e268479726988746b07d1eb91761c5817925b99ffed292ce76fd12cbc6f2a');
INSERT INTO es.skipped VALUES
	('orders', 3, '["3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9"]', 81, 'never left the house', 'ann', '2026-11-26 06:32:55.255269+00');
INSERT INTO es.snapshots VALUES
	('17b040c2-52af-57cd-a80d-984c4126521f', 'order', '4e6a5d6585061a557f7a141f17669433', 8, 20, '["Open",{"customer_id":"ee847f26-54ee-56b0-880b-1b4cb0e94d96","lines":[{"sku":"TEA","quantity":2,"unit_price":{"amount":"4.75","currency":"EUR"}},{"sku":"CUP","quantity":3,"unit_price":{"amount":"7.25","currency":"EUR"}},{"sku":"POT","quantity":1,"unit_price":{"amount":"31.00","currency":"EUR"}}],"edits":{"version":8,"done":[[{"version":2,"before":{"sku":"TEA","line":null,"place":null},"after":{"sku":"TEA","line":{"sku":"TEA","quantity":2,"unit_price":{"amount":"4.75","currency":"EUR"}},"place":0}},{"version":3,"before":{"sku":"CUP","line":null,"place":null},"after":{"sku":"CUP","line":{"sku":"CUP","quantity":3,"unit_price":{"amount":"7.25","currency":"EUR"}},"place":1}},{"version":4,"before":{"sku":"POT","line":null,"place":null},"after":{"sku":"POT","line":{"sku":"POT","quantity":1,"unit_price":{"amount":"31.00","currency":"EUR"}},"place":2}}]],"undone":[[{"version":6,"before":{"sku":"POT","line":{"sku":"POT","quantity":1,"unit_price":{"amount":"31.00","currency":"EUR"}},"place":2},"after":{"sku":"POT","line":null,"place":null}},{"version":5,"before":{"sku":"TEA","line":{"sku":"TEA","quantity":2,"unit_price":{"amount":"4.75","currency":"EUR"}},"place":0},"after":{"sku":"TEA","line":{"sku":"TEA","quantity":5,"unit_price":{"amount":"4.75","currency":"EUR"}},"place":0}}]]}}]', '\xa39c374129d35a5ab1df041e8c162fc006cf7aae849d2caf7fce25df62281eb6', '2026-11-26 06:32:50.325645+00'),
	('4182b94a-932e-558d-969b-b955cad1262a', 'product', '92668da9a4f30a34ffef49a165399988', 16, 98, '["Listed",{"registered":{"sku":"TEA","name":"Tea","price":{"amount":"4.50","currency":"EUR"}},"price":{"amount":"4.75","currency":"EUR"},"on_hand":197,"reservations":{"85133ca8-291e-5b0e-8c0f-d40346f4801c":2,"02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea":1}}]', '\xc4c49e2013f218d3f459d23b89343f8187010479e09b613a9c1679f5afab5052', '2026-11-26 06:33:05.845372+00'),
	('4182b94a-932e-558d-969b-b955cad1262a', 'product', '92668da9a4f30a34ffef49a165399988', 24, 151, '["Listed",{"registered":{"sku":"TEA","name":"Tea","price":{"amount":"4.50","currency":"EUR"}},"price":{"amount":"4.75","currency":"EUR"},"on_hand":196,"reservations":{"85133ca8-291e-5b0e-8c0f-d40346f4801c":2,"02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea":1,"cabd3673-cab3-50ca-85fc-b1f32e09dee7":1,"88dc316d-7cb6-5bd4-9efb-09bd65ba550d":1,"cd69ce60-6eb1-5d2a-98e0-8116c4557d13":1,"944c8103-ef19-596b-9a14-dd7c3a2b56db":1,"7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c":1,"9b08c095-7e9a-5dd9-8706-19408d330ba0":1}}]', '\x2b209c3b125d5602d5fa990723fe418152e27731a15d1b8d72a7dc51ecdf07a9', '2026-11-26 06:33:10.565202+00'),
	('4182b94a-932e-558d-969b-b955cad1262a', 'product', '92668da9a4f30a34ffef49a165399988', 32, 210, '["Listed",{"registered":{"sku":"TEA","name":"Tea","price":{"amount":"4.50","currency":"EUR"}},"price":{"amount":"4.75","currency":"EUR"},"on_hand":194,"reservations":{"85133ca8-291e-5b0e-8c0f-d40346f4801c":2,"02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea":1,"cabd3673-cab3-50ca-85fc-b1f32e09dee7":1,"88dc316d-7cb6-5bd4-9efb-09bd65ba550d":1,"cd69ce60-6eb1-5d2a-98e0-8116c4557d13":1,"944c8103-ef19-596b-9a14-dd7c3a2b56db":1,"7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c":1,"9b08c095-7e9a-5dd9-8706-19408d330ba0":1,"21ce9d40-5e8f-553f-8593-1a72f80c61ca":1,"2fdab627-33df-5734-8191-d8bc13ecd494":1,"f5ba3266-3d18-584b-9375-46a3de945c51":1,"0cedd612-a08e-53ab-90ad-f96bd10727c2":1}}]', '\x73b3975760252618bcff7157949687aa8a1c24c2e3f4b8a339fc8461f62a323b', '2026-11-26 06:33:11.070029+00');
INSERT INTO read.customers_v1 VALUES
	('b102ee3e-b2bb-503b-a730-568999310b6c', '[{"amount": "248.00", "currency": "EUR"}]', 9),
	('ee847f26-54ee-56b0-880b-1b4cb0e94d96', '[{"amount": "1332.13", "currency": "EUR"}]', 5),
	('69600a23-367f-5d01-95b3-e1249469bc0a', '[{"amount": "1464.14", "currency": "EUR"}]', 5),
	('680574a3-4b7e-5537-80cf-a0c431d7367f', '[{"amount": "9.50", "currency": "EUR"}]', 1);
INSERT INTO read.daily_sales_v1 VALUES
	('2026-11-26', 'EUR', 20, 25, 3053.77);
INSERT INTO read.orders_v3 VALUES
	('17b040c2-52af-57cd-a80d-984c4126521f', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "TEA", "quantity": 5, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "CUP", "quantity": 3, "unit_price": {"amount": "7.25", "currency": "EUR"}}, {"sku": "POT", "quantity": 1, "unit_price": {"amount": "31.00", "currency": "EUR"}}]', 76.50, 'EUR', NULL, '2026-11-26 06:32:50.083756+00', NULL, 9),
	('3ff50e96-7c48-5b5d-b0b7-1a81d086aa0c', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:32:50.415143+00', NULL, 1),
	('6b43a5f0-8525-57bf-9675-69a7dea4d625', '69600a23-367f-5d01-95b3-e1249469bc0a', 'CANCELLED', '[{"sku": "CUP", "quantity": 1, "unit_price": {"amount": "7.25", "currency": "EUR"}}]', 7.25, 'EUR', 'changed my mind', '2026-11-26 06:32:50.512391+00', NULL, 3),
	('6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.72713+00', '2026-11-26 06:32:50.815281+00', 4),
	('a01b5d36-dcfd-56aa-806c-b42d11148704', '69600a23-367f-5d01-95b3-e1249469bc0a', 'REJECTED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "SCARCE", "quantity": 1, "unit_price": {"amount": "99.00", "currency": "EUR"}}]', 103.75, 'EUR', 'Could not reserve SCARCE: There is not enough in stock.', '2026-11-26 06:32:51.163434+00', '2026-11-26 06:32:51.278515+00', 5),
	('83a8d44c-383f-5473-80ad-09173cddaeb0', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'SHIPPED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.619353+00', '2026-11-26 06:32:50.684304+00', 5),
	('d7809bc0-72af-584f-b735-b7fd7071eb6b', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'CANCELLED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', 'broken', '2026-11-26 06:32:51.003413+00', '2026-11-26 06:32:51.112817+00', 5),
	('3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', '69600a23-367f-5d01-95b3-e1249469bc0a', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.877765+00', '2026-11-26 06:32:50.953907+00', 4),
	('85133ca8-291e-5b0e-8c0f-d40346f4801c', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'PLACED', '[{"sku": "TEA", "quantity": 2, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 9.50, 'EUR', NULL, '2026-11-26 06:33:00.124207+00', '2026-11-26 06:33:00.25751+00', 3),
	('02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:05.514076+00', '2026-11-26 06:33:05.734759+00', 3),
	('bcd100ce-5e57-59bb-b4ab-1e4affa5fb14', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "CUP", "quantity": 1, "unit_price": {"amount": "7.25", "currency": "EUR"}}]', 12.00, 'EUR', NULL, '2026-11-26 06:33:09.838394+00', '2026-11-26 06:33:10.016669+00', 4),
	('cabd3673-cab3-50ca-85fc-b1f32e09dee7', '69600a23-367f-5d01-95b3-e1249469bc0a', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.040718+00', '2026-11-26 06:33:10.087265+00', 3),
	('88dc316d-7cb6-5bd4-9efb-09bd65ba550d', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.124768+00', '2026-11-26 06:33:10.168481+00', 3),
	('cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.192518+00', '2026-11-26 06:33:10.238009+00', 3),
	('944c8103-ef19-596b-9a14-dd7c3a2b56db', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.352791+00', '2026-11-26 06:33:10.39164+00', 3),
	('5aca4a05-5900-502a-a069-06c5af62b532', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.263491+00', '2026-11-26 06:33:10.319363+00', 4),
	('7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.412181+00', '2026-11-26 06:33:10.470975+00', 4),
	('9b08c095-7e9a-5dd9-8706-19408d330ba0', '69600a23-367f-5d01-95b3-e1249469bc0a', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.487265+00', '2026-11-26 06:33:10.52361+00', 4),
	('21ce9d40-5e8f-553f-8593-1a72f80c61ca', '69600a23-367f-5d01-95b3-e1249469bc0a', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "POT", "quantity": 1, "unit_price": {"amount": "31.00", "currency": "EUR"}}]', 35.75, 'EUR', NULL, '2026-11-26 06:33:10.547724+00', '2026-11-26 06:33:10.598031+00', 5),
	('bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.630763+00', '2026-11-26 06:33:10.663626+00', 4),
	('2fdab627-33df-5734-8191-d8bc13ecd494', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "SCARCE", "quantity": 1, "unit_price": {"amount": "99.00", "currency": "EUR"}}]', 103.75, 'EUR', NULL, '2026-11-26 06:33:10.77145+00', '2026-11-26 06:33:10.821168+00', 4),
	('b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.696995+00', '2026-11-26 06:33:10.742251+00', 4),
	('f5ba3266-3d18-584b-9375-46a3de945c51', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "SCARCE", "quantity": 1, "unit_price": {"amount": "99.00", "currency": "EUR"}}]', 103.75, 'EUR', NULL, '2026-11-26 06:33:10.842747+00', '2026-11-26 06:33:10.894732+00', 4),
	('95188e2b-5e73-5567-bdf7-e1910f81d027', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'PLACED', '[{"sku": "DECLINED", "quantity": 1, "unit_price": {"amount": "1313.13", "currency": "EUR"}}]', 1313.13, 'EUR', NULL, '2026-11-26 06:33:10.921584+00', '2026-11-26 06:33:10.959359+00', 3),
	('310d1894-d392-5e07-a1cc-4d4b245805be', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'CANCELLED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', 'changed my mind', '2026-11-26 06:33:11.051201+00', '2026-11-26 06:33:11.113641+00', 5),
	('98352393-1372-550d-80c7-1e88afb92621', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'CANCELLED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', 'broken', '2026-11-26 06:33:11.149129+00', '2026-11-26 06:33:11.193615+00', 5),
	('9fb6aa84-1078-50c3-adeb-4100124b1e8a', '69600a23-367f-5d01-95b3-e1249469bc0a', 'PLACED', '[{"sku": "SLOW", "quantity": 1, "unit_price": {"amount": "1414.14", "currency": "EUR"}}]', 1414.14, 'EUR', NULL, '2026-11-26 06:33:11.225245+00', '2026-11-26 06:33:11.282683+00', 3),
	('ff667660-d80d-5776-bef7-3b67c0e27ebe', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'OPEN', '[{"sku": "CUP", "quantity": 1, "unit_price": {"amount": "7.25", "currency": "EUR"}}]', 7.25, 'EUR', NULL, '2026-11-26 06:33:15.496728+00', NULL, 2),
	('0cedd612-a08e-53ab-90ad-f96bd10727c2', '69600a23-367f-5d01-95b3-e1249469bc0a', 'CANCELLED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', 'changed my mind', '2026-11-26 06:33:10.969353+00', '2026-11-26 06:33:11.021539+00', 5);
INSERT INTO read.orders_v3_history VALUES
	('17b040c2-52af-57cd-a80d-984c4126521f', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "TEA", "quantity": 2, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 9.50, 'EUR', NULL, '2026-11-26 06:32:50.083756+00', NULL, 2, 14, 15),
	('17b040c2-52af-57cd-a80d-984c4126521f', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "TEA", "quantity": 2, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "CUP", "quantity": 3, "unit_price": {"amount": "7.25", "currency": "EUR"}}]', 31.25, 'EUR', NULL, '2026-11-26 06:32:50.083756+00', NULL, 3, 15, 16),
	('17b040c2-52af-57cd-a80d-984c4126521f', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:32:50.083756+00', NULL, 1, 13, 14),
	('17b040c2-52af-57cd-a80d-984c4126521f', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "TEA", "quantity": 2, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "CUP", "quantity": 3, "unit_price": {"amount": "7.25", "currency": "EUR"}}, {"sku": "POT", "quantity": 1, "unit_price": {"amount": "31.00", "currency": "EUR"}}]', 62.25, 'EUR', NULL, '2026-11-26 06:32:50.083756+00', NULL, 4, 16, 17),
	('17b040c2-52af-57cd-a80d-984c4126521f', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "TEA", "quantity": 5, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "CUP", "quantity": 3, "unit_price": {"amount": "7.25", "currency": "EUR"}}, {"sku": "POT", "quantity": 1, "unit_price": {"amount": "31.00", "currency": "EUR"}}]', 76.50, 'EUR', NULL, '2026-11-26 06:32:50.083756+00', NULL, 5, 17, 18),
	('17b040c2-52af-57cd-a80d-984c4126521f', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "TEA", "quantity": 5, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "CUP", "quantity": 3, "unit_price": {"amount": "7.25", "currency": "EUR"}}]', 45.50, 'EUR', NULL, '2026-11-26 06:32:50.083756+00', NULL, 6, 18, 19),
	('17b040c2-52af-57cd-a80d-984c4126521f', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "TEA", "quantity": 5, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "CUP", "quantity": 3, "unit_price": {"amount": "7.25", "currency": "EUR"}}, {"sku": "POT", "quantity": 1, "unit_price": {"amount": "31.00", "currency": "EUR"}}]', 76.50, 'EUR', NULL, '2026-11-26 06:32:50.083756+00', NULL, 7, 19, 20),
	('17b040c2-52af-57cd-a80d-984c4126521f', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "TEA", "quantity": 5, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "CUP", "quantity": 3, "unit_price": {"amount": "7.25", "currency": "EUR"}}, {"sku": "POT", "quantity": 1, "unit_price": {"amount": "31.00", "currency": "EUR"}}]', 76.50, 'EUR', NULL, '2026-11-26 06:32:50.083756+00', NULL, 9, 21, NULL),
	('17b040c2-52af-57cd-a80d-984c4126521f', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "TEA", "quantity": 2, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "CUP", "quantity": 3, "unit_price": {"amount": "7.25", "currency": "EUR"}}, {"sku": "POT", "quantity": 1, "unit_price": {"amount": "31.00", "currency": "EUR"}}]', 62.25, 'EUR', NULL, '2026-11-26 06:32:50.083756+00', NULL, 8, 20, 21),
	('3ff50e96-7c48-5b5d-b0b7-1a81d086aa0c', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:32:50.415143+00', NULL, 1, 22, NULL),
	('6b43a5f0-8525-57bf-9675-69a7dea4d625', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:32:50.512391+00', NULL, 1, 23, 24),
	('6b43a5f0-8525-57bf-9675-69a7dea4d625', '69600a23-367f-5d01-95b3-e1249469bc0a', 'CANCELLED', '[{"sku": "CUP", "quantity": 1, "unit_price": {"amount": "7.25", "currency": "EUR"}}]', 7.25, 'EUR', 'changed my mind', '2026-11-26 06:32:50.512391+00', NULL, 3, 25, NULL),
	('6b43a5f0-8525-57bf-9675-69a7dea4d625', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[{"sku": "CUP", "quantity": 1, "unit_price": {"amount": "7.25", "currency": "EUR"}}]', 7.25, 'EUR', NULL, '2026-11-26 06:32:50.512391+00', NULL, 2, 24, 25),
	('83a8d44c-383f-5473-80ad-09173cddaeb0', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:32:50.619353+00', NULL, 1, 26, 27),
	('83a8d44c-383f-5473-80ad-09173cddaeb0', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.619353+00', NULL, 2, 27, 28),
	('6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:32:50.72713+00', NULL, 1, 29, 32),
	('6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.72713+00', NULL, 2, 32, 34),
	('3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:32:50.877765+00', NULL, 1, 37, 40),
	('83a8d44c-383f-5473-80ad-09173cddaeb0', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.619353+00', '2026-11-26 06:32:50.684304+00', 3, 28, 41),
	('3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.877765+00', NULL, 2, 40, 43),
	('6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.72713+00', '2026-11-26 06:32:50.815281+00', 4, 45, NULL),
	('6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.72713+00', '2026-11-26 06:32:50.815281+00', 3, 34, 45),
	('d7809bc0-72af-584f-b735-b7fd7071eb6b', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:32:51.003413+00', NULL, 1, 47, 53),
	('3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', '69600a23-367f-5d01-95b3-e1249469bc0a', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.877765+00', '2026-11-26 06:32:50.953907+00', 4, 58, NULL),
	('d7809bc0-72af-584f-b735-b7fd7071eb6b', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:51.003413+00', NULL, 2, 53, 57),
	('3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', '69600a23-367f-5d01-95b3-e1249469bc0a', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.877765+00', '2026-11-26 06:32:50.953907+00', 3, 43, 58),
	('a01b5d36-dcfd-56aa-806c-b42d11148704', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:32:51.163434+00', NULL, 1, 60, 65),
	('a01b5d36-dcfd-56aa-806c-b42d11148704', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:51.163434+00', NULL, 2, 65, 67),
	('d7809bc0-72af-584f-b735-b7fd7071eb6b', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:51.003413+00', '2026-11-26 06:32:51.112817+00', 3, 57, 69),
	('83a8d44c-383f-5473-80ad-09173cddaeb0', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.619353+00', '2026-11-26 06:32:50.684304+00', 4, 41, 80),
	('a01b5d36-dcfd-56aa-806c-b42d11148704', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "SCARCE", "quantity": 1, "unit_price": {"amount": "99.00", "currency": "EUR"}}]', 103.75, 'EUR', NULL, '2026-11-26 06:32:51.163434+00', NULL, 3, 67, 70),
	('a01b5d36-dcfd-56aa-806c-b42d11148704', '69600a23-367f-5d01-95b3-e1249469bc0a', 'REJECTED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "SCARCE", "quantity": 1, "unit_price": {"amount": "99.00", "currency": "EUR"}}]', 103.75, 'EUR', 'Could not reserve SCARCE: There is not enough in stock.', '2026-11-26 06:32:51.163434+00', '2026-11-26 06:32:51.278515+00', 5, 78, NULL),
	('a01b5d36-dcfd-56aa-806c-b42d11148704', '69600a23-367f-5d01-95b3-e1249469bc0a', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "SCARCE", "quantity": 1, "unit_price": {"amount": "99.00", "currency": "EUR"}}]', 103.75, 'EUR', NULL, '2026-11-26 06:32:51.163434+00', '2026-11-26 06:32:51.278515+00', 4, 70, 78),
	('83a8d44c-383f-5473-80ad-09173cddaeb0', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'SHIPPED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.619353+00', '2026-11-26 06:32:50.684304+00', 5, 80, NULL),
	('d7809bc0-72af-584f-b735-b7fd7071eb6b', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'CANCELLED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', 'broken', '2026-11-26 06:32:51.003413+00', '2026-11-26 06:32:51.112817+00', 5, 82, NULL),
	('d7809bc0-72af-584f-b735-b7fd7071eb6b', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:51.003413+00', '2026-11-26 06:32:51.112817+00', 4, 69, 82),
	('85133ca8-291e-5b0e-8c0f-d40346f4801c', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'OPEN', '[{"sku": "TEA", "quantity": 2, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 9.50, 'EUR', NULL, '2026-11-26 06:33:00.124207+00', NULL, 2, 87, 88),
	('85133ca8-291e-5b0e-8c0f-d40346f4801c', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'PLACED', '[{"sku": "TEA", "quantity": 2, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 9.50, 'EUR', NULL, '2026-11-26 06:33:00.124207+00', '2026-11-26 06:33:00.25751+00', 3, 88, NULL),
	('85133ca8-291e-5b0e-8c0f-d40346f4801c', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:00.124207+00', NULL, 1, 86, 87),
	('02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:05.514076+00', NULL, 2, 96, 97),
	('02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:05.514076+00', '2026-11-26 06:33:05.734759+00', 3, 97, NULL),
	('02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:05.514076+00', NULL, 1, 95, 96),
	('bcd100ce-5e57-59bb-b4ab-1e4affa5fb14', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:09.838394+00', NULL, 2, 102, 103),
	('bcd100ce-5e57-59bb-b4ab-1e4affa5fb14', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:09.838394+00', NULL, 1, 101, 102),
	('bcd100ce-5e57-59bb-b4ab-1e4affa5fb14', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "CUP", "quantity": 1, "unit_price": {"amount": "7.25", "currency": "EUR"}}]', 12.00, 'EUR', NULL, '2026-11-26 06:33:09.838394+00', '2026-11-26 06:33:10.016669+00', 4, 104, NULL),
	('bcd100ce-5e57-59bb-b4ab-1e4affa5fb14', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "CUP", "quantity": 1, "unit_price": {"amount": "7.25", "currency": "EUR"}}]', 12.00, 'EUR', NULL, '2026-11-26 06:33:09.838394+00', NULL, 3, 103, 104),
	('cabd3673-cab3-50ca-85fc-b1f32e09dee7', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:10.040718+00', NULL, 1, 105, 106),
	('cabd3673-cab3-50ca-85fc-b1f32e09dee7', '69600a23-367f-5d01-95b3-e1249469bc0a', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.040718+00', '2026-11-26 06:33:10.087265+00', 3, 107, NULL),
	('cabd3673-cab3-50ca-85fc-b1f32e09dee7', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.040718+00', NULL, 2, 106, 107),
	('88dc316d-7cb6-5bd4-9efb-09bd65ba550d', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:10.124768+00', NULL, 1, 110, 112),
	('88dc316d-7cb6-5bd4-9efb-09bd65ba550d', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.124768+00', '2026-11-26 06:33:10.168481+00', 3, 113, NULL),
	('88dc316d-7cb6-5bd4-9efb-09bd65ba550d', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.124768+00', NULL, 2, 112, 113),
	('cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:10.192518+00', NULL, 1, 115, 117),
	('cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.192518+00', '2026-11-26 06:33:10.238009+00', 3, 118, NULL),
	('cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.192518+00', NULL, 2, 117, 118),
	('5aca4a05-5900-502a-a069-06c5af62b532', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:10.263491+00', NULL, 1, 120, 123),
	('5aca4a05-5900-502a-a069-06c5af62b532', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.263491+00', NULL, 2, 123, 124),
	('944c8103-ef19-596b-9a14-dd7c3a2b56db', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:10.352791+00', NULL, 1, 127, 130),
	('5aca4a05-5900-502a-a069-06c5af62b532', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.263491+00', '2026-11-26 06:33:10.319363+00', 4, 131, NULL),
	('944c8103-ef19-596b-9a14-dd7c3a2b56db', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.352791+00', '2026-11-26 06:33:10.39164+00', 3, 132, NULL),
	('5aca4a05-5900-502a-a069-06c5af62b532', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.263491+00', '2026-11-26 06:33:10.319363+00', 3, 124, 131),
	('944c8103-ef19-596b-9a14-dd7c3a2b56db', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.352791+00', NULL, 2, 130, 132),
	('7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:10.412181+00', NULL, 1, 135, 139),
	('7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.412181+00', NULL, 2, 139, 141),
	('7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.412181+00', '2026-11-26 06:33:10.470975+00', 3, 141, 153),
	('9b08c095-7e9a-5dd9-8706-19408d330ba0', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:10.487265+00', NULL, 1, 143, 146),
	('9b08c095-7e9a-5dd9-8706-19408d330ba0', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.487265+00', NULL, 2, 146, 148),
	('7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.412181+00', '2026-11-26 06:33:10.470975+00', 4, 153, NULL),
	('21ce9d40-5e8f-553f-8593-1a72f80c61ca', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:10.547724+00', NULL, 1, 150, 154),
	('21ce9d40-5e8f-553f-8593-1a72f80c61ca', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.547724+00', NULL, 2, 154, 156),
	('21ce9d40-5e8f-553f-8593-1a72f80c61ca', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "POT", "quantity": 1, "unit_price": {"amount": "31.00", "currency": "EUR"}}]', 35.75, 'EUR', NULL, '2026-11-26 06:33:10.547724+00', NULL, 3, 156, 157),
	('9b08c095-7e9a-5dd9-8706-19408d330ba0', '69600a23-367f-5d01-95b3-e1249469bc0a', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.487265+00', '2026-11-26 06:33:10.52361+00', 4, 160, NULL),
	('9b08c095-7e9a-5dd9-8706-19408d330ba0', '69600a23-367f-5d01-95b3-e1249469bc0a', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.487265+00', '2026-11-26 06:33:10.52361+00', 3, 148, 160),
	('bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:10.630763+00', NULL, 1, 162, 164),
	('bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.630763+00', NULL, 2, 164, 166),
	('21ce9d40-5e8f-553f-8593-1a72f80c61ca', '69600a23-367f-5d01-95b3-e1249469bc0a', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "POT", "quantity": 1, "unit_price": {"amount": "31.00", "currency": "EUR"}}]', 35.75, 'EUR', NULL, '2026-11-26 06:33:10.547724+00', '2026-11-26 06:33:10.598031+00', 5, 170, NULL),
	('21ce9d40-5e8f-553f-8593-1a72f80c61ca', '69600a23-367f-5d01-95b3-e1249469bc0a', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "POT", "quantity": 1, "unit_price": {"amount": "31.00", "currency": "EUR"}}]', 35.75, 'EUR', NULL, '2026-11-26 06:33:10.547724+00', '2026-11-26 06:33:10.598031+00', 4, 157, 170),
	('b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:10.696995+00', NULL, 1, 171, 174),
	('b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.696995+00', NULL, 2, 174, 176),
	('bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.630763+00', '2026-11-26 06:33:10.663626+00', 4, 177, NULL),
	('bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.630763+00', '2026-11-26 06:33:10.663626+00', 3, 166, 177),
	('2fdab627-33df-5734-8191-d8bc13ecd494', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:10.77145+00', NULL, 1, 179, 182),
	('2fdab627-33df-5734-8191-d8bc13ecd494', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.77145+00', NULL, 2, 182, 185),
	('2fdab627-33df-5734-8191-d8bc13ecd494', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "SCARCE", "quantity": 1, "unit_price": {"amount": "99.00", "currency": "EUR"}}]', 103.75, 'EUR', NULL, '2026-11-26 06:33:10.77145+00', '2026-11-26 06:33:10.821168+00', 4, 187, NULL),
	('2fdab627-33df-5734-8191-d8bc13ecd494', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "SCARCE", "quantity": 1, "unit_price": {"amount": "99.00", "currency": "EUR"}}]', 103.75, 'EUR', NULL, '2026-11-26 06:33:10.77145+00', NULL, 3, 185, 187),
	('b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.696995+00', '2026-11-26 06:33:10.742251+00', 4, 188, NULL),
	('b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.696995+00', '2026-11-26 06:33:10.742251+00', 3, 176, 188),
	('f5ba3266-3d18-584b-9375-46a3de945c51', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.842747+00', NULL, 2, 193, 195),
	('f5ba3266-3d18-584b-9375-46a3de945c51', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:10.842747+00', NULL, 1, 189, 193),
	('f5ba3266-3d18-584b-9375-46a3de945c51', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "SCARCE", "quantity": 1, "unit_price": {"amount": "99.00", "currency": "EUR"}}]', 103.75, 'EUR', NULL, '2026-11-26 06:33:10.842747+00', '2026-11-26 06:33:10.894732+00', 4, 196, NULL),
	('f5ba3266-3d18-584b-9375-46a3de945c51', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "SCARCE", "quantity": 1, "unit_price": {"amount": "99.00", "currency": "EUR"}}]', 103.75, 'EUR', NULL, '2026-11-26 06:33:10.842747+00', NULL, 3, 195, 196),
	('95188e2b-5e73-5567-bdf7-e1910f81d027', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:10.921584+00', NULL, 1, 198, 200),
	('95188e2b-5e73-5567-bdf7-e1910f81d027', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'PLACED', '[{"sku": "DECLINED", "quantity": 1, "unit_price": {"amount": "1313.13", "currency": "EUR"}}]', 1313.13, 'EUR', NULL, '2026-11-26 06:33:10.921584+00', '2026-11-26 06:33:10.959359+00', 3, 202, NULL),
	('95188e2b-5e73-5567-bdf7-e1910f81d027', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "DECLINED", "quantity": 1, "unit_price": {"amount": "1313.13", "currency": "EUR"}}]', 1313.13, 'EUR', NULL, '2026-11-26 06:33:10.921584+00', NULL, 2, 200, 202),
	('0cedd612-a08e-53ab-90ad-f96bd10727c2', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:10.969353+00', NULL, 1, 203, 206),
	('0cedd612-a08e-53ab-90ad-f96bd10727c2', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.969353+00', NULL, 2, 206, 208),
	('310d1894-d392-5e07-a1cc-4d4b245805be', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:11.051201+00', NULL, 1, 211, 214),
	('0cedd612-a08e-53ab-90ad-f96bd10727c2', '69600a23-367f-5d01-95b3-e1249469bc0a', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.969353+00', '2026-11-26 06:33:11.021539+00', 3, 208, 221),
	('310d1894-d392-5e07-a1cc-4d4b245805be', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:11.051201+00', '2026-11-26 06:33:11.113641+00', 3, 216, 226),
	('310d1894-d392-5e07-a1cc-4d4b245805be', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:11.051201+00', NULL, 2, 214, 216),
	('98352393-1372-550d-80c7-1e88afb92621', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:11.149129+00', NULL, 2, 223, 225),
	('98352393-1372-550d-80c7-1e88afb92621', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:11.149129+00', NULL, 1, 220, 223),
	('9fb6aa84-1078-50c3-adeb-4100124b1e8a', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:11.225245+00', NULL, 1, 228, 231),
	('9fb6aa84-1078-50c3-adeb-4100124b1e8a', '69600a23-367f-5d01-95b3-e1249469bc0a', 'PLACED', '[{"sku": "SLOW", "quantity": 1, "unit_price": {"amount": "1414.14", "currency": "EUR"}}]', 1414.14, 'EUR', NULL, '2026-11-26 06:33:11.225245+00', '2026-11-26 06:33:11.282683+00', 3, 233, NULL),
	('9fb6aa84-1078-50c3-adeb-4100124b1e8a', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[{"sku": "SLOW", "quantity": 1, "unit_price": {"amount": "1414.14", "currency": "EUR"}}]', 1414.14, 'EUR', NULL, '2026-11-26 06:33:11.225245+00', NULL, 2, 231, 233),
	('98352393-1372-550d-80c7-1e88afb92621', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:11.149129+00', '2026-11-26 06:33:11.193615+00', 3, 225, 234),
	('0cedd612-a08e-53ab-90ad-f96bd10727c2', '69600a23-367f-5d01-95b3-e1249469bc0a', 'CANCELLED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', 'changed my mind', '2026-11-26 06:33:10.969353+00', '2026-11-26 06:33:11.021539+00', 5, 238, NULL),
	('0cedd612-a08e-53ab-90ad-f96bd10727c2', '69600a23-367f-5d01-95b3-e1249469bc0a', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.969353+00', '2026-11-26 06:33:11.021539+00', 4, 221, 238),
	('310d1894-d392-5e07-a1cc-4d4b245805be', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'CANCELLED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', 'changed my mind', '2026-11-26 06:33:11.051201+00', '2026-11-26 06:33:11.113641+00', 5, 242, NULL),
	('310d1894-d392-5e07-a1cc-4d4b245805be', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:11.051201+00', '2026-11-26 06:33:11.113641+00', 4, 226, 242),
	('98352393-1372-550d-80c7-1e88afb92621', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'CANCELLED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', 'broken', '2026-11-26 06:33:11.149129+00', '2026-11-26 06:33:11.193615+00', 5, 243, NULL),
	('98352393-1372-550d-80c7-1e88afb92621', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:11.149129+00', '2026-11-26 06:33:11.193615+00', 4, 234, 243),
	('ff667660-d80d-5776-bef7-3b67c0e27ebe', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'OPEN', '[{"sku": "CUP", "quantity": 1, "unit_price": {"amount": "7.25", "currency": "EUR"}}]', 7.25, 'EUR', NULL, '2026-11-26 06:33:15.496728+00', NULL, 2, 247, NULL),
	('ff667660-d80d-5776-bef7-3b67c0e27ebe', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:15.496728+00', NULL, 1, 246, 247);
INSERT INTO read.payments_v2 VALUES
	('83a8d44c-383f-5473-80ad-09173cddaeb0', '83a8d44c-383f-5473-80ad-09173cddaeb0', 'CAPTURED', 4.75, 'EUR', NULL, 3),
	('6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'AUTHORISED', 4.75, 'EUR', NULL, 2),
	('3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 'CAPTURED', 4.75, 'EUR', NULL, 3),
	('d7809bc0-72af-584f-b735-b7fd7071eb6b', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 'REFUNDED', 4.75, 'EUR', NULL, 4),
	('85133ca8-291e-5b0e-8c0f-d40346f4801c', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 'REQUESTED', 9.50, 'EUR', NULL, 1),
	('02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', '02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 'REQUESTED', 4.75, 'EUR', NULL, 1),
	('cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 'cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 'REQUESTED', 4.75, 'EUR', NULL, 1),
	('5aca4a05-5900-502a-a069-06c5af62b532', '5aca4a05-5900-502a-a069-06c5af62b532', 'CAPTURED', 4.75, 'EUR', NULL, 3),
	('944c8103-ef19-596b-9a14-dd7c3a2b56db', '944c8103-ef19-596b-9a14-dd7c3a2b56db', 'AUTHORISED', 4.75, 'EUR', NULL, 2),
	('7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 'AUTHORISED', 4.75, 'EUR', NULL, 2),
	('9b08c095-7e9a-5dd9-8706-19408d330ba0', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 'AUTHORISED', 4.75, 'EUR', NULL, 2),
	('21ce9d40-5e8f-553f-8593-1a72f80c61ca', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 'CAPTURED', 35.75, 'EUR', NULL, 3),
	('bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'CAPTURED', 4.75, 'EUR', NULL, 3),
	('b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'CAPTURED', 4.75, 'EUR', NULL, 3),
	('95188e2b-5e73-5567-bdf7-e1910f81d027', '95188e2b-5e73-5567-bdf7-e1910f81d027', 'DECLINED', 1313.13, 'EUR', 'insufficient funds', 2),
	('0cedd612-a08e-53ab-90ad-f96bd10727c2', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 'AUTHORISED', 4.75, 'EUR', NULL, 2),
	('310d1894-d392-5e07-a1cc-4d4b245805be', '310d1894-d392-5e07-a1cc-4d4b245805be', 'AUTHORISED', 4.75, 'EUR', NULL, 2),
	('9fb6aa84-1078-50c3-adeb-4100124b1e8a', '9fb6aa84-1078-50c3-adeb-4100124b1e8a', 'REQUESTED', 1414.14, 'EUR', NULL, 1),
	('98352393-1372-550d-80c7-1e88afb92621', '98352393-1372-550d-80c7-1e88afb92621', 'REFUNDED', 4.75, 'EUR', NULL, 4);
INSERT INTO read.payments_v2_history VALUES
	('83a8d44c-383f-5473-80ad-09173cddaeb0', '83a8d44c-383f-5473-80ad-09173cddaeb0', 'REQUESTED', 4.75, 'EUR', NULL, 1, 33, 38),
	('6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'AUTHORISED', 4.75, 'EUR', NULL, 2, 42, NULL),
	('6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'REQUESTED', 4.75, 'EUR', NULL, 1, 39, 42),
	('83a8d44c-383f-5473-80ad-09173cddaeb0', '83a8d44c-383f-5473-80ad-09173cddaeb0', 'CAPTURED', 4.75, 'EUR', NULL, 3, 44, NULL),
	('83a8d44c-383f-5473-80ad-09173cddaeb0', '83a8d44c-383f-5473-80ad-09173cddaeb0', 'AUTHORISED', 4.75, 'EUR', NULL, 2, 38, 44),
	('3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 'AUTHORISED', 4.75, 'EUR', NULL, 2, 55, 62),
	('3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 'CAPTURED', 4.75, 'EUR', NULL, 3, 62, NULL),
	('3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 'REQUESTED', 4.75, 'EUR', NULL, 1, 50, 55),
	('d7809bc0-72af-584f-b735-b7fd7071eb6b', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 'REQUESTED', 4.75, 'EUR', NULL, 1, 63, 66),
	('d7809bc0-72af-584f-b735-b7fd7071eb6b', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 'AUTHORISED', 4.75, 'EUR', NULL, 2, 66, 71),
	('d7809bc0-72af-584f-b735-b7fd7071eb6b', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 'REFUNDED', 4.75, 'EUR', NULL, 4, 83, NULL),
	('d7809bc0-72af-584f-b735-b7fd7071eb6b', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 'CAPTURED', 4.75, 'EUR', NULL, 3, 71, 83),
	('85133ca8-291e-5b0e-8c0f-d40346f4801c', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 'REQUESTED', 9.50, 'EUR', NULL, 1, 91, NULL),
	('02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', '02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 'REQUESTED', 4.75, 'EUR', NULL, 1, 100, NULL),
	('cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 'cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 'REQUESTED', 4.75, 'EUR', NULL, 1, 122, NULL),
	('5aca4a05-5900-502a-a069-06c5af62b532', '5aca4a05-5900-502a-a069-06c5af62b532', 'REQUESTED', 4.75, 'EUR', NULL, 1, 128, 129),
	('5aca4a05-5900-502a-a069-06c5af62b532', '5aca4a05-5900-502a-a069-06c5af62b532', 'CAPTURED', 4.75, 'EUR', NULL, 3, 133, NULL),
	('5aca4a05-5900-502a-a069-06c5af62b532', '5aca4a05-5900-502a-a069-06c5af62b532', 'AUTHORISED', 4.75, 'EUR', NULL, 2, 129, 133),
	('944c8103-ef19-596b-9a14-dd7c3a2b56db', '944c8103-ef19-596b-9a14-dd7c3a2b56db', 'AUTHORISED', 4.75, 'EUR', NULL, 2, 142, NULL),
	('944c8103-ef19-596b-9a14-dd7c3a2b56db', '944c8103-ef19-596b-9a14-dd7c3a2b56db', 'REQUESTED', 4.75, 'EUR', NULL, 1, 140, 142),
	('7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 'AUTHORISED', 4.75, 'EUR', NULL, 2, 149, NULL),
	('7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 'REQUESTED', 4.75, 'EUR', NULL, 1, 147, 149),
	('9b08c095-7e9a-5dd9-8706-19408d330ba0', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 'AUTHORISED', 4.75, 'EUR', NULL, 2, 158, NULL),
	('9b08c095-7e9a-5dd9-8706-19408d330ba0', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 'REQUESTED', 4.75, 'EUR', NULL, 1, 155, 158),
	('21ce9d40-5e8f-553f-8593-1a72f80c61ca', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 'REQUESTED', 35.75, 'EUR', NULL, 1, 165, 167),
	('21ce9d40-5e8f-553f-8593-1a72f80c61ca', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 'CAPTURED', 35.75, 'EUR', NULL, 3, 173, NULL),
	('21ce9d40-5e8f-553f-8593-1a72f80c61ca', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 'AUTHORISED', 35.75, 'EUR', NULL, 2, 167, 173),
	('bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'REQUESTED', 4.75, 'EUR', NULL, 1, 172, 175),
	('bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'CAPTURED', 4.75, 'EUR', NULL, 3, 180, NULL),
	('bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'AUTHORISED', 4.75, 'EUR', NULL, 2, 175, 180),
	('b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'REQUESTED', 4.75, 'EUR', NULL, 1, 183, 186),
	('b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'CAPTURED', 4.75, 'EUR', NULL, 3, 192, NULL),
	('b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'AUTHORISED', 4.75, 'EUR', NULL, 2, 186, 192),
	('95188e2b-5e73-5567-bdf7-e1910f81d027', '95188e2b-5e73-5567-bdf7-e1910f81d027', 'DECLINED', 1313.13, 'EUR', 'insufficient funds', 2, 209, NULL),
	('95188e2b-5e73-5567-bdf7-e1910f81d027', '95188e2b-5e73-5567-bdf7-e1910f81d027', 'REQUESTED', 1313.13, 'EUR', NULL, 1, 207, 209),
	('0cedd612-a08e-53ab-90ad-f96bd10727c2', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 'AUTHORISED', 4.75, 'EUR', NULL, 2, 217, NULL),
	('0cedd612-a08e-53ab-90ad-f96bd10727c2', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 'REQUESTED', 4.75, 'EUR', NULL, 1, 215, 217),
	('310d1894-d392-5e07-a1cc-4d4b245805be', '310d1894-d392-5e07-a1cc-4d4b245805be', 'AUTHORISED', 4.75, 'EUR', NULL, 2, 224, NULL),
	('310d1894-d392-5e07-a1cc-4d4b245805be', '310d1894-d392-5e07-a1cc-4d4b245805be', 'REQUESTED', 4.75, 'EUR', NULL, 1, 222, 224),
	('98352393-1372-550d-80c7-1e88afb92621', '98352393-1372-550d-80c7-1e88afb92621', 'REQUESTED', 4.75, 'EUR', NULL, 1, 230, 232),
	('98352393-1372-550d-80c7-1e88afb92621', '98352393-1372-550d-80c7-1e88afb92621', 'AUTHORISED', 4.75, 'EUR', NULL, 2, 232, 237),
	('9fb6aa84-1078-50c3-adeb-4100124b1e8a', '9fb6aa84-1078-50c3-adeb-4100124b1e8a', 'REQUESTED', 1414.14, 'EUR', NULL, 1, 240, NULL),
	('98352393-1372-550d-80c7-1e88afb92621', '98352393-1372-550d-80c7-1e88afb92621', 'REFUNDED', 4.75, 'EUR', NULL, 4, 244, NULL),
	('98352393-1372-550d-80c7-1e88afb92621', '98352393-1372-550d-80c7-1e88afb92621', 'CAPTURED', 4.75, 'EUR', NULL, 3, 237, 244);
INSERT INTO read.products_v2 VALUES
	('a4aec6f1-99d4-57c1-ab70-ec34b5227ce8', 'SCARCE', 'Scarce', 99.00, 'EUR', 0, 0, 0, 1),
	('8d204d04-96e4-563f-bd83-e45998396646', 'POT', 'Pot', 31.00, 'EUR', 50, 1, 49, 3),
	('4a1d51fe-972f-51da-9ab0-4b60aa78ae0c', 'DECLINED', 'Declined', 1313.13, 'EUR', 5, 0, 5, 4),
	('2010e0e0-6d29-5a13-b158-71ff29b9c9d6', 'SLOW', 'Slow', 1414.14, 'EUR', 5, 1, 4, 3),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 193, 14, 179, 35),
	('f3cb8331-76ee-58ef-8856-ee61c759bac2', 'CUP', 'Cup', 7.25, 'EUR', 210, 0, 210, 3);
INSERT INTO read.products_v2_history VALUES
	('f3cb8331-76ee-58ef-8856-ee61c759bac2', 'CUP', 'Cup', 7.25, 'EUR', 0, 0, 0, 1, 3, 4),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.50, 'EUR', 0, 0, 0, 1, 1, 2),
	('8d204d04-96e4-563f-bd83-e45998396646', 'POT', 'Pot', 31.00, 'EUR', 0, 0, 0, 1, 5, 6),
	('a4aec6f1-99d4-57c1-ab70-ec34b5227ce8', 'SCARCE', 'Scarce', 99.00, 'EUR', 0, 0, 0, 1, 7, NULL),
	('4a1d51fe-972f-51da-9ab0-4b60aa78ae0c', 'DECLINED', 'Declined', 1313.13, 'EUR', 0, 0, 0, 1, 8, 9),
	('2010e0e0-6d29-5a13-b158-71ff29b9c9d6', 'SLOW', 'Slow', 1414.14, 'EUR', 0, 0, 0, 1, 10, 11),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.50, 'EUR', 200, 0, 200, 2, 2, 12),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 200, 0, 200, 3, 12, 30),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 200, 1, 199, 4, 30, 35),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 200, 2, 198, 5, 35, 46),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 200, 3, 197, 6, 46, 49),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 199, 2, 197, 7, 49, 54),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 198, 1, 197, 8, 54, 59),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 198, 2, 196, 9, 59, 64),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 197, 1, 196, 10, 64, 72),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 197, 2, 195, 11, 72, 74),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 196, 1, 195, 12, 74, 77),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 196, 0, 196, 13, 77, 84),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 197, 0, 197, 14, 84, 90),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 197, 2, 195, 15, 90, 98),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 197, 3, 194, 16, 98, 111),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 197, 4, 193, 17, 111, 114),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 197, 5, 192, 18, 114, 119),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 197, 6, 191, 19, 119, 125),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 197, 7, 190, 20, 125, 134),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 197, 8, 189, 21, 134, 137),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 196, 7, 189, 22, 137, 144),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 196, 8, 188, 23, 144, 151),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 196, 9, 187, 24, 151, 159),
	('8d204d04-96e4-563f-bd83-e45998396646', 'POT', 'Pot', 31.00, 'EUR', 50, 1, 49, 3, 163, NULL),
	('8d204d04-96e4-563f-bd83-e45998396646', 'POT', 'Pot', 31.00, 'EUR', 50, 0, 50, 2, 6, 163),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 196, 10, 186, 25, 159, 168),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 196, 11, 185, 26, 168, 178),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 196, 12, 184, 27, 178, 184),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 195, 11, 184, 28, 184, 190),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 195, 12, 183, 29, 190, 194),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 194, 11, 183, 30, 194, 197),
	('4a1d51fe-972f-51da-9ab0-4b60aa78ae0c', 'DECLINED', 'Declined', 1313.13, 'EUR', 5, 0, 5, 2, 9, 205),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 194, 12, 182, 31, 197, 210),
	('4a1d51fe-972f-51da-9ab0-4b60aa78ae0c', 'DECLINED', 'Declined', 1313.13, 'EUR', 5, 0, 5, 4, 213, NULL),
	('4a1d51fe-972f-51da-9ab0-4b60aa78ae0c', 'DECLINED', 'Declined', 1313.13, 'EUR', 5, 1, 4, 3, 205, 213),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 194, 13, 181, 32, 210, 218),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 194, 14, 180, 33, 218, 227),
	('2010e0e0-6d29-5a13-b158-71ff29b9c9d6', 'SLOW', 'Slow', 1414.14, 'EUR', 5, 1, 4, 3, 235, NULL),
	('2010e0e0-6d29-5a13-b158-71ff29b9c9d6', 'SLOW', 'Slow', 1414.14, 'EUR', 5, 0, 5, 2, 11, 235),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 193, 14, 179, 35, 239, NULL),
	('4182b94a-932e-558d-969b-b955cad1262a', 'TEA', 'Tea', 4.75, 'EUR', 194, 15, 179, 34, 227, 239),
	('f3cb8331-76ee-58ef-8856-ee61c759bac2', 'CUP', 'Cup', 7.25, 'EUR', 210, 0, 210, 3, 245, NULL),
	('f3cb8331-76ee-58ef-8856-ee61c759bac2', 'CUP', 'Cup', 7.25, 'EUR', 200, 0, 200, 2, 4, 245);
INSERT INTO read_former.customers_v1 VALUES
	('ee847f26-54ee-56b0-880b-1b4cb0e94d96', '[{"amount": "1332.13", "currency": "EUR"}]', 5),
	('69600a23-367f-5d01-95b3-e1249469bc0a', '[{"amount": "1464.14", "currency": "EUR"}]', 5),
	('b102ee3e-b2bb-503b-a730-568999310b6c', '[{"amount": "248.00", "currency": "EUR"}]', 9),
	('680574a3-4b7e-5537-80cf-a0c431d7367f', '[{"amount": "9.50", "currency": "EUR"}]', 1);
INSERT INTO read_staging.orders_v3 VALUES
	('6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.72713+00', '2026-11-26 06:32:50.815281+00', 4),
	('3ff50e96-7c48-5b5d-b0b7-1a81d086aa0c', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:32:50.415143+00', NULL, 1),
	('17b040c2-52af-57cd-a80d-984c4126521f', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "TEA", "quantity": 5, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "CUP", "quantity": 3, "unit_price": {"amount": "7.25", "currency": "EUR"}}, {"sku": "POT", "quantity": 1, "unit_price": {"amount": "31.00", "currency": "EUR"}}]', 76.50, 'EUR', NULL, '2026-11-26 06:32:50.083756+00', NULL, 9),
	('6b43a5f0-8525-57bf-9675-69a7dea4d625', '69600a23-367f-5d01-95b3-e1249469bc0a', 'CANCELLED', '[{"sku": "CUP", "quantity": 1, "unit_price": {"amount": "7.25", "currency": "EUR"}}]', 7.25, 'EUR', 'changed my mind', '2026-11-26 06:32:50.512391+00', NULL, 3),
	('02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:05.514076+00', '2026-11-26 06:33:05.734759+00', 3),
	('85133ca8-291e-5b0e-8c0f-d40346f4801c', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'PLACED', '[{"sku": "TEA", "quantity": 2, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 9.50, 'EUR', NULL, '2026-11-26 06:33:00.124207+00', '2026-11-26 06:33:00.25751+00', 3),
	('a01b5d36-dcfd-56aa-806c-b42d11148704', '69600a23-367f-5d01-95b3-e1249469bc0a', 'REJECTED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "SCARCE", "quantity": 1, "unit_price": {"amount": "99.00", "currency": "EUR"}}]', 103.75, 'EUR', 'Could not reserve SCARCE: There is not enough in stock.', '2026-11-26 06:32:51.163434+00', '2026-11-26 06:32:51.278515+00', 5),
	('83a8d44c-383f-5473-80ad-09173cddaeb0', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'SHIPPED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.619353+00', '2026-11-26 06:32:50.684304+00', 5),
	('3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', '69600a23-367f-5d01-95b3-e1249469bc0a', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.877765+00', '2026-11-26 06:32:50.953907+00', 4),
	('d7809bc0-72af-584f-b735-b7fd7071eb6b', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'CANCELLED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', 'broken', '2026-11-26 06:32:51.003413+00', '2026-11-26 06:32:51.112817+00', 5),
	('cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.192518+00', '2026-11-26 06:33:10.238009+00', 3),
	('7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.412181+00', '2026-11-26 06:33:10.470975+00', 3),
	('21ce9d40-5e8f-553f-8593-1a72f80c61ca', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:10.547724+00', NULL, 1),
	('cabd3673-cab3-50ca-85fc-b1f32e09dee7', '69600a23-367f-5d01-95b3-e1249469bc0a', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.040718+00', '2026-11-26 06:33:10.087265+00', 3),
	('944c8103-ef19-596b-9a14-dd7c3a2b56db', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.352791+00', '2026-11-26 06:33:10.39164+00', 3),
	('5aca4a05-5900-502a-a069-06c5af62b532', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.263491+00', '2026-11-26 06:33:10.319363+00', 4),
	('bcd100ce-5e57-59bb-b4ab-1e4affa5fb14', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "CUP", "quantity": 1, "unit_price": {"amount": "7.25", "currency": "EUR"}}]', 12.00, 'EUR', NULL, '2026-11-26 06:33:09.838394+00', '2026-11-26 06:33:10.016669+00', 4),
	('88dc316d-7cb6-5bd4-9efb-09bd65ba550d', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.124768+00', '2026-11-26 06:33:10.168481+00', 3),
	('9b08c095-7e9a-5dd9-8706-19408d330ba0', '69600a23-367f-5d01-95b3-e1249469bc0a', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.487265+00', '2026-11-26 06:33:10.52361+00', 3);
INSERT INTO read_staging.orders_v3_history VALUES
	('17b040c2-52af-57cd-a80d-984c4126521f', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:32:50.083756+00', NULL, 1, 13, 14),
	('17b040c2-52af-57cd-a80d-984c4126521f', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "TEA", "quantity": 2, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 9.50, 'EUR', NULL, '2026-11-26 06:32:50.083756+00', NULL, 2, 14, 15),
	('17b040c2-52af-57cd-a80d-984c4126521f', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "TEA", "quantity": 2, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "CUP", "quantity": 3, "unit_price": {"amount": "7.25", "currency": "EUR"}}]', 31.25, 'EUR', NULL, '2026-11-26 06:32:50.083756+00', NULL, 3, 15, 16),
	('17b040c2-52af-57cd-a80d-984c4126521f', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "TEA", "quantity": 2, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "CUP", "quantity": 3, "unit_price": {"amount": "7.25", "currency": "EUR"}}, {"sku": "POT", "quantity": 1, "unit_price": {"amount": "31.00", "currency": "EUR"}}]', 62.25, 'EUR', NULL, '2026-11-26 06:32:50.083756+00', NULL, 4, 16, 17),
	('17b040c2-52af-57cd-a80d-984c4126521f', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "TEA", "quantity": 5, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "CUP", "quantity": 3, "unit_price": {"amount": "7.25", "currency": "EUR"}}, {"sku": "POT", "quantity": 1, "unit_price": {"amount": "31.00", "currency": "EUR"}}]', 76.50, 'EUR', NULL, '2026-11-26 06:32:50.083756+00', NULL, 5, 17, 18),
	('17b040c2-52af-57cd-a80d-984c4126521f', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "TEA", "quantity": 5, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "CUP", "quantity": 3, "unit_price": {"amount": "7.25", "currency": "EUR"}}]', 45.50, 'EUR', NULL, '2026-11-26 06:32:50.083756+00', NULL, 6, 18, 19),
	('17b040c2-52af-57cd-a80d-984c4126521f', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "TEA", "quantity": 5, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "CUP", "quantity": 3, "unit_price": {"amount": "7.25", "currency": "EUR"}}, {"sku": "POT", "quantity": 1, "unit_price": {"amount": "31.00", "currency": "EUR"}}]', 76.50, 'EUR', NULL, '2026-11-26 06:32:50.083756+00', NULL, 7, 19, 20),
	('17b040c2-52af-57cd-a80d-984c4126521f', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "TEA", "quantity": 2, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "CUP", "quantity": 3, "unit_price": {"amount": "7.25", "currency": "EUR"}}, {"sku": "POT", "quantity": 1, "unit_price": {"amount": "31.00", "currency": "EUR"}}]', 62.25, 'EUR', NULL, '2026-11-26 06:32:50.083756+00', NULL, 8, 20, 21),
	('17b040c2-52af-57cd-a80d-984c4126521f', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "TEA", "quantity": 5, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "CUP", "quantity": 3, "unit_price": {"amount": "7.25", "currency": "EUR"}}, {"sku": "POT", "quantity": 1, "unit_price": {"amount": "31.00", "currency": "EUR"}}]', 76.50, 'EUR', NULL, '2026-11-26 06:32:50.083756+00', NULL, 9, 21, NULL),
	('3ff50e96-7c48-5b5d-b0b7-1a81d086aa0c', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:32:50.415143+00', NULL, 1, 22, NULL),
	('6b43a5f0-8525-57bf-9675-69a7dea4d625', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:32:50.512391+00', NULL, 1, 23, 24),
	('6b43a5f0-8525-57bf-9675-69a7dea4d625', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[{"sku": "CUP", "quantity": 1, "unit_price": {"amount": "7.25", "currency": "EUR"}}]', 7.25, 'EUR', NULL, '2026-11-26 06:32:50.512391+00', NULL, 2, 24, 25),
	('6b43a5f0-8525-57bf-9675-69a7dea4d625', '69600a23-367f-5d01-95b3-e1249469bc0a', 'CANCELLED', '[{"sku": "CUP", "quantity": 1, "unit_price": {"amount": "7.25", "currency": "EUR"}}]', 7.25, 'EUR', 'changed my mind', '2026-11-26 06:32:50.512391+00', NULL, 3, 25, NULL),
	('83a8d44c-383f-5473-80ad-09173cddaeb0', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:32:50.619353+00', NULL, 1, 26, 27),
	('83a8d44c-383f-5473-80ad-09173cddaeb0', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.619353+00', NULL, 2, 27, 28),
	('83a8d44c-383f-5473-80ad-09173cddaeb0', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.619353+00', '2026-11-26 06:32:50.684304+00', 3, 28, 41),
	('6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:32:50.72713+00', NULL, 1, 29, 32),
	('6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.72713+00', NULL, 2, 32, 34),
	('6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.72713+00', '2026-11-26 06:32:50.815281+00', 3, 34, 45),
	('6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.72713+00', '2026-11-26 06:32:50.815281+00', 4, 45, NULL),
	('3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:32:50.877765+00', NULL, 1, 37, 40),
	('3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.877765+00', NULL, 2, 40, 43),
	('d7809bc0-72af-584f-b735-b7fd7071eb6b', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:32:51.003413+00', NULL, 1, 47, 53),
	('3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', '69600a23-367f-5d01-95b3-e1249469bc0a', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.877765+00', '2026-11-26 06:32:50.953907+00', 3, 43, 58),
	('83a8d44c-383f-5473-80ad-09173cddaeb0', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.619353+00', '2026-11-26 06:32:50.684304+00', 4, 41, 80),
	('d7809bc0-72af-584f-b735-b7fd7071eb6b', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:51.003413+00', NULL, 2, 53, 57),
	('d7809bc0-72af-584f-b735-b7fd7071eb6b', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:51.003413+00', '2026-11-26 06:32:51.112817+00', 3, 57, 69),
	('d7809bc0-72af-584f-b735-b7fd7071eb6b', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:51.003413+00', '2026-11-26 06:32:51.112817+00', 4, 69, 82),
	('d7809bc0-72af-584f-b735-b7fd7071eb6b', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'CANCELLED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', 'broken', '2026-11-26 06:32:51.003413+00', '2026-11-26 06:32:51.112817+00', 5, 82, NULL),
	('3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', '69600a23-367f-5d01-95b3-e1249469bc0a', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.877765+00', '2026-11-26 06:32:50.953907+00', 4, 58, NULL),
	('a01b5d36-dcfd-56aa-806c-b42d11148704', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:32:51.163434+00', NULL, 1, 60, 65),
	('a01b5d36-dcfd-56aa-806c-b42d11148704', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:51.163434+00', NULL, 2, 65, 67),
	('a01b5d36-dcfd-56aa-806c-b42d11148704', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "SCARCE", "quantity": 1, "unit_price": {"amount": "99.00", "currency": "EUR"}}]', 103.75, 'EUR', NULL, '2026-11-26 06:32:51.163434+00', NULL, 3, 67, 70),
	('a01b5d36-dcfd-56aa-806c-b42d11148704', '69600a23-367f-5d01-95b3-e1249469bc0a', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "SCARCE", "quantity": 1, "unit_price": {"amount": "99.00", "currency": "EUR"}}]', 103.75, 'EUR', NULL, '2026-11-26 06:32:51.163434+00', '2026-11-26 06:32:51.278515+00', 4, 70, 78),
	('a01b5d36-dcfd-56aa-806c-b42d11148704', '69600a23-367f-5d01-95b3-e1249469bc0a', 'REJECTED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "SCARCE", "quantity": 1, "unit_price": {"amount": "99.00", "currency": "EUR"}}]', 103.75, 'EUR', 'Could not reserve SCARCE: There is not enough in stock.', '2026-11-26 06:32:51.163434+00', '2026-11-26 06:32:51.278515+00', 5, 78, NULL),
	('83a8d44c-383f-5473-80ad-09173cddaeb0', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'SHIPPED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:32:50.619353+00', '2026-11-26 06:32:50.684304+00', 5, 80, NULL),
	('85133ca8-291e-5b0e-8c0f-d40346f4801c', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:00.124207+00', NULL, 1, 86, 87),
	('85133ca8-291e-5b0e-8c0f-d40346f4801c', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'OPEN', '[{"sku": "TEA", "quantity": 2, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 9.50, 'EUR', NULL, '2026-11-26 06:33:00.124207+00', NULL, 2, 87, 88),
	('85133ca8-291e-5b0e-8c0f-d40346f4801c', '680574a3-4b7e-5537-80cf-a0c431d7367f', 'PLACED', '[{"sku": "TEA", "quantity": 2, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 9.50, 'EUR', NULL, '2026-11-26 06:33:00.124207+00', '2026-11-26 06:33:00.25751+00', 3, 88, NULL),
	('02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:05.514076+00', NULL, 1, 95, 96),
	('02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:05.514076+00', NULL, 2, 96, 97),
	('02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:05.514076+00', '2026-11-26 06:33:05.734759+00', 3, 97, NULL),
	('bcd100ce-5e57-59bb-b4ab-1e4affa5fb14', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:09.838394+00', NULL, 1, 101, 102),
	('bcd100ce-5e57-59bb-b4ab-1e4affa5fb14', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:09.838394+00', NULL, 2, 102, 103),
	('bcd100ce-5e57-59bb-b4ab-1e4affa5fb14', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "CUP", "quantity": 1, "unit_price": {"amount": "7.25", "currency": "EUR"}}]', 12.00, 'EUR', NULL, '2026-11-26 06:33:09.838394+00', NULL, 3, 103, 104),
	('bcd100ce-5e57-59bb-b4ab-1e4affa5fb14', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}, {"sku": "CUP", "quantity": 1, "unit_price": {"amount": "7.25", "currency": "EUR"}}]', 12.00, 'EUR', NULL, '2026-11-26 06:33:09.838394+00', '2026-11-26 06:33:10.016669+00', 4, 104, NULL),
	('cabd3673-cab3-50ca-85fc-b1f32e09dee7', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:10.040718+00', NULL, 1, 105, 106),
	('cabd3673-cab3-50ca-85fc-b1f32e09dee7', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.040718+00', NULL, 2, 106, 107),
	('cabd3673-cab3-50ca-85fc-b1f32e09dee7', '69600a23-367f-5d01-95b3-e1249469bc0a', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.040718+00', '2026-11-26 06:33:10.087265+00', 3, 107, NULL),
	('88dc316d-7cb6-5bd4-9efb-09bd65ba550d', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:10.124768+00', NULL, 1, 110, 112),
	('88dc316d-7cb6-5bd4-9efb-09bd65ba550d', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.124768+00', NULL, 2, 112, 113),
	('88dc316d-7cb6-5bd4-9efb-09bd65ba550d', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.124768+00', '2026-11-26 06:33:10.168481+00', 3, 113, NULL),
	('cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:10.192518+00', NULL, 1, 115, 117),
	('cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.192518+00', NULL, 2, 117, 118),
	('cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.192518+00', '2026-11-26 06:33:10.238009+00', 3, 118, NULL),
	('5aca4a05-5900-502a-a069-06c5af62b532', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:10.263491+00', NULL, 1, 120, 123),
	('5aca4a05-5900-502a-a069-06c5af62b532', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.263491+00', NULL, 2, 123, 124),
	('5aca4a05-5900-502a-a069-06c5af62b532', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.263491+00', '2026-11-26 06:33:10.319363+00', 3, 124, 131),
	('5aca4a05-5900-502a-a069-06c5af62b532', 'ee847f26-54ee-56b0-880b-1b4cb0e94d96', 'CONFIRMED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.263491+00', '2026-11-26 06:33:10.319363+00', 4, 131, NULL),
	('944c8103-ef19-596b-9a14-dd7c3a2b56db', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:10.352791+00', NULL, 1, 127, 130),
	('944c8103-ef19-596b-9a14-dd7c3a2b56db', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.352791+00', NULL, 2, 130, 132),
	('944c8103-ef19-596b-9a14-dd7c3a2b56db', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.352791+00', '2026-11-26 06:33:10.39164+00', 3, 132, NULL),
	('7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:10.412181+00', NULL, 1, 135, 139),
	('7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.412181+00', NULL, 2, 139, 141),
	('7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 'b102ee3e-b2bb-503b-a730-568999310b6c', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.412181+00', '2026-11-26 06:33:10.470975+00', 3, 141, NULL),
	('9b08c095-7e9a-5dd9-8706-19408d330ba0', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:10.487265+00', NULL, 1, 143, 146),
	('9b08c095-7e9a-5dd9-8706-19408d330ba0', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.487265+00', NULL, 2, 146, 148),
	('9b08c095-7e9a-5dd9-8706-19408d330ba0', '69600a23-367f-5d01-95b3-e1249469bc0a', 'PLACED', '[{"sku": "TEA", "quantity": 1, "unit_price": {"amount": "4.75", "currency": "EUR"}}]', 4.75, 'EUR', NULL, '2026-11-26 06:33:10.487265+00', '2026-11-26 06:33:10.52361+00', 3, 148, NULL),
	('21ce9d40-5e8f-553f-8593-1a72f80c61ca', '69600a23-367f-5d01-95b3-e1249469bc0a', 'OPEN', '[]', 0.00, 'EUR', NULL, '2026-11-26 06:33:10.547724+00', NULL, 1, 150, NULL);
INSERT INTO simulated_gateway.calls VALUES
	('74236cf7-8ec8-5812-b899-1aeb6c7dad91', 'authorise', '83a8d44c-383f-5473-80ad-09173cddaeb0', 4.75, 'EUR', 1, '{"reference": "sim-83a8d44c383f"}'),
	('4a510c98-278c-5407-bbf3-05ef13d0bd3f', 'authorise', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 4.75, 'EUR', 1, '{"reference": "sim-6dd21f2f9b50"}'),
	('c985defd-c372-5ea5-b3f7-fbd618c24aa5', 'capture', '83a8d44c-383f-5473-80ad-09173cddaeb0', 4.75, 'EUR', 1, '{}'),
	('390fd0c7-8a2e-502d-9c4b-1ce789ef4b77', 'capture', '6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 4.75, 'EUR', 1, '{}'),
	('cf9f26ee-ab8d-5774-ad58-52cbaa058554', 'authorise', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 4.75, 'EUR', 1, '{"reference": "sim-3ff3297dd0e5"}'),
	('65d7b4ca-fbaf-5ff9-8b56-5b25eae3abb6', 'capture', '3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 4.75, 'EUR', 1, '{}'),
	('4dabbc8f-f839-5388-b308-41840a6d91f0', 'authorise', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 4.75, 'EUR', 1, '{"reference": "sim-d7809bc072af"}'),
	('104ddf41-0ed8-5aa9-811a-626bb5e36100', 'capture', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 4.75, 'EUR', 1, '{}'),
	('fa019a0c-88c8-5596-a509-604800350645', 'call off', 'd7809bc0-72af-584f-b735-b7fd7071eb6b', 0, '', 1, '{"currency": "EUR", "refunded": "4.75"}'),
	('3d4cff65-c44a-5b72-ae22-d63a769bbf00', 'authorise', '85133ca8-291e-5b0e-8c0f-d40346f4801c', 9.50, 'EUR', 4, NULL),
	('39db054b-a858-509d-b163-dd1e531255fd', 'authorise', '02f1ae8c-98eb-5b86-a6ce-db3ca86cc6ea', 4.75, 'EUR', 3, NULL),
	('4b4e068f-7603-545d-9282-a4f95934a782', 'authorise', 'cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 4.75, 'EUR', 1, '{"reference": "sim-cd69ce606eb1"}'),
	('d8ae3d05-b8a4-51df-a14b-886f529e596a', 'authorise', '5aca4a05-5900-502a-a069-06c5af62b532', 4.75, 'EUR', 1, '{"reference": "sim-5aca4a055900"}'),
	('d13fb7fa-1526-5e35-96fa-b8770ff80e22', 'capture', '5aca4a05-5900-502a-a069-06c5af62b532', 4.75, 'EUR', 1, '{}'),
	('c2e66655-b798-5ed7-b17e-b03e965bc793', 'authorise', '944c8103-ef19-596b-9a14-dd7c3a2b56db', 4.75, 'EUR', 1, '{"reference": "sim-944c8103ef19"}'),
	('fa814b0e-591c-5dfd-8d47-e5ee83d64bf7', 'authorise', '7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 4.75, 'EUR', 1, '{"reference": "sim-7e5c6ec9ad3c"}'),
	('40fde67c-192e-5969-9626-aef18c5761c3', 'authorise', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 4.75, 'EUR', 1, '{"reference": "sim-9b08c0957e9a"}'),
	('9e6c7ff1-516d-5310-8565-7d412f3223c9', 'capture', '9b08c095-7e9a-5dd9-8706-19408d330ba0', 4.75, 'EUR', 1, '{}'),
	('7ed71ec3-c8a4-51fb-a43e-94aa159281de', 'authorise', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 35.75, 'EUR', 1, '{"reference": "sim-21ce9d405e8f"}'),
	('5f5be9a3-2b6a-5db0-8d48-962e97755710', 'capture', '21ce9d40-5e8f-553f-8593-1a72f80c61ca', 35.75, 'EUR', 1, '{}'),
	('face4d47-6917-57cc-a2c0-28845adbdddc', 'authorise', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 4.75, 'EUR', 1, '{"reference": "sim-bf07dafd5d64"}'),
	('32aa74cf-3c32-5e5e-9476-34c8ae046605', 'capture', 'bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 4.75, 'EUR', 1, '{}'),
	('bf627296-9241-56d0-8af9-7b6d88cf9472', 'authorise', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 4.75, 'EUR', 1, '{"reference": "sim-b0dd473f9812"}'),
	('51c969ee-69f6-5bdb-8a45-7f7a9af10eb9', 'capture', 'b0dd473f-9812-54b5-b2d0-26c0e76a0940', 4.75, 'EUR', 1, '{}'),
	('43ac9330-27e3-58d0-8e9b-337998b0b989', 'authorise', '95188e2b-5e73-5567-bdf7-e1910f81d027', 1313.13, 'EUR', 1, '{"refused": "insufficient funds"}'),
	('53b0062e-9f02-532e-a03a-d4e4c58df845', 'authorise', '0cedd612-a08e-53ab-90ad-f96bd10727c2', 4.75, 'EUR', 1, '{"reference": "sim-0cedd612a08e"}'),
	('0aaa7654-de59-5c8c-8451-9a91b1464dc8', 'authorise', '310d1894-d392-5e07-a1cc-4d4b245805be', 4.75, 'EUR', 1, '{"reference": "sim-310d1894d392"}'),
	('eaf135c0-afdd-533e-96b9-2d8e0f3d1039', 'authorise', '98352393-1372-550d-80c7-1e88afb92621', 4.75, 'EUR', 1, '{"reference": "sim-983523931372"}'),
	('f558d432-8167-5e2d-a81c-013004343ea5', 'capture', '98352393-1372-550d-80c7-1e88afb92621', 4.75, 'EUR', 1, '{}'),
	('bd321e83-70c1-51e7-a8a7-d1df785c35e0', 'call off', '310d1894-d392-5e07-a1cc-4d4b245805be', 0, '', 1, '{}'),
	('f7c7788b-235d-5da0-baed-7cbfec58fdc5', 'call off', '98352393-1372-550d-80c7-1e88afb92621', 0, '', 1, '{"currency": "EUR", "refunded": "4.75"}');
INSERT INTO simulated_gateway.payments VALUES
	('83a8d44c-383f-5473-80ad-09173cddaeb0', 'EUR', 4.75, 4.75, 0, false),
	('6dd21f2f-9b50-5aac-bf7a-1f620f3e1438', 'EUR', 4.75, 4.75, 0, false),
	('3ff3297d-d0e5-5b85-b3c5-e7ef5833ffa9', 'EUR', 4.75, 4.75, 0, false),
	('d7809bc0-72af-584f-b735-b7fd7071eb6b', 'EUR', 4.75, 4.75, 4.75, true),
	('cd69ce60-6eb1-5d2a-98e0-8116c4557d13', 'EUR', 4.75, 0, 0, false),
	('5aca4a05-5900-502a-a069-06c5af62b532', 'EUR', 4.75, 4.75, 0, false),
	('944c8103-ef19-596b-9a14-dd7c3a2b56db', 'EUR', 4.75, 0, 0, false),
	('7e5c6ec9-ad3c-5970-918d-8a0dc9dca39c', 'EUR', 4.75, 0, 0, false),
	('9b08c095-7e9a-5dd9-8706-19408d330ba0', 'EUR', 4.75, 4.75, 0, false),
	('21ce9d40-5e8f-553f-8593-1a72f80c61ca', 'EUR', 35.75, 35.75, 0, false),
	('bf07dafd-5d64-5244-b5ba-9a85089c2ce6', 'EUR', 4.75, 4.75, 0, false),
	('b0dd473f-9812-54b5-b2d0-26c0e76a0940', 'EUR', 4.75, 4.75, 0, false),
	('95188e2b-5e73-5567-bdf7-e1910f81d027', '', 0, 0, 0, false),
	('0cedd612-a08e-53ab-90ad-f96bd10727c2', 'EUR', 4.75, 0, 0, false),
	('310d1894-d392-5e07-a1cc-4d4b245805be', 'EUR', 4.75, 0, 0, true),
	('98352393-1372-550d-80c7-1e88afb92621', 'EUR', 4.75, 4.75, 4.75, true);
SELECT pg_catalog.setval('es.checkpoints_build_seq', 22, true);
SELECT pg_catalog.setval('es.process_steps_seq_seq', 164, true);
ALTER TABLE ONLY es.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY es.checkpoints
    ADD CONSTRAINT checkpoints_pkey PRIMARY KEY (projection, version, slot);
ALTER TABLE ONLY es.commands
    ADD CONSTRAINT commands_pkey PRIMARY KEY (command_id);
ALTER TABLE ONLY es.events
    ADD CONSTRAINT events_pkey PRIMARY KEY ("position");
ALTER TABLE ONLY es.events
    ADD CONSTRAINT events_stream UNIQUE (category, stream_id, version);
ALTER TABLE ONLY es.parked
    ADD CONSTRAINT parked_pkey PRIMARY KEY (projection, version, slot, key);
ALTER TABLE ONLY es.process_checkpoints
    ADD CONSTRAINT process_checkpoints_pkey PRIMARY KEY (process);
ALTER TABLE ONLY es.process_deadlines
    ADD CONSTRAINT process_deadlines_pkey PRIMARY KEY (process, instance, name);
ALTER TABLE ONLY es.process_steps
    ADD CONSTRAINT process_steps_pkey PRIMARY KEY (id);
ALTER TABLE ONLY es.processes
    ADD CONSTRAINT processes_pkey PRIMARY KEY (process, id);
ALTER TABLE ONLY es.rebuilds
    ADD CONSTRAINT rebuilds_pkey PRIMARY KEY (projection, version, slot);
ALTER TABLE ONLY es.seals
    ADD CONSTRAINT seals_first_position_key UNIQUE (first_position);
ALTER TABLE ONLY es.seals
    ADD CONSTRAINT seals_hash_key UNIQUE (hash);
ALTER TABLE ONLY es.seals
    ADD CONSTRAINT seals_pkey PRIMARY KEY (number);
ALTER TABLE ONLY es.skipped
    ADD CONSTRAINT skipped_pkey PRIMARY KEY (projection, version, key, "position");
ALTER TABLE ONLY es.snapshots
    ADD CONSTRAINT snapshots_pkey PRIMARY KEY (stream_id, category, mark, version);
ALTER TABLE ONLY read.customers_v1
    ADD CONSTRAINT customers_v1_pkey PRIMARY KEY (id);
ALTER TABLE ONLY read.daily_sales_v1
    ADD CONSTRAINT daily_sales_v1_pkey PRIMARY KEY (day, currency);
ALTER TABLE ONLY read.orders_v3_history
    ADD CONSTRAINT orders_v3_history_pkey PRIMARY KEY (id, valid_from);
ALTER TABLE ONLY read.orders_v3
    ADD CONSTRAINT orders_v3_pkey PRIMARY KEY (id);
ALTER TABLE ONLY read.payments_v2_history
    ADD CONSTRAINT payments_v2_history_pkey PRIMARY KEY (id, valid_from);
ALTER TABLE ONLY read.payments_v2
    ADD CONSTRAINT payments_v2_pkey PRIMARY KEY (id);
ALTER TABLE ONLY read.products_v2_history
    ADD CONSTRAINT products_v2_history_pkey PRIMARY KEY (id, valid_from);
ALTER TABLE ONLY read.products_v2
    ADD CONSTRAINT products_v2_pkey PRIMARY KEY (id);
ALTER TABLE ONLY read_former.customers_v1
    ADD CONSTRAINT customers_v1_pkey PRIMARY KEY (id);
ALTER TABLE ONLY read_staging.orders_v3_history
    ADD CONSTRAINT orders_v3_history_pkey PRIMARY KEY (id, valid_from);
ALTER TABLE ONLY read_staging.orders_v3
    ADD CONSTRAINT orders_v3_pkey PRIMARY KEY (id);
ALTER TABLE ONLY simulated_gateway.calls
    ADD CONSTRAINT calls_pkey PRIMARY KEY (key);
ALTER TABLE ONLY simulated_gateway.payments
    ADD CONSTRAINT payments_pkey PRIMARY KEY (payment_id);
CREATE INDEX events_correlation ON es.events USING btree (correlation_id, "position");
CREATE INDEX parked_asked ON es.parked USING btree (projection, version, slot) WHERE (asked_at IS NOT NULL);
CREATE INDEX process_deadlines_due ON es.process_deadlines USING btree (process, due);
CREATE INDEX process_steps_instance ON es.process_steps USING btree (process, instance, seq);
CREATE INDEX process_steps_open ON es.process_steps USING btree (process, outcome, seq) WHERE (outcome = ANY (ARRAY['due'::text, 'stuck'::text]));
CREATE INDEX processes_began ON es.processes USING btree (process, began DESC, id);
CREATE INDEX processes_parked ON es.processes USING btree (process) WHERE (parked_position IS NOT NULL);
CREATE INDEX orders_v3_customer_id_opened_at_id ON read.orders_v3 USING btree (customer_id, opened_at, id);
CREATE INDEX orders_v3_history_customer_id_opened_at_id ON read.orders_v3_history USING btree (customer_id, opened_at, id);
CREATE INDEX orders_v3_history_opened_at_id ON read.orders_v3_history USING btree (opened_at, id);
CREATE INDEX orders_v3_history_placed_at ON read.orders_v3_history USING btree (placed_at);
CREATE INDEX orders_v3_history_total_id ON read.orders_v3_history USING btree (total, id);
CREATE INDEX orders_v3_opened_at_id ON read.orders_v3 USING btree (opened_at, id);
CREATE INDEX orders_v3_placed_at ON read.orders_v3 USING btree (placed_at);
CREATE INDEX orders_v3_total_id ON read.orders_v3 USING btree (total, id);
CREATE INDEX payments_v2_history_order_id ON read.payments_v2_history USING btree (order_id);
CREATE INDEX payments_v2_order_id ON read.payments_v2 USING btree (order_id);
CREATE INDEX products_v2_history_name_sku ON read.products_v2_history USING btree (name, sku);
CREATE INDEX products_v2_history_price_sku ON read.products_v2_history USING btree (price, sku);
CREATE INDEX products_v2_history_sku ON read.products_v2_history USING btree (sku);
CREATE INDEX products_v2_name_sku ON read.products_v2 USING btree (name, sku);
CREATE INDEX products_v2_price_sku ON read.products_v2 USING btree (price, sku);
CREATE INDEX products_v2_sku ON read.products_v2 USING btree (sku);
CREATE TRIGGER commands_stay BEFORE DELETE OR UPDATE OR TRUNCATE ON es.commands FOR EACH STATEMENT EXECUTE FUNCTION es.refuse_change();
CREATE TRIGGER events_stay BEFORE DELETE OR UPDATE OR TRUNCATE ON es.events FOR EACH STATEMENT EXECUTE FUNCTION es.refuse_change();
CREATE TRIGGER seals_stay BEFORE DELETE OR UPDATE OR TRUNCATE ON es.seals FOR EACH STATEMENT EXECUTE FUNCTION es.refuse_change();

