CREATE SCHEMA es;
CREATE SCHEMA read;
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
            FROM asked a LEFT JOIN es.commands k ON k.command_id = a.id
            ORDER BY a.category, a.stream, a.n
        LOOP
            i := item.n;
            IF item.turn = 1 THEN
                running := item.version;
            END IF;
            IF item.seen THEN
                statuses[i] := 'duplicate';
            ELSIF item.repeat > 1 THEN
                statuses[i] := 'twin';
                twins[i] := item.twin;
            ELSIF c_expected[i] = running THEN
                statuses[i] := 'accepted';
                running := running + c_events[i];
            END IF;
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
             LEFT JOIN es.commands k ON c.status = 'duplicate' AND k.command_id = c.id
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
CREATE TABLE es.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE es.checkpoints (
    projection text NOT NULL,
    version integer NOT NULL,
    "position" bigint DEFAULT 0 NOT NULL,
    owner text,
    moved_at timestamp with time zone DEFAULT now() NOT NULL
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
CREATE TABLE read.orders_v1 (
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
CREATE TABLE read.products_v1 (
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
INSERT INTO es.alembic_version VALUES
	('0001');
INSERT INTO es.checkpoints VALUES
	('daily_sales', 1, 203, NULL, '2026-11-23 18:04:50.90322+00'),
	('products', 1, 203, NULL, '2026-11-23 18:04:50.903905+00'),
	('orders', 1, 203, NULL, '2026-11-23 18:04:50.903955+00'),
	('customers', 1, 203, NULL, '2026-11-23 18:04:50.906207+00');
INSERT INTO es.commands VALUES
	('293e4a13-ed48-5034-ba34-bb1872e3a692', 'Register', 'product', 'dda0f85d-ffbe-5f3b-9a1c-88f107c81199', 1, 1, 1, NULL),
	('40a0f623-3c29-581c-ae75-6f084fc2e375', 'ReceiveStock', 'product', 'dda0f85d-ffbe-5f3b-9a1c-88f107c81199', 2, 2, 2, NULL),
	('50e6a93b-f163-57b5-bd36-7a9dc0efa9cc', 'Register', 'product', 'e8f1b559-11f8-5bd6-b332-c703f493c999', 1, 3, 3, NULL),
	('a1c68cb7-d073-5bf8-a93e-916cd62fdbd9', 'ReceiveStock', 'product', 'e8f1b559-11f8-5bd6-b332-c703f493c999', 2, 4, 4, NULL),
	('c118f9a8-3f4e-5a7c-a3ca-cd1802e07e66', 'Register', 'product', '0abfe3c9-661e-501d-9483-fa73972e6bba', 1, 5, 5, NULL),
	('afc51923-567f-5d1d-824d-d1acbfad7ddc', 'ReceiveStock', 'product', '0abfe3c9-661e-501d-9483-fa73972e6bba', 2, 6, 6, NULL),
	('0f07b99d-9e2a-5f74-9228-aa3fac9d6f5f', 'Register', 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 1, 7, 7, NULL),
	('6a19c7d8-0683-5e72-8b93-c78039ddf2f0', 'ReceiveStock', 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 2, 8, 8, NULL),
	('5a0d72db-1915-54b9-8573-0ffc6bc659f1', 'OpenOrder', 'order', '2dc85abd-65c4-5f83-bd60-ef81df6609b4', 1, 9, 9, NULL),
	('bee9710d-465b-56e5-ab6a-6d8ca980ede2', 'AddLine', 'order', '2dc85abd-65c4-5f83-bd60-ef81df6609b4', 2, 10, 10, NULL),
	('5c1bd6ca-2720-5b6d-af4d-489815205d25', 'ChangeQuantity', 'order', '2dc85abd-65c4-5f83-bd60-ef81df6609b4', 3, 11, 11, NULL),
	('2690ed4c-0a0a-5001-95a6-a1cd8f1e22ca', 'PlaceOrder', 'order', '2dc85abd-65c4-5f83-bd60-ef81df6609b4', 4, 12, 12, NULL),
	('2b894d5d-414d-5342-b199-7f9faeb9ccaa', 'ReserveStock', 'product', 'e8f1b559-11f8-5bd6-b332-c703f493c999', 3, 13, 13, NULL),
	('8c6de06b-f600-5e2d-bc31-14708d1184e4', 'ConfirmOrder', 'order', '2dc85abd-65c4-5f83-bd60-ef81df6609b4', 5, 14, 14, NULL),
	('3c7f8522-c9d0-5995-b212-549f824ef8cc', 'ShipOrder', 'order', '2dc85abd-65c4-5f83-bd60-ef81df6609b4', 6, 15, 15, NULL),
	('9ef30c94-e717-5dfa-8e63-bba29c2e9617', 'DispatchStock', 'product', 'e8f1b559-11f8-5bd6-b332-c703f493c999', 4, 16, 16, NULL),
	('12c935c1-5529-5d87-878e-73c38a91d1ba', 'OpenOrder', 'order', '772effd7-9c3a-52f1-a5bd-56b227abe772', 1, 17, 17, NULL),
	('698bfa9f-6be2-5526-83ef-bdbbdf6f78fd', 'AddLine', 'order', '772effd7-9c3a-52f1-a5bd-56b227abe772', 2, 18, 18, NULL),
	('f7ed8382-77e6-5396-a220-0f25939f3d55', 'AddLine', 'order', '772effd7-9c3a-52f1-a5bd-56b227abe772', 3, 19, 19, NULL),
	('fd24d5da-fc38-5f55-8dd7-14354cdcd358', 'ChangePrice', 'product', 'e8f1b559-11f8-5bd6-b332-c703f493c999', 5, 20, 20, NULL),
	('01da16da-a0d1-542f-a172-fba4ae75b915', 'PlaceOrder', 'order', '772effd7-9c3a-52f1-a5bd-56b227abe772', 4, 21, 21, NULL),
	('16a42bda-feab-5b99-913d-62bf4136cb46', 'RejectOrder', 'order', '772effd7-9c3a-52f1-a5bd-56b227abe772', 5, 22, 22, NULL),
	('79790a27-b0fb-5c94-a7e6-ddeff043a1a5', 'OpenOrder', 'order', '0250271f-730f-5b44-ac10-46bd7219429b', 1, 23, 23, NULL),
	('9d6d45bc-ec67-5089-b9b8-3da9ea5d200e', 'AddLine', 'order', '0250271f-730f-5b44-ac10-46bd7219429b', 2, 24, 24, NULL),
	('94bb5321-a3e7-54af-813c-f0248c9c1eb9', 'PlaceOrder', 'order', '0250271f-730f-5b44-ac10-46bd7219429b', 3, 25, 25, NULL),
	('61d090fd-b76d-5a4e-a38d-3ef2156fcec4', 'CancelOrder', 'order', '0250271f-730f-5b44-ac10-46bd7219429b', 4, 26, 26, NULL),
	('fd2354be-1a43-5ab7-a919-baf3926a68b3', 'OpenOrder', 'order', '9073550b-be14-55c5-9d31-09a3472a3d2d', 1, 27, 27, NULL),
	('687992ce-11d5-5a7d-8283-5de9a558f2d8', 'AddLine', 'order', '9073550b-be14-55c5-9d31-09a3472a3d2d', 2, 28, 28, NULL),
	('9bd395cc-4030-5ddf-a1cd-f4f6c0995d5d', 'AddLine', 'order', '9073550b-be14-55c5-9d31-09a3472a3d2d', 3, 29, 29, NULL),
	('93ebdd86-a5c8-5298-a772-1547b176c320', 'ChangeQuantity', 'order', '9073550b-be14-55c5-9d31-09a3472a3d2d', 4, 30, 30, NULL),
	('4d80473a-5f29-506f-a49a-6e282103b1c4', 'PlaceOrder', 'order', '9073550b-be14-55c5-9d31-09a3472a3d2d', 5, 31, 31, NULL),
	('2b690ec7-d250-57c1-a78a-2fcc121849f6', 'ReserveStock', 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 3, 32, 32, NULL),
	('828f7288-6ee7-514f-a0dd-0cf0d262f11f', 'ReleaseReservation', 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 4, 33, 33, NULL),
	('f4373268-44b9-5a8a-8fe3-baf87dbc7166', 'OpenOrder', 'order', 'a3b7e7bd-e22b-5355-8456-affa2a43731d', 1, 34, 34, NULL),
	('116570b4-052c-5297-9cd6-9cddb254fd09', 'AddLine', 'order', 'a3b7e7bd-e22b-5355-8456-affa2a43731d', 2, 35, 35, NULL),
	('7acc78e9-e962-5f02-b099-7348995ecf29', 'AddLine', 'order', 'a3b7e7bd-e22b-5355-8456-affa2a43731d', 3, 36, 36, NULL),
	('c86efb7e-88a1-5852-8670-6cc55851cd4c', 'AddLine', 'order', 'a3b7e7bd-e22b-5355-8456-affa2a43731d', 4, 37, 37, NULL),
	('130df297-e224-510c-a302-1fd1eac55dee', 'RemoveLine', 'order', 'a3b7e7bd-e22b-5355-8456-affa2a43731d', 5, 38, 38, NULL),
	('fec37a57-d965-5710-b0ee-abcc38fcc58f', 'CancelOrder', 'order', 'a3b7e7bd-e22b-5355-8456-affa2a43731d', 6, 39, 39, NULL),
	('e07ec774-0077-559c-98da-0c4d60a1e553', 'OpenOrder', 'order', '78bdf244-0222-5af8-8dbd-e4af2eaa0a06', 1, 40, 40, NULL),
	('9557c4b9-e110-5c07-82d5-e2253c2a2397', 'AddLine', 'order', '78bdf244-0222-5af8-8dbd-e4af2eaa0a06', 2, 41, 41, NULL),
	('6084e305-8a21-5e75-9316-e8928cf9551f', 'OpenOrder', 'order', 'efbede25-5334-5e26-aef5-9040a98aa239', 1, 42, 42, NULL),
	('4bd29259-da0b-537c-a97d-3a8b3b06cf93', 'AddLine', 'order', 'efbede25-5334-5e26-aef5-9040a98aa239', 2, 43, 43, NULL),
	('a98a5103-42b4-5b08-88be-2e0f42391bed', 'AddLine', 'order', 'efbede25-5334-5e26-aef5-9040a98aa239', 3, 44, 44, NULL),
	('630e0fbe-892e-5cd9-8db8-bb9e02baa7d1', 'AddLine', 'order', 'efbede25-5334-5e26-aef5-9040a98aa239', 4, 45, 45, NULL),
	('1a76522a-c61b-5217-bb5f-d46a31fe023a', 'ChangeQuantity', 'order', 'efbede25-5334-5e26-aef5-9040a98aa239', 5, 46, 46, NULL),
	('111706ca-28bd-596a-95ee-d36848734164', 'PlaceOrder', 'order', 'efbede25-5334-5e26-aef5-9040a98aa239', 6, 47, 47, NULL),
	('5886ade1-e4d0-5d6a-b4cb-e54e0fd3b6e7', 'RejectOrder', 'order', 'efbede25-5334-5e26-aef5-9040a98aa239', 7, 48, 48, NULL),
	('b30ea5dd-5124-5279-ae42-985fd20a488c', 'OpenOrder', 'order', 'c5894175-43ff-52cd-824a-00bf00d93584', 1, 49, 49, NULL),
	('a30b8d19-5a45-5886-af2f-ae2a53843554', 'AddLine', 'order', 'c5894175-43ff-52cd-824a-00bf00d93584', 2, 50, 50, NULL),
	('5f98cb00-fe81-58f7-9028-e158965f404c', 'AddLine', 'order', 'c5894175-43ff-52cd-824a-00bf00d93584', 3, 51, 51, NULL),
	('b4032f24-644d-5a47-94e5-6ae95a46f66e', 'PlaceOrder', 'order', 'c5894175-43ff-52cd-824a-00bf00d93584', 4, 52, 52, NULL),
	('89c30bdc-31fc-5ab7-b99b-a78230a76321', 'CancelOrder', 'order', 'c5894175-43ff-52cd-824a-00bf00d93584', 5, 53, 53, NULL),
	('c4fd03b9-ba66-5b32-a70b-f75699b45555', 'OpenOrder', 'order', '76ea8957-db2d-5229-b96a-f71dc9f9833c', 1, 54, 54, NULL),
	('8c08b390-6352-520a-8de5-cb8559230cd1', 'AddLine', 'order', '76ea8957-db2d-5229-b96a-f71dc9f9833c', 2, 55, 55, NULL),
	('835270c2-e7ae-5624-bec6-c72aeebfc7ae', 'AddLine', 'order', '76ea8957-db2d-5229-b96a-f71dc9f9833c', 3, 56, 56, NULL),
	('b04d6590-d67f-5156-b0bd-39c67cc34ef8', 'AddLine', 'order', '76ea8957-db2d-5229-b96a-f71dc9f9833c', 4, 57, 57, NULL),
	('6de838ad-c16d-5e22-9518-cd64f8f37caf', 'RemoveLine', 'order', '76ea8957-db2d-5229-b96a-f71dc9f9833c', 5, 58, 58, NULL),
	('a610eb2a-0134-5638-9f32-18b5eee1d174', 'ChangePrice', 'product', 'dda0f85d-ffbe-5f3b-9a1c-88f107c81199', 3, 59, 59, NULL),
	('333b562b-7504-505f-9d94-0aa066da023e', 'PlaceOrder', 'order', '76ea8957-db2d-5229-b96a-f71dc9f9833c', 6, 60, 60, NULL),
	('899de381-1898-5f1c-9136-07fbb79bf13b', 'ReserveStock', 'product', 'dda0f85d-ffbe-5f3b-9a1c-88f107c81199', 4, 61, 61, NULL),
	('e0153ca0-1676-5cd6-8f67-1f3482c1b2e4', 'ReleaseReservation', 'product', 'dda0f85d-ffbe-5f3b-9a1c-88f107c81199', 5, 62, 62, NULL),
	('527d8d46-289e-53de-b856-b06f4d56018e', 'OpenOrder', 'order', '40bdf378-52aa-5d0d-a34a-b9b3e2e22369', 1, 63, 63, NULL),
	('6b909f49-34b9-5a27-84c7-7285887c234f', 'AddLine', 'order', '40bdf378-52aa-5d0d-a34a-b9b3e2e22369', 2, 64, 64, NULL),
	('eae8e2fe-af2b-57fb-b8e0-f92217c6cf0a', 'ChangeQuantity', 'order', '40bdf378-52aa-5d0d-a34a-b9b3e2e22369', 3, 65, 65, NULL),
	('039fd654-0afe-58d4-9481-ac7582a4af81', 'PlaceOrder', 'order', '40bdf378-52aa-5d0d-a34a-b9b3e2e22369', 4, 66, 66, NULL),
	('70451e0d-ef86-5cb0-9284-7e5ad6fc8080', 'OpenOrder', 'order', '8c8e4917-3ba3-5aa6-a443-9669d9bbad66', 1, 67, 67, NULL),
	('e89c8121-15b9-5010-853d-4ed0447d3216', 'AddLine', 'order', '8c8e4917-3ba3-5aa6-a443-9669d9bbad66', 2, 68, 68, NULL),
	('c0b3d061-a416-5209-a94d-fb5573205010', 'AddLine', 'order', '8c8e4917-3ba3-5aa6-a443-9669d9bbad66', 3, 69, 69, NULL),
	('dacddcdc-a79c-5029-acef-80eddfaf0fe8', 'PlaceOrder', 'order', '8c8e4917-3ba3-5aa6-a443-9669d9bbad66', 4, 70, 70, NULL),
	('ea36b836-a2c9-5c4f-a000-250a827102e7', 'ReserveStock', 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 5, 71, 71, NULL),
	('17c56342-ae0d-5371-96dc-55dc40f6a612', 'ConfirmOrder', 'order', '8c8e4917-3ba3-5aa6-a443-9669d9bbad66', 5, 72, 72, NULL),
	('07a63315-f08d-5cf7-9ac2-dbb9262a876c', 'ShipOrder', 'order', '8c8e4917-3ba3-5aa6-a443-9669d9bbad66', 6, 73, 73, NULL),
	('1390404a-91ef-5189-aa06-5712297ac9aa', 'DispatchStock', 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 6, 74, 74, NULL),
	('72e9ee2f-cc09-5032-ae9b-e4cc6af8a65a', 'OpenOrder', 'order', '2c1ed119-fa9e-5340-9c04-cd66cf1a59ac', 1, 75, 75, NULL),
	('a2a800ad-b06e-5932-b98a-e453b4817435', 'AddLine', 'order', '2c1ed119-fa9e-5340-9c04-cd66cf1a59ac', 2, 76, 76, NULL),
	('fda8acc1-8ba4-54c1-90b7-57064995b632', 'AddLine', 'order', '2c1ed119-fa9e-5340-9c04-cd66cf1a59ac', 3, 77, 77, NULL),
	('f2036efa-bb74-54bd-a98d-70743bcf1261', 'PlaceOrder', 'order', '2c1ed119-fa9e-5340-9c04-cd66cf1a59ac', 4, 78, 78, NULL),
	('9a1c1df4-09ad-5952-81e3-50a5cd26f158', 'RejectOrder', 'order', '2c1ed119-fa9e-5340-9c04-cd66cf1a59ac', 5, 79, 79, NULL),
	('99f5cd35-963c-50c4-8339-578ffa699507', 'OpenOrder', 'order', 'fd3c4dbb-738e-5d8c-b9cb-4841b9c30bdb', 1, 80, 80, NULL),
	('86487ce2-cee5-561e-a5d9-cf5e27a3d68a', 'AddLine', 'order', 'fd3c4dbb-738e-5d8c-b9cb-4841b9c30bdb', 2, 81, 81, NULL),
	('7f2b9247-4261-5052-9b14-97de5af82f88', 'AddLine', 'order', 'fd3c4dbb-738e-5d8c-b9cb-4841b9c30bdb', 3, 82, 82, NULL),
	('f386d7a0-9e18-5f5c-aade-c5b1227d88a7', 'AddLine', 'order', 'fd3c4dbb-738e-5d8c-b9cb-4841b9c30bdb', 4, 83, 83, NULL),
	('1854c47a-d81d-5d18-9124-631470fa04b7', 'ChangeQuantity', 'order', 'fd3c4dbb-738e-5d8c-b9cb-4841b9c30bdb', 5, 84, 84, NULL),
	('56859ae4-dec0-55e0-9a7e-bff191516e63', 'RemoveLine', 'order', 'fd3c4dbb-738e-5d8c-b9cb-4841b9c30bdb', 6, 85, 85, NULL),
	('ff053942-373c-5da0-b734-93cc85d20c2c', 'PlaceOrder', 'order', 'fd3c4dbb-738e-5d8c-b9cb-4841b9c30bdb', 7, 86, 86, NULL),
	('7fd2ac3f-a4c7-59a5-ba7a-30425c933be6', 'CancelOrder', 'order', 'fd3c4dbb-738e-5d8c-b9cb-4841b9c30bdb', 8, 87, 87, NULL),
	('95525999-24c7-56b3-a8c7-251dcb2ab6e8', 'OpenOrder', 'order', '150718cb-3741-5b9d-8af5-d398bd13c8ac', 1, 88, 88, NULL),
	('2c520e7a-d856-57c1-a375-26d0da206a59', 'AddLine', 'order', '150718cb-3741-5b9d-8af5-d398bd13c8ac', 2, 89, 89, NULL),
	('0360f86a-fbdf-56b8-b0df-3d3c4339a75b', 'AddLine', 'order', '150718cb-3741-5b9d-8af5-d398bd13c8ac', 3, 90, 90, NULL),
	('08163638-70b2-5341-8870-434d8646755e', 'AddLine', 'order', '150718cb-3741-5b9d-8af5-d398bd13c8ac', 4, 91, 91, NULL),
	('dc962139-286f-5812-90a0-a47740477a1d', 'CancelOrder', 'order', '150718cb-3741-5b9d-8af5-d398bd13c8ac', 5, 92, 92, NULL),
	('0ce23b12-974d-5d5d-9894-d8d1882facb1', 'OpenOrder', 'order', '6f612b01-5d7f-5740-ac7e-2e018064591c', 1, 93, 93, NULL),
	('c8c8f379-3643-5dcc-8c75-b3b4f5ab076e', 'AddLine', 'order', '6f612b01-5d7f-5740-ac7e-2e018064591c', 2, 94, 94, NULL),
	('f370c2d2-6ca9-5c7e-8308-542d31aabd48', 'AddLine', 'order', '6f612b01-5d7f-5740-ac7e-2e018064591c', 3, 95, 95, NULL),
	('60c04ec6-7897-5bcb-8818-a8fd9af8c5a9', 'OpenOrder', 'order', 'ddb4c86e-f520-5b04-80be-007f465b593b', 1, 96, 96, NULL),
	('7dbfd88b-82de-5537-9703-c0b7f8ed0bc1', 'AddLine', 'order', 'ddb4c86e-f520-5b04-80be-007f465b593b', 2, 97, 97, NULL),
	('84132f38-76b3-5168-990a-fcbf0a7a26ef', 'AddLine', 'order', 'ddb4c86e-f520-5b04-80be-007f465b593b', 3, 98, 98, NULL),
	('b728d396-3051-5425-ac2c-f9043ac6d64b', 'AddLine', 'order', 'ddb4c86e-f520-5b04-80be-007f465b593b', 4, 99, 99, NULL),
	('63cfc925-23ef-54ec-88e4-c865dbf651e7', 'ChangeQuantity', 'order', 'ddb4c86e-f520-5b04-80be-007f465b593b', 5, 100, 100, NULL);
INSERT INTO es.commands VALUES
	('be94965c-feab-58cb-98d2-d620ff6ae543', 'ChangePrice', 'product', 'e8f1b559-11f8-5bd6-b332-c703f493c999', 6, 101, 101, NULL),
	('4e91abdd-d1ac-58dd-947d-bf2d3aaee4ed', 'PlaceOrder', 'order', 'ddb4c86e-f520-5b04-80be-007f465b593b', 6, 102, 102, NULL),
	('da1cd8c6-805c-5ec8-9537-4c4daccdda77', 'ReserveStock', 'product', 'e8f1b559-11f8-5bd6-b332-c703f493c999', 7, 103, 103, NULL),
	('29514d9d-b550-5321-8134-293b84456068', 'ConfirmOrder', 'order', 'ddb4c86e-f520-5b04-80be-007f465b593b', 7, 104, 104, NULL),
	('986af204-5bdc-5d0a-98b3-9d4412bf3ed4', 'ShipOrder', 'order', 'ddb4c86e-f520-5b04-80be-007f465b593b', 8, 105, 105, NULL),
	('6655a569-358d-5239-996f-a94eab92f0e6', 'DispatchStock', 'product', 'e8f1b559-11f8-5bd6-b332-c703f493c999', 8, 106, 106, NULL),
	('7f81e508-6660-5bb0-a9c2-309c91f3d634', 'OpenOrder', 'order', '6e01f26c-463d-5f95-9c1b-9c6735797d0d', 1, 107, 107, NULL),
	('8cf3c904-561a-5c0a-884d-392c1543720c', 'AddLine', 'order', '6e01f26c-463d-5f95-9c1b-9c6735797d0d', 2, 108, 108, NULL),
	('8ebbbd6d-e0da-55bf-877e-baa9373f0269', 'AddLine', 'order', '6e01f26c-463d-5f95-9c1b-9c6735797d0d', 3, 109, 109, NULL),
	('f06b5c2e-64e2-50b8-8e86-3c8e738c4ba6', 'RemoveLine', 'order', '6e01f26c-463d-5f95-9c1b-9c6735797d0d', 4, 110, 110, NULL),
	('9cef8951-b0f4-5533-985e-88a8acbf6eb9', 'PlaceOrder', 'order', '6e01f26c-463d-5f95-9c1b-9c6735797d0d', 5, 111, 111, NULL),
	('42b2825d-fc3b-5cbd-96cd-898cdace89ec', 'RejectOrder', 'order', '6e01f26c-463d-5f95-9c1b-9c6735797d0d', 6, 112, 112, NULL),
	('b872e33f-b38e-562b-93b8-5c1463aa7b80', 'OpenOrder', 'order', 'f0495789-ce3b-5f7e-9c84-2079edf1ec5a', 1, 113, 113, NULL),
	('2f4eb480-992f-50a7-964c-5368f883817d', 'AddLine', 'order', 'f0495789-ce3b-5f7e-9c84-2079edf1ec5a', 2, 114, 114, NULL),
	('e991560c-bb0d-5eb5-9299-6b2389d6596f', 'AddLine', 'order', 'f0495789-ce3b-5f7e-9c84-2079edf1ec5a', 3, 115, 115, NULL),
	('f3ec7455-15ce-53f6-affb-6b4f8221da1f', 'PlaceOrder', 'order', 'f0495789-ce3b-5f7e-9c84-2079edf1ec5a', 4, 116, 116, NULL),
	('3cb2917b-4a17-5d10-99e2-c17cf527f088', 'CancelOrder', 'order', 'f0495789-ce3b-5f7e-9c84-2079edf1ec5a', 5, 117, 117, NULL),
	('8d13ed03-6b87-5143-9097-aee8bd35cad8', 'OpenOrder', 'order', '382b2f02-a4af-56c0-b1a7-5bd881db8330', 1, 118, 118, NULL),
	('85b32131-1c6e-593c-a48b-985dbc36d11f', 'AddLine', 'order', '382b2f02-a4af-56c0-b1a7-5bd881db8330', 2, 119, 119, NULL),
	('d7b34021-0035-5d67-9e4e-08452beb0e7f', 'AddLine', 'order', '382b2f02-a4af-56c0-b1a7-5bd881db8330', 3, 120, 120, NULL),
	('06366de2-422c-534e-8f1c-03e2691a2cde', 'ChangeQuantity', 'order', '382b2f02-a4af-56c0-b1a7-5bd881db8330', 4, 121, 121, NULL),
	('5ab4265a-83d0-564f-b29b-e947b5f90c59', 'PlaceOrder', 'order', '382b2f02-a4af-56c0-b1a7-5bd881db8330', 5, 122, 122, NULL),
	('c8a6ab9a-8eaf-5374-95ed-9ddd631f0dc8', 'ReserveStock', 'product', 'dda0f85d-ffbe-5f3b-9a1c-88f107c81199', 6, 123, 123, NULL),
	('5f5f0fed-5d64-56a0-88ac-208852683e1b', 'ReleaseReservation', 'product', 'dda0f85d-ffbe-5f3b-9a1c-88f107c81199', 7, 124, 124, NULL),
	('fb45733b-a522-5691-b180-133b0e0eeca1', 'OpenOrder', 'order', '55b8d56d-477d-51e8-9948-13d9de8c2841', 1, 125, 125, NULL),
	('40c3d0e1-3be3-54be-9e16-716117f20e03', 'AddLine', 'order', '55b8d56d-477d-51e8-9948-13d9de8c2841', 2, 126, 126, NULL),
	('f199612c-8725-5b32-af58-48e9424395c6', 'AddLine', 'order', '55b8d56d-477d-51e8-9948-13d9de8c2841', 3, 127, 127, NULL),
	('6210b2a6-4dea-5348-91c1-6449653d588e', 'AddLine', 'order', '55b8d56d-477d-51e8-9948-13d9de8c2841', 4, 128, 128, NULL),
	('47b809a3-3ebd-5f38-b6f4-ba44ab4e4a0c', 'PlaceOrder', 'order', '55b8d56d-477d-51e8-9948-13d9de8c2841', 5, 129, 129, NULL),
	('86a65209-b56e-59b1-a92e-baa80de5199a', 'Register', 'product', 'dda0f85d-ffbe-5f3b-9a1c-88f107c81199', 7, 130, 129, NULL),
	('1b4bf9ca-53f7-5bb3-9650-1468222e933f', 'ReceiveStock', 'product', 'dda0f85d-ffbe-5f3b-9a1c-88f107c81199', 8, 130, 130, NULL),
	('02db99d9-817e-5ff2-8b9a-89f8c1bd82f2', 'Register', 'product', 'e8f1b559-11f8-5bd6-b332-c703f493c999', 8, 131, 130, NULL),
	('0dd009ac-78b7-51cc-a697-636eaf0316ba', 'ReceiveStock', 'product', 'e8f1b559-11f8-5bd6-b332-c703f493c999', 9, 131, 131, NULL),
	('e89b9c9c-9475-5d66-998c-b7d1a9943904', 'Register', 'product', '0abfe3c9-661e-501d-9483-fa73972e6bba', 2, 132, 131, NULL),
	('ac0e759b-ec62-59c4-a5ad-b5a674250e3a', 'ReceiveStock', 'product', '0abfe3c9-661e-501d-9483-fa73972e6bba', 3, 132, 132, NULL),
	('aae605ba-b095-5b58-a973-536aa4800586', 'Register', 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 6, 133, 132, NULL),
	('a4870259-dcaf-5993-b3f9-8891a23defeb', 'ReceiveStock', 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 7, 133, 133, NULL),
	('ee1e75f6-e18a-5bd0-abde-4a2a29835c27', 'OpenOrder', 'order', '126ac1e5-edca-5e09-bafb-d8d3a75b9a71', 1, 134, 134, NULL),
	('38e9269d-c5f7-59ee-8e75-02095e440994', 'AddLine', 'order', '126ac1e5-edca-5e09-bafb-d8d3a75b9a71', 2, 135, 135, NULL),
	('f7c77abe-c843-5916-a491-6de0d1326292', 'PlaceOrder', 'order', '126ac1e5-edca-5e09-bafb-d8d3a75b9a71', 3, 136, 136, NULL),
	('77437bcd-a94b-5d20-8cf3-8a267ccdf381', 'ReserveStock', 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 8, 137, 137, NULL),
	('b50c605d-ab20-57e5-9aae-eee4b941cd5a', 'ConfirmOrder', 'order', '126ac1e5-edca-5e09-bafb-d8d3a75b9a71', 4, 138, 138, NULL),
	('f7801fda-c4f2-5d39-95c4-2c7c9fa75ea3', 'ShipOrder', 'order', '126ac1e5-edca-5e09-bafb-d8d3a75b9a71', 5, 139, 139, NULL),
	('beb0e4ff-3913-5c91-b60d-1edda625376c', 'DispatchStock', 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 9, 140, 140, NULL),
	('f8e3e954-d354-58b3-9188-7529083897f3', 'OpenOrder', 'order', '6aadd262-29e3-5a76-a45a-9be28056d32f', 1, 141, 141, NULL),
	('4f7001e1-95f5-50de-bf3b-939f7633d82f', 'AddLine', 'order', '6aadd262-29e3-5a76-a45a-9be28056d32f', 2, 142, 142, NULL),
	('9c126a2b-139d-5c71-bac2-8679a9869f0c', 'AddLine', 'order', '6aadd262-29e3-5a76-a45a-9be28056d32f', 3, 143, 143, NULL),
	('7d32b361-dfaa-5cc3-8fde-55430022e23e', 'ChangeQuantity', 'order', '6aadd262-29e3-5a76-a45a-9be28056d32f', 4, 144, 144, NULL),
	('87ac8a87-9c94-5702-8231-3239f0bb53cf', 'PlaceOrder', 'order', '6aadd262-29e3-5a76-a45a-9be28056d32f', 5, 145, 145, NULL),
	('5339d43b-1034-5d32-9a36-16114a25eba4', 'RejectOrder', 'order', '6aadd262-29e3-5a76-a45a-9be28056d32f', 6, 146, 146, NULL),
	('8c8ee350-e37a-5a64-8f6a-b061b1f9649c', 'OpenOrder', 'order', 'b7b783db-144b-5aa1-be77-2a21d86f9e00', 1, 147, 147, NULL),
	('72bc0615-d772-5052-bf92-58119811442a', 'AddLine', 'order', 'b7b783db-144b-5aa1-be77-2a21d86f9e00', 2, 148, 148, NULL),
	('dd43c9dc-fdcc-51ab-9510-9f501600f268', 'AddLine', 'order', 'b7b783db-144b-5aa1-be77-2a21d86f9e00', 3, 149, 149, NULL),
	('d8d54475-073f-507a-b197-9f8bdc114ba8', 'ChangePrice', 'product', '0abfe3c9-661e-501d-9483-fa73972e6bba', 4, 150, 150, NULL),
	('9cc19fe0-92ab-552c-8941-6a0a07e8185f', 'CancelOrder', 'order', 'b7b783db-144b-5aa1-be77-2a21d86f9e00', 4, 151, 151, NULL),
	('ddbb1c84-68d5-52b0-a02c-87ae51ca90c4', 'OpenOrder', 'order', 'ce773860-4feb-578f-b9f4-99457adc8c2c', 1, 152, 152, NULL),
	('81af440a-88e3-523b-8805-23c1d54db312', 'AddLine', 'order', 'ce773860-4feb-578f-b9f4-99457adc8c2c', 2, 153, 153, NULL),
	('ecc7bdb8-423b-5a0c-b13b-84c275269a29', 'AddLine', 'order', 'ce773860-4feb-578f-b9f4-99457adc8c2c', 3, 154, 154, NULL),
	('d4470899-eb98-5c56-9de5-99e3f4726597', 'OpenOrder', 'order', 'c2e74ee9-12cb-57d9-b407-9ab912e089ea', 1, 155, 155, NULL),
	('2662ab61-76bd-544c-b388-b1d6083bf260', 'AddLine', 'order', 'c2e74ee9-12cb-57d9-b407-9ab912e089ea', 2, 156, 156, NULL),
	('477f3cf1-1e60-5920-890a-e37d06280a40', 'AddLine', 'order', 'c2e74ee9-12cb-57d9-b407-9ab912e089ea', 3, 157, 157, NULL),
	('63e570a0-fce7-549a-b324-997f744fb981', 'ChangeQuantity', 'order', 'c2e74ee9-12cb-57d9-b407-9ab912e089ea', 4, 158, 158, NULL),
	('6f420160-3182-5d1e-8d3b-2a07e92da4fd', 'RemoveLine', 'order', 'c2e74ee9-12cb-57d9-b407-9ab912e089ea', 5, 159, 159, NULL),
	('8271af30-b5cb-58f2-a15d-d69b5ace0fd2', 'PlaceOrder', 'order', 'c2e74ee9-12cb-57d9-b407-9ab912e089ea', 6, 160, 160, NULL),
	('b12c1cf8-ee06-587a-8a75-e16b5eeac01a', 'OpenOrder', 'order', '75a340b8-5136-55fc-a54c-bf1230071701', 1, 161, 161, NULL),
	('81dd39da-b8ca-5d67-b1e7-41e4d6856dc9', 'AddLine', 'order', '75a340b8-5136-55fc-a54c-bf1230071701', 2, 162, 162, NULL),
	('653246e0-1582-58b0-bb31-c7dd0059883b', 'PlaceOrder', 'order', '75a340b8-5136-55fc-a54c-bf1230071701', 3, 163, 163, NULL),
	('d943b5dc-0c53-515d-840d-e5d23211cfad', 'ReserveStock', 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 10, 164, 164, NULL),
	('328fb4a3-b596-5fb5-86a8-20088be4a5e9', 'ConfirmOrder', 'order', '75a340b8-5136-55fc-a54c-bf1230071701', 4, 165, 165, NULL),
	('d05208e4-f2fb-51b4-90d6-0478184d1b06', 'ShipOrder', 'order', '75a340b8-5136-55fc-a54c-bf1230071701', 5, 166, 166, NULL),
	('9726ee7a-ca95-55f5-9d81-fdfc5eb8709d', 'DispatchStock', 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 11, 167, 167, NULL),
	('82baa1cd-81dc-5fe4-baac-fc660a2330b2', 'OpenOrder', 'order', '7554b015-86fc-576e-8d86-a4e08fd48b31', 1, 168, 168, NULL),
	('ffe07638-1f2d-58b1-b8eb-7a6e35042ea1', 'AddLine', 'order', '7554b015-86fc-576e-8d86-a4e08fd48b31', 2, 169, 169, NULL),
	('c96d2b9c-3b97-5c5b-a992-e211a48ae45e', 'PlaceOrder', 'order', '7554b015-86fc-576e-8d86-a4e08fd48b31', 3, 170, 170, NULL),
	('df46a534-6f2f-5497-954b-3938d7d42528', 'RejectOrder', 'order', '7554b015-86fc-576e-8d86-a4e08fd48b31', 4, 171, 171, NULL),
	('cb1988ca-ef97-524f-9ed9-09c4c1a63285', 'OpenOrder', 'order', '87a39bc1-c45e-560f-8397-1adeecc115e1', 1, 172, 172, NULL),
	('9173e71c-2fe5-5825-a2a6-c59ba4d0c375', 'AddLine', 'order', '87a39bc1-c45e-560f-8397-1adeecc115e1', 2, 173, 173, NULL),
	('d0aefa76-1991-560a-9235-e54f874d150f', 'AddLine', 'order', '87a39bc1-c45e-560f-8397-1adeecc115e1', 3, 174, 174, NULL),
	('a4da81ff-a0f3-5824-b37f-7483e4c34c91', 'AddLine', 'order', '87a39bc1-c45e-560f-8397-1adeecc115e1', 4, 175, 175, NULL),
	('0450a93a-e859-5fb5-a0f3-c94d0858cd4e', 'ChangeQuantity', 'order', '87a39bc1-c45e-560f-8397-1adeecc115e1', 5, 176, 176, NULL),
	('3ab7e44f-00ec-5f30-aab3-4a68d80051e1', 'PlaceOrder', 'order', '87a39bc1-c45e-560f-8397-1adeecc115e1', 6, 177, 177, NULL),
	('7ceebd17-5050-5680-bc0a-cf3b28711824', 'CancelOrder', 'order', '87a39bc1-c45e-560f-8397-1adeecc115e1', 7, 178, 178, NULL),
	('8b753afa-e01a-5ad9-9b41-297f9aa4e2eb', 'OpenOrder', 'order', '4468a6d2-c6c0-5786-9a28-f9a23a6a566c', 1, 179, 179, NULL),
	('6202a750-fded-5b65-8ca6-b79a41cafe35', 'AddLine', 'order', '4468a6d2-c6c0-5786-9a28-f9a23a6a566c', 2, 180, 180, NULL),
	('fd38f721-0c71-572a-a556-02cf57ac31c5', 'AddLine', 'order', '4468a6d2-c6c0-5786-9a28-f9a23a6a566c', 3, 181, 181, NULL),
	('0bafc3d1-227b-5dce-8cd2-bb94086dde35', 'RemoveLine', 'order', '4468a6d2-c6c0-5786-9a28-f9a23a6a566c', 4, 182, 182, NULL),
	('894262ca-5bce-59fa-b3b6-fa1a58dbe515', 'PlaceOrder', 'order', '4468a6d2-c6c0-5786-9a28-f9a23a6a566c', 5, 183, 183, NULL),
	('50090fd9-a177-5721-b761-509b678e262a', 'ReserveStock', 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 12, 184, 184, NULL),
	('a4594f7b-eefa-5d59-a63d-fae0cb216b21', 'ReleaseReservation', 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 13, 185, 185, NULL),
	('66c14dc2-2935-557a-a65f-983e625b74e7', 'OpenOrder', 'order', 'e48c31bc-be0e-54d8-9c13-6eed6a52ed2d', 1, 186, 186, NULL),
	('fafd2665-e8ca-5fe4-8761-75c4fb907e5c', 'AddLine', 'order', 'e48c31bc-be0e-54d8-9c13-6eed6a52ed2d', 2, 187, 187, NULL),
	('718bc9c5-da1d-5448-a72a-b29958db1d87', 'ChangePrice', 'product', 'dda0f85d-ffbe-5f3b-9a1c-88f107c81199', 9, 188, 188, NULL),
	('6ad05461-5a16-5377-9217-8c8a722fab75', 'PlaceOrder', 'order', 'e48c31bc-be0e-54d8-9c13-6eed6a52ed2d', 3, 189, 189, NULL),
	('97b569e7-e572-5fda-a2e2-85be8e2d45cc', 'OpenOrder', 'order', '2f941778-70bf-52a6-93d5-9af0caf6703c', 1, 190, 190, NULL),
	('6fe9c3a1-d637-526a-9b2a-7f8cbf6d5858', 'AddLine', 'order', '2f941778-70bf-52a6-93d5-9af0caf6703c', 2, 191, 191, NULL),
	('f637a168-59ad-5d00-80f9-c495603c7a42', 'AddLine', 'order', '2f941778-70bf-52a6-93d5-9af0caf6703c', 3, 192, 192, NULL),
	('d2d93361-af0a-59da-a9a5-02d1b5bea6c1', 'ChangeQuantity', 'order', '2f941778-70bf-52a6-93d5-9af0caf6703c', 4, 193, 193, NULL),
	('914fb08b-b0fb-5d0b-8af5-18022a813c1b', 'PlaceOrder', 'order', '2f941778-70bf-52a6-93d5-9af0caf6703c', 5, 194, 194, NULL),
	('595d4d5e-e858-58a3-95b2-b49a9b1bc917', 'ReserveStock', 'product', 'dda0f85d-ffbe-5f3b-9a1c-88f107c81199', 10, 195, 195, NULL),
	('6d282f9b-3cc5-53c9-99b2-baceca2a3289', 'ConfirmOrder', 'order', '2f941778-70bf-52a6-93d5-9af0caf6703c', 6, 196, 196, NULL);
INSERT INTO es.commands VALUES
	('9b7f1e4c-22bd-56dd-ba03-1fd7d8de4c6f', 'ShipOrder', 'order', '2f941778-70bf-52a6-93d5-9af0caf6703c', 7, 197, 197, NULL),
	('49bccf26-24bd-591b-8ee4-916d4c7c2693', 'DispatchStock', 'product', 'dda0f85d-ffbe-5f3b-9a1c-88f107c81199', 11, 198, 198, NULL),
	('33adc9d5-fc99-53c8-93ac-ea07166cfbaa', 'OpenOrder', 'order', '0bfd5203-737e-5f92-a3c4-d5428a2596df', 1, 199, 199, NULL),
	('17420e80-84c3-53e9-94b2-cfa9fae60681', 'AddLine', 'order', '0bfd5203-737e-5f92-a3c4-d5428a2596df', 2, 200, 200, NULL),
	('1e529cb0-72ec-5232-b316-b8275238c258', 'AddLine', 'order', '0bfd5203-737e-5f92-a3c4-d5428a2596df', 3, 201, 201, NULL),
	('ad0130a8-3ccc-51bd-815c-db98480f9757', 'AddLine', 'order', '0bfd5203-737e-5f92-a3c4-d5428a2596df', 4, 202, 202, NULL),
	('715fc323-af65-5453-b3a7-4ec6407e5d01', 'CancelOrder', 'order', '0bfd5203-737e-5f92-a3c4-d5428a2596df', 5, 203, 203, NULL);
INSERT INTO es.events VALUES
	(1, 'product', 'dda0f85d-ffbe-5f3b-9a1c-88f107c81199', 1, 'product.registered', 1, '{"sku": "TEA-GREEN", "name": "Tea Green", "price": {"amount": "4.50", "currency": "EUR"}}', '293e4a13-ed48-5034-ba34-bb1872e3a692', '03400917-b102-5231-a211-bda8d9422139', NULL, 'bob', '2024-03-01 09:00:00+00', '2026-11-23 18:04:47.230729+00'),
	(2, 'product', 'dda0f85d-ffbe-5f3b-9a1c-88f107c81199', 2, 'product.stock-received', 1, '{"quantity": 53}', '40a0f623-3c29-581c-ae75-6f084fc2e375', 'd1e07311-f067-55d2-a51b-9cf2cf3b3fcc', NULL, 'ann', '2024-03-01 09:00:00+00', '2026-11-23 18:04:47.258933+00'),
	(3, 'product', 'e8f1b559-11f8-5bd6-b332-c703f493c999', 1, 'product.registered', 1, '{"sku": "MUG-1", "name": "Mug 1", "price": {"amount": "9.50", "currency": "EUR"}}', '50e6a93b-f163-57b5-bd36-7a9dc0efa9cc', '1704547b-c6ab-5ad9-bc09-d318e1f24a21', NULL, 'ann', '2024-03-01 09:00:00+00', '2026-11-23 18:04:47.307599+00'),
	(4, 'product', 'e8f1b559-11f8-5bd6-b332-c703f493c999', 2, 'product.stock-received', 1, '{"quantity": 60}', 'a1c68cb7-d073-5bf8-a93e-916cd62fdbd9', 'cfdefaf7-e90a-5de3-9f2b-c1ee61b05a49', NULL, 'till-3', '2024-03-01 09:00:00+00', '2026-11-23 18:04:47.323461+00'),
	(5, 'product', '0abfe3c9-661e-501d-9483-fa73972e6bba', 1, 'product.registered', 1, '{"sku": "JAM-PLUM", "name": "Jam Plum", "price": {"amount": "3.20", "currency": "EUR"}}', 'c118f9a8-3f4e-5a7c-a3ca-cd1802e07e66', 'e75be922-bb16-5135-912c-adc8063c1747', NULL, 'bob', '2024-03-01 09:00:00+00', '2026-11-23 18:04:47.349843+00'),
	(6, 'product', '0abfe3c9-661e-501d-9483-fa73972e6bba', 2, 'product.stock-received', 1, '{"quantity": 51}', 'afc51923-567f-5d1d-824d-d1acbfad7ddc', '782347a8-02c2-53e3-934b-236cb449ff86', NULL, 'bob', '2024-03-01 09:00:00+00', '2026-11-23 18:04:47.362227+00'),
	(7, 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 1, 'product.registered', 1, '{"sku": "SPOON", "name": "Spoon", "price": {"amount": "0.85", "currency": "EUR"}}', '0f07b99d-9e2a-5f74-9228-aa3fac9d6f5f', '4dd0a57b-de3d-55d5-b3ac-3e9c93513175', NULL, 'ann', '2024-03-01 09:00:00+00', '2026-11-23 18:04:47.389656+00'),
	(8, 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 2, 'product.stock-received', 1, '{"quantity": 39}', '6a19c7d8-0683-5e72-8b93-c78039ddf2f0', 'b1444fb8-4763-5214-be77-79155410619f', NULL, 'ann', '2024-03-01 09:00:00+00', '2026-11-23 18:04:47.403272+00'),
	(9, 'order', '2dc85abd-65c4-5f83-bd60-ef81df6609b4', 1, 'order.opened', 1, '{"customer_id": "6abbb47e-5df0-57e7-b5e2-ae5f2f50b6ac"}', '5a0d72db-1915-54b9-8573-0ffc6bc659f1', '14a28a67-7906-5d3b-918d-63046f7b50d4', NULL, 'ann', '2024-03-05 11:32:00+00', '2026-11-23 18:04:47.439189+00'),
	(10, 'order', '2dc85abd-65c4-5f83-bd60-ef81df6609b4', 2, 'order.line-added', 1, '{"sku": "MUG-1", "quantity": 3, "unit_price": {"amount": "9.50", "currency": "EUR"}}', 'bee9710d-465b-56e5-ab6a-6d8ca980ede2', '33ae186d-6c89-5264-a41e-e5d45142f336', NULL, 'ann', '2024-03-05 11:32:00+00', '2026-11-23 18:04:47.468968+00'),
	(11, 'order', '2dc85abd-65c4-5f83-bd60-ef81df6609b4', 3, 'order.quantity-changed', 1, '{"sku": "MUG-1", "quantity": 5}', '5c1bd6ca-2720-5b6d-af4d-489815205d25', '18a8c841-8410-5e93-94ba-abfb19720737', NULL, 'ann', '2024-03-05 11:32:00+00', '2026-11-23 18:04:47.481096+00'),
	(12, 'order', '2dc85abd-65c4-5f83-bd60-ef81df6609b4', 4, 'order.placed', 1, '{"lines": [{"sku": "MUG-1", "quantity": 5, "unit_price": "9.50"}], "total": "47.50", "placed_at": "2024-03-05T11:32:00Z", "customer_id": "6abbb47e-5df0-57e7-b5e2-ae5f2f50b6ac"}', '2690ed4c-0a0a-5001-95a6-a1cd8f1e22ca', '39b1e3da-5fbc-53c4-991b-f661e60537d9', NULL, 'bob', '2024-03-05 11:32:00+00', '2026-11-23 18:04:47.494457+00'),
	(13, 'product', 'e8f1b559-11f8-5bd6-b332-c703f493c999', 3, 'product.stock-reserved', 1, '{"order_id": "2dc85abd-65c4-5f83-bd60-ef81df6609b4", "quantity": 1}', '2b894d5d-414d-5342-b199-7f9faeb9ccaa', 'e7a6a9d1-4ead-50d7-a421-28f1aa3705ca', NULL, 'bob', '2024-03-05 11:32:00+00', '2026-11-23 18:04:47.515916+00'),
	(14, 'order', '2dc85abd-65c4-5f83-bd60-ef81df6609b4', 5, 'order.confirmed', 1, '{}', '8c6de06b-f600-5e2d-bc31-14708d1184e4', '81693507-5da1-5c20-b8d7-1eabbd7ff437', NULL, 'till-3', '2024-03-05 11:32:00+00', '2026-11-23 18:04:47.538422+00'),
	(15, 'order', '2dc85abd-65c4-5f83-bd60-ef81df6609b4', 6, 'order.shipped', 1, '{}', '3c7f8522-c9d0-5995-b212-549f824ef8cc', '27670027-8b03-5b27-8e3b-149af17929d7', NULL, 'ann', '2024-03-05 11:32:00+00', '2026-11-23 18:04:47.558872+00'),
	(16, 'product', 'e8f1b559-11f8-5bd6-b332-c703f493c999', 4, 'product.stock-dispatched', 1, '{"order_id": "2dc85abd-65c4-5f83-bd60-ef81df6609b4", "quantity": 1}', '9ef30c94-e717-5dfa-8e63-bba29c2e9617', '5e60f306-4262-5b82-9d75-1d98fd533fd4', NULL, 'bob', '2024-03-05 11:32:00+00', '2026-11-23 18:04:47.575766+00'),
	(17, 'order', '772effd7-9c3a-52f1-a5bd-56b227abe772', 1, 'order.opened', 1, '{"customer_id": "73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9"}', '12c935c1-5529-5d87-878e-73c38a91d1ba', 'ab06915e-4d43-5781-b5e2-3ac56750236d', NULL, 'ann', '2024-03-06 19:31:00+00', '2026-11-23 18:04:47.605194+00'),
	(18, 'order', '772effd7-9c3a-52f1-a5bd-56b227abe772', 2, 'order.line-added', 1, '{"sku": "MUG-1", "quantity": 3, "unit_price": {"amount": "9.50", "currency": "EUR"}}', '698bfa9f-6be2-5526-83ef-bdbbdf6f78fd', 'ccf5530d-b5e7-5ad6-808e-5144b54bbf52', NULL, 'ann', '2024-03-06 19:31:00+00', '2026-11-23 18:04:47.629249+00'),
	(19, 'order', '772effd7-9c3a-52f1-a5bd-56b227abe772', 3, 'order.line-added', 1, '{"sku": "JAM-PLUM", "quantity": 3, "unit_price": {"amount": "3.20", "currency": "EUR"}}', 'f7ed8382-77e6-5396-a220-0f25939f3d55', 'c6f08501-aba4-52be-aa6d-0fc0bca82de8', NULL, 'bob', '2024-03-06 19:31:00+00', '2026-11-23 18:04:47.650966+00'),
	(20, 'product', 'e8f1b559-11f8-5bd6-b332-c703f493c999', 5, 'product.price-changed', 1, '{"price": {"amount": "7.35", "currency": "EUR"}}', 'fd24d5da-fc38-5f55-8dd7-14354cdcd358', '1bd516aa-0fdc-5280-8a46-6e406006c454', NULL, 'till-3', '2024-03-06 19:31:00+00', '2026-11-23 18:04:47.663043+00'),
	(21, 'order', '772effd7-9c3a-52f1-a5bd-56b227abe772', 4, 'order.placed', 1, '{"lines": [{"sku": "MUG-1", "quantity": 3, "unit_price": "9.50"}, {"sku": "JAM-PLUM", "quantity": 3, "unit_price": "3.20"}], "total": "38.10", "placed_at": "2024-03-06T19:31:00Z", "customer_id": "73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9"}', '01da16da-a0d1-542f-a172-fba4ae75b915', '88fab75b-fa1a-5347-9da6-1bbfbac60496', NULL, 'bob', '2024-03-06 19:31:00+00', '2026-11-23 18:04:47.675928+00'),
	(22, 'order', '772effd7-9c3a-52f1-a5bd-56b227abe772', 5, 'order.rejected', 1, '{"reason": "not in stock", "placement": {"lines": [{"sku": "MUG-1", "quantity": 3, "unit_price": {"amount": "9.50", "currency": "EUR"}}, {"sku": "JAM-PLUM", "quantity": 3, "unit_price": {"amount": "3.20", "currency": "EUR"}}], "total": {"amount": "38.10", "currency": "EUR"}, "placed_at": "2024-03-06T19:31:00Z"}, "customer_id": "73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9"}', '16a42bda-feab-5b99-913d-62bf4136cb46', '436c50d7-7508-5c44-a884-b207f6a2de40', NULL, 'bob', '2024-03-06 19:31:00+00', '2026-11-23 18:04:47.690377+00'),
	(23, 'order', '0250271f-730f-5b44-ac10-46bd7219429b', 1, 'order.opened', 1, '{"customer_id": "8a760a65-7071-5a65-99b7-2d85c954c2e1"}', '79790a27-b0fb-5c94-a7e6-ddeff043a1a5', '56525bf8-ca6f-58cf-9328-c9ed02eb3672', NULL, 'till-3', '2024-03-16 01:35:00+00', '2026-11-23 18:04:47.724345+00'),
	(24, 'order', '0250271f-730f-5b44-ac10-46bd7219429b', 2, 'order.line-added', 1, '{"sku": "TEA-GREEN", "quantity": 4, "unit_price": {"amount": "4.50", "currency": "EUR"}}', '9d6d45bc-ec67-5089-b9b8-3da9ea5d200e', '15976a9a-2377-55c2-a51e-4b02a590dcd2', NULL, 'till-3', '2024-03-16 01:35:00+00', '2026-11-23 18:04:47.741726+00'),
	(25, 'order', '0250271f-730f-5b44-ac10-46bd7219429b', 3, 'order.placed', 1, '{"lines": [{"sku": "TEA-GREEN", "quantity": 4, "unit_price": "4.50"}], "total": "18.00", "placed_at": "2024-03-16T01:35:00Z", "customer_id": "8a760a65-7071-5a65-99b7-2d85c954c2e1"}', '94bb5321-a3e7-54af-813c-f0248c9c1eb9', '9eb4845f-a1ef-588f-97ae-3daf0ce3c97e', NULL, 'ann', '2024-03-16 01:35:00+00', '2026-11-23 18:04:47.761266+00'),
	(26, 'order', '0250271f-730f-5b44-ac10-46bd7219429b', 4, 'order.cancelled', 1, '{"reason": "too late", "placement": {"lines": [{"sku": "TEA-GREEN", "quantity": 4, "unit_price": {"amount": "4.50", "currency": "EUR"}}], "total": {"amount": "18.00", "currency": "EUR"}, "placed_at": "2024-03-16T01:35:00Z"}, "customer_id": "8a760a65-7071-5a65-99b7-2d85c954c2e1"}', '61d090fd-b76d-5a4e-a38d-3ef2156fcec4', '5cb6634d-562e-5093-b824-d8584acf3c25', NULL, 'bob', '2024-03-16 01:35:00+00', '2026-11-23 18:04:47.786555+00'),
	(27, 'order', '9073550b-be14-55c5-9d31-09a3472a3d2d', 1, 'order.opened', 1, '{"customer_id": "7a50cf1b-ee16-500d-806c-e0fd121a727a"}', 'fd2354be-1a43-5ab7-a919-baf3926a68b3', '70fd63cb-34df-5774-984e-1b0dd47b217d', NULL, 'ann', '2024-03-17 04:41:00+00', '2026-11-23 18:04:47.819758+00'),
	(28, 'order', '9073550b-be14-55c5-9d31-09a3472a3d2d', 2, 'order.line-added', 1, '{"sku": "SPOON", "quantity": 4, "unit_price": {"amount": "0.85", "currency": "EUR"}}', '687992ce-11d5-5a7d-8283-5de9a558f2d8', '9214067b-6f50-58dc-bbe5-7e4ab8fbaf5a', NULL, 'till-3', '2024-03-17 04:41:00+00', '2026-11-23 18:04:47.844199+00'),
	(29, 'order', '9073550b-be14-55c5-9d31-09a3472a3d2d', 3, 'order.line-added', 1, '{"sku": "JAM-PLUM", "quantity": 4, "unit_price": {"amount": "3.20", "currency": "EUR"}}', '9bd395cc-4030-5ddf-a1cd-f4f6c0995d5d', 'a885f908-681d-545f-937d-a123428d79dd', NULL, 'till-3', '2024-03-17 04:41:00+00', '2026-11-23 18:04:47.878383+00'),
	(30, 'order', '9073550b-be14-55c5-9d31-09a3472a3d2d', 4, 'order.quantity-changed', 1, '{"sku": "SPOON", "quantity": 5}', '93ebdd86-a5c8-5298-a772-1547b176c320', '62710fef-f8e8-51dc-a531-8c6eb9bd6df8', NULL, 'till-3', '2024-03-17 04:41:00+00', '2026-11-23 18:04:47.886195+00'),
	(31, 'order', '9073550b-be14-55c5-9d31-09a3472a3d2d', 5, 'order.placed', 1, '{"lines": [{"sku": "SPOON", "quantity": 5, "unit_price": "0.85"}, {"sku": "JAM-PLUM", "quantity": 4, "unit_price": "3.20"}], "total": "17.05", "placed_at": "2024-03-17T04:41:00Z", "customer_id": "7a50cf1b-ee16-500d-806c-e0fd121a727a"}', '4d80473a-5f29-506f-a49a-6e282103b1c4', 'a7f32b6f-64bf-5b74-81e5-727895d6fd77', NULL, 'bob', '2024-03-17 04:41:00+00', '2026-11-23 18:04:47.904527+00'),
	(32, 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 3, 'product.stock-reserved', 1, '{"order_id": "9073550b-be14-55c5-9d31-09a3472a3d2d", "quantity": 1}', '2b690ec7-d250-57c1-a78a-2fcc121849f6', 'd243fbd7-ebc6-5432-8bfb-c12198650803', NULL, 'ann', '2024-03-17 04:41:00+00', '2026-11-23 18:04:47.918868+00'),
	(33, 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 4, 'product.reservation-released', 1, '{"order_id": "9073550b-be14-55c5-9d31-09a3472a3d2d", "quantity": 1}', '828f7288-6ee7-514f-a0dd-0cf0d262f11f', '2a580887-b0cc-57b1-bdb9-9f90dba67f35', NULL, 'bob', '2024-03-17 04:41:00+00', '2026-11-23 18:04:47.926091+00'),
	(34, 'order', 'a3b7e7bd-e22b-5355-8456-affa2a43731d', 1, 'order.opened', 1, '{"customer_id": "904e22cb-c6ed-5e10-b254-ad5d9bf34147"}', 'f4373268-44b9-5a8a-8fe3-baf87dbc7166', '2c635b35-b98d-5aa7-95b7-ccfe48d3b239', NULL, 'ann', '2024-03-25 13:57:00+00', '2026-11-23 18:04:47.952665+00'),
	(35, 'order', 'a3b7e7bd-e22b-5355-8456-affa2a43731d', 2, 'order.line-added', 1, '{"sku": "SPOON", "quantity": 4, "unit_price": {"amount": "0.85", "currency": "EUR"}}', '116570b4-052c-5297-9cd6-9cddb254fd09', 'fbe7ea46-d508-53fb-be04-b0d864fa1bf3', NULL, 'ann', '2024-03-25 13:57:00+00', '2026-11-23 18:04:47.96698+00'),
	(36, 'order', 'a3b7e7bd-e22b-5355-8456-affa2a43731d', 3, 'order.line-added', 1, '{"sku": "JAM-PLUM", "quantity": 2, "unit_price": {"amount": "3.20", "currency": "EUR"}}', '7acc78e9-e962-5f02-b099-7348995ecf29', '644db256-4e9d-5113-960c-bb0a6f8fae31', NULL, 'bob', '2024-03-25 13:57:00+00', '2026-11-23 18:04:47.979413+00'),
	(37, 'order', 'a3b7e7bd-e22b-5355-8456-affa2a43731d', 4, 'order.line-added', 1, '{"sku": "TEA-GREEN", "quantity": 1, "unit_price": {"amount": "4.50", "currency": "EUR"}}', 'c86efb7e-88a1-5852-8670-6cc55851cd4c', '5f96f18c-1762-5abc-b975-f8f14ad54469', NULL, 'till-3', '2024-03-25 13:57:00+00', '2026-11-23 18:04:48.001455+00'),
	(38, 'order', 'a3b7e7bd-e22b-5355-8456-affa2a43731d', 5, 'order.line-removed', 1, '{"sku": "TEA-GREEN"}', '130df297-e224-510c-a302-1fd1eac55dee', 'd7b80c20-9246-54c7-bcb1-c5a52b81a86d', NULL, 'till-3', '2024-03-25 13:57:00+00', '2026-11-23 18:04:48.014366+00'),
	(39, 'order', 'a3b7e7bd-e22b-5355-8456-affa2a43731d', 6, 'order.cancelled', 1, '{"reason": "changed my mind", "placement": null, "customer_id": "904e22cb-c6ed-5e10-b254-ad5d9bf34147"}', 'fec37a57-d965-5710-b0ee-abcc38fcc58f', 'cccf18d7-0e40-5b27-a848-e01b8641c240', NULL, 'bob', '2024-03-25 13:57:00+00', '2026-11-23 18:04:48.026351+00'),
	(40, 'order', '78bdf244-0222-5af8-8dbd-e4af2eaa0a06', 1, 'order.opened', 1, '{"customer_id": "6abbb47e-5df0-57e7-b5e2-ae5f2f50b6ac"}', 'e07ec774-0077-559c-98da-0c4d60a1e553', '28dbea0c-33e8-5f6b-92a0-9921b6c616bb', NULL, 'till-3', '2024-04-01 15:07:00+00', '2026-11-23 18:04:48.046953+00'),
	(41, 'order', '78bdf244-0222-5af8-8dbd-e4af2eaa0a06', 2, 'order.line-added', 1, '{"sku": "JAM-PLUM", "quantity": 4, "unit_price": {"amount": "3.20", "currency": "EUR"}}', '9557c4b9-e110-5c07-82d5-e2253c2a2397', '4f5a194f-aa71-50dc-95fb-022c91eb898b', NULL, 'ann', '2024-04-01 15:07:00+00', '2026-11-23 18:04:48.068241+00'),
	(42, 'order', 'efbede25-5334-5e26-aef5-9040a98aa239', 1, 'order.opened', 1, '{"customer_id": "73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9"}', '6084e305-8a21-5e75-9316-e8928cf9551f', 'b2ed757a-5153-5b93-972e-b9f7c1c03d08', NULL, 'till-3', '2024-04-09 00:31:00+00', '2026-11-23 18:04:48.087054+00'),
	(43, 'order', 'efbede25-5334-5e26-aef5-9040a98aa239', 2, 'order.line-added', 1, '{"sku": "JAM-PLUM", "quantity": 2, "unit_price": {"amount": "3.20", "currency": "EUR"}}', '4bd29259-da0b-537c-a97d-3a8b3b06cf93', '2013973d-9453-598a-af2e-b9ccd12ed2aa', NULL, 'till-3', '2024-04-09 00:31:00+00', '2026-11-23 18:04:48.105751+00'),
	(44, 'order', 'efbede25-5334-5e26-aef5-9040a98aa239', 3, 'order.line-added', 1, '{"sku": "TEA-GREEN", "quantity": 1, "unit_price": {"amount": "4.50", "currency": "EUR"}}', 'a98a5103-42b4-5b08-88be-2e0f42391bed', 'a649a9d7-0f10-5172-af70-71873645ac9a', NULL, 'till-3', '2024-04-09 00:31:00+00', '2026-11-23 18:04:48.122377+00'),
	(45, 'order', 'efbede25-5334-5e26-aef5-9040a98aa239', 4, 'order.line-added', 1, '{"sku": "SPOON", "quantity": 2, "unit_price": {"amount": "0.85", "currency": "EUR"}}', '630e0fbe-892e-5cd9-8db8-bb9e02baa7d1', '06ea93e2-c145-57a1-b46e-6e36359b7aa0', NULL, 'ann', '2024-04-09 00:31:00+00', '2026-11-23 18:04:48.137894+00'),
	(46, 'order', 'efbede25-5334-5e26-aef5-9040a98aa239', 5, 'order.quantity-changed', 1, '{"sku": "JAM-PLUM", "quantity": 5}', '1a76522a-c61b-5217-bb5f-d46a31fe023a', '2196cbb9-403d-550a-8213-20c356710c62', NULL, 'till-3', '2024-04-09 00:31:00+00', '2026-11-23 18:04:48.147444+00'),
	(47, 'order', 'efbede25-5334-5e26-aef5-9040a98aa239', 6, 'order.placed', 1, '{"lines": [{"sku": "JAM-PLUM", "quantity": 5, "unit_price": "3.20"}, {"sku": "TEA-GREEN", "quantity": 1, "unit_price": "4.50"}, {"sku": "SPOON", "quantity": 2, "unit_price": "0.85"}], "total": "22.20", "placed_at": "2024-04-09T00:31:00Z", "customer_id": "73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9"}', '111706ca-28bd-596a-95ee-d36848734164', 'f4a85173-6639-556c-9280-701efd26b453', NULL, 'ann', '2024-04-09 00:31:00+00', '2026-11-23 18:04:48.155482+00'),
	(48, 'order', 'efbede25-5334-5e26-aef5-9040a98aa239', 7, 'order.rejected', 1, '{"reason": "not in stock", "placement": {"lines": [{"sku": "JAM-PLUM", "quantity": 5, "unit_price": {"amount": "3.20", "currency": "EUR"}}, {"sku": "TEA-GREEN", "quantity": 1, "unit_price": {"amount": "4.50", "currency": "EUR"}}, {"sku": "SPOON", "quantity": 2, "unit_price": {"amount": "0.85", "currency": "EUR"}}], "total": {"amount": "22.20", "currency": "EUR"}, "placed_at": "2024-04-09T00:31:00Z"}, "customer_id": "73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9"}', '5886ade1-e4d0-5d6a-b4cb-e54e0fd3b6e7', 'c99ec705-00bc-5baf-b686-c670153bde3f', NULL, 'ann', '2024-04-09 00:31:00+00', '2026-11-23 18:04:48.170766+00'),
	(49, 'order', 'c5894175-43ff-52cd-824a-00bf00d93584', 1, 'order.opened', 1, '{"customer_id": "8a760a65-7071-5a65-99b7-2d85c954c2e1"}', 'b30ea5dd-5124-5279-ae42-985fd20a488c', '52baca6a-17e3-5f55-85ff-416c4248947c', NULL, 'ann', '2024-04-12 04:25:00+00', '2026-11-23 18:04:48.194604+00'),
	(50, 'order', 'c5894175-43ff-52cd-824a-00bf00d93584', 2, 'order.line-added', 1, '{"sku": "JAM-PLUM", "quantity": 3, "unit_price": {"amount": "3.20", "currency": "EUR"}}', 'a30b8d19-5a45-5886-af2f-ae2a53843554', '5444e182-94ae-5103-a2ef-aed295915baa', NULL, 'till-3', '2024-04-12 04:25:00+00', '2026-11-23 18:04:48.209508+00'),
	(51, 'order', 'c5894175-43ff-52cd-824a-00bf00d93584', 3, 'order.line-added', 1, '{"sku": "MUG-1", "quantity": 2, "unit_price": {"amount": "7.35", "currency": "EUR"}}', '5f98cb00-fe81-58f7-9028-e158965f404c', '8eea2269-0fbd-5b89-b501-088cad702979', NULL, 'bob', '2024-04-12 04:25:00+00', '2026-11-23 18:04:48.224373+00'),
	(52, 'order', 'c5894175-43ff-52cd-824a-00bf00d93584', 4, 'order.placed', 1, '{"lines": [{"sku": "JAM-PLUM", "quantity": 3, "unit_price": "3.20"}, {"sku": "MUG-1", "quantity": 2, "unit_price": "7.35"}], "total": "24.30", "placed_at": "2024-04-12T04:25:00Z", "customer_id": "8a760a65-7071-5a65-99b7-2d85c954c2e1"}', 'b4032f24-644d-5a47-94e5-6ae95a46f66e', '0f954555-6d98-52ac-8bb6-59b2f94e17f3', NULL, 'bob', '2024-04-12 04:25:00+00', '2026-11-23 18:04:48.227949+00'),
	(53, 'order', 'c5894175-43ff-52cd-824a-00bf00d93584', 5, 'order.cancelled', 1, '{"reason": "too late", "placement": {"lines": [{"sku": "JAM-PLUM", "quantity": 3, "unit_price": {"amount": "3.20", "currency": "EUR"}}, {"sku": "MUG-1", "quantity": 2, "unit_price": {"amount": "7.35", "currency": "EUR"}}], "total": {"amount": "24.30", "currency": "EUR"}, "placed_at": "2024-04-12T04:25:00Z"}, "customer_id": "8a760a65-7071-5a65-99b7-2d85c954c2e1"}', '89c30bdc-31fc-5ab7-b99b-a78230a76321', '1fbb889e-41b5-59f7-9fa1-4d4721f9e4d8', NULL, 'ann', '2024-04-12 04:25:00+00', '2026-11-23 18:04:48.240047+00'),
	(54, 'order', '76ea8957-db2d-5229-b96a-f71dc9f9833c', 1, 'order.opened', 1, '{"customer_id": "7a50cf1b-ee16-500d-806c-e0fd121a727a"}', 'c4fd03b9-ba66-5b32-a70b-f75699b45555', '520f8b7c-f8a5-576f-9558-c266b2c4c11a', NULL, 'ann', '2024-04-12 04:39:00+00', '2026-11-23 18:04:48.259105+00'),
	(55, 'order', '76ea8957-db2d-5229-b96a-f71dc9f9833c', 2, 'order.line-added', 1, '{"sku": "TEA-GREEN", "quantity": 1, "unit_price": {"amount": "4.50", "currency": "EUR"}}', '8c08b390-6352-520a-8de5-cb8559230cd1', 'ccdd61aa-e948-5b94-9ad5-426d68cebf47', NULL, 'till-3', '2024-04-12 04:39:00+00', '2026-11-23 18:04:48.279519+00'),
	(56, 'order', '76ea8957-db2d-5229-b96a-f71dc9f9833c', 3, 'order.line-added', 1, '{"sku": "SPOON", "quantity": 3, "unit_price": {"amount": "0.85", "currency": "EUR"}}', '835270c2-e7ae-5624-bec6-c72aeebfc7ae', 'c30a0c71-044e-5329-a1a2-31440f3f1236', NULL, 'ann', '2024-04-12 04:39:00+00', '2026-11-23 18:04:48.301255+00'),
	(57, 'order', '76ea8957-db2d-5229-b96a-f71dc9f9833c', 4, 'order.line-added', 1, '{"sku": "MUG-1", "quantity": 1, "unit_price": {"amount": "7.35", "currency": "EUR"}}', 'b04d6590-d67f-5156-b0bd-39c67cc34ef8', '76338949-7a0a-53aa-9fc6-0de2eefea5d0', NULL, 'ann', '2024-04-12 04:39:00+00', '2026-11-23 18:04:48.312745+00'),
	(58, 'order', '76ea8957-db2d-5229-b96a-f71dc9f9833c', 5, 'order.line-removed', 1, '{"sku": "MUG-1"}', '6de838ad-c16d-5e22-9518-cd64f8f37caf', 'fc79e376-2c55-5dc3-afa7-e306ee83be8a', NULL, 'bob', '2024-04-12 04:39:00+00', '2026-11-23 18:04:48.322791+00'),
	(59, 'product', 'dda0f85d-ffbe-5f3b-9a1c-88f107c81199', 3, 'product.price-changed', 1, '{"price": {"amount": "6", "currency": "EUR"}}', 'a610eb2a-0134-5638-9f32-18b5eee1d174', '3c7214f8-b010-5b3e-8160-2a135b8c8f17', NULL, 'till-3', '2024-04-12 04:39:00+00', '2026-11-23 18:04:48.331186+00'),
	(89, 'order', '150718cb-3741-5b9d-8af5-d398bd13c8ac', 2, 'order.line-added', 1, '{"sku": "MUG-1", "quantity": 1, "unit_price": {"amount": "7.35", "currency": "EUR"}}', '2c520e7a-d856-57c1-a375-26d0da206a59', 'ce75c901-b6a8-5639-afac-08260a4d1351', NULL, 'till-3', '2024-05-17 04:21:00+00', '2026-11-23 18:04:48.917942+00'),
	(60, 'order', '76ea8957-db2d-5229-b96a-f71dc9f9833c', 6, 'order.placed', 1, '{"lines": [{"sku": "TEA-GREEN", "quantity": 1, "unit_price": "4.50"}, {"sku": "SPOON", "quantity": 3, "unit_price": "0.85"}], "total": "7.05", "placed_at": "2024-04-12T04:39:00Z", "customer_id": "7a50cf1b-ee16-500d-806c-e0fd121a727a"}', '333b562b-7504-505f-9d94-0aa066da023e', '80f131ee-47d0-582c-991b-18d92a38f260', NULL, 'bob', '2024-04-12 04:39:00+00', '2026-11-23 18:04:48.340996+00'),
	(61, 'product', 'dda0f85d-ffbe-5f3b-9a1c-88f107c81199', 4, 'product.stock-reserved', 1, '{"order_id": "76ea8957-db2d-5229-b96a-f71dc9f9833c", "quantity": 1}', '899de381-1898-5f1c-9136-07fbb79bf13b', '1e77b0f8-6d72-5dd6-8766-3a8e1d4f7dbb', NULL, 'ann', '2024-04-12 04:39:00+00', '2026-11-23 18:04:48.351241+00'),
	(62, 'product', 'dda0f85d-ffbe-5f3b-9a1c-88f107c81199', 5, 'product.reservation-released', 1, '{"order_id": "76ea8957-db2d-5229-b96a-f71dc9f9833c", "quantity": 1}', 'e0153ca0-1676-5cd6-8f67-1f3482c1b2e4', '2f87fe6e-88bc-5edc-a82c-f5a1d7b2408b', NULL, 'ann', '2024-04-12 04:39:00+00', '2026-11-23 18:04:48.363618+00'),
	(63, 'order', '40bdf378-52aa-5d0d-a34a-b9b3e2e22369', 1, 'order.opened', 1, '{"customer_id": "904e22cb-c6ed-5e10-b254-ad5d9bf34147"}', '527d8d46-289e-53de-b856-b06f4d56018e', '466953f2-15f8-573f-a8d2-242e72029c2a', NULL, 'till-3', '2024-04-19 09:00:00+00', '2026-11-23 18:04:48.38081+00'),
	(64, 'order', '40bdf378-52aa-5d0d-a34a-b9b3e2e22369', 2, 'order.line-added', 1, '{"sku": "TEA-GREEN", "quantity": 4, "unit_price": {"amount": "6", "currency": "EUR"}}', '6b909f49-34b9-5a27-84c7-7285887c234f', 'c25830af-6715-508f-bafb-265755a4ba62', NULL, 'till-3', '2024-04-19 09:00:00+00', '2026-11-23 18:04:48.407413+00'),
	(65, 'order', '40bdf378-52aa-5d0d-a34a-b9b3e2e22369', 3, 'order.quantity-changed', 1, '{"sku": "TEA-GREEN", "quantity": 5}', 'eae8e2fe-af2b-57fb-b8e0-f92217c6cf0a', '5a8a5a67-ffe7-5f1d-a249-09b73d834a7e', NULL, 'till-3', '2024-04-19 09:00:00+00', '2026-11-23 18:04:48.419566+00'),
	(66, 'order', '40bdf378-52aa-5d0d-a34a-b9b3e2e22369', 4, 'order.placed', 1, '{"lines": [{"sku": "TEA-GREEN", "quantity": 5, "unit_price": "6"}], "total": "30", "placed_at": "2024-04-19T09:00:00Z", "customer_id": "904e22cb-c6ed-5e10-b254-ad5d9bf34147"}', '039fd654-0afe-58d4-9481-ac7582a4af81', 'fd7efc96-2f3c-5547-a0b2-6a97edbcf80f', NULL, 'till-3', '2024-04-19 09:00:00+00', '2026-11-23 18:04:48.425928+00'),
	(67, 'order', '8c8e4917-3ba3-5aa6-a443-9669d9bbad66', 1, 'order.opened', 1, '{"customer_id": "6abbb47e-5df0-57e7-b5e2-ae5f2f50b6ac"}', '70451e0d-ef86-5cb0-9284-7e5ad6fc8080', '593718e7-4e22-5e58-8d15-06a72b6d2340', NULL, 'till-3', '2024-04-25 12:34:00+00', '2026-11-23 18:04:48.466621+00'),
	(68, 'order', '8c8e4917-3ba3-5aa6-a443-9669d9bbad66', 2, 'order.line-added', 1, '{"sku": "SPOON", "quantity": 3, "unit_price": {"amount": "0.85", "currency": "EUR"}}', 'e89c8121-15b9-5010-853d-4ed0447d3216', '72949546-bf22-5196-bd29-b363d4375518', NULL, 'bob', '2024-04-25 12:34:00+00', '2026-11-23 18:04:48.499108+00'),
	(69, 'order', '8c8e4917-3ba3-5aa6-a443-9669d9bbad66', 3, 'order.line-added', 1, '{"sku": "JAM-PLUM", "quantity": 2, "unit_price": {"amount": "3.20", "currency": "EUR"}}', 'c0b3d061-a416-5209-a94d-fb5573205010', '238b47fe-9009-54de-9ba0-ce25ab92a8ae', NULL, 'till-3', '2024-04-25 12:34:00+00', '2026-11-23 18:04:48.527446+00'),
	(70, 'order', '8c8e4917-3ba3-5aa6-a443-9669d9bbad66', 4, 'order.placed', 1, '{"lines": [{"sku": "SPOON", "quantity": 3, "unit_price": "0.85"}, {"sku": "JAM-PLUM", "quantity": 2, "unit_price": "3.20"}], "total": "8.95", "placed_at": "2024-04-25T12:34:00Z", "customer_id": "6abbb47e-5df0-57e7-b5e2-ae5f2f50b6ac"}', 'dacddcdc-a79c-5029-acef-80eddfaf0fe8', 'c7c0d8aa-409e-5877-8468-d71bc7a649ae', NULL, 'ann', '2024-04-25 12:34:00+00', '2026-11-23 18:04:48.53458+00'),
	(71, 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 5, 'product.stock-reserved', 1, '{"order_id": "8c8e4917-3ba3-5aa6-a443-9669d9bbad66", "quantity": 1}', 'ea36b836-a2c9-5c4f-a000-250a827102e7', 'cede9a28-ce17-5317-b631-3e0633974db0', NULL, 'ann', '2024-04-25 12:34:00+00', '2026-11-23 18:04:48.548366+00'),
	(72, 'order', '8c8e4917-3ba3-5aa6-a443-9669d9bbad66', 5, 'order.confirmed', 1, '{}', '17c56342-ae0d-5371-96dc-55dc40f6a612', '39ba2317-d0ef-50a6-b98c-cbac668822b6', NULL, 'bob', '2024-04-25 12:34:00+00', '2026-11-23 18:04:48.559536+00'),
	(73, 'order', '8c8e4917-3ba3-5aa6-a443-9669d9bbad66', 6, 'order.shipped', 1, '{}', '07a63315-f08d-5cf7-9ac2-dbb9262a876c', '999dc451-f75b-5527-a04e-1f139927674a', NULL, 'till-3', '2024-04-25 12:34:00+00', '2026-11-23 18:04:48.57633+00'),
	(74, 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 6, 'product.stock-dispatched', 1, '{"order_id": "8c8e4917-3ba3-5aa6-a443-9669d9bbad66", "quantity": 1}', '1390404a-91ef-5189-aa06-5712297ac9aa', '2f1c98ed-9441-5694-8d31-34caff73206f', NULL, 'bob', '2024-04-25 12:34:00+00', '2026-11-23 18:04:48.588282+00'),
	(75, 'order', '2c1ed119-fa9e-5340-9c04-cd66cf1a59ac', 1, 'order.opened', 1, '{"customer_id": "73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9"}', '72e9ee2f-cc09-5032-ae9b-e4cc6af8a65a', '585249bd-37cd-58eb-8eb7-b65dc623df59', NULL, 'ann', '2024-05-04 16:18:00+00', '2026-11-23 18:04:48.613924+00'),
	(76, 'order', '2c1ed119-fa9e-5340-9c04-cd66cf1a59ac', 2, 'order.line-added', 1, '{"sku": "MUG-1", "quantity": 4, "unit_price": {"amount": "7.35", "currency": "EUR"}}', 'a2a800ad-b06e-5932-b98a-e453b4817435', 'c2bc1704-4671-597e-b25d-3328ceaff50a', NULL, 'till-3', '2024-05-04 16:18:00+00', '2026-11-23 18:04:48.640031+00'),
	(77, 'order', '2c1ed119-fa9e-5340-9c04-cd66cf1a59ac', 3, 'order.line-added', 1, '{"sku": "SPOON", "quantity": 2, "unit_price": {"amount": "0.85", "currency": "EUR"}}', 'fda8acc1-8ba4-54c1-90b7-57064995b632', '9e415e12-1134-5803-a577-07f6dd267270', NULL, 'ann', '2024-05-04 16:18:00+00', '2026-11-23 18:04:48.655259+00'),
	(78, 'order', '2c1ed119-fa9e-5340-9c04-cd66cf1a59ac', 4, 'order.placed', 1, '{"lines": [{"sku": "MUG-1", "quantity": 4, "unit_price": "7.35"}, {"sku": "SPOON", "quantity": 2, "unit_price": "0.85"}], "total": "31.10", "placed_at": "2024-05-04T16:18:00Z", "customer_id": "73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9"}', 'f2036efa-bb74-54bd-a98d-70743bcf1261', 'f8e215ea-478b-5f19-8dd5-46d149ab77f8', NULL, 'bob', '2024-05-04 16:18:00+00', '2026-11-23 18:04:48.671808+00'),
	(79, 'order', '2c1ed119-fa9e-5340-9c04-cd66cf1a59ac', 5, 'order.rejected', 1, '{"reason": "not in stock", "placement": {"lines": [{"sku": "MUG-1", "quantity": 4, "unit_price": {"amount": "7.35", "currency": "EUR"}}, {"sku": "SPOON", "quantity": 2, "unit_price": {"amount": "0.85", "currency": "EUR"}}], "total": {"amount": "31.10", "currency": "EUR"}, "placed_at": "2024-05-04T16:18:00Z"}, "customer_id": "73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9"}', '9a1c1df4-09ad-5952-81e3-50a5cd26f158', '4fcb2ca0-3e96-5647-86b3-29d0bd6a9738', NULL, 'ann', '2024-05-04 16:18:00+00', '2026-11-23 18:04:48.685646+00'),
	(80, 'order', 'fd3c4dbb-738e-5d8c-b9cb-4841b9c30bdb', 1, 'order.opened', 1, '{"customer_id": "8a760a65-7071-5a65-99b7-2d85c954c2e1"}', '99f5cd35-963c-50c4-8339-578ffa699507', '044b91f6-0f37-519b-ba40-b88a35825c06', NULL, 'ann', '2024-05-07 18:32:00+00', '2026-11-23 18:04:48.709322+00'),
	(81, 'order', 'fd3c4dbb-738e-5d8c-b9cb-4841b9c30bdb', 2, 'order.line-added', 1, '{"sku": "JAM-PLUM", "quantity": 1, "unit_price": {"amount": "3.20", "currency": "EUR"}}', '86487ce2-cee5-561e-a5d9-cf5e27a3d68a', 'cbf9b08a-aa62-5df3-b77f-046826894a4d', NULL, 'till-3', '2024-05-07 18:32:00+00', '2026-11-23 18:04:48.746865+00'),
	(82, 'order', 'fd3c4dbb-738e-5d8c-b9cb-4841b9c30bdb', 3, 'order.line-added', 1, '{"sku": "SPOON", "quantity": 3, "unit_price": {"amount": "0.85", "currency": "EUR"}}', '7f2b9247-4261-5052-9b14-97de5af82f88', '6b665b49-8905-5060-9d03-6b8e1c0358ec', NULL, 'ann', '2024-05-07 18:32:00+00', '2026-11-23 18:04:48.774176+00'),
	(83, 'order', 'fd3c4dbb-738e-5d8c-b9cb-4841b9c30bdb', 4, 'order.line-added', 1, '{"sku": "TEA-GREEN", "quantity": 2, "unit_price": {"amount": "6", "currency": "EUR"}}', 'f386d7a0-9e18-5f5c-aade-c5b1227d88a7', '00a8b00f-4a32-5384-82b3-2c936e037841', NULL, 'bob', '2024-05-07 18:32:00+00', '2026-11-23 18:04:48.791835+00'),
	(84, 'order', 'fd3c4dbb-738e-5d8c-b9cb-4841b9c30bdb', 5, 'order.quantity-changed', 1, '{"sku": "JAM-PLUM", "quantity": 5}', '1854c47a-d81d-5d18-9124-631470fa04b7', 'ebe29026-50cc-5b38-833b-f1e776dcb83e', NULL, 'bob', '2024-05-07 18:32:00+00', '2026-11-23 18:04:48.80257+00'),
	(85, 'order', 'fd3c4dbb-738e-5d8c-b9cb-4841b9c30bdb', 6, 'order.line-removed', 1, '{"sku": "TEA-GREEN"}', '56859ae4-dec0-55e0-9a7e-bff191516e63', '906f2c94-97a6-523d-8c23-a81220440027', NULL, 'bob', '2024-05-07 18:32:00+00', '2026-11-23 18:04:48.824314+00'),
	(86, 'order', 'fd3c4dbb-738e-5d8c-b9cb-4841b9c30bdb', 7, 'order.placed', 1, '{"lines": [{"sku": "JAM-PLUM", "quantity": 5, "unit_price": "3.20"}, {"sku": "SPOON", "quantity": 3, "unit_price": "0.85"}], "total": "18.55", "placed_at": "2024-05-07T18:32:00Z", "customer_id": "8a760a65-7071-5a65-99b7-2d85c954c2e1"}', 'ff053942-373c-5da0-b734-93cc85d20c2c', 'f6e0d1e2-2060-56ba-abc8-0ddf73c2e743', NULL, 'bob', '2024-05-07 18:32:00+00', '2026-11-23 18:04:48.837177+00'),
	(87, 'order', 'fd3c4dbb-738e-5d8c-b9cb-4841b9c30bdb', 8, 'order.cancelled', 1, '{"reason": "too late", "placement": {"lines": [{"sku": "JAM-PLUM", "quantity": 5, "unit_price": {"amount": "3.20", "currency": "EUR"}}, {"sku": "SPOON", "quantity": 3, "unit_price": {"amount": "0.85", "currency": "EUR"}}], "total": {"amount": "18.55", "currency": "EUR"}, "placed_at": "2024-05-07T18:32:00Z"}, "customer_id": "8a760a65-7071-5a65-99b7-2d85c954c2e1"}', '7fd2ac3f-a4c7-59a5-ba7a-30425c933be6', '58eed3dc-1038-575c-a600-b9468b31f22d', NULL, 'bob', '2024-05-07 18:32:00+00', '2026-11-23 18:04:48.85321+00'),
	(88, 'order', '150718cb-3741-5b9d-8af5-d398bd13c8ac', 1, 'order.opened', 1, '{"customer_id": "7a50cf1b-ee16-500d-806c-e0fd121a727a"}', '95525999-24c7-56b3-a8c7-251dcb2ab6e8', 'e1e00e19-f318-5310-a578-0fbff4320dd4', NULL, 'till-3', '2024-05-17 04:21:00+00', '2026-11-23 18:04:48.887544+00'),
	(90, 'order', '150718cb-3741-5b9d-8af5-d398bd13c8ac', 3, 'order.line-added', 1, '{"sku": "SPOON", "quantity": 4, "unit_price": {"amount": "0.85", "currency": "EUR"}}', '0360f86a-fbdf-56b8-b0df-3d3c4339a75b', '9b1525a8-e82e-5a00-948f-ea91b171bc53', NULL, 'bob', '2024-05-17 04:21:00+00', '2026-11-23 18:04:48.93741+00'),
	(91, 'order', '150718cb-3741-5b9d-8af5-d398bd13c8ac', 4, 'order.line-added', 1, '{"sku": "JAM-PLUM", "quantity": 2, "unit_price": {"amount": "3.20", "currency": "EUR"}}', '08163638-70b2-5341-8870-434d8646755e', '42dfe5c4-447f-5e4e-9e5c-da02731a39d9', NULL, 'ann', '2024-05-17 04:21:00+00', '2026-11-23 18:04:48.957514+00'),
	(92, 'order', '150718cb-3741-5b9d-8af5-d398bd13c8ac', 5, 'order.cancelled', 1, '{"reason": "changed my mind", "placement": null, "customer_id": "7a50cf1b-ee16-500d-806c-e0fd121a727a"}', 'dc962139-286f-5812-90a0-a47740477a1d', '0118de7c-416f-5b8f-ba4d-714de1fdcd42', NULL, 'bob', '2024-05-17 04:21:00+00', '2026-11-23 18:04:48.979832+00'),
	(93, 'order', '6f612b01-5d7f-5740-ac7e-2e018064591c', 1, 'order.opened', 1, '{"customer_id": "904e22cb-c6ed-5e10-b254-ad5d9bf34147"}', '0ce23b12-974d-5d5d-9894-d8d1882facb1', '522fb5f1-7a30-58b1-97f0-c2946a5b18cf', NULL, 'ann', '2024-05-21 06:15:00+00', '2026-11-23 18:04:49.000858+00'),
	(94, 'order', '6f612b01-5d7f-5740-ac7e-2e018064591c', 2, 'order.line-added', 1, '{"sku": "MUG-1", "quantity": 3, "unit_price": {"amount": "7.35", "currency": "EUR"}}', 'c8c8f379-3643-5dcc-8c75-b3b4f5ab076e', '1c5843fc-2763-5347-baf1-409e12f51192', NULL, 'bob', '2024-05-21 06:15:00+00', '2026-11-23 18:04:49.022392+00'),
	(95, 'order', '6f612b01-5d7f-5740-ac7e-2e018064591c', 3, 'order.line-added', 1, '{"sku": "JAM-PLUM", "quantity": 4, "unit_price": {"amount": "3.20", "currency": "EUR"}}', 'f370c2d2-6ca9-5c7e-8308-542d31aabd48', 'a62b7463-ec59-5530-aea4-59bf166bfc9e', NULL, 'till-3', '2024-05-21 06:15:00+00', '2026-11-23 18:04:49.043694+00'),
	(96, 'order', 'ddb4c86e-f520-5b04-80be-007f465b593b', 1, 'order.opened', 1, '{"customer_id": "6abbb47e-5df0-57e7-b5e2-ae5f2f50b6ac"}', '60c04ec6-7897-5bcb-8818-a8fd9af8c5a9', '988f7d94-1811-510c-9302-2adaa6aa8d2d', NULL, 'ann', '2024-05-21 06:38:00+00', '2026-11-23 18:04:49.083108+00'),
	(97, 'order', 'ddb4c86e-f520-5b04-80be-007f465b593b', 2, 'order.line-added', 1, '{"sku": "MUG-1", "quantity": 2, "unit_price": {"amount": "7.35", "currency": "EUR"}}', '7dbfd88b-82de-5537-9703-c0b7f8ed0bc1', '84d95d29-983c-5e9f-95c9-70d4a34def5d', NULL, 'till-3', '2024-05-21 06:38:00+00', '2026-11-23 18:04:49.09841+00'),
	(98, 'order', 'ddb4c86e-f520-5b04-80be-007f465b593b', 3, 'order.line-added', 1, '{"sku": "SPOON", "quantity": 4, "unit_price": {"amount": "0.85", "currency": "EUR"}}', '84132f38-76b3-5168-990a-fcbf0a7a26ef', '87c9aa59-e497-5531-a643-2adabd4b2785', NULL, 'till-3', '2024-05-21 06:38:00+00', '2026-11-23 18:04:49.13083+00'),
	(99, 'order', 'ddb4c86e-f520-5b04-80be-007f465b593b', 4, 'order.line-added', 1, '{"sku": "JAM-PLUM", "quantity": 1, "unit_price": {"amount": "3.20", "currency": "EUR"}}', 'b728d396-3051-5425-ac2c-f9043ac6d64b', '75904946-d3fb-5626-9a36-df099762abb5', NULL, 'ann', '2024-05-21 06:38:00+00', '2026-11-23 18:04:49.143242+00'),
	(100, 'order', 'ddb4c86e-f520-5b04-80be-007f465b593b', 5, 'order.quantity-changed', 1, '{"sku": "MUG-1", "quantity": 5}', '63cfc925-23ef-54ec-88e4-c865dbf651e7', 'db39fb3e-90b1-500a-87c7-40f3d887caa7', NULL, 'bob', '2024-05-21 06:38:00+00', '2026-11-23 18:04:49.156531+00');
INSERT INTO es.events VALUES
	(101, 'product', 'e8f1b559-11f8-5bd6-b332-c703f493c999', 6, 'product.price-changed', 1, '{"price": {"amount": "1.97", "currency": "EUR"}}', 'be94965c-feab-58cb-98d2-d620ff6ae543', 'ab5f676c-fc38-52e4-b1dc-a61a053834ef', NULL, 'till-3', '2024-05-21 06:38:00+00', '2026-11-23 18:04:49.169641+00'),
	(102, 'order', 'ddb4c86e-f520-5b04-80be-007f465b593b', 6, 'order.placed', 1, '{"lines": [{"sku": "MUG-1", "quantity": 5, "unit_price": "7.35"}, {"sku": "SPOON", "quantity": 4, "unit_price": "0.85"}, {"sku": "JAM-PLUM", "quantity": 1, "unit_price": "3.20"}], "total": "43.35", "placed_at": "2024-05-21T06:38:00Z", "customer_id": "6abbb47e-5df0-57e7-b5e2-ae5f2f50b6ac"}', '4e91abdd-d1ac-58dd-947d-bf2d3aaee4ed', 'dd3eae15-96ea-58c5-b67a-8f5aa2f8a166', NULL, 'ann', '2024-05-21 06:38:00+00', '2026-11-23 18:04:49.185611+00'),
	(103, 'product', 'e8f1b559-11f8-5bd6-b332-c703f493c999', 7, 'product.stock-reserved', 1, '{"order_id": "ddb4c86e-f520-5b04-80be-007f465b593b", "quantity": 1}', 'da1cd8c6-805c-5ec8-9537-4c4daccdda77', '22e8492a-85b4-5ab4-b7b9-cd7d315cd857', NULL, 'bob', '2024-05-21 06:38:00+00', '2026-11-23 18:04:49.212338+00'),
	(104, 'order', 'ddb4c86e-f520-5b04-80be-007f465b593b', 7, 'order.confirmed', 1, '{}', '29514d9d-b550-5321-8134-293b84456068', '66c3d9ab-aac3-523a-828b-f90a26c72f85', NULL, 'bob', '2024-05-21 06:38:00+00', '2026-11-23 18:04:49.234334+00'),
	(105, 'order', 'ddb4c86e-f520-5b04-80be-007f465b593b', 8, 'order.shipped', 1, '{}', '986af204-5bdc-5d0a-98b3-9d4412bf3ed4', '1c76c1de-b280-556b-88fa-45f66510db19', NULL, 'till-3', '2024-05-21 06:38:00+00', '2026-11-23 18:04:49.241026+00'),
	(106, 'product', 'e8f1b559-11f8-5bd6-b332-c703f493c999', 8, 'product.stock-dispatched', 1, '{"order_id": "ddb4c86e-f520-5b04-80be-007f465b593b", "quantity": 1}', '6655a569-358d-5239-996f-a94eab92f0e6', 'b8fc5ec9-be27-52b3-8dd1-2aca85119162', NULL, 'bob', '2024-05-21 06:38:00+00', '2026-11-23 18:04:49.252402+00'),
	(107, 'order', '6e01f26c-463d-5f95-9c1b-9c6735797d0d', 1, 'order.opened', 1, '{"customer_id": "73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9"}', '7f81e508-6660-5bb0-a9c2-309c91f3d634', '922de781-4eb7-5330-9f40-a00a432d18d3', NULL, 'till-3', '2024-05-26 12:50:00+00', '2026-11-23 18:04:49.267448+00'),
	(108, 'order', '6e01f26c-463d-5f95-9c1b-9c6735797d0d', 2, 'order.line-added', 1, '{"sku": "JAM-PLUM", "quantity": 1, "unit_price": {"amount": "3.20", "currency": "EUR"}}', '8cf3c904-561a-5c0a-884d-392c1543720c', 'c8945b95-8b2d-53f2-b08f-0db7d86acf8b', NULL, 'ann', '2024-05-26 12:50:00+00', '2026-11-23 18:04:49.286163+00'),
	(109, 'order', '6e01f26c-463d-5f95-9c1b-9c6735797d0d', 3, 'order.line-added', 1, '{"sku": "TEA-GREEN", "quantity": 2, "unit_price": {"amount": "6", "currency": "EUR"}}', '8ebbbd6d-e0da-55bf-877e-baa9373f0269', '7d3b6473-d11c-5cd9-8bc0-f27de458a082', NULL, 'bob', '2024-05-26 12:50:00+00', '2026-11-23 18:04:49.30295+00'),
	(110, 'order', '6e01f26c-463d-5f95-9c1b-9c6735797d0d', 4, 'order.line-removed', 1, '{"sku": "TEA-GREEN"}', 'f06b5c2e-64e2-50b8-8e86-3c8e738c4ba6', '1bc49ed3-277a-5222-bbb0-a35ffa82541a', NULL, 'bob', '2024-05-26 12:50:00+00', '2026-11-23 18:04:49.307042+00'),
	(111, 'order', '6e01f26c-463d-5f95-9c1b-9c6735797d0d', 5, 'order.placed', 1, '{"lines": [{"sku": "JAM-PLUM", "quantity": 1, "unit_price": "3.20"}], "total": "3.20", "placed_at": "2024-05-26T12:50:00Z", "customer_id": "73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9"}', '9cef8951-b0f4-5533-985e-88a8acbf6eb9', '167eb89d-adde-5b4d-9ce8-6d5f117c01b6', NULL, 'till-3', '2024-05-26 12:50:00+00', '2026-11-23 18:04:49.318316+00'),
	(112, 'order', '6e01f26c-463d-5f95-9c1b-9c6735797d0d', 6, 'order.rejected', 1, '{"reason": "not in stock", "placement": {"lines": [{"sku": "JAM-PLUM", "quantity": 1, "unit_price": {"amount": "3.20", "currency": "EUR"}}], "total": {"amount": "3.20", "currency": "EUR"}, "placed_at": "2024-05-26T12:50:00Z"}, "customer_id": "73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9"}', '42b2825d-fc3b-5cbd-96cd-898cdace89ec', '980af428-23f9-5607-8a73-d451552deab3', NULL, 'bob', '2024-05-26 12:50:00+00', '2026-11-23 18:04:49.329973+00'),
	(113, 'order', 'f0495789-ce3b-5f7e-9c84-2079edf1ec5a', 1, 'order.opened', 1, '{"customer_id": "8a760a65-7071-5a65-99b7-2d85c954c2e1"}', 'b872e33f-b38e-562b-93b8-5c1463aa7b80', 'ee90fb96-afa2-5dc5-8979-2cb88e1e4f91', NULL, 'bob', '2024-05-28 19:33:00+00', '2026-11-23 18:04:49.35192+00'),
	(114, 'order', 'f0495789-ce3b-5f7e-9c84-2079edf1ec5a', 2, 'order.line-added', 1, '{"sku": "MUG-1", "quantity": 1, "unit_price": {"amount": "1.97", "currency": "EUR"}}', '2f4eb480-992f-50a7-964c-5368f883817d', '48fadfdc-6a13-53c2-ba50-da095ab3554f', NULL, 'ann', '2024-05-28 19:33:00+00', '2026-11-23 18:04:49.37431+00'),
	(115, 'order', 'f0495789-ce3b-5f7e-9c84-2079edf1ec5a', 3, 'order.line-added', 1, '{"sku": "SPOON", "quantity": 3, "unit_price": {"amount": "0.85", "currency": "EUR"}}', 'e991560c-bb0d-5eb5-9299-6b2389d6596f', 'c6388bf7-8024-5ecf-8020-a057541f1ae6', NULL, 'ann', '2024-05-28 19:33:00+00', '2026-11-23 18:04:49.394656+00'),
	(116, 'order', 'f0495789-ce3b-5f7e-9c84-2079edf1ec5a', 4, 'order.placed', 1, '{"lines": [{"sku": "MUG-1", "quantity": 1, "unit_price": "1.97"}, {"sku": "SPOON", "quantity": 3, "unit_price": "0.85"}], "total": "4.52", "placed_at": "2024-05-28T19:33:00Z", "customer_id": "8a760a65-7071-5a65-99b7-2d85c954c2e1"}', 'f3ec7455-15ce-53f6-affb-6b4f8221da1f', '3839b28a-73c4-520b-bab9-085287052c55', NULL, 'bob', '2024-05-28 19:33:00+00', '2026-11-23 18:04:49.40804+00'),
	(117, 'order', 'f0495789-ce3b-5f7e-9c84-2079edf1ec5a', 5, 'order.cancelled', 1, '{"reason": "too late", "placement": {"lines": [{"sku": "MUG-1", "quantity": 1, "unit_price": {"amount": "1.97", "currency": "EUR"}}, {"sku": "SPOON", "quantity": 3, "unit_price": {"amount": "0.85", "currency": "EUR"}}], "total": {"amount": "4.52", "currency": "EUR"}, "placed_at": "2024-05-28T19:33:00Z"}, "customer_id": "8a760a65-7071-5a65-99b7-2d85c954c2e1"}', '3cb2917b-4a17-5d10-99e2-c17cf527f088', '9290aa5d-eaba-56a4-9359-7d12d76c99e6', NULL, 'bob', '2024-05-28 19:33:00+00', '2026-11-23 18:04:49.4195+00'),
	(118, 'order', '382b2f02-a4af-56c0-b1a7-5bd881db8330', 1, 'order.opened', 1, '{"customer_id": "7a50cf1b-ee16-500d-806c-e0fd121a727a"}', '8d13ed03-6b87-5143-9097-aee8bd35cad8', '9354b702-0811-518e-9e45-afad586e25a3', NULL, 'till-3', '2024-06-04 01:35:00+00', '2026-11-23 18:04:49.439425+00'),
	(119, 'order', '382b2f02-a4af-56c0-b1a7-5bd881db8330', 2, 'order.line-added', 1, '{"sku": "TEA-GREEN", "quantity": 2, "unit_price": {"amount": "6", "currency": "EUR"}}', '85b32131-1c6e-593c-a48b-985dbc36d11f', '842e311e-9906-532b-927d-e6dedcf73014', NULL, 'till-3', '2024-06-04 01:35:00+00', '2026-11-23 18:04:49.464184+00'),
	(120, 'order', '382b2f02-a4af-56c0-b1a7-5bd881db8330', 3, 'order.line-added', 1, '{"sku": "JAM-PLUM", "quantity": 3, "unit_price": {"amount": "3.20", "currency": "EUR"}}', 'd7b34021-0035-5d67-9e4e-08452beb0e7f', '343dfda7-d113-511d-b0f5-7d9cd62307eb', NULL, 'bob', '2024-06-04 01:35:00+00', '2026-11-23 18:04:49.479834+00'),
	(121, 'order', '382b2f02-a4af-56c0-b1a7-5bd881db8330', 4, 'order.quantity-changed', 1, '{"sku": "TEA-GREEN", "quantity": 5}', '06366de2-422c-534e-8f1c-03e2691a2cde', '8cc01867-3ae2-5d21-b9b5-433d7ace0c2c', NULL, 'ann', '2024-06-04 01:35:00+00', '2026-11-23 18:04:49.486974+00'),
	(122, 'order', '382b2f02-a4af-56c0-b1a7-5bd881db8330', 5, 'order.placed', 1, '{"lines": [{"sku": "TEA-GREEN", "quantity": 5, "unit_price": "6"}, {"sku": "JAM-PLUM", "quantity": 3, "unit_price": "3.20"}], "total": "39.60", "placed_at": "2024-06-04T01:35:00Z", "customer_id": "7a50cf1b-ee16-500d-806c-e0fd121a727a"}', '5ab4265a-83d0-564f-b29b-e947b5f90c59', '92f00548-0253-5e59-b4f9-3bff9d330d5c', NULL, 'ann', '2024-06-04 01:35:00+00', '2026-11-23 18:04:49.500401+00'),
	(123, 'product', 'dda0f85d-ffbe-5f3b-9a1c-88f107c81199', 6, 'product.stock-reserved', 1, '{"order_id": "382b2f02-a4af-56c0-b1a7-5bd881db8330", "quantity": 1}', 'c8a6ab9a-8eaf-5374-95ed-9ddd631f0dc8', 'a7bc5446-91c2-5e34-bff0-077571fb68fa', NULL, 'till-3', '2024-06-04 01:35:00+00', '2026-11-23 18:04:49.512092+00'),
	(124, 'product', 'dda0f85d-ffbe-5f3b-9a1c-88f107c81199', 7, 'product.reservation-released', 1, '{"order_id": "382b2f02-a4af-56c0-b1a7-5bd881db8330", "quantity": 1}', '5f5f0fed-5d64-56a0-88ac-208852683e1b', 'a6a6442c-e3d3-5be2-8a1c-c45894de4b0d', NULL, 'bob', '2024-06-04 01:35:00+00', '2026-11-23 18:04:49.522958+00'),
	(125, 'order', '55b8d56d-477d-51e8-9948-13d9de8c2841', 1, 'order.opened', 1, '{"customer_id": "904e22cb-c6ed-5e10-b254-ad5d9bf34147"}', 'fb45733b-a522-5691-b180-133b0e0eeca1', '8bc776b7-75f9-5c38-a620-da7b014fada6', NULL, 'ann', '2024-06-05 10:25:00+00', '2026-11-23 18:04:49.550463+00'),
	(126, 'order', '55b8d56d-477d-51e8-9948-13d9de8c2841', 2, 'order.line-added', 1, '{"sku": "MUG-1", "quantity": 2, "unit_price": {"amount": "1.97", "currency": "EUR"}}', '40c3d0e1-3be3-54be-9e16-716117f20e03', '7ec43efd-e05d-5067-bd46-c018c4d4fcdd', NULL, 'till-3', '2024-06-05 10:25:00+00', '2026-11-23 18:04:49.557498+00'),
	(127, 'order', '55b8d56d-477d-51e8-9948-13d9de8c2841', 3, 'order.line-added', 1, '{"sku": "JAM-PLUM", "quantity": 2, "unit_price": {"amount": "3.20", "currency": "EUR"}}', 'f199612c-8725-5b32-af58-48e9424395c6', '2ea445c3-174b-5d0e-bec1-4b1efe40b739', NULL, 'bob', '2024-06-05 10:25:00+00', '2026-11-23 18:04:49.578914+00'),
	(128, 'order', '55b8d56d-477d-51e8-9948-13d9de8c2841', 4, 'order.line-added', 1, '{"sku": "TEA-GREEN", "quantity": 1, "unit_price": {"amount": "6", "currency": "EUR"}}', '6210b2a6-4dea-5348-91c1-6449653d588e', '0978e765-4dbe-56eb-bf27-a118fa60bbc4', NULL, 'ann', '2024-06-05 10:25:00+00', '2026-11-23 18:04:49.59218+00'),
	(129, 'order', '55b8d56d-477d-51e8-9948-13d9de8c2841', 5, 'order.placed', 1, '{"lines": [{"sku": "MUG-1", "quantity": 2, "unit_price": "1.97"}, {"sku": "JAM-PLUM", "quantity": 2, "unit_price": "3.20"}, {"sku": "TEA-GREEN", "quantity": 1, "unit_price": "6"}], "total": "16.34", "placed_at": "2024-06-05T10:25:00Z", "customer_id": "904e22cb-c6ed-5e10-b254-ad5d9bf34147"}', '47b809a3-3ebd-5f38-b6f4-ba44ab4e4a0c', 'd23d3693-dd93-5aac-b204-a166b9933c00', NULL, 'bob', '2024-06-05 10:25:00+00', '2026-11-23 18:04:49.60426+00'),
	(130, 'product', 'dda0f85d-ffbe-5f3b-9a1c-88f107c81199', 8, 'product.stock-received', 1, '{"quantity": 41}', '1b4bf9ca-53f7-5bb3-9650-1468222e933f', '4c102ce2-2e3c-523f-b529-41d62924912d', NULL, 'bob', '2024-08-28 09:00:00+00', '2026-11-23 18:04:49.787987+00'),
	(131, 'product', 'e8f1b559-11f8-5bd6-b332-c703f493c999', 9, 'product.stock-received', 1, '{"quantity": 47}', '0dd009ac-78b7-51cc-a697-636eaf0316ba', '1c0a6a69-aa53-5391-94f0-492cb345a726', NULL, 'bob', '2024-08-28 09:00:00+00', '2026-11-23 18:04:49.809884+00'),
	(132, 'product', '0abfe3c9-661e-501d-9483-fa73972e6bba', 3, 'product.stock-received', 1, '{"quantity": 22}', 'ac0e759b-ec62-59c4-a5ad-b5a674250e3a', '852e7f96-0a01-51dd-b9a1-7ef5c240cf85', NULL, 'ann', '2024-08-28 09:00:00+00', '2026-11-23 18:04:49.837975+00'),
	(133, 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 7, 'product.stock-received', 1, '{"quantity": 10}', 'a4870259-dcaf-5993-b3f9-8891a23defeb', 'c597131c-e080-5023-bb8e-e037d7b9bee6', NULL, 'till-3', '2024-08-28 09:00:00+00', '2026-11-23 18:04:49.865901+00'),
	(134, 'order', '126ac1e5-edca-5e09-bafb-d8d3a75b9a71', 1, 'order.opened', 1, '{"customer_id": "6abbb47e-5df0-57e7-b5e2-ae5f2f50b6ac"}', 'ee1e75f6-e18a-5bd0-abde-4a2a29835c27', 'f41bf91b-091b-5fce-98e2-0bf48e14de78', NULL, 'bob', '2024-09-03 18:47:00+00', '2026-11-23 18:04:49.887888+00'),
	(135, 'order', '126ac1e5-edca-5e09-bafb-d8d3a75b9a71', 2, 'order.line-added', 1, '{"sku": "SPOON", "quantity": 4, "unit_price": {"amount": "0.85", "currency": "EUR"}}', '38e9269d-c5f7-59ee-8e75-02095e440994', '06f9be4a-97e5-50b6-beb2-6e4fe5d1a3a6', NULL, 'till-3', '2024-09-03 18:47:00+00', '2026-11-23 18:04:49.907849+00'),
	(136, 'order', '126ac1e5-edca-5e09-bafb-d8d3a75b9a71', 3, 'order.placed', 2, '{"lines": [{"sku": "SPOON", "quantity": 4, "unit_price": {"amount": "0.85", "currency": "EUR"}}], "total": {"amount": "3.40", "currency": "EUR"}, "placed_at": "2024-09-03T18:47:00Z", "customer_id": "6abbb47e-5df0-57e7-b5e2-ae5f2f50b6ac"}', 'f7c77abe-c843-5916-a491-6de0d1326292', '8312dc9a-7397-558c-a771-e1d7d055f355', NULL, 'bob', '2024-09-03 18:47:00+00', '2026-11-23 18:04:49.917907+00'),
	(137, 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 8, 'product.stock-reserved', 1, '{"order_id": "126ac1e5-edca-5e09-bafb-d8d3a75b9a71", "quantity": 1}', '77437bcd-a94b-5d20-8cf3-8a267ccdf381', '67844fc6-6fda-5ecf-a5c2-8a4d3d674f01', NULL, 'ann', '2024-09-03 18:47:00+00', '2026-11-23 18:04:49.931384+00'),
	(138, 'order', '126ac1e5-edca-5e09-bafb-d8d3a75b9a71', 4, 'order.confirmed', 1, '{}', 'b50c605d-ab20-57e5-9aae-eee4b941cd5a', '46b1f3b6-b148-5876-9a3e-d4fd14a8c135', NULL, 'bob', '2024-09-03 18:47:00+00', '2026-11-23 18:04:49.948425+00'),
	(139, 'order', '126ac1e5-edca-5e09-bafb-d8d3a75b9a71', 5, 'order.shipped', 1, '{}', 'f7801fda-c4f2-5d39-95c4-2c7c9fa75ea3', 'd3707603-7469-5cc4-9bc7-2bae9d8da61a', NULL, 'bob', '2024-09-03 18:47:00+00', '2026-11-23 18:04:49.973722+00'),
	(140, 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 9, 'product.stock-dispatched', 1, '{"order_id": "126ac1e5-edca-5e09-bafb-d8d3a75b9a71", "quantity": 1}', 'beb0e4ff-3913-5c91-b60d-1edda625376c', '1d84190d-7220-519f-b9dc-9cbedc5f4642', NULL, 'ann', '2024-09-03 18:47:00+00', '2026-11-23 18:04:49.987361+00'),
	(141, 'order', '6aadd262-29e3-5a76-a45a-9be28056d32f', 1, 'order.opened', 1, '{"customer_id": "73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9"}', 'f8e3e954-d354-58b3-9188-7529083897f3', '7346ea7c-d26b-5029-ac32-adee1f2692ce', NULL, 'ann', '2024-09-05 03:24:00+00', '2026-11-23 18:04:50.019979+00'),
	(142, 'order', '6aadd262-29e3-5a76-a45a-9be28056d32f', 2, 'order.line-added', 1, '{"sku": "MUG-1", "quantity": 1, "unit_price": {"amount": "1.97", "currency": "EUR"}}', '4f7001e1-95f5-50de-bf3b-939f7633d82f', '40d737eb-d569-5476-b334-9ff33212e3fc', NULL, 'bob', '2024-09-05 03:24:00+00', '2026-11-23 18:04:50.037246+00'),
	(143, 'order', '6aadd262-29e3-5a76-a45a-9be28056d32f', 3, 'order.line-added', 1, '{"sku": "JAM-PLUM", "quantity": 2, "unit_price": {"amount": "3.20", "currency": "EUR"}}', '9c126a2b-139d-5c71-bac2-8679a9869f0c', 'a72d173f-4415-56aa-8092-3a9538ae503a', NULL, 'bob', '2024-09-05 03:24:00+00', '2026-11-23 18:04:50.045646+00'),
	(144, 'order', '6aadd262-29e3-5a76-a45a-9be28056d32f', 4, 'order.quantity-changed', 1, '{"sku": "MUG-1", "quantity": 5}', '7d32b361-dfaa-5cc3-8fde-55430022e23e', 'ad9df60a-aea8-5301-99ee-f22f50aa31de', NULL, 'ann', '2024-09-05 03:24:00+00', '2026-11-23 18:04:50.055619+00'),
	(145, 'order', '6aadd262-29e3-5a76-a45a-9be28056d32f', 5, 'order.placed', 2, '{"lines": [{"sku": "MUG-1", "quantity": 5, "unit_price": {"amount": "1.97", "currency": "EUR"}}, {"sku": "JAM-PLUM", "quantity": 2, "unit_price": {"amount": "3.20", "currency": "EUR"}}], "total": {"amount": "16.25", "currency": "EUR"}, "placed_at": "2024-09-05T03:24:00Z", "customer_id": "73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9"}', '87ac8a87-9c94-5702-8231-3239f0bb53cf', '2483d4e8-e4a0-5846-961d-d129d214b557', NULL, 'till-3', '2024-09-05 03:24:00+00', '2026-11-23 18:04:50.062989+00'),
	(146, 'order', '6aadd262-29e3-5a76-a45a-9be28056d32f', 6, 'order.rejected', 1, '{"reason": "not in stock", "placement": {"lines": [{"sku": "MUG-1", "quantity": 5, "unit_price": {"amount": "1.97", "currency": "EUR"}}, {"sku": "JAM-PLUM", "quantity": 2, "unit_price": {"amount": "3.20", "currency": "EUR"}}], "total": {"amount": "16.25", "currency": "EUR"}, "placed_at": "2024-09-05T03:24:00Z"}, "customer_id": "73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9"}', '5339d43b-1034-5d32-9a36-16114a25eba4', 'a1bb0efe-b4e3-554c-959b-dc32679ac0df', NULL, 'till-3', '2024-09-05 03:24:00+00', '2026-11-23 18:04:50.079007+00'),
	(147, 'order', 'b7b783db-144b-5aa1-be77-2a21d86f9e00', 1, 'order.opened', 1, '{"customer_id": "8a760a65-7071-5a65-99b7-2d85c954c2e1"}', '8c8ee350-e37a-5a64-8f6a-b061b1f9649c', 'ce9e2c84-a8d5-5f58-a9dc-970b5c483ca3', NULL, 'bob', '2024-09-05 04:27:00+00', '2026-11-23 18:04:50.0912+00'),
	(148, 'order', 'b7b783db-144b-5aa1-be77-2a21d86f9e00', 2, 'order.line-added', 1, '{"sku": "JAM-PLUM", "quantity": 1, "unit_price": {"amount": "3.20", "currency": "EUR"}}', '72bc0615-d772-5052-bf92-58119811442a', 'a67d3cc1-149e-543d-88fc-8190387271ee', NULL, 'till-3', '2024-09-05 04:27:00+00', '2026-11-23 18:04:50.111067+00'),
	(149, 'order', 'b7b783db-144b-5aa1-be77-2a21d86f9e00', 3, 'order.line-added', 1, '{"sku": "TEA-GREEN", "quantity": 3, "unit_price": {"amount": "6", "currency": "EUR"}}', 'dd43c9dc-fdcc-51ab-9510-9f501600f268', '9ca85c5c-04b0-5726-82ec-d1f693aae10e', NULL, 'ann', '2024-09-05 04:27:00+00', '2026-11-23 18:04:50.120877+00'),
	(150, 'product', '0abfe3c9-661e-501d-9483-fa73972e6bba', 4, 'product.price-changed', 1, '{"price": {"amount": "0.92", "currency": "EUR"}}', 'd8d54475-073f-507a-b197-9f8bdc114ba8', '51f7a77b-c79a-5a07-8dc2-09e2b95a95d6', NULL, 'till-3', '2024-09-05 04:27:00+00', '2026-11-23 18:04:50.132256+00'),
	(151, 'order', 'b7b783db-144b-5aa1-be77-2a21d86f9e00', 4, 'order.cancelled', 1, '{"reason": "changed my mind", "placement": null, "customer_id": "8a760a65-7071-5a65-99b7-2d85c954c2e1"}', '9cc19fe0-92ab-552c-8941-6a0a07e8185f', '6643fee7-10a7-5544-b082-93b2e50493a2', NULL, 'till-3', '2024-09-05 04:27:00+00', '2026-11-23 18:04:50.148072+00'),
	(152, 'order', 'ce773860-4feb-578f-b9f4-99457adc8c2c', 1, 'order.opened', 1, '{"customer_id": "7a50cf1b-ee16-500d-806c-e0fd121a727a"}', 'ddbb1c84-68d5-52b0-a02c-87ae51ca90c4', 'de89cab2-f608-513f-a918-d408d03987ec', NULL, 'till-3', '2024-09-08 11:15:00+00', '2026-11-23 18:04:50.168988+00'),
	(153, 'order', 'ce773860-4feb-578f-b9f4-99457adc8c2c', 2, 'order.line-added', 1, '{"sku": "TEA-GREEN", "quantity": 3, "unit_price": {"amount": "6", "currency": "EUR"}}', '81af440a-88e3-523b-8805-23c1d54db312', '5c2c0272-e1f2-5967-bf8a-90164dd52f40', NULL, 'ann', '2024-09-08 11:15:00+00', '2026-11-23 18:04:50.188637+00'),
	(154, 'order', 'ce773860-4feb-578f-b9f4-99457adc8c2c', 3, 'order.line-added', 1, '{"sku": "MUG-1", "quantity": 3, "unit_price": {"amount": "1.97", "currency": "EUR"}}', 'ecc7bdb8-423b-5a0c-b13b-84c275269a29', '450b9c18-2a7a-5728-86f7-ba713cc2240d', NULL, 'till-3', '2024-09-08 11:15:00+00', '2026-11-23 18:04:50.210633+00'),
	(155, 'order', 'c2e74ee9-12cb-57d9-b407-9ab912e089ea', 1, 'order.opened', 1, '{"customer_id": "904e22cb-c6ed-5e10-b254-ad5d9bf34147"}', 'd4470899-eb98-5c56-9de5-99e3f4726597', '759c9271-9583-5212-b27c-530e795aba9d', NULL, 'ann', '2024-09-10 17:23:00+00', '2026-11-23 18:04:50.2193+00'),
	(156, 'order', 'c2e74ee9-12cb-57d9-b407-9ab912e089ea', 2, 'order.line-added', 1, '{"sku": "SPOON", "quantity": 2, "unit_price": {"amount": "0.85", "currency": "EUR"}}', '2662ab61-76bd-544c-b388-b1d6083bf260', 'b2739218-346c-5744-87cd-c211ca8b7bd9', NULL, 'ann', '2024-09-10 17:23:00+00', '2026-11-23 18:04:50.233966+00'),
	(157, 'order', 'c2e74ee9-12cb-57d9-b407-9ab912e089ea', 3, 'order.line-added', 1, '{"sku": "TEA-GREEN", "quantity": 4, "unit_price": {"amount": "6", "currency": "EUR"}}', '477f3cf1-1e60-5920-890a-e37d06280a40', '182cfea7-2ac4-576f-a21d-6e7cb43a98f7', NULL, 'bob', '2024-09-10 17:23:00+00', '2026-11-23 18:04:50.248028+00'),
	(158, 'order', 'c2e74ee9-12cb-57d9-b407-9ab912e089ea', 4, 'order.quantity-changed', 1, '{"sku": "SPOON", "quantity": 5}', '63e570a0-fce7-549a-b324-997f744fb981', 'fb23becf-6a5d-5167-92f5-e6fc88ffc895', NULL, 'till-3', '2024-09-10 17:23:00+00', '2026-11-23 18:04:50.260117+00'),
	(159, 'order', 'c2e74ee9-12cb-57d9-b407-9ab912e089ea', 5, 'order.line-removed', 1, '{"sku": "TEA-GREEN"}', '6f420160-3182-5d1e-8d3b-2a07e92da4fd', '0b8c3be1-9df0-5983-8b3d-abfb546938f1', NULL, 'till-3', '2024-09-10 17:23:00+00', '2026-11-23 18:04:50.270806+00'),
	(160, 'order', 'c2e74ee9-12cb-57d9-b407-9ab912e089ea', 6, 'order.placed', 2, '{"lines": [{"sku": "SPOON", "quantity": 5, "unit_price": {"amount": "0.85", "currency": "EUR"}}], "total": {"amount": "4.25", "currency": "EUR"}, "placed_at": "2024-09-10T17:23:00Z", "customer_id": "904e22cb-c6ed-5e10-b254-ad5d9bf34147"}', '8271af30-b5cb-58f2-a15d-d69b5ace0fd2', '798770ae-657c-56a4-ae79-c2cbf4f43674', NULL, 'bob', '2024-09-10 17:23:00+00', '2026-11-23 18:04:50.286+00'),
	(161, 'order', '75a340b8-5136-55fc-a54c-bf1230071701', 1, 'order.opened', 1, '{"customer_id": "6abbb47e-5df0-57e7-b5e2-ae5f2f50b6ac"}', 'b12c1cf8-ee06-587a-8a75-e16b5eeac01a', '374c46c1-c454-5cec-805b-bc11f7e73e3c', NULL, 'ann', '2024-09-18 21:51:00+00', '2026-11-23 18:04:50.309463+00'),
	(162, 'order', '75a340b8-5136-55fc-a54c-bf1230071701', 2, 'order.line-added', 1, '{"sku": "SPOON", "quantity": 1, "unit_price": {"amount": "0.85", "currency": "EUR"}}', '81dd39da-b8ca-5d67-b1e7-41e4d6856dc9', 'ac727c82-d7aa-5d55-88a4-00e3ac7cd122', NULL, 'bob', '2024-09-18 21:51:00+00', '2026-11-23 18:04:50.334925+00'),
	(163, 'order', '75a340b8-5136-55fc-a54c-bf1230071701', 3, 'order.placed', 2, '{"lines": [{"sku": "SPOON", "quantity": 1, "unit_price": {"amount": "0.85", "currency": "EUR"}}], "total": {"amount": "0.85", "currency": "EUR"}, "placed_at": "2024-09-18T21:51:00Z", "customer_id": "6abbb47e-5df0-57e7-b5e2-ae5f2f50b6ac"}', '653246e0-1582-58b0-bb31-c7dd0059883b', 'c06ccbf5-aa24-5e43-9dcd-b64eaf787c46', NULL, 'bob', '2024-09-18 21:51:00+00', '2026-11-23 18:04:50.350297+00'),
	(164, 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 10, 'product.stock-reserved', 1, '{"order_id": "75a340b8-5136-55fc-a54c-bf1230071701", "quantity": 1}', 'd943b5dc-0c53-515d-840d-e5d23211cfad', '52a643e5-fc50-52bc-85e5-2655d6bc4505', NULL, 'ann', '2024-09-18 21:51:00+00', '2026-11-23 18:04:50.357951+00'),
	(165, 'order', '75a340b8-5136-55fc-a54c-bf1230071701', 4, 'order.confirmed', 1, '{}', '328fb4a3-b596-5fb5-86a8-20088be4a5e9', 'c175d26b-efe7-5e54-bb35-bd87cc0dbb69', NULL, 'till-3', '2024-09-18 21:51:00+00', '2026-11-23 18:04:50.372139+00'),
	(166, 'order', '75a340b8-5136-55fc-a54c-bf1230071701', 5, 'order.shipped', 1, '{}', 'd05208e4-f2fb-51b4-90d6-0478184d1b06', 'e7af1edd-0392-5944-ba05-1744b05a57cc', NULL, 'till-3', '2024-09-18 21:51:00+00', '2026-11-23 18:04:50.383763+00'),
	(167, 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 11, 'product.stock-dispatched', 1, '{"order_id": "75a340b8-5136-55fc-a54c-bf1230071701", "quantity": 1}', '9726ee7a-ca95-55f5-9d81-fdfc5eb8709d', '2e592e98-e15d-530e-8e7a-439a31c41e48', NULL, 'bob', '2024-09-18 21:51:00+00', '2026-11-23 18:04:50.394476+00'),
	(168, 'order', '7554b015-86fc-576e-8d86-a4e08fd48b31', 1, 'order.opened', 1, '{"customer_id": "73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9"}', '82baa1cd-81dc-5fe4-baac-fc660a2330b2', 'e5cd0b5c-db9b-5924-bbeb-b5bc598f12b1', NULL, 'ann', '2024-09-21 02:45:00+00', '2026-11-23 18:04:50.419951+00'),
	(169, 'order', '7554b015-86fc-576e-8d86-a4e08fd48b31', 2, 'order.line-added', 1, '{"sku": "TEA-GREEN", "quantity": 4, "unit_price": {"amount": "6", "currency": "EUR"}}', 'ffe07638-1f2d-58b1-b8eb-7a6e35042ea1', '851ca0b6-5e62-58fc-956a-a166734528e0', NULL, 'ann', '2024-09-21 02:45:00+00', '2026-11-23 18:04:50.436835+00'),
	(170, 'order', '7554b015-86fc-576e-8d86-a4e08fd48b31', 3, 'order.placed', 2, '{"lines": [{"sku": "TEA-GREEN", "quantity": 4, "unit_price": {"amount": "6", "currency": "EUR"}}], "total": {"amount": "24", "currency": "EUR"}, "placed_at": "2024-09-21T02:45:00Z", "customer_id": "73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9"}', 'c96d2b9c-3b97-5c5b-a992-e211a48ae45e', 'bcfd364e-3dbb-56fa-86c7-fe68c7ef5b5f', NULL, 'bob', '2024-09-21 02:45:00+00', '2026-11-23 18:04:50.446259+00'),
	(171, 'order', '7554b015-86fc-576e-8d86-a4e08fd48b31', 4, 'order.rejected', 1, '{"reason": "not in stock", "placement": {"lines": [{"sku": "TEA-GREEN", "quantity": 4, "unit_price": {"amount": "6", "currency": "EUR"}}], "total": {"amount": "24", "currency": "EUR"}, "placed_at": "2024-09-21T02:45:00Z"}, "customer_id": "73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9"}', 'df46a534-6f2f-5497-954b-3938d7d42528', '492dcf7f-bd30-52b5-b5ea-fe3c2d1d1928', NULL, 'till-3', '2024-09-21 02:45:00+00', '2026-11-23 18:04:50.468663+00'),
	(172, 'order', '87a39bc1-c45e-560f-8397-1adeecc115e1', 1, 'order.opened', 1, '{"customer_id": "8a760a65-7071-5a65-99b7-2d85c954c2e1"}', 'cb1988ca-ef97-524f-9ed9-09c4c1a63285', '07b7a279-5863-5570-b506-b14edbd317e9', NULL, 'till-3', '2024-09-26 02:51:00+00', '2026-11-23 18:04:50.476525+00'),
	(173, 'order', '87a39bc1-c45e-560f-8397-1adeecc115e1', 2, 'order.line-added', 1, '{"sku": "JAM-PLUM", "quantity": 3, "unit_price": {"amount": "0.92", "currency": "EUR"}}', '9173e71c-2fe5-5825-a2a6-c59ba4d0c375', '536730d3-9f0b-5add-b14c-17ba67db443d', NULL, 'ann', '2024-09-26 02:51:00+00', '2026-11-23 18:04:50.495963+00'),
	(174, 'order', '87a39bc1-c45e-560f-8397-1adeecc115e1', 3, 'order.line-added', 1, '{"sku": "MUG-1", "quantity": 4, "unit_price": {"amount": "1.97", "currency": "EUR"}}', 'd0aefa76-1991-560a-9235-e54f874d150f', 'eef3d343-d070-5b04-82af-24a3b5b4ff49', NULL, 'ann', '2024-09-26 02:51:00+00', '2026-11-23 18:04:50.507099+00'),
	(175, 'order', '87a39bc1-c45e-560f-8397-1adeecc115e1', 4, 'order.line-added', 1, '{"sku": "SPOON", "quantity": 1, "unit_price": {"amount": "0.85", "currency": "EUR"}}', 'a4da81ff-a0f3-5824-b37f-7483e4c34c91', '0705b297-2bef-5ffc-a37b-085b1efbf317', NULL, 'ann', '2024-09-26 02:51:00+00', '2026-11-23 18:04:50.523104+00'),
	(176, 'order', '87a39bc1-c45e-560f-8397-1adeecc115e1', 5, 'order.quantity-changed', 1, '{"sku": "JAM-PLUM", "quantity": 5}', '0450a93a-e859-5fb5-a0f3-c94d0858cd4e', '2e09767f-352d-59ef-8000-803a14af2518', NULL, 'till-3', '2024-09-26 02:51:00+00', '2026-11-23 18:04:50.530899+00'),
	(177, 'order', '87a39bc1-c45e-560f-8397-1adeecc115e1', 6, 'order.placed', 2, '{"lines": [{"sku": "JAM-PLUM", "quantity": 5, "unit_price": {"amount": "0.92", "currency": "EUR"}}, {"sku": "MUG-1", "quantity": 4, "unit_price": {"amount": "1.97", "currency": "EUR"}}, {"sku": "SPOON", "quantity": 1, "unit_price": {"amount": "0.85", "currency": "EUR"}}], "total": {"amount": "13.33", "currency": "EUR"}, "placed_at": "2024-09-26T02:51:00Z", "customer_id": "8a760a65-7071-5a65-99b7-2d85c954c2e1"}', '3ab7e44f-00ec-5f30-aab3-4a68d80051e1', '362ac29d-2b0d-5acc-ab49-aca344a20978', NULL, 'bob', '2024-09-26 02:51:00+00', '2026-11-23 18:04:50.538995+00'),
	(178, 'order', '87a39bc1-c45e-560f-8397-1adeecc115e1', 7, 'order.cancelled', 1, '{"reason": "too late", "placement": {"lines": [{"sku": "JAM-PLUM", "quantity": 5, "unit_price": {"amount": "0.92", "currency": "EUR"}}, {"sku": "MUG-1", "quantity": 4, "unit_price": {"amount": "1.97", "currency": "EUR"}}, {"sku": "SPOON", "quantity": 1, "unit_price": {"amount": "0.85", "currency": "EUR"}}], "total": {"amount": "13.33", "currency": "EUR"}, "placed_at": "2024-09-26T02:51:00Z"}, "customer_id": "8a760a65-7071-5a65-99b7-2d85c954c2e1"}', '7ceebd17-5050-5680-bc0a-cf3b28711824', 'e5fd4c76-3568-5c6e-ac23-98efe6df8975', NULL, 'ann', '2024-09-26 02:51:00+00', '2026-11-23 18:04:50.551614+00'),
	(179, 'order', '4468a6d2-c6c0-5786-9a28-f9a23a6a566c', 1, 'order.opened', 1, '{"customer_id": "7a50cf1b-ee16-500d-806c-e0fd121a727a"}', '8b753afa-e01a-5ad9-9b41-297f9aa4e2eb', '288a55d0-df51-5095-b076-9cb7d00d4c70', NULL, 'till-3', '2024-09-27 05:10:00+00', '2026-11-23 18:04:50.573343+00'),
	(180, 'order', '4468a6d2-c6c0-5786-9a28-f9a23a6a566c', 2, 'order.line-added', 1, '{"sku": "SPOON", "quantity": 2, "unit_price": {"amount": "0.85", "currency": "EUR"}}', '6202a750-fded-5b65-8ca6-b79a41cafe35', 'f3d10deb-da33-5bbc-9d4b-5311d270744f', NULL, 'bob', '2024-09-27 05:10:00+00', '2026-11-23 18:04:50.592654+00'),
	(181, 'order', '4468a6d2-c6c0-5786-9a28-f9a23a6a566c', 3, 'order.line-added', 1, '{"sku": "JAM-PLUM", "quantity": 1, "unit_price": {"amount": "0.92", "currency": "EUR"}}', 'fd38f721-0c71-572a-a556-02cf57ac31c5', 'a203c50d-0a6d-508d-9c03-6e9404f5322d', NULL, 'ann', '2024-09-27 05:10:00+00', '2026-11-23 18:04:50.60399+00'),
	(182, 'order', '4468a6d2-c6c0-5786-9a28-f9a23a6a566c', 4, 'order.line-removed', 1, '{"sku": "JAM-PLUM"}', '0bafc3d1-227b-5dce-8cd2-bb94086dde35', 'ed53da63-06cf-5f81-9de4-1f554d5629fc', NULL, 'bob', '2024-09-27 05:10:00+00', '2026-11-23 18:04:50.615544+00'),
	(183, 'order', '4468a6d2-c6c0-5786-9a28-f9a23a6a566c', 5, 'order.placed', 2, '{"lines": [{"sku": "SPOON", "quantity": 2, "unit_price": {"amount": "0.85", "currency": "EUR"}}], "total": {"amount": "1.70", "currency": "EUR"}, "placed_at": "2024-09-27T05:10:00Z", "customer_id": "7a50cf1b-ee16-500d-806c-e0fd121a727a"}', '894262ca-5bce-59fa-b3b6-fa1a58dbe515', '663387f3-9cda-5497-b692-6ab625e8fe1d', NULL, 'till-3', '2024-09-27 05:10:00+00', '2026-11-23 18:04:50.627002+00'),
	(184, 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 12, 'product.stock-reserved', 1, '{"order_id": "4468a6d2-c6c0-5786-9a28-f9a23a6a566c", "quantity": 1}', '50090fd9-a177-5721-b761-509b678e262a', 'da74f036-1f44-577a-859e-e7c3faf699c1', NULL, 'ann', '2024-09-27 05:10:00+00', '2026-11-23 18:04:50.641312+00'),
	(185, 'product', '5d4214a2-9453-5900-862a-3e51acc9e355', 13, 'product.reservation-released', 1, '{"order_id": "4468a6d2-c6c0-5786-9a28-f9a23a6a566c", "quantity": 1}', 'a4594f7b-eefa-5d59-a63d-fae0cb216b21', '7e68909f-abfe-509e-98dc-c1ed4225aa68', NULL, 'bob', '2024-09-27 05:10:00+00', '2026-11-23 18:04:50.660519+00'),
	(186, 'order', 'e48c31bc-be0e-54d8-9c13-6eed6a52ed2d', 1, 'order.opened', 1, '{"customer_id": "904e22cb-c6ed-5e10-b254-ad5d9bf34147"}', '66c14dc2-2935-557a-a65f-983e625b74e7', '418f8e85-1875-5779-9874-b54aa24c71c1', NULL, 'bob', '2024-10-06 14:22:00+00', '2026-11-23 18:04:50.690079+00'),
	(187, 'order', 'e48c31bc-be0e-54d8-9c13-6eed6a52ed2d', 2, 'order.line-added', 1, '{"sku": "TEA-GREEN", "quantity": 1, "unit_price": {"amount": "6", "currency": "EUR"}}', 'fafd2665-e8ca-5fe4-8761-75c4fb907e5c', 'a1e284f0-9a86-55a0-81e4-51f5ad80be11', NULL, 'ann', '2024-10-06 14:22:00+00', '2026-11-23 18:04:50.713649+00'),
	(188, 'product', 'dda0f85d-ffbe-5f3b-9a1c-88f107c81199', 9, 'product.price-changed', 1, '{"price": {"amount": "4.48", "currency": "EUR"}}', '718bc9c5-da1d-5448-a72a-b29958db1d87', 'd2b0eab9-b925-5812-9004-a4f329665fc6', NULL, 'ann', '2024-10-06 14:22:00+00', '2026-11-23 18:04:50.719356+00'),
	(189, 'order', 'e48c31bc-be0e-54d8-9c13-6eed6a52ed2d', 3, 'order.placed', 2, '{"lines": [{"sku": "TEA-GREEN", "quantity": 1, "unit_price": {"amount": "6", "currency": "EUR"}}], "total": {"amount": "6", "currency": "EUR"}, "placed_at": "2024-10-06T14:22:00Z", "customer_id": "904e22cb-c6ed-5e10-b254-ad5d9bf34147"}', '6ad05461-5a16-5377-9217-8c8a722fab75', '8d349f6c-ac32-5abc-a485-8a941ec2a6dc', NULL, 'ann', '2024-10-06 14:22:00+00', '2026-11-23 18:04:50.729037+00'),
	(190, 'order', '2f941778-70bf-52a6-93d5-9af0caf6703c', 1, 'order.opened', 1, '{"customer_id": "6abbb47e-5df0-57e7-b5e2-ae5f2f50b6ac"}', '97b569e7-e572-5fda-a2e2-85be8e2d45cc', 'ef1f20aa-3e6b-5412-a176-16a2b9396eb8', NULL, 'ann', '2024-10-13 20:17:00+00', '2026-11-23 18:04:50.743117+00'),
	(191, 'order', '2f941778-70bf-52a6-93d5-9af0caf6703c', 2, 'order.line-added', 1, '{"sku": "TEA-GREEN", "quantity": 1, "unit_price": {"amount": "4.48", "currency": "EUR"}}', '6fe9c3a1-d637-526a-9b2a-7f8cbf6d5858', '807086ef-d339-5097-b3d3-765764bed927', NULL, 'bob', '2024-10-13 20:17:00+00', '2026-11-23 18:04:50.768917+00'),
	(192, 'order', '2f941778-70bf-52a6-93d5-9af0caf6703c', 3, 'order.line-added', 1, '{"sku": "JAM-PLUM", "quantity": 3, "unit_price": {"amount": "0.92", "currency": "EUR"}}', 'f637a168-59ad-5d00-80f9-c495603c7a42', '34b08466-93ef-5c12-bc50-403ab2036816', NULL, 'bob', '2024-10-13 20:17:00+00', '2026-11-23 18:04:50.780623+00'),
	(193, 'order', '2f941778-70bf-52a6-93d5-9af0caf6703c', 4, 'order.quantity-changed', 1, '{"sku": "TEA-GREEN", "quantity": 5}', 'd2d93361-af0a-59da-a9a5-02d1b5bea6c1', '4fa1fc87-9afd-5140-b4e7-1891f938410d', NULL, 'bob', '2024-10-13 20:17:00+00', '2026-11-23 18:04:50.787946+00'),
	(194, 'order', '2f941778-70bf-52a6-93d5-9af0caf6703c', 5, 'order.placed', 2, '{"lines": [{"sku": "TEA-GREEN", "quantity": 5, "unit_price": {"amount": "4.48", "currency": "EUR"}}, {"sku": "JAM-PLUM", "quantity": 3, "unit_price": {"amount": "0.92", "currency": "EUR"}}], "total": {"amount": "25.16", "currency": "EUR"}, "placed_at": "2024-10-13T20:17:00Z", "customer_id": "6abbb47e-5df0-57e7-b5e2-ae5f2f50b6ac"}', '914fb08b-b0fb-5d0b-8af5-18022a813c1b', '15a4c0cc-4553-56ac-aff9-66547b555657', NULL, 'bob', '2024-10-13 20:17:00+00', '2026-11-23 18:04:50.790973+00'),
	(195, 'product', 'dda0f85d-ffbe-5f3b-9a1c-88f107c81199', 10, 'product.stock-reserved', 1, '{"order_id": "2f941778-70bf-52a6-93d5-9af0caf6703c", "quantity": 1}', '595d4d5e-e858-58a3-95b2-b49a9b1bc917', 'b6095832-0a1c-58ed-8001-5f9d7605dcaa', NULL, 'bob', '2024-10-13 20:17:00+00', '2026-11-23 18:04:50.794428+00'),
	(196, 'order', '2f941778-70bf-52a6-93d5-9af0caf6703c', 6, 'order.confirmed', 1, '{}', '6d282f9b-3cc5-53c9-99b2-baceca2a3289', '943a5a76-d596-5396-8ab4-c3fe145788a8', NULL, 'bob', '2024-10-13 20:17:00+00', '2026-11-23 18:04:50.816516+00'),
	(197, 'order', '2f941778-70bf-52a6-93d5-9af0caf6703c', 7, 'order.shipped', 1, '{}', '9b7f1e4c-22bd-56dd-ba03-1fd7d8de4c6f', 'f774e420-a2c5-5b77-b18a-b41de7106250', NULL, 'bob', '2024-10-13 20:17:00+00', '2026-11-23 18:04:50.823717+00'),
	(198, 'product', 'dda0f85d-ffbe-5f3b-9a1c-88f107c81199', 11, 'product.stock-dispatched', 1, '{"order_id": "2f941778-70bf-52a6-93d5-9af0caf6703c", "quantity": 1}', '49bccf26-24bd-591b-8ee4-916d4c7c2693', '4a2f71ba-a5b4-5c86-b75f-93e198cc25f6', NULL, 'ann', '2024-10-13 20:17:00+00', '2026-11-23 18:04:50.836914+00'),
	(199, 'order', '0bfd5203-737e-5f92-a3c4-d5428a2596df', 1, 'order.opened', 1, '{"customer_id": "73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9"}', '33adc9d5-fc99-53c8-93ac-ea07166cfbaa', 'f751bf6c-c5ae-5baf-a139-e65f0b226d73', NULL, 'ann', '2024-10-19 02:43:00+00', '2026-11-23 18:04:50.84657+00'),
	(200, 'order', '0bfd5203-737e-5f92-a3c4-d5428a2596df', 2, 'order.line-added', 1, '{"sku": "TEA-GREEN", "quantity": 1, "unit_price": {"amount": "4.48", "currency": "EUR"}}', '17420e80-84c3-53e9-94b2-cfa9fae60681', '761ebd1a-3b9e-5407-a95a-e44c7756a5c3', NULL, 'bob', '2024-10-19 02:43:00+00', '2026-11-23 18:04:50.854471+00');
INSERT INTO es.events VALUES
	(201, 'order', '0bfd5203-737e-5f92-a3c4-d5428a2596df', 3, 'order.line-added', 1, '{"sku": "SPOON", "quantity": 4, "unit_price": {"amount": "0.85", "currency": "EUR"}}', '1e529cb0-72ec-5232-b316-b8275238c258', '0ff0f347-fdff-522c-92c8-4eaf55a27264', NULL, 'till-3', '2024-10-19 02:43:00+00', '2026-11-23 18:04:50.863839+00'),
	(202, 'order', '0bfd5203-737e-5f92-a3c4-d5428a2596df', 4, 'order.line-added', 1, '{"sku": "MUG-1", "quantity": 3, "unit_price": {"amount": "1.97", "currency": "EUR"}}', 'ad0130a8-3ccc-51bd-815c-db98480f9757', '44362d97-111c-5b70-85d9-bef08a9d6af7', NULL, 'ann', '2024-10-19 02:43:00+00', '2026-11-23 18:04:50.872071+00'),
	(203, 'order', '0bfd5203-737e-5f92-a3c4-d5428a2596df', 5, 'order.cancelled', 1, '{"reason": "changed my mind", "placement": null, "customer_id": "73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9"}', '715fc323-af65-5453-b3a7-4ec6407e5d01', 'd00a4941-c118-5bd8-bce8-154dfc52d155', NULL, 'till-3', '2024-10-19 02:43:00+00', '2026-11-23 18:04:50.883489+00');
INSERT INTO read.customers_v1 VALUES
	('8a760a65-7071-5a65-99b7-2d85c954c2e1', '[{"amount": "0.00", "currency": "EUR"}]', 0),
	('7a50cf1b-ee16-500d-806c-e0fd121a727a', '[{"amount": "65.40", "currency": "EUR"}]', 4),
	('904e22cb-c6ed-5e10-b254-ad5d9bf34147', '[{"amount": "56.59", "currency": "EUR"}]', 4),
	('6abbb47e-5df0-57e7-b5e2-ae5f2f50b6ac', '[{"amount": "129.21", "currency": "EUR"}]', 6),
	('73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9', '[{"amount": "0.00", "currency": "EUR"}]', 0);
INSERT INTO read.daily_sales_v1 VALUES
	('2024-03-05', 'EUR', 1, 5, 47.50),
	('2024-03-17', 'EUR', 1, 9, 17.05),
	('2024-04-12', 'EUR', 1, 4, 7.05),
	('2024-04-19', 'EUR', 1, 5, 30),
	('2024-04-25', 'EUR', 1, 5, 8.95),
	('2024-05-21', 'EUR', 1, 10, 43.35),
	('2024-06-04', 'EUR', 1, 8, 39.60),
	('2024-06-05', 'EUR', 1, 5, 16.34),
	('2024-09-03', 'EUR', 1, 4, 3.40),
	('2024-09-10', 'EUR', 1, 5, 4.25),
	('2024-09-18', 'EUR', 1, 1, 0.85),
	('2024-09-27', 'EUR', 1, 2, 1.70),
	('2024-10-06', 'EUR', 1, 1, 6),
	('2024-10-13', 'EUR', 1, 8, 25.16);
INSERT INTO read.orders_v1 VALUES
	('2dc85abd-65c4-5f83-bd60-ef81df6609b4', '6abbb47e-5df0-57e7-b5e2-ae5f2f50b6ac', 'SHIPPED', '[{"sku": "MUG-1", "quantity": 5, "unit_price": {"amount": "9.50", "currency": "EUR"}}]', 47.50, 'EUR', NULL, '2024-03-05 11:32:00+00', '2024-03-05 11:32:00+00', 6),
	('772effd7-9c3a-52f1-a5bd-56b227abe772', '73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9', 'REJECTED', '[{"sku": "MUG-1", "quantity": 3, "unit_price": {"amount": "9.50", "currency": "EUR"}}, {"sku": "JAM-PLUM", "quantity": 3, "unit_price": {"amount": "3.20", "currency": "EUR"}}]', 38.10, 'EUR', 'not in stock', '2024-03-06 19:31:00+00', '2024-03-06 19:31:00+00', 5),
	('0250271f-730f-5b44-ac10-46bd7219429b', '8a760a65-7071-5a65-99b7-2d85c954c2e1', 'CANCELLED', '[{"sku": "TEA-GREEN", "quantity": 4, "unit_price": {"amount": "4.50", "currency": "EUR"}}]', 18.00, 'EUR', 'too late', '2024-03-16 01:35:00+00', '2024-03-16 01:35:00+00', 4),
	('9073550b-be14-55c5-9d31-09a3472a3d2d', '7a50cf1b-ee16-500d-806c-e0fd121a727a', 'PLACED', '[{"sku": "SPOON", "quantity": 5, "unit_price": {"amount": "0.85", "currency": "EUR"}}, {"sku": "JAM-PLUM", "quantity": 4, "unit_price": {"amount": "3.20", "currency": "EUR"}}]', 17.05, 'EUR', NULL, '2024-03-17 04:41:00+00', '2024-03-17 04:41:00+00', 5),
	('a3b7e7bd-e22b-5355-8456-affa2a43731d', '904e22cb-c6ed-5e10-b254-ad5d9bf34147', 'CANCELLED', '[{"sku": "SPOON", "quantity": 4, "unit_price": {"amount": "0.85", "currency": "EUR"}}, {"sku": "JAM-PLUM", "quantity": 2, "unit_price": {"amount": "3.20", "currency": "EUR"}}]', 9.80, 'EUR', 'changed my mind', '2024-03-25 13:57:00+00', NULL, 6),
	('78bdf244-0222-5af8-8dbd-e4af2eaa0a06', '6abbb47e-5df0-57e7-b5e2-ae5f2f50b6ac', 'OPEN', '[{"sku": "JAM-PLUM", "quantity": 4, "unit_price": {"amount": "3.20", "currency": "EUR"}}]', 12.80, 'EUR', NULL, '2024-04-01 15:07:00+00', NULL, 2),
	('efbede25-5334-5e26-aef5-9040a98aa239', '73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9', 'REJECTED', '[{"sku": "JAM-PLUM", "quantity": 5, "unit_price": {"amount": "3.20", "currency": "EUR"}}, {"sku": "TEA-GREEN", "quantity": 1, "unit_price": {"amount": "4.50", "currency": "EUR"}}, {"sku": "SPOON", "quantity": 2, "unit_price": {"amount": "0.85", "currency": "EUR"}}]', 22.20, 'EUR', 'not in stock', '2024-04-09 00:31:00+00', '2024-04-09 00:31:00+00', 7),
	('c5894175-43ff-52cd-824a-00bf00d93584', '8a760a65-7071-5a65-99b7-2d85c954c2e1', 'CANCELLED', '[{"sku": "JAM-PLUM", "quantity": 3, "unit_price": {"amount": "3.20", "currency": "EUR"}}, {"sku": "MUG-1", "quantity": 2, "unit_price": {"amount": "7.35", "currency": "EUR"}}]', 24.30, 'EUR', 'too late', '2024-04-12 04:25:00+00', '2024-04-12 04:25:00+00', 5),
	('76ea8957-db2d-5229-b96a-f71dc9f9833c', '7a50cf1b-ee16-500d-806c-e0fd121a727a', 'PLACED', '[{"sku": "TEA-GREEN", "quantity": 1, "unit_price": {"amount": "4.50", "currency": "EUR"}}, {"sku": "SPOON", "quantity": 3, "unit_price": {"amount": "0.85", "currency": "EUR"}}]', 7.05, 'EUR', NULL, '2024-04-12 04:39:00+00', '2024-04-12 04:39:00+00', 6),
	('40bdf378-52aa-5d0d-a34a-b9b3e2e22369', '904e22cb-c6ed-5e10-b254-ad5d9bf34147', 'PLACED', '[{"sku": "TEA-GREEN", "quantity": 5, "unit_price": {"amount": "6", "currency": "EUR"}}]', 30, 'EUR', NULL, '2024-04-19 09:00:00+00', '2024-04-19 09:00:00+00', 4),
	('8c8e4917-3ba3-5aa6-a443-9669d9bbad66', '6abbb47e-5df0-57e7-b5e2-ae5f2f50b6ac', 'SHIPPED', '[{"sku": "SPOON", "quantity": 3, "unit_price": {"amount": "0.85", "currency": "EUR"}}, {"sku": "JAM-PLUM", "quantity": 2, "unit_price": {"amount": "3.20", "currency": "EUR"}}]', 8.95, 'EUR', NULL, '2024-04-25 12:34:00+00', '2024-04-25 12:34:00+00', 6),
	('2c1ed119-fa9e-5340-9c04-cd66cf1a59ac', '73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9', 'REJECTED', '[{"sku": "MUG-1", "quantity": 4, "unit_price": {"amount": "7.35", "currency": "EUR"}}, {"sku": "SPOON", "quantity": 2, "unit_price": {"amount": "0.85", "currency": "EUR"}}]', 31.10, 'EUR', 'not in stock', '2024-05-04 16:18:00+00', '2024-05-04 16:18:00+00', 5),
	('fd3c4dbb-738e-5d8c-b9cb-4841b9c30bdb', '8a760a65-7071-5a65-99b7-2d85c954c2e1', 'CANCELLED', '[{"sku": "JAM-PLUM", "quantity": 5, "unit_price": {"amount": "3.20", "currency": "EUR"}}, {"sku": "SPOON", "quantity": 3, "unit_price": {"amount": "0.85", "currency": "EUR"}}]', 18.55, 'EUR', 'too late', '2024-05-07 18:32:00+00', '2024-05-07 18:32:00+00', 8),
	('150718cb-3741-5b9d-8af5-d398bd13c8ac', '7a50cf1b-ee16-500d-806c-e0fd121a727a', 'CANCELLED', '[{"sku": "MUG-1", "quantity": 1, "unit_price": {"amount": "7.35", "currency": "EUR"}}, {"sku": "SPOON", "quantity": 4, "unit_price": {"amount": "0.85", "currency": "EUR"}}, {"sku": "JAM-PLUM", "quantity": 2, "unit_price": {"amount": "3.20", "currency": "EUR"}}]', 17.15, 'EUR', 'changed my mind', '2024-05-17 04:21:00+00', NULL, 5),
	('6f612b01-5d7f-5740-ac7e-2e018064591c', '904e22cb-c6ed-5e10-b254-ad5d9bf34147', 'OPEN', '[{"sku": "MUG-1", "quantity": 3, "unit_price": {"amount": "7.35", "currency": "EUR"}}, {"sku": "JAM-PLUM", "quantity": 4, "unit_price": {"amount": "3.20", "currency": "EUR"}}]', 34.85, 'EUR', NULL, '2024-05-21 06:15:00+00', NULL, 3),
	('ddb4c86e-f520-5b04-80be-007f465b593b', '6abbb47e-5df0-57e7-b5e2-ae5f2f50b6ac', 'SHIPPED', '[{"sku": "MUG-1", "quantity": 5, "unit_price": {"amount": "7.35", "currency": "EUR"}}, {"sku": "SPOON", "quantity": 4, "unit_price": {"amount": "0.85", "currency": "EUR"}}, {"sku": "JAM-PLUM", "quantity": 1, "unit_price": {"amount": "3.20", "currency": "EUR"}}]', 43.35, 'EUR', NULL, '2024-05-21 06:38:00+00', '2024-05-21 06:38:00+00', 8),
	('6e01f26c-463d-5f95-9c1b-9c6735797d0d', '73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9', 'REJECTED', '[{"sku": "JAM-PLUM", "quantity": 1, "unit_price": {"amount": "3.20", "currency": "EUR"}}]', 3.20, 'EUR', 'not in stock', '2024-05-26 12:50:00+00', '2024-05-26 12:50:00+00', 6),
	('f0495789-ce3b-5f7e-9c84-2079edf1ec5a', '8a760a65-7071-5a65-99b7-2d85c954c2e1', 'CANCELLED', '[{"sku": "MUG-1", "quantity": 1, "unit_price": {"amount": "1.97", "currency": "EUR"}}, {"sku": "SPOON", "quantity": 3, "unit_price": {"amount": "0.85", "currency": "EUR"}}]', 4.52, 'EUR', 'too late', '2024-05-28 19:33:00+00', '2024-05-28 19:33:00+00', 5),
	('382b2f02-a4af-56c0-b1a7-5bd881db8330', '7a50cf1b-ee16-500d-806c-e0fd121a727a', 'PLACED', '[{"sku": "TEA-GREEN", "quantity": 5, "unit_price": {"amount": "6", "currency": "EUR"}}, {"sku": "JAM-PLUM", "quantity": 3, "unit_price": {"amount": "3.20", "currency": "EUR"}}]', 39.60, 'EUR', NULL, '2024-06-04 01:35:00+00', '2024-06-04 01:35:00+00', 5),
	('55b8d56d-477d-51e8-9948-13d9de8c2841', '904e22cb-c6ed-5e10-b254-ad5d9bf34147', 'PLACED', '[{"sku": "MUG-1", "quantity": 2, "unit_price": {"amount": "1.97", "currency": "EUR"}}, {"sku": "JAM-PLUM", "quantity": 2, "unit_price": {"amount": "3.20", "currency": "EUR"}}, {"sku": "TEA-GREEN", "quantity": 1, "unit_price": {"amount": "6", "currency": "EUR"}}]', 16.34, 'EUR', NULL, '2024-06-05 10:25:00+00', '2024-06-05 10:25:00+00', 5),
	('126ac1e5-edca-5e09-bafb-d8d3a75b9a71', '6abbb47e-5df0-57e7-b5e2-ae5f2f50b6ac', 'SHIPPED', '[{"sku": "SPOON", "quantity": 4, "unit_price": {"amount": "0.85", "currency": "EUR"}}]', 3.40, 'EUR', NULL, '2024-09-03 18:47:00+00', '2024-09-03 18:47:00+00', 5),
	('6aadd262-29e3-5a76-a45a-9be28056d32f', '73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9', 'REJECTED', '[{"sku": "MUG-1", "quantity": 5, "unit_price": {"amount": "1.97", "currency": "EUR"}}, {"sku": "JAM-PLUM", "quantity": 2, "unit_price": {"amount": "3.20", "currency": "EUR"}}]', 16.25, 'EUR', 'not in stock', '2024-09-05 03:24:00+00', '2024-09-05 03:24:00+00', 6),
	('b7b783db-144b-5aa1-be77-2a21d86f9e00', '8a760a65-7071-5a65-99b7-2d85c954c2e1', 'CANCELLED', '[{"sku": "JAM-PLUM", "quantity": 1, "unit_price": {"amount": "3.20", "currency": "EUR"}}, {"sku": "TEA-GREEN", "quantity": 3, "unit_price": {"amount": "6", "currency": "EUR"}}]', 21.20, 'EUR', 'changed my mind', '2024-09-05 04:27:00+00', NULL, 4),
	('ce773860-4feb-578f-b9f4-99457adc8c2c', '7a50cf1b-ee16-500d-806c-e0fd121a727a', 'OPEN', '[{"sku": "TEA-GREEN", "quantity": 3, "unit_price": {"amount": "6", "currency": "EUR"}}, {"sku": "MUG-1", "quantity": 3, "unit_price": {"amount": "1.97", "currency": "EUR"}}]', 23.91, 'EUR', NULL, '2024-09-08 11:15:00+00', NULL, 3),
	('c2e74ee9-12cb-57d9-b407-9ab912e089ea', '904e22cb-c6ed-5e10-b254-ad5d9bf34147', 'PLACED', '[{"sku": "SPOON", "quantity": 5, "unit_price": {"amount": "0.85", "currency": "EUR"}}]', 4.25, 'EUR', NULL, '2024-09-10 17:23:00+00', '2024-09-10 17:23:00+00', 6),
	('75a340b8-5136-55fc-a54c-bf1230071701', '6abbb47e-5df0-57e7-b5e2-ae5f2f50b6ac', 'SHIPPED', '[{"sku": "SPOON", "quantity": 1, "unit_price": {"amount": "0.85", "currency": "EUR"}}]', 0.85, 'EUR', NULL, '2024-09-18 21:51:00+00', '2024-09-18 21:51:00+00', 5),
	('7554b015-86fc-576e-8d86-a4e08fd48b31', '73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9', 'REJECTED', '[{"sku": "TEA-GREEN", "quantity": 4, "unit_price": {"amount": "6", "currency": "EUR"}}]', 24, 'EUR', 'not in stock', '2024-09-21 02:45:00+00', '2024-09-21 02:45:00+00', 4),
	('87a39bc1-c45e-560f-8397-1adeecc115e1', '8a760a65-7071-5a65-99b7-2d85c954c2e1', 'CANCELLED', '[{"sku": "JAM-PLUM", "quantity": 5, "unit_price": {"amount": "0.92", "currency": "EUR"}}, {"sku": "MUG-1", "quantity": 4, "unit_price": {"amount": "1.97", "currency": "EUR"}}, {"sku": "SPOON", "quantity": 1, "unit_price": {"amount": "0.85", "currency": "EUR"}}]', 13.33, 'EUR', 'too late', '2024-09-26 02:51:00+00', '2024-09-26 02:51:00+00', 7),
	('4468a6d2-c6c0-5786-9a28-f9a23a6a566c', '7a50cf1b-ee16-500d-806c-e0fd121a727a', 'PLACED', '[{"sku": "SPOON", "quantity": 2, "unit_price": {"amount": "0.85", "currency": "EUR"}}]', 1.70, 'EUR', NULL, '2024-09-27 05:10:00+00', '2024-09-27 05:10:00+00', 5),
	('e48c31bc-be0e-54d8-9c13-6eed6a52ed2d', '904e22cb-c6ed-5e10-b254-ad5d9bf34147', 'PLACED', '[{"sku": "TEA-GREEN", "quantity": 1, "unit_price": {"amount": "6", "currency": "EUR"}}]', 6, 'EUR', NULL, '2024-10-06 14:22:00+00', '2024-10-06 14:22:00+00', 3),
	('2f941778-70bf-52a6-93d5-9af0caf6703c', '6abbb47e-5df0-57e7-b5e2-ae5f2f50b6ac', 'SHIPPED', '[{"sku": "TEA-GREEN", "quantity": 5, "unit_price": {"amount": "4.48", "currency": "EUR"}}, {"sku": "JAM-PLUM", "quantity": 3, "unit_price": {"amount": "0.92", "currency": "EUR"}}]', 25.16, 'EUR', NULL, '2024-10-13 20:17:00+00', '2024-10-13 20:17:00+00', 7),
	('0bfd5203-737e-5f92-a3c4-d5428a2596df', '73ac1c0c-ec7f-5437-a8d2-ce6c6e56e7c9', 'CANCELLED', '[{"sku": "TEA-GREEN", "quantity": 1, "unit_price": {"amount": "4.48", "currency": "EUR"}}, {"sku": "SPOON", "quantity": 4, "unit_price": {"amount": "0.85", "currency": "EUR"}}, {"sku": "MUG-1", "quantity": 3, "unit_price": {"amount": "1.97", "currency": "EUR"}}]', 13.79, 'EUR', 'changed my mind', '2024-10-19 02:43:00+00', NULL, 5);
INSERT INTO read.products_v1 VALUES
	('e8f1b559-11f8-5bd6-b332-c703f493c999', 'MUG-1', 'Mug 1', 1.97, 'EUR', 105, 0, 105, 9),
	('0abfe3c9-661e-501d-9483-fa73972e6bba', 'JAM-PLUM', 'Jam Plum', 0.92, 'EUR', 73, 0, 73, 4),
	('5d4214a2-9453-5900-862a-3e51acc9e355', 'SPOON', 'Spoon', 0.85, 'EUR', 46, 0, 46, 13),
	('dda0f85d-ffbe-5f3b-9a1c-88f107c81199', 'TEA-GREEN', 'Tea Green', 4.48, 'EUR', 93, 0, 93, 11);
ALTER TABLE ONLY es.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY es.checkpoints
    ADD CONSTRAINT checkpoints_pkey PRIMARY KEY (projection, version);
ALTER TABLE ONLY es.commands
    ADD CONSTRAINT commands_pkey PRIMARY KEY (command_id);
ALTER TABLE ONLY es.events
    ADD CONSTRAINT events_pkey PRIMARY KEY ("position");
ALTER TABLE ONLY es.events
    ADD CONSTRAINT events_stream UNIQUE (category, stream_id, version);
ALTER TABLE ONLY read.customers_v1
    ADD CONSTRAINT customers_v1_pkey PRIMARY KEY (id);
ALTER TABLE ONLY read.daily_sales_v1
    ADD CONSTRAINT daily_sales_v1_pkey PRIMARY KEY (day, currency);
ALTER TABLE ONLY read.orders_v1
    ADD CONSTRAINT orders_v1_pkey PRIMARY KEY (id);
ALTER TABLE ONLY read.products_v1
    ADD CONSTRAINT products_v1_pkey PRIMARY KEY (id);
CREATE INDEX events_correlation ON es.events USING btree (correlation_id, "position");
CREATE INDEX orders_v1_customer_id_opened_at_id ON read.orders_v1 USING btree (customer_id, opened_at, id);
CREATE INDEX orders_v1_opened_at_id ON read.orders_v1 USING btree (opened_at, id);
CREATE INDEX orders_v1_placed_at ON read.orders_v1 USING btree (placed_at);
CREATE INDEX orders_v1_total_id ON read.orders_v1 USING btree (total, id);
CREATE INDEX products_v1_name_sku ON read.products_v1 USING btree (name, sku);
CREATE INDEX products_v1_price_sku ON read.products_v1 USING btree (price, sku);
CREATE INDEX products_v1_sku ON read.products_v1 USING btree (sku);
CREATE TRIGGER commands_stay BEFORE DELETE OR UPDATE OR TRUNCATE ON es.commands FOR EACH STATEMENT EXECUTE FUNCTION es.refuse_change();
CREATE TRIGGER events_stay BEFORE DELETE OR UPDATE OR TRUNCATE ON es.events FOR EACH STATEMENT EXECUTE FUNCTION es.refuse_change();
