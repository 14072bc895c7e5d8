drop table hub_course_documents;
