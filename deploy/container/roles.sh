#!/bin/sh
# Once, when the database is made: the application's role owns nothing, so that row-level security binds it.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$(cat /run/secrets/app-password)" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
create role aegis_app nologin;
create role hub_app login password :'password' in role aegis_app;
SQL
