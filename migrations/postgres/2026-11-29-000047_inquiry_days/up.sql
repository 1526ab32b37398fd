-- For the end of the retention of inquiries.
-- PostgreSQL blocks writes of this table alone while it reads it once: about a second for a million rows. SQLite
-- blocks all writes as long.
CREATE INDEX certificate_inquiries_day ON certificate_inquiries (day);
