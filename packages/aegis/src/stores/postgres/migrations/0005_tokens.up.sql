create table aegis_token_families (
  id              uuid primary key,
  account_id      uuid not null references aegis_accounts (id) on delete cascade,
  session_id      uuid not null,
  client          text not null check (char_length(client) <= 64),
  scopes          text[] not null,
  aal             smallint not null check (aal in (1, 2)),
  proven_at       timestamptz not null,
  user_agent_hash text not null,
  network_hash    text not null,
  ip              text not null,
  user_agent      text not null check (char_length(user_agent) <= 256),
  created_at      timestamptz not null,
  last_used_at    timestamptz not null,
  refresh_until   timestamptz not null,
  expires_at      timestamptz not null,
  current_hash    text not null,
  previous_hash   text,
  number          int not null default 0,
  verdict         text,
  revoked_at      timestamptz
);
create index aegis_token_families_account on aegis_token_families (account_id, last_used_at desc);
create index aegis_token_families_session on aegis_token_families (session_id);
create index aegis_token_families_over on aegis_token_families (refresh_until);
create index aegis_token_families_revoked on aegis_token_families (revoked_at) where revoked_at is not null;

create table aegis_refresh_tokens (
  token_hash text primary key,
  family_id  uuid not null references aegis_token_families (id) on delete cascade,
  number     int not null
);
create index aegis_refresh_tokens_family on aegis_refresh_tokens (family_id, number);

create table aegis_token_denylist (
  kind          text not null check (kind in ('token', 'family', 'user')),
  subject       text not null,
  issued_before timestamptz not null,
  expires_at    timestamptz not null,
  primary key (kind, subject)
);
create index aegis_token_denylist_over on aegis_token_denylist (expires_at);
