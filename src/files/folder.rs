//! The upload folder: permissions and free space.

use std::fs;
use std::io;
use std::path::Path;

use super::storage::Storage;
use crate::store::file::restrict_to_owner;

impl Storage {
    /// Removes the permissions of group and others from the folder and its uploads. Returns the number of
    /// changed files and folders. Leaves other entries of the folder, and buckets, alone.
    pub fn restrict_permissions(&self) -> io::Result<usize> {
        let Some(root) = self.objects.folder() else { return Ok(0) };
        let mut changed = usize::from(restrict_to_owner(root)?);
        for folder in Storage::FOLDERS.map(|folder| root.join(folder)) {
            if folder.is_dir() {
                changed += restrict_permissions(&folder)?;
            }
        }
        Ok(changed)
    }
}

fn restrict_permissions(folder: &Path) -> io::Result<usize> {
    let mut changed = usize::from(restrict_to_owner(folder)?);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            changed += restrict_permissions(&entry.path())?;
        } else if kind.is_file() {
            changed += usize::from(restrict_to_owner(&entry.path())?);
        }
    }
    Ok(changed)
}

/// Free bytes on the disk of a folder.
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
    fn permissions_of_others_are_removed() {
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
        assert_eq!(storage.restrict_permissions().unwrap(), 3);
        assert_eq!((mode(&root), mode(&day), mode(&day.join("a"))), (0o700, 0o700, 0o600));
        assert_eq!(storage.restrict_permissions().unwrap(), 0);
    }
}
