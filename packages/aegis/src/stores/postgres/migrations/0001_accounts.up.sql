create table aegis_accounts (
  id                  uuid primary key,
  username            text not null check (char_length(username) between 1 and 64),
  email               text check (char_length(email) <= 254),
  password_hash       text not null,
  password_changed_at timestamptz not null,
  display_name        text not null default '',
  about_me            text not null default '',
  roles               text[] not null default '{user}',
  created_at          timestamptz not null
);

-- Names and addresses share one set of keys, because both sign in: a name may not be somebody else's address.
create table aegis_logins (
  key        text primary key,
  account_id uuid not null references aegis_accounts (id) on delete cascade,
  kind       text not null check (kind in ('username', 'email')),
  unique (account_id, kind)
);
