drop table aegis_sessions;
