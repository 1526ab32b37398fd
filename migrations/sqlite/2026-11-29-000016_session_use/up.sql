-- When a session was last used, to within a minute. NULL: not since the sign-in.
ALTER TABLE sessions ADD COLUMN used_at TIMESTAMP;
UPDATE sessions SET used_at = replace(json_extract(data, '$.signed_in.seen'), 'T', ' ');
