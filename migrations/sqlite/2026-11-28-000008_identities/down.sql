ALTER TABLE login_handshakes DROP COLUMN refusal;
ALTER TABLE login_handshakes DROP COLUMN staff_id;
DROP TABLE portal_attempts;
DROP TABLE known_devices;
DROP TABLE account_notices;
DROP TABLE security_events;
DROP TABLE identity_cases;
DROP TABLE portal_accounts;
