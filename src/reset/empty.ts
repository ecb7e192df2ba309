/**
 * Takes away what a database holds, in one transaction, and gives it the schema `public` that a new one has.
 * The embedded server's own connections are in its one database, so that it cannot be dropped.
 */
export const EMPTY_DATABASE = `do $knexward$
declare
  statement text;
begin
  for statement in
    select format('drop event trigger if exists %I cascade', evtname) from pg_event_trigger
    union all select format('drop publication if exists %I', pubname) from pg_publication
    union all select format('drop foreign data wrapper if exists %I cascade', fdwname) from pg_foreign_data_wrapper
    union all select format('drop extension if exists %I cascade', extname) from pg_extension where extname <> 'plpgsql'
    union all select format('drop schema if exists %I cascade', nspname) from pg_namespace
      where nspname !~ '^pg_' and nspname <> 'information_schema'
    union all select format('select lo_unlink(%s)', oid) from pg_largeobject_metadata
  loop
    execute statement;
  end loop;
  create schema public;
  if current_setting('server_version_num')::int >= 150000 then
    alter schema public owner to pg_database_owner;
    grant usage on schema public to public;
  else
    grant all on schema public to public;
  end if;
end
$knexward$`;
