-- When a session was last used, to within a minute. NULL: not since the sign-in.
ALTER TABLE sessions ADD COLUMN used_at TIMESTAMP;
UPDATE sessions SET used_at = (data::json #>> '{signed_in,seen}')::timestamp;
