drop table aegis_token_denylist, aegis_refresh_tokens, aegis_token_families;
