-- No foreign key to aegis_accounts: an application may keep its users elsewhere.
create table aegis_sessions (
  id                  uuid primary key,
  token_hash          text not null unique,
  previous_token_hash text,
  grace_until         timestamptz,
  user_id             text not null,
  username            text not null,
  roles               text[] not null,
  remember_me         boolean not null,
  created_at          timestamptz not null,
  last_seen_at        timestamptz not null,
  rotated_at          timestamptz not null,
  idle_expires_at     timestamptz not null,
  absolute_expires_at timestamptz not null,
  ip                  text not null,
  user_agent          text not null check (char_length(user_agent) <= 256),
  check (idle_expires_at <= absolute_expires_at)
);

create index aegis_sessions_previous on aegis_sessions (previous_token_hash) where previous_token_hash is not null;
create index aegis_sessions_user on aegis_sessions (user_id, created_at desc);
create index aegis_sessions_expiry on aegis_sessions (idle_expires_at);
