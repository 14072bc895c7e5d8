-- How a family ended; 'settled' once its access tokens are denied too. Until then whoever comes again finds it to be done.
-- Null beside revoked_at: ended by a process that does not know this column yet, and counted as settled.
alter table aegis_token_families add column ended text check (ended in ('reused', 'revoked', 'settled'));
