drop table aegis_audit, aegis_audit_heads;
drop function aegis_audit_refuse();
