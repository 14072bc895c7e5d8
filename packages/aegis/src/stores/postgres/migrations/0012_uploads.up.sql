-- An account that is deleted leaves its rows without an owner: the sweep removes the bytes, then the row.
create table aegis_uploads (
  id          uuid primary key,
  tenant_id   uuid,
  account_id  uuid references aegis_accounts (id) on delete set null,
  state       text not null check (state in ('reserved', 'kept', 'ended')),
  name        text not null default '' check (char_length(name) <= 200),
  kind        text not null default '',
  size_bytes  bigint not null check (size_bytes >= 0),
  digest      text not null default '',
  width       integer,
  height      integer,
  created_at  timestamptz not null
);
create index aegis_uploads_account on aegis_uploads (account_id, created_at desc, id);
create index aegis_uploads_tenant on aegis_uploads (tenant_id);
create index aegis_uploads_leftovers on aegis_uploads (created_at) where state <> 'kept' or account_id is null;
