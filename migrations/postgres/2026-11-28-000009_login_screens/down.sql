DROP TABLE login_denials;
ALTER TABLE login_handshakes ADD COLUMN numbers TEXT NOT NULL DEFAULT '';
