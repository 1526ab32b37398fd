-- Keys that sign the codes of certificates. A retired key signs no more; what it has signed stays valid.
CREATE TABLE certificate_keys (
    id TEXT PRIMARY KEY NOT NULL, -- base64url of the first 8 bytes of the SHA-256 of the public key
    public_key TEXT NOT NULL, -- base64url
    private_key TEXT NOT NULL, -- sealed
    created_at TIMESTAMP NOT NULL,
    retired_at TIMESTAMP
);

-- Files of electronic certificates (电子证书) that holders made, each for a purpose and until a day.
CREATE TABLE certificate_copies (
    id TEXT PRIMARY KEY NOT NULL,
    certificate_id TEXT NOT NULL REFERENCES certificates (id),
    status_index BIGINT NOT NULL UNIQUE, -- its place in the status list
    code TEXT NOT NULL, -- the signed text, sealed
    purpose TEXT NOT NULL, -- sealed
    holder_name TEXT NOT NULL, -- as the code has it; another name on the certificate ends the copy
    print_number TEXT NOT NULL, -- likewise
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP
);
CREATE INDEX certificate_copies_certificate_id ON certificate_copies (certificate_id);
