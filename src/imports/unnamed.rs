//! A file on the disk for libraries that read a path.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use super::Error;

/// A temporary file without a name, which no other user can open and no restart leaves behind.
pub struct UnnamedFile(File);

impl UnnamedFile {
    pub fn with(folder: &Path, bytes: &[u8]) -> Result<UnnamedFile, Error> {
        let told = Error::io("a temporary file");
        std::fs::create_dir_all(folder)
            .and_then(|()| tempfile::tempfile_in(folder))
            .and_then(|mut file| file.write_all(bytes).map(|()| UnnamedFile(file)))
            .map_err(told)
    }

    /// A path by which this process can open it.
    pub fn path(&self) -> PathBuf {
        format!("/proc/self/fd/{}", self.0.as_raw_fd()).into()
    }
}
