drop table aegis_uploads;
