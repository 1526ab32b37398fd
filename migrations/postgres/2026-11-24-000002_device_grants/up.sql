-- A handshake that the portal's own code began (RFC 8628).
ALTER TABLE login_handshakes ADD COLUMN user_code TEXT; -- what the portal shows too
ALTER TABLE login_handshakes ADD COLUMN portal_address TEXT; -- where a phone goes

CREATE TABLE device_grants (
    handshake_id TEXT PRIMARY KEY NOT NULL REFERENCES login_handshakes (id) ON DELETE CASCADE,
    device_code TEXT NOT NULL, -- sealed
    poll_seconds INTEGER NOT NULL, -- at least so long between two polls
    poll_at TIMESTAMP NOT NULL -- not before; whoever moves it on polls
);
CREATE INDEX device_grants_poll_at ON device_grants (poll_at);
