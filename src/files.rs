//! Uploads: content checks, re-encoding and storage.
