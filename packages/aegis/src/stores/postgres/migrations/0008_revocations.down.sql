drop table aegis_revocations, aegis_instances;
