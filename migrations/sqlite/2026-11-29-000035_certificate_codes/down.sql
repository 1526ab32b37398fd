DROP TABLE certificate_copies;
DROP TABLE certificate_keys;
