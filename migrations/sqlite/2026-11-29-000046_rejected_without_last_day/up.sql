-- Rejections by an older program that runs during an update: they have no last day of an appeal yet.
-- The index is empty otherwise. PostgreSQL blocks writes of `applications` while it reads the table once: about
-- a second for a million rows. SQLite blocks all writes as long.
CREATE INDEX applications_without_last_day ON applications (kind)
    WHERE status = 'rejected' AND appeal_until IS NULL;
