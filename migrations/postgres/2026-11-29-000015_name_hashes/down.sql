DROP INDEX certificates_without_person_hash;
DROP INDEX certificates_person_hash;
DELETE FROM former_values WHERE field = 'person_hash';
DELETE FROM meta WHERE key = 'identity_case_keys';
ALTER TABLE certificates DROP COLUMN person_hash;
