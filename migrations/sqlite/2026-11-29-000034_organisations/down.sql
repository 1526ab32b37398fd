DROP TABLE lookup_lists;
DROP TABLE organisation_uses;
DROP TABLE organisations;
