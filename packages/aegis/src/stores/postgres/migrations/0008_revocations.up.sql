-- What was revoked, for instances that answer from memory. `xact` orders it: whoever reads with the xmin of an earlier
-- snapshot as mark misses nothing, in whatever order transactions end.
create table aegis_revocations (
  xact       xid8        not null default pg_current_xact_id(),
  kept_until timestamptz not null,
  entry      jsonb       not null
);
create index aegis_revocations_xact on aegis_revocations (xact);
create index aegis_revocations_kept on aegis_revocations (kept_until);

-- Who may answer from memory, until when by the clock of this database.
create table aegis_instances (
  id          text primary key check (char_length(id) <= 64),
  lease_until timestamptz not null
);
