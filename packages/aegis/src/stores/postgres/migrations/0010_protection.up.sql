-- What the server brings and lets this role switch on: never a reason to fail, and never in silence; `serverProtection`
-- (aegis/stores/postgres) tells afterwards what is there and what is not.
do $$
declare
  wanted text;
begin
  foreach wanted in array array['pgcrypto', 'pgaudit'] loop
    if not exists (select 1 from pg_available_extensions where name = wanted) then
      raise notice 'aegis: this server does not bring %', wanted;
    else
      begin
        execute format('create extension if not exists %I', wanted);
      exception
        when insufficient_privilege or object_not_in_prerequisite_state or feature_not_supported then
          raise notice 'aegis: % was not switched on: %', wanted, sqlerrm;
      end;
    end if;
  end loop;
end
$$;

-- Rows that are not sealed yet are found at once, and where there are none that costs nothing. An encrypted text is
-- "e1.", 8 characters, ".", and 88 bytes or more in base64url.
create index aegis_accounts_plain_display_name on aegis_accounts (id)
  where display_name <> '' and display_name !~ '^e1\.[A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]{118,}$';
create index aegis_accounts_plain_about_me on aegis_accounts (id)
  where about_me <> '' and about_me !~ '^e1\.[A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]{118,}$';
