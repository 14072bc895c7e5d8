drop table aegis_csp_reports;
