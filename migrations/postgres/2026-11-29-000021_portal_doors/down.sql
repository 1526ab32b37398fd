ALTER TABLE portal_attempts DROP COLUMN door;
