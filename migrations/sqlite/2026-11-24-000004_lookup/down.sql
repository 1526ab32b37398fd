DROP TABLE lookup_counts;
DROP TABLE certificate_link_views;
DROP TABLE certificate_links;
DROP INDEX certificates_exam_id_approved_on;
