/**
 * The sessions of this database, for a `from` clause: what the view `pg_stat_activity` shows of them.
 * The function behind the view may be asked also by a role that may not read the view itself; of other
 * roles' sessions it tells such a role as little as the view does.
 */
export const SESSIONS = `(select a.*, pg_get_userbyid(a.usesysid) as usename
    from pg_stat_get_activity(null) a
   where a.datid = (select oid from pg_database where datname = current_database()))`;
