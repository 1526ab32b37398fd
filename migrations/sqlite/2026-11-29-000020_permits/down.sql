DROP INDEX candidates_permits;
DELETE FROM meta WHERE key LIKE 'permit_hashes.%' OR key = 'identity_case_keys';
DROP TABLE renewed_hashes;
