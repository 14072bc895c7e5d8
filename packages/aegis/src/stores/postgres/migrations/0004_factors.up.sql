create table aegis_totp (
  account_id    uuid primary key references aegis_accounts (id) on delete cascade,
  sealed_secret text not null,
  enabled_at    timestamptz,
  last_step     bigint not null default 0
);

create table aegis_backup_codes (
  account_id uuid not null references aegis_accounts (id) on delete cascade,
  code_hash  text not null,
  used_at    timestamptz,
  primary key (account_id, code_hash)
);

create table aegis_passkeys (
  id            uuid primary key,
  account_id    uuid not null references aegis_accounts (id) on delete cascade,
  credential_id text not null unique check (char_length(credential_id) <= 1400),
  public_key    bytea not null,
  counter       bigint not null,
  transports    text[] not null,
  name          text not null check (char_length(name) <= 64),
  backed_up     boolean not null,
  created_at    timestamptz not null,
  last_used_at  timestamptz
);
create index aegis_passkeys_account on aegis_passkeys (account_id, created_at);

create table aegis_approvals (
  id           uuid primary key,
  action       text not null,
  subject_id   uuid not null references aegis_accounts (id) on delete cascade,
  requested_by uuid not null references aegis_accounts (id) on delete cascade,
  requested_at timestamptz not null,
  expires_at   timestamptz not null,
  state        text not null check (state in ('pending', 'approved', 'rejected')),
  decided_by   uuid references aegis_accounts (id) on delete set null,
  decided_at   timestamptz
);
create index aegis_approvals_requested on aegis_approvals (requested_at desc);
create index aegis_approvals_subject on aegis_approvals (subject_id);
create index aegis_approvals_requester on aegis_approvals (requested_by);
create index aegis_approvals_decider on aegis_approvals (decided_by);
