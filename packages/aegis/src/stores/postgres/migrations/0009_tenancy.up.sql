create table aegis_tenants (
  id                uuid primary key,
  name              text not null check (char_length(name) <= 64),
  key               text not null unique,
  open_registration boolean not null default false,
  disabled_at       timestamptz,
  created_at        timestamptz not null
);

create table aegis_memberships (
  tenant_id  uuid not null references aegis_tenants (id) on delete cascade,
  account_id uuid not null references aegis_accounts (id) on delete cascade,
  role       text not null check (role in ('learner', 'author', 'admin', 'owner')),
  joined_at  timestamptz not null,
  entered_at timestamptz,
  primary key (tenant_id, account_id)
);
create index aegis_memberships_account on aegis_memberships (account_id);
create index aegis_memberships_joined on aegis_memberships (tenant_id, joined_at, account_id);

create table aegis_tenant_invitations (
  id         uuid primary key,
  tenant_id  uuid not null references aegis_tenants (id) on delete cascade,
  email      text not null check (char_length(email) <= 254),
  email_key  text not null,
  role       text not null check (role in ('learner', 'author', 'admin', 'owner')),
  invited_by uuid not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  unique (tenant_id, email_key)
);
create index aegis_tenant_invitations_expiry on aegis_tenant_invitations (expires_at);

-- A name of a tenant, and no right: the membership is looked up by each request that works there.
alter table aegis_sessions add column tenant_id uuid;
alter table aegis_token_families add column tenant_id uuid;
alter table aegis_api_keys add column tenant_id uuid;

-- What the application may be: no owner of anything, and bound by row-level security. People who deploy grant it to the
-- role that the application logs in as; where it may not be made here, it was made before. Two databases of one server
-- may come by at the same moment.
do $$ begin
  if not exists (select 1 from pg_roles where rolname = 'aegis_app') then
    create role aegis_app nologin nosuperuser nobypassrls nocreatedb nocreaterole noreplication;
  end if;
exception when duplicate_object or unique_violation then null;
end $$;
do $$ begin
  execute format('grant usage on schema %I to aegis_app', current_schema());
  execute format('grant select, insert, update, delete on all tables in schema %I to aegis_app', current_schema());
  execute format('grant usage, select on all sequences in schema %I to aegis_app', current_schema());
  execute format('alter default privileges in schema %I grant select, insert, update, delete on tables to aegis_app', current_schema());
  execute format('alter default privileges in schema %I grant usage, select on sequences to aegis_app', current_schema());
end $$;
-- It may see what was applied, and not say so itself.
revoke insert, update, delete on aegis_migrations from aegis_app;

-- The tenant of this transaction; null where nobody said one, and also after one that did, where the setting is ''.
create function aegis_tenant() returns uuid language sql stable parallel safe
  as $$ select nullif(current_setting('aegis.tenant', true), '')::uuid $$;

-- Shuts a table of tenants' rows: each transaction sees and writes the rows of its own tenant, and none without one. FORCE
-- binds the table's owner too. A row that names no tenant is the transaction's.
create function aegis_protect_tenant_table(shut regclass) returns void language plpgsql as $$
begin
  if not exists (
    select 1 from pg_attribute where attrelid = shut and attname = 'tenant_id' and atttypid = 'uuid'::regtype
      and attnotnull and not attisdropped
  ) then
    raise exception 'table % has no column "tenant_id uuid not null"', shut;
  end if;
  execute format('alter table %s alter column tenant_id set default aegis_tenant()', shut);
  execute format('alter table %s enable row level security', shut);
  execute format('alter table %s force row level security', shut);
  execute format('drop policy if exists aegis_tenant_rows on %s', shut);
  execute format('create policy aegis_tenant_rows on %s for all to public using (tenant_id = aegis_tenant()) with check (tenant_id = aegis_tenant())', shut);
  -- Row-level security has no say in TRUNCATE.
  execute format('revoke truncate, references, trigger on %s from aegis_app, public', shut);
  execute format('grant select, insert, update, delete on %s to aegis_app', shut);
end $$;
revoke execute on function aegis_protect_tenant_table(regclass) from public;
