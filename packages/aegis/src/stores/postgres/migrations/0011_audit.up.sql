-- The audit chain. `record` is the text that was hashed; what is searched for is computed of it, so that no column can say
-- something else than the text. The application needs INSERT and SELECT here and nothing more. The triggers refuse the
-- rest to everybody who does not take them away first, and whoever can do that is found by the signed heads.
create table aegis_audit (
  seq      bigint primary key check (seq > 0),
  id       uuid   not null unique,
  previous text   not null unique check (char_length(previous) = 43), -- two entries behind one would be a fork
  hash     text   not null unique check (char_length(hash) = 43),
  record   text   not null check (octet_length(record) <= 16384),
  at       text collate "C" not null generated always as ((record::jsonb) ->> 'at') stored,
  event    text collate "C" not null generated always as ((record::jsonb) ->> 'event') stored,
  outcome  text   not null generated always as ((record::jsonb) ->> 'outcome') stored,
  user_id  text   generated always as ((record::jsonb) ->> 'user_id') stored,
  source   text   generated always as ((record::jsonb) ->> 'source') stored
);
create index aegis_audit_user on aegis_audit (user_id, seq desc) where user_id is not null;
create index aegis_audit_event on aegis_audit (event, seq desc);
create index aegis_audit_source on aegis_audit (source, seq desc);
create index aegis_audit_at on aegis_audit (at);

create table aegis_audit_heads (
  seq       bigint not null check (seq > 0),
  kid       text   not null,
  at        text   not null,
  hash      text   not null,
  signature text   not null,
  primary key (seq, kid, at)
);

create function aegis_audit_refuse() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
end
$$;
create trigger aegis_audit_append_only before update or delete or truncate on aegis_audit
  for each statement execute function aegis_audit_refuse();
create trigger aegis_audit_heads_append_only before update or delete or truncate on aegis_audit_heads
  for each statement execute function aegis_audit_refuse();

revoke all on aegis_audit, aegis_audit_heads from public;
-- Less than the application is given on every other table (0009).
revoke all on aegis_audit, aegis_audit_heads from aegis_app;
grant select, insert on aegis_audit, aegis_audit_heads to aegis_app;
