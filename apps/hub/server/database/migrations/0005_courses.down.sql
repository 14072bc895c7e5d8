drop table hub_course_pictures;
drop table hub_lessons;
drop table hub_courses;
