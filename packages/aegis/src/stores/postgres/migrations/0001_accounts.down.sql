drop table aegis_logins;
drop table aegis_accounts;
