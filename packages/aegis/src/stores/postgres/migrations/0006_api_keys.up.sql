create table aegis_api_keys (
  id             text primary key check (id ~ '^[0-9A-Za-z]{8}$'),
  account_id     uuid not null references aegis_accounts (id) on delete cascade,
  name           text not null check (char_length(name) <= 64),
  scopes         text[] not null,
  tier           text not null,
  created_at     timestamptz not null,
  expires_at     timestamptz,
  last_used_at   timestamptz,
  secret_hash    text not null unique,
  rotated_at     timestamptz,
  previous_hash  text unique,
  previous_until timestamptz,
  quota_start    timestamptz not null default 'epoch',
  quota_used     bigint not null default 0,
  check ((previous_hash is null) = (previous_until is null))
);
create index aegis_api_keys_account on aegis_api_keys (account_id, created_at desc);
create index aegis_api_keys_expiry on aegis_api_keys (expires_at);

create table aegis_api_key_usage (
  key_id   text not null references aegis_api_keys (id) on delete cascade,
  day      date not null,
  requests bigint not null,
  primary key (key_id, day)
);
create index aegis_api_key_usage_day on aegis_api_key_usage (day);
