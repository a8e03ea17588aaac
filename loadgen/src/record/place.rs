//! A place for a result: it is known from the begin that it can be written to, and until there is something to write, what was
//! there before stays there.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    mem,
    os::unix::fs::{MetadataExt, fchown},
    path::{Path, PathBuf},
    process,
};

/// A place that can be written to.
#[derive(Debug)]
pub struct Place {
    /// Of a file, its own, to which links may lead.
    path: PathBuf,
    /// What is no file, such as a pipe, is held open.
    stream: Option<File>,
    /// Whether a file was made there only to see that one can be.
    is_blank: bool,
}

impl Place {
    /// Finds one. Where there is no file, an empty one is there until it is [cleared](Self::clear), or the place forgotten.
    ///
    /// # Errors
    /// The system's: it cannot be written to.
    pub fn find(path: &Path) -> io::Result<Self> {
        let is_blank = !path.exists();
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(false);
        let file = options.open(path)?;
        let is_file = file.metadata()?.is_file();
        let own = fs::canonicalize(path);
        Ok(Self {
            path: own.unwrap_or_else(|_| path.to_owned()),
            stream: (!is_file).then_some(file),
            is_blank,
        })
    }

    /// Whether nothing can be there that would have to stay, since it is no file.
    pub fn is_stream(&self) -> bool {
        self.stream.is_some()
    }

    /// Leaves no file that was not there: with nothing in it, it would be taken for a result.
    pub fn clear(&mut self) {
        if mem::take(&mut self.is_blank) {
            let _ = fs::remove_file(&self.path);
        }
    }

    /// Has it empty, for what is written as it comes.
    ///
    /// # Errors
    /// The system's.
    pub fn begin(&mut self) -> io::Result<File> {
        self.is_blank = false;
        match self.stream.take() {
            Some(stream) => Ok(stream),
            None => File::create(&self.path),
        }
    }

    /// Writes all that there is. Whatever ends the process meanwhile, a file has what it had before, or this.
    ///
    /// # Errors
    /// The system's.
    pub fn write(&mut self, text: &str) -> io::Result<()> {
        if self.stream.is_none() {
            match self.replace(text) {
                // Its folder takes no other file, or none that could be like it.
                Err(error) if error.kind() != io::ErrorKind::StorageFull => {}
                replaced => return replaced,
            }
        }
        self.begin()?.write_all(text.as_bytes())
    }

    /// Puts another file in the place of the one that is there, if there is one.
    fn replace(&mut self, text: &str) -> io::Result<()> {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{}", process::id()));
        let other = PathBuf::from(name);
        let mut file = File::create_new(&other)?;
        let replaced = alike(&file, &self.path)
            .and_then(|()| file.write_all(text.as_bytes()))
            .and_then(|()| fs::rename(&other, &self.path));
        if replaced.is_err() {
            let _ = fs::remove_file(&other);
        } else {
            self.is_blank = false;
        }
        replaced
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Gives a file to whom another one belongs, with the same rights.
fn alike(file: &File, other: &Path) -> io::Result<()> {
    let Ok(like) = fs::metadata(other) else {
        return Ok(());
    };
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (like.uid(), like.gid()) {
        fchown(file, Some(like.uid()), Some(like.gid()))?;
    }
    file.set_permissions(like.permissions())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn an_older_result_is_replaced_by_a_new_one_and_by_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result");
        let mut place = Place::find(&path).unwrap();
        assert!(path.exists(), "it can be compared with others");
        place.clear();
        assert!(!path.exists(), "nothing was written yet");
        place.write("a long result").unwrap();
        drop(place);
        drop(Place::find(&path).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "a long result");
        Place::find(&path).unwrap().write("short").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "short");
        let mut place = Place::find(&path).unwrap();
        place.begin().unwrap().write_all(b"as it comes").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "as it comes");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn who_may_read_a_result_may_read_the_next_and_links_stay() {
        let folder = tempfile::tempdir().unwrap();
        let [file, link] = ["file", "link"].map(|name| folder.path().join(name));
        fs::write(&file, "older").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        let before = fs::metadata(&file).unwrap().ino();
        Place::find(&link).unwrap().write("newer").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "newer");
        let after = fs::metadata(&file).unwrap();
        assert_eq!(after.mode() & 0o777, 0o640);
        assert_ne!(after.ino(), before, "whole at once");
    }
}
