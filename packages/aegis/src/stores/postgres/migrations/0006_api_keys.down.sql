drop table aegis_api_key_usage, aegis_api_keys;
