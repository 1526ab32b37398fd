DROP INDEX login_handshakes_changed_at;
CREATE INDEX login_handshakes_changed_at ON login_handshakes (changed_at);
