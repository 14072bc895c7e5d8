drop function aegis_protect_tenant_table(regclass);
drop function aegis_tenant();
do $$ begin
  execute format('alter default privileges in schema %I revoke select, insert, update, delete on tables from aegis_app', current_schema());
  execute format('alter default privileges in schema %I revoke usage, select on sequences from aegis_app', current_schema());
  execute format('revoke all on all tables in schema %I from aegis_app', current_schema());
  execute format('revoke all on all sequences in schema %I from aegis_app', current_schema());
  execute format('revoke usage on schema %I from aegis_app', current_schema());
end $$;
-- The role stays: other databases of this server may grant it something.
alter table aegis_api_keys drop column tenant_id;
alter table aegis_token_families drop column tenant_id;
alter table aegis_sessions drop column tenant_id;
drop table aegis_tenant_invitations;
drop table aegis_memberships;
drop table aegis_tenants;
