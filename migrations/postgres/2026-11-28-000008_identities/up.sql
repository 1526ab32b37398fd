-- Accounts of the portal, each bound to one candidate at its first sign-in.
CREATE TABLE portal_accounts (
    portal TEXT NOT NULL, -- the issuer, or the origin of the authorization endpoint
    subject_hash TEXT NOT NULL, -- keyed hash of the account's `sub`
    candidate_id TEXT NOT NULL REFERENCES candidates (id),
    name TEXT NOT NULL, -- the last name of the account that was accepted
    phone TEXT NOT NULL, -- sealed; the last phone number that the portal told
    bound_at TIMESTAMP NOT NULL,
    signed_in_at TIMESTAMP NOT NULL,
    PRIMARY KEY (portal, subject_hash)
);
CREATE INDEX portal_accounts_candidate_id ON portal_accounts (candidate_id);

-- Sign-ins that were stopped, for an administrator to decide.
CREATE TABLE identity_cases (
    id TEXT PRIMARY KEY NOT NULL,
    key_hash TEXT NOT NULL UNIQUE, -- keyed hash of all that makes two attempts the same case
    reason TEXT NOT NULL,
    candidate_id TEXT NOT NULL REFERENCES candidates (id), -- whose account would have been opened
    portal TEXT NOT NULL,
    subject_hash TEXT, -- empty when the portal named no account
    name TEXT NOT NULL, -- sealed, as the portal told it
    document_type TEXT NOT NULL,
    document_number TEXT NOT NULL, -- sealed
    document_hash TEXT NOT NULL,
    phone TEXT NOT NULL, -- sealed
    verified BOOLEAN NOT NULL,
    attempts INTEGER NOT NULL,
    first_at TIMESTAMP NOT NULL,
    last_at TIMESTAMP NOT NULL,
    status TEXT NOT NULL, -- open, joined or separated
    decided_at TIMESTAMP,
    decided_by TEXT REFERENCES staff (id),
    decision_reason TEXT NOT NULL
);
CREATE INDEX identity_cases_status ON identity_cases (status, last_at);

-- What happened to identities; names no person.
CREATE TABLE security_events (
    id TEXT PRIMARY KEY NOT NULL,
    at TIMESTAMP NOT NULL,
    kind TEXT NOT NULL,
    candidate_id TEXT REFERENCES candidates (id),
    details TEXT NOT NULL -- JSON
);
CREATE INDEX security_events_candidate_id ON security_events (candidate_id, at);

-- What candidates are told about sign-ins to their account.
CREATE TABLE account_notices (
    id TEXT PRIMARY KEY NOT NULL,
    candidate_id TEXT NOT NULL REFERENCES candidates (id),
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    at TIMESTAMP NOT NULL
);
CREATE INDEX account_notices_candidate_id ON account_notices (candidate_id, at);

-- Devices on which candidates have signed in.
CREATE TABLE known_devices (
    candidate_id TEXT NOT NULL REFERENCES candidates (id),
    device TEXT NOT NULL, -- browser, system and way in
    seen_at TIMESTAMP NOT NULL,
    PRIMARY KEY (candidate_id, device)
);

-- Browsers that are on their way to the portal and back.
CREATE TABLE portal_attempts (
    id TEXT PRIMARY KEY NOT NULL, -- SHA-256 of `state`
    binding TEXT NOT NULL, -- SHA-256 of the secret in the browser's cookie
    verifier TEXT NOT NULL, -- sealed
    nonce TEXT NOT NULL, -- sealed
    next_path TEXT NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    status TEXT NOT NULL, -- open, taken or ended
    ended_at TIMESTAMP,
    ending TEXT -- sealed JSON
);
CREATE INDEX portal_attempts_expires_at ON portal_attempts (expires_at);

-- What the sign-in that approved a handshake may do, and why the portal's code came to nothing.
ALTER TABLE login_handshakes ADD COLUMN staff_id TEXT; -- a key of staff
ALTER TABLE login_handshakes ADD COLUMN refusal TEXT;
