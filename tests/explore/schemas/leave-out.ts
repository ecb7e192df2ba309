import { type Client } from 'pg';

/**
 * Takes out of a drawn schema what nothing restores, neither pg_dump nor another way:
 * - the checks of a domain that no value can be cast to, such as where what a check reads is called
 *   otherwise by now;
 * - rows that break a check of a domain: a default that a function gives is not held against it;
 * - a generated column whose function has come to read a view on the table itself;
 * - the data of a materialized view whose query fails by now, such as where a check came later, and
 *   of those that read it; and the view where even that fails, by an index of it;
 * - an index whose function has come to read the table itself: over rows, the server cannot make it;
 * - options of a TOAST table that a table of such columns does not get: the columns that asked for
 *   it are gone.
 */
export async function leaveOut(client: Client): Promise<void> {
  for (const one of [DOMAINS, ROWS, GENERATED, VIEWS, INDEXES, OPTIONS])
    await client.query(`DO $$ DECLARE ${one} END $$`);
}

const DOMAINS = `one record; BEGIN
  FOR one IN SELECT contypid::regtype AS domain, conname FROM pg_constraint
      WHERE contypid <> 0 AND contype = 'c' ORDER BY oid LOOP
    BEGIN
      EXECUTE format('SELECT NULL::%s', one.domain);
    EXCEPTION
      WHEN check_violation OR not_null_violation THEN NULL;
      WHEN OTHERS THEN EXECUTE format('ALTER DOMAIN %s DROP CONSTRAINT %I', one.domain, one.conname);
    END;
  END LOOP;`;

const ROWS = `place regclass; BEGIN
  FOR place IN SELECT oid FROM pg_class
      WHERE relkind = 'r' AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) LOOP
    BEGIN
      EXECUTE format('SELECT count(drawn_row::text::%s) FROM ONLY %s drawn_row', place, place);
    EXCEPTION WHEN check_violation OR not_null_violation THEN
      EXECUTE format('TRUNCATE %s CASCADE', place);
    END;
  END LOOP;`;

const GENERATED = `one record; other record; isCircle bool; BEGIN
  FOR one IN SELECT attrelid, attrelid::regclass AS place, attname, attnum, format_type(atttypid, atttypmod) AS type,
        pg_get_expr(adbin, adrelid) AS expression
      FROM pg_attribute JOIN pg_attrdef ON (adrelid, adnum) = (attrelid, attnum)
      WHERE attgenerated <> '' AND attinhcount = 0 LOOP
    isCircle := false;
    BEGIN
      FOR other IN SELECT DISTINCT ev_class::regclass AS view FROM pg_depend JOIN pg_rewrite rule ON rule.oid = objid
          WHERE refobjid = one.attrelid AND ev_class <> one.attrelid LOOP
        EXECUTE format('DROP VIEW IF EXISTS %s CASCADE', other.view);
      END LOOP;
      EXECUTE format('ALTER TABLE %s ADD drawn_again %s GENERATED ALWAYS AS (%s) STORED', one.place, one.type, one.expression);
      RAISE 'Back to before.';
    EXCEPTION
      WHEN undefined_table THEN isCircle := true;
      WHEN OTHERS THEN NULL;
    END;
    IF isCircle THEN
      EXECUTE format('ALTER TABLE %s DROP COLUMN %I CASCADE', one.place, one.attname);
    END IF;
  END LOOP;`;

const VIEWS = `place regclass; fails bool; BEGIN
  LOOP
    fails := false;
    FOR place IN SELECT oid FROM pg_class WHERE relkind = 'm' AND relispopulated LOOP
      BEGIN
        EXECUTE format('REFRESH MATERIALIZED VIEW %s', place);
      EXCEPTION WHEN OTHERS THEN
        fails := true;
        BEGIN
          EXECUTE format('REFRESH MATERIALIZED VIEW %s WITH NO DATA', place);
        EXCEPTION WHEN OTHERS THEN
          EXECUTE format('DROP MATERIALIZED VIEW %s CASCADE', place);
          EXIT;
        END;
      END;
    END LOOP;
    EXIT WHEN NOT fails;
  END LOOP;`;

const INDEXES = `place regclass; BEGIN
  FOR place IN SELECT indexrelid FROM pg_index JOIN pg_class ON oid = indexrelid
      WHERE relkind = 'i' AND num_nonnulls(indexprs, indpred) > 0 LOOP
    BEGIN
      EXECUTE format('REINDEX INDEX %s', place);
    EXCEPTION WHEN OTHERS THEN
      EXECUTE format('DROP INDEX %s', place);
    END;
  END LOOP;`;

const OPTIONS = `place regclass; has bool; BEGIN
  FOR place IN SELECT c.oid FROM pg_class c JOIN pg_class t ON t.oid = c.reltoastrelid
      WHERE t.reloptions IS NOT NULL AND c.relkind = 'r' LOOP
    EXECUTE format('CREATE TEMPORARY TABLE drawn_copy (LIKE %s)', place);
    SELECT reltoastrelid <> 0 INTO has FROM pg_class WHERE oid = 'pg_temp.drawn_copy'::regclass;
    DROP TABLE pg_temp.drawn_copy;
    IF NOT has THEN
      EXECUTE format('ALTER TABLE %s RESET (toast.autovacuum_enabled)', place);
    END IF;
  END LOOP;`;
