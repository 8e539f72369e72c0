-- Arguments of the functions: names, schedules, keywords, settings. Every error has SQLSTATE, DETAIL and HINT.
--
-- These functions run in users' sessions, where a backslash in a plain literal may be an escape (standard_conforming_strings): there is none in this schema.

CREATE FUNCTION pgtrickle._refuse(message text, detail text, hint text, code text DEFAULT '22023') RETURNS void
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = code, MESSAGE = message, DETAIL = detail, HINT = hint;
END $$;

-- The canonical spelling of a keyword: letters have no case.
CREATE FUNCTION pgtrickle._keyword(argument text, value text, allowed text[]) RETURNS text
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    canonical text;
BEGIN
    SELECT word INTO canonical FROM unnest(allowed) AS word WHERE lower(word) = lower(btrim(value));
    IF canonical IS NULL AND value IS NOT NULL THEN
        PERFORM pgtrickle._refuse(format('invalid value for %s: "%s"', argument, value),
            format('%s is not a known value of %s.', quote_literal(value), argument),
            format('Use one of: %s.', array_to_string(allowed, ', ')));
    END IF;
    RETURN canonical;
END $$;

-- duration := [n w] [n d] [n h] [n m] [n s] [n ms], at least one term, larger units first, no blanks; the sum is above zero and at
-- most 3650 days. NULL when the text is no duration at all. PgTrickle.Scheduling reads the same grammar.
CREATE FUNCTION pgtrickle._duration(value text) RETURNS interval
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    n numeric[];
    seconds numeric;
BEGIN
    n := regexp_match(lower(btrim(value, E' \t\r\n')),
        '^(?:([0-9]{1,9})w)?(?:([0-9]{1,9})d)?(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?(?:([0-9]{1,9})ms)?$')::numeric[];
    IF n IS NULL OR num_nonnulls(n[1], n[2], n[3], n[4], n[5], n[6]) = 0 THEN
        RETURN NULL;
    END IF;
    seconds := coalesce(n[1], 0) * 604800 + coalesce(n[2], 0) * 86400 + coalesce(n[3], 0) * 3600 + coalesce(n[4], 0) * 60
        + coalesce(n[5], 0) + coalesce(n[6], 0) / 1000;
    IF seconds = 0 OR seconds > 315360000 THEN
        PERFORM pgtrickle._refuse(format('invalid schedule: "%s"', value),
            CASE WHEN seconds = 0 THEN 'A duration must be longer than zero.' ELSE 'A duration can be 3650 days at most.' END,
            'Use a duration such as ''30s'', ''5m'' or ''1h30m'', a cron expression such as ''*/5 * * * *'', or ''calculated''.');
    END IF;
    RETURN seconds * interval '1 second';
END $$;

-- Whether one field of a cron expression is well formed: *, ?, a value, a range, steps, lists; with the extras of the day fields.
CREATE FUNCTION pgtrickle._is_cron_field(field text, lowest int, highest int, names text[], extras text) RETURNS bool
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    item text;
    part text[];
    bound text;
BEGIN
    FOREACH item IN ARRAY string_to_array(upper(field), ',') LOOP
        CONTINUE WHEN extras IS NOT NULL AND item ~ extras;
        part := regexp_match(item, '^(?:([*])|([0-9]{1,2}|[A-Z]{3})(?:-([0-9]{1,2}|[A-Z]{3}))?)(?:/([0-9]{1,2}))?$');
        IF part IS NULL OR part[4]::int NOT BETWEEN 1 AND highest THEN
            RETURN false;
        END IF;
        FOREACH bound IN ARRAY part[2:3] LOOP
            CONTINUE WHEN bound IS NULL;
            IF bound ~ '^[0-9]' THEN
                IF bound::int NOT BETWEEN lowest AND highest THEN
                    RETURN false;
                END IF;
            ELSIF NOT bound = ANY (names) THEN
                RETURN false;
            END IF;
        END LOOP;
    END LOOP;
    RETURN field <> '';
END $$;

-- Five fields, or six with seconds first, or a macro. NULL says that it is well formed, other text what is wrong.
CREATE FUNCTION pgtrickle._cron_fault(value text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    titles constant text[] := ARRAY['second', 'minute', 'hour', 'day of month', 'month', 'day of week'];
    lowest constant int[] := ARRAY[0, 0, 0, 1, 1, 0];
    highest constant int[] := ARRAY[59, 59, 23, 31, 12, 7];
    months constant text[] := ARRAY['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
    days constant text[] := ARRAY['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
    fields text[] := regexp_split_to_array(value, E'[ \t\r\n]+');
    skipped int;
BEGIN
    IF value LIKE '@%' THEN
        RETURN CASE WHEN lower(value) NOT IN ('@every_second', '@every_minute', '@hourly', '@daily', '@midnight', '@weekly', '@monthly', '@yearly', '@annually')
            THEN format('%s is not a known macro.', value) END;
    END IF;
    IF cardinality(fields) NOT IN (5, 6) THEN
        RETURN format('A cron expression has 5 or 6 fields, this one has %s.', cardinality(fields));
    END IF;
    skipped := 6 - cardinality(fields);
    FOR i IN skipped + 1 .. 6 LOOP
        IF NOT pgtrickle._is_cron_field(fields[i - skipped], lowest[i], highest[i],
            CASE i WHEN 5 THEN months WHEN 6 THEN days ELSE '{}' END,
            CASE i
                WHEN 4 THEN '^([?]|L|LW|L-([1-9]|[12][0-9]|30)W?|([1-9]|[12][0-9]|3[01])W)$'
                WHEN 6 THEN '^([?]|([0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(L|#[1-5]))$'
            END) THEN
            RETURN format('The field for the %s, "%s", is not valid.', titles[i], fields[i - skipped]);
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

-- A schedule in canonical spelling; 'IMMEDIATE' stands for refresh_mode IMMEDIATE and is returned as that.
CREATE FUNCTION pgtrickle._schedule(value text) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    trimmed text := btrim(value, E' \t\r\n');
    duration interval;
    minimum numeric;
    fault text;
BEGIN
    IF value IS NULL THEN
        RETURN NULL;
    END IF;
    IF lower(trimmed) IN ('calculated', 'immediate') THEN
        RETURN CASE lower(trimmed) WHEN 'calculated' THEN 'calculated' ELSE 'IMMEDIATE' END;
    END IF;
    IF trimmed ~ E'^@|[ \t\r\n]' THEN
        fault := pgtrickle._cron_fault(trimmed);
    ELSE
        duration := pgtrickle._duration(trimmed);
        minimum := pgtrickle._setting('min_schedule_seconds')::numeric;
        fault := CASE
            WHEN trimmed = '' THEN 'It is empty.'
            WHEN trimmed ~ '^[-+]' THEN 'A duration has no sign; it is always longer than zero.'
            WHEN duration IS NULL THEN 'It is neither a duration, nor a cron expression, nor "calculated".'
            WHEN duration < minimum * interval '1 second' THEN format('The setting min_schedule_seconds allows %s s at least.', minimum)
        END;
    END IF;
    IF fault IS NOT NULL THEN
        PERFORM pgtrickle._refuse(format('invalid schedule: "%s"', value), fault,
            'Use a duration such as ''30s'', ''5m'' or ''1h30m'', a cron expression such as ''*/5 * * * *'' or ''@hourly'', or ''calculated''.');
    END IF;
    RETURN CASE WHEN duration IS NULL THEN regexp_replace(trimmed, E'[ \t\r\n]+', ' ', 'g') ELSE lower(trimmed) END;
END $$;

-- The parts of a name, one to three, as PostgreSQL reads identifiers: unquoted letters are lowered.
CREATE FUNCTION pgtrickle._name_parts(value text) RETURNS text[]
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parts text[];
    part text;
    hint constant text := 'Write it as in SQL: orders_by_day, reporting.orders_by_day, or "Mixed Case" in double quotes.';
BEGIN
    IF value IS NULL THEN
        PERFORM pgtrickle._refuse('name of the stream table must not be null', 'The argument "name" is NULL.', hint, '22004');
    END IF;
    BEGIN
        parts := parse_ident(value);
    EXCEPTION WHEN invalid_parameter_value THEN
        PERFORM pgtrickle._refuse(format('invalid name: "%s"', value), format('%s.', SQLERRM), hint, '42602');
    END;
    IF cardinality(parts) > 3 OR (cardinality(parts) = 3 AND parts[1] <> current_database()) THEN
        PERFORM pgtrickle._refuse(format('invalid name: "%s"', value),
            CASE WHEN cardinality(parts) > 3 THEN 'It has more than three parts.' ELSE 'It names another database.' END, hint,
            CASE WHEN cardinality(parts) > 3 THEN '42602' ELSE '0A000' END);
    END IF;
    FOREACH part IN ARRAY parts LOOP
        IF octet_length(part) > current_setting('max_identifier_length')::int THEN
            PERFORM pgtrickle._refuse(format('name "%s" is too long', part), format('It has %s bytes.', octet_length(part)),
                format('Names can have %s bytes.', current_setting('max_identifier_length')), '42622');
        END IF;
    END LOOP;
    RETURN parts[greatest(cardinality(parts) - 1, 1):];
END $$;

-- Every setting: its type, default, and range (numbers) or values (words).
CREATE FUNCTION pgtrickle._setting_definitions()
    RETURNS TABLE (name text, kind text, default_value text, lowest numeric, highest numeric, words text[])
    LANGUAGE sql IMMUTABLE ROWS 19 SET search_path = pg_catalog, pg_temp AS $$
    VALUES
        ('enabled', 'bool', 'true', NULL::numeric, NULL::numeric, NULL::text[]),
        ('max_workers', 'int', '4', 1, 1000, NULL),
        ('poll_interval_ms', 'int', '100', 10, 600000, NULL),
        ('min_schedule_seconds', 'number', '0.1', 0.001, 86400, NULL),
        ('default_schedule_seconds', 'number', '1', 0.1, 86400, NULL),
        ('max_consecutive_errors', 'int', '3', 1, 1000, NULL),
        ('differential_max_change_ratio', 'number', '0.15', 0, 1, NULL),
        ('auto_backoff', 'bool', 'true', NULL, NULL, NULL),
        ('tiered_scheduling', 'bool', 'true', NULL, NULL, NULL),
        ('diamond_consistency', 'word', 'atomic', NULL, NULL, '{atomic,none}'),
        ('diamond_schedule_policy', 'word', 'fastest', NULL, NULL, '{fastest,slowest}'),
        ('block_source_ddl', 'bool', 'false', NULL, NULL, NULL),
        ('history_retention_days', 'int', '90', 1, 36500, NULL),
        ('volatile_function_policy', 'word', 'reject', NULL, NULL, '{reject,warn,allow}'),
        ('fuse_default_ceiling', 'int', '0', 0, 9223372036854775807, NULL),
        ('max_grouping_set_branches', 'int', '64', 1, 4096, NULL),
        ('max_parse_depth', 'int', '64', 8, 4096, NULL),
        ('buffer_alert_threshold', 'int', '1000000', 0, 9223372036854775807, NULL),
        ('wake', 'word', 'poll', NULL, NULL, '{poll,notify}')
$$;
GRANT EXECUTE ON FUNCTION pgtrickle._setting_definitions() TO PUBLIC;

-- The value of a setting that is in force.
CREATE FUNCTION pgtrickle._setting(setting text) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(s.value, d.default_value)
    FROM pgtrickle._setting_definitions() d LEFT JOIN pgtrickle.settings s USING (name)
    WHERE d.name = setting
$$;

-- A setting's value in canonical spelling.
CREATE FUNCTION pgtrickle._setting_value(setting text, value text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    d record;
    number numeric;
BEGIN
    SELECT * INTO d FROM pgtrickle._setting_definitions() WHERE name = setting;
    IF NOT FOUND THEN
        PERFORM pgtrickle._refuse(format('unknown setting "%s"', setting), 'pgtrickle has no setting of that name.',
            (SELECT format('The settings are: %s.', string_agg(name, ', ' ORDER BY name)) FROM pgtrickle._setting_definitions()));
    END IF;
    IF value IS NULL THEN
        RETURN d.default_value;
    END IF;
    IF d.kind = 'bool' THEN
        RETURN CASE WHEN pgtrickle._keyword(setting, value, '{on,true,yes,1,off,false,no,0}') IN ('on', 'true', 'yes', '1') THEN 'true' ELSE 'false' END;
    END IF;
    IF d.kind = 'word' THEN
        RETURN pgtrickle._keyword(setting, value, d.words);
    END IF;
    IF btrim(value) ~ (CASE d.kind WHEN 'int' THEN '^[0-9]{1,19}$' ELSE '^[0-9]{1,19}([.][0-9]{1,9})?$' END) THEN
        number := btrim(value)::numeric;
    END IF;
    IF number IS NULL OR number NOT BETWEEN d.lowest AND d.highest THEN
        PERFORM pgtrickle._refuse(format('invalid value for setting "%s": "%s"', setting, value),
            format('It takes %s from %s to %s.', CASE d.kind WHEN 'int' THEN 'whole numbers' ELSE 'numbers' END, d.lowest, d.highest),
            format('The default is %s.', d.default_value));
    END IF;
    RETURN trim_scale(number)::text;
END $$;

-- Options of a stream table in canonical spelling, as a JSON object without those that are null. Used by the caller, for an early
-- and untouched error, and again by the trigger that writes them, since anybody can insert into pgtrickle.commands.
CREATE FUNCTION pgtrickle._options(options jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    unknown text;
    schedule text := pgtrickle._schedule(options ->> 'schedule');
    mode text := pgtrickle._keyword('refresh_mode', options ->> 'refresh_mode', '{AUTO,DIFFERENTIAL,FULL,IMMEDIATE}');
    number text;
BEGIN
    SELECT key INTO unknown FROM jsonb_object_keys(options) AS key
    WHERE key NOT IN ('schedule', 'refresh_mode', 'initialize', 'tier', 'status', 'diamond_consistency', 'diamond_schedule_policy', 'cdc_mode',
        'append_only', 'pooler_compatibility_mode', 'fuse', 'fuse_ceiling', 'fuse_sensitivity');
    IF FOUND THEN
        PERFORM pgtrickle._refuse(format('unknown option "%s"', unknown), 'Stream tables have no option of that name.', 'docs/sql-reference.md lists them.');
    END IF;
    IF schedule = 'IMMEDIATE' OR mode = 'IMMEDIATE' THEN
        PERFORM pgtrickle._refuse('IMMEDIATE stream tables are not supported yet',
            'Maintenance inside the writer''s transaction is not part of this version.',
            'Use a short schedule, for instance schedule => ''500ms'', with refresh_mode => ''DIFFERENTIAL''.', '0A000');
    END IF;
    IF lower(btrim(options ->> 'cdc_mode')) = 'wal' THEN
        PERFORM pgtrickle._refuse('cdc_mode "wal" is not supported yet', 'Changes are captured by triggers in this version.',
            'Leave cdc_mode out, or use ''trigger''.', '0A000');
    END IF;
    IF (options ->> 'append_only')::bool AND mode = 'FULL' THEN
        PERFORM pgtrickle._refuse('append_only cannot be combined with refresh_mode FULL',
            'A full refresh applies the difference, which may remove rows.', 'Use refresh_mode DIFFERENTIAL or AUTO.');
    END IF;
    FOREACH number IN ARRAY ARRAY['fuse_ceiling', 'fuse_sensitivity'] LOOP
        IF (options ->> number)::numeric < 1 THEN
            PERFORM pgtrickle._refuse(format('invalid value for %s: %s', number, options ->> number), 'It must be at least 1.',
                'Leave it out to keep the present value.');
        END IF;
    END LOOP;
    RETURN jsonb_strip_nulls(options || jsonb_build_object(
        'schedule', schedule,
        'refresh_mode', mode,
        'tier', pgtrickle._keyword('tier', options ->> 'tier', '{hot,warm,cold,frozen}'),
        'status', pgtrickle._keyword('status', options ->> 'status', '{ACTIVE,SUSPENDED}'),
        'diamond_consistency', pgtrickle._keyword('diamond_consistency', options ->> 'diamond_consistency', '{atomic,none}'),
        'diamond_schedule_policy', pgtrickle._keyword('diamond_schedule_policy', options ->> 'diamond_schedule_policy', '{fastest,slowest}'),
        'cdc_mode', pgtrickle._keyword('cdc_mode', options ->> 'cdc_mode', '{trigger}'),
        'fuse', pgtrickle._keyword('fuse', options ->> 'fuse', '{off,on,auto}')));
END $$;

GRANT EXECUTE ON FUNCTION pgtrickle._refuse(text, text, text, text), pgtrickle._keyword(text, text, text[]), pgtrickle._duration(text),
    pgtrickle._is_cron_field(text, int, int, text[], text), pgtrickle._cron_fault(text), pgtrickle._schedule(text),
    pgtrickle._name_parts(text), pgtrickle._setting(text), pgtrickle._setting_value(text, text), pgtrickle._options(jsonb) TO PUBLIC;
