-- A counter of each process that reads from a replica. The replica's copy of it tells how far behind the replica is.
-- It locks nothing.
CREATE TABLE replica_beats (
    process TEXT NOT NULL PRIMARY KEY,
    beat BIGINT NOT NULL,
    written_at TIMESTAMP NOT NULL
);
