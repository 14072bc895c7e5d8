drop table aegis_account_events, aegis_devices, aegis_one_time, aegis_throttle, aegis_password_history;
drop index aegis_accounts_pending, aegis_accounts_unverified, aegis_accounts_created, aegis_accounts_due;
alter table aegis_accounts
  drop column email_verified_at, drop column must_change_password, drop column password_needs_mfa,
  drop column registration_pending, drop column disabled_at, drop column delete_after;
delete from aegis_sessions where stage <> 'complete';
alter table aegis_sessions
  drop column stage, drop column aal, drop column methods, drop column proven_at;
