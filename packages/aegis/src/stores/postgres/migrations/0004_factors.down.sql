drop table aegis_approvals, aegis_passkeys, aegis_backup_codes, aegis_totp;
