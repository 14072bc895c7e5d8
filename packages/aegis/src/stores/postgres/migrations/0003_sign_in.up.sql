-- What a sign-in has shown so far. Sessions from before were opened by a password alone.
alter table aegis_sessions
  add column stage     text not null default 'complete'
    check (stage in ('complete', 'second-factor', 'password-change', 'enrolment')),
  add column aal       smallint not null default 1 check (aal in (1, 2)),
  add column methods   text[] not null default '{password}',
  add column proven_at timestamptz not null default now();
alter table aegis_sessions alter column stage drop default, alter column aal drop default,
  alter column methods drop default, alter column proven_at drop default;

alter table aegis_accounts
  add column email_verified_at    timestamptz,
  add column must_change_password boolean not null default false,
  add column password_needs_mfa   boolean not null default false,
  add column registration_pending boolean not null default false,
  add column disabled_at          timestamptz,
  add column delete_after         timestamptz;
create index aegis_accounts_due on aegis_accounts (delete_after) where delete_after is not null;
create index aegis_accounts_pending on aegis_accounts (created_at) where registration_pending;
create index aegis_accounts_unverified on aegis_accounts (lower(email)) where email_verified_at is null;
create index aegis_accounts_created on aegis_accounts (created_at desc, id);

create table aegis_password_history (
  account_id  uuid not null references aegis_accounts (id) on delete cascade,
  hash        text not null,
  replaced_at timestamptz not null,
  place       bigint generated always as identity,
  primary key (account_id, place)
);

-- A lane is "kind account [device]" or one of a fixed number for names that nobody has.
create table aegis_throttle (
  lane     text primary key check (char_length(lane) <= 128),
  failures integer not null,
  last_at  timestamptz not null,
  next_at  timestamptz not null
);
create index aegis_throttle_stale on aegis_throttle (last_at);

create table aegis_one_time (
  purpose       text not null,
  subject       text not null check (char_length(subject) <= 320),
  secret_hash   text not null,
  data          jsonb not null,
  created_at    timestamptz not null,
  expires_at    timestamptz not null,
  attempts_left integer not null,
  consumed      boolean not null default false,
  counted_since timestamptz not null,
  issued        integer not null default 1,
  primary key (purpose, subject)
);
create index aegis_one_time_hash on aegis_one_time (secret_hash);
create index aegis_one_time_expiry on aegis_one_time (expires_at);

create table aegis_devices (
  id         uuid primary key,
  account_id uuid not null references aegis_accounts (id) on delete cascade,
  token_hash text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index aegis_devices_account on aegis_devices (account_id, token_hash);
create index aegis_devices_expiry on aegis_devices (expires_at);

create table aegis_account_events (
  id         bigint generated always as identity primary key,
  account_id uuid not null references aegis_accounts (id) on delete cascade,
  event      text not null,
  outcome    text not null check (outcome in ('success', 'failure')),
  at         timestamptz not null,
  ip         text not null,
  device     text not null
);
create index aegis_account_events_account on aegis_account_events (account_id, at desc, id desc);
create index aegis_account_events_age on aegis_account_events (at);
