-- Rules of the office that differ from their default: the kind of application, the name of the rule, its value.
-- A rule of the whole office has no kind.
CREATE TABLE rules (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    value INTEGER NOT NULL,
    changed_at TIMESTAMP NOT NULL,
    PRIMARY KEY (kind, name)
);

-- Since when an assigned application is on hold.
ALTER TABLE applications ADD COLUMN held_at TIMESTAMP;
