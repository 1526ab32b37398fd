//! The folder of the uploads as a place on a disk.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::storage::Storage;
use crate::store::file::own;

impl Storage {
    /// Writes a byte to the disk where uploads go; nothing of it remains.
    ///
    /// # Errors
    /// When the folder is gone, full or read-only.
    pub fn check_writable(&self) -> io::Result<()> {
        let uploads = self.root().join("uploads");
        let place = if uploads.is_dir() { uploads.as_path() } else { self.root() };
        let mut probe = tempfile::tempfile_in(place)?;
        probe.write_all(b"x")?;
        probe.sync_all()
    }

    /// Takes the permissions of group and others from the folder and all uploads in it. Returns how many
    /// files and folders had some. What else may lie in the folder is not ours.
    pub fn tighten(&self) -> io::Result<usize> {
        let mut tightened = usize::from(own(self.root())?);
        for place in Storage::PLACES.map(|place| self.root().join(place)) {
            if place.is_dir() {
                tightened += tighten(&place)?;
            }
        }
        Ok(tightened)
    }
}

fn tighten(folder: &Path) -> io::Result<usize> {
    let mut tightened = usize::from(own(folder)?);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            tightened += tighten(&entry.path())?;
        } else if kind.is_file() {
            tightened += usize::from(own(&entry.path())?);
        }
    }
    Ok(tightened)
}

/// Bytes that may still be written to the disk of a folder.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::store::Vault;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn loose_files_and_folders_are_tightened_once() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("files");
        let day = root.join("uploads/2026-11-23");
        fs::create_dir_all(&day).unwrap();
        fs::write(day.join("a"), b"x").unwrap();
        for (path, mode) in
            [(&root, 0o755), (&root.join("uploads"), 0o750), (&day, 0o700), (&day.join("a"), 0o644)]
        {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let storage = Storage::local(&root, Vault::from_key(&[7; 32])).unwrap();
        assert_eq!(storage.tighten().unwrap(), 3);
        assert_eq!((mode(&root), mode(&day), mode(&day.join("a"))), (0o700, 0o700, 0o600));
        assert_eq!(storage.tighten().unwrap(), 0);
    }
}
