DROP TABLE replica_beats;
