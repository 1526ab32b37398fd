-- When the virus scanner found nothing in a file, and what it found in one that was removed for good.
-- Two columns without a default: PostgreSQL locks the table for a moment and rewrites nothing, and SQLite neither.
ALTER TABLE attachments ADD COLUMN scanned_at TIMESTAMP;
ALTER TABLE attachments ADD COLUMN finding TEXT;
