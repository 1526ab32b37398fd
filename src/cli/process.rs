//! Settings of the process, made before anything else.

use rustix::fs::Mode;
use rustix::process::{Resource, getrlimit, setrlimit, umask};

/// Sets the umask, so that new files have mode 0600 and new folders 0700.
pub(super) fn keep_files_private() {
    umask(Mode::from_bits_truncate(0o077));
}

/// Raises the soft limit of open files to the hard one: each connection needs a descriptor. The usual soft limit
/// of 1024 is for programs that use `select`.
pub(super) fn allow_open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        eprintln!("kaozheng: the limit of open files stays as it is: {error}");
    }
}
