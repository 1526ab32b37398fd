-- Organisations that look up lists with an access key. The key itself is not stored.
CREATE TABLE organisations (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    contact TEXT NOT NULL, -- sealed: name and phone of a person
    daily_quota INTEGER NOT NULL, -- rows a day
    expires_on DATE NOT NULL, -- the last day
    terms TEXT NOT NULL, -- version of the terms that it agreed to
    agreed_on DATE NOT NULL,
    key_hash TEXT UNIQUE, -- none once the key is revoked
    key_start TEXT NOT NULL, -- first characters of the key, to tell it from an older one
    key_made_at TIMESTAMP NOT NULL,
    version INTEGER NOT NULL
);

-- Rows that an organisation has looked up on a day in China.
CREATE TABLE organisation_uses (
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    day DATE NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, day)
);

-- Lists of people whose certificates are looked up. A row is removed within a day.
CREATE TABLE lookup_lists (
    id TEXT PRIMARY KEY NOT NULL, -- hash of the secret in its address
    organisation_id TEXT REFERENCES organisations (id),
    challenge TEXT UNIQUE, -- of its proof of work, which counts once
    created_at TIMESTAMP NOT NULL,
    starts_at TIMESTAMP NOT NULL,
    beat_at TIMESTAMP, -- the last sign of life of the process that works on it
    ended_at TIMESTAMP,
    total INTEGER NOT NULL,
    done INTEGER NOT NULL,
    content TEXT NOT NULL -- sealed JSON of its rows
);
CREATE INDEX lookup_lists_waiting ON lookup_lists (starts_at) WHERE ended_at IS NULL;
CREATE INDEX lookup_lists_created_at ON lookup_lists (created_at);
