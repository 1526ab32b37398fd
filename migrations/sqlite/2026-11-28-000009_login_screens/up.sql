-- Two digits are typed on the phone, so no numbers are offered there. `browser` and `phone` now hold
-- SHA-256 of a secret cookie; handshakes of the previous version end here, within their three minutes.
ALTER TABLE login_handshakes DROP COLUMN numbers;

-- Logins that somebody denied on their phone: repeated denials start a pause.
CREATE TABLE login_denials (
    id TEXT PRIMARY KEY NOT NULL,
    candidate_id TEXT REFERENCES candidates (id) ON DELETE CASCADE, -- who was signed in on the phone
    network TEXT, -- of the phone, where it is known
    denied_at TIMESTAMP NOT NULL,
    paused_until TIMESTAMP -- the candidate confirms no login before
);
CREATE INDEX login_denials_candidate_id ON login_denials (candidate_id, denied_at);
CREATE INDEX login_denials_network ON login_denials (network, denied_at);
CREATE INDEX login_denials_denied_at ON login_denials (denied_at);
