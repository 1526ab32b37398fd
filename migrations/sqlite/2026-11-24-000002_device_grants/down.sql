DROP TABLE device_grants;
ALTER TABLE login_handshakes DROP COLUMN portal_address;
ALTER TABLE login_handshakes DROP COLUMN user_code;
