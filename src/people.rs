//! Candidates, staff, identity documents and masking.
