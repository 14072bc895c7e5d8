alter table aegis_token_families drop column ended;
