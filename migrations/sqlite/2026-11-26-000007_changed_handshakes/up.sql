-- What has only been made is nothing that a waiting screen is told of: twice a second, every process asks for
-- what was changed since, and on a release day thousands were made meanwhile.
DROP INDEX login_handshakes_changed_at;
CREATE INDEX login_handshakes_changed_at ON login_handshakes (changed_at) WHERE changed_at > created_at;
