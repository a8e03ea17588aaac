//! The sources of a crate, and what each of them imports of it.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A source file without its tests, which may look anywhere.
pub(crate) struct Source {
    /// Below `src/`.
    pub(crate) path: String,
    /// What it says.
    pub(crate) code: String,
}

/// Where the sources of this crate are.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// All of them but those that are tests alone.
pub(crate) fn sources() -> Vec<Source> {
    let is_code = |path: &Path| {
        !path
            .components()
            .any(|part| Path::new(&part).file_stem() == Some("tests".as_ref()))
    };
    let files = files(&root())
        .into_iter()
        .filter(|(path, _)| is_code(path.strip_prefix(root()).unwrap()));
    let source = |(path, text): (PathBuf, String)| Source {
        path: path.strip_prefix(root()).unwrap().display().to_string(),
        code: text.split("#[cfg(test)]").next().unwrap().to_owned(),
    };
    let sources: Vec<Source> = files.map(source).collect();
    assert!(sources.len() > 20, "the sources were found");
    sources
}

/// All Rust files below a folder, with their text.
pub(crate) fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                files.push((path, text));
            }
        }
    }
    files
}

/// Imports from a ring that comes after the file's own; what is no ring belongs to none and may be known to none.
pub(crate) fn upward_imports(rings: &[&str]) -> Vec<String> {
    let mut upward = Vec::new();
    for file in sources() {
        let ring = rings
            .iter()
            .position(|ring| file.path.starts_with(&format!("{ring}/")));
        for import in ring.map_or(Vec::new(), |_| imports(&file.code)) {
            let of = rings.iter().position(|known| *known == import[0]);
            if of.is_none_or(|of| Some(of) > ring) {
                upward.push(format!("{} imports crate::{}", file.path, import[0]));
            }
        }
    }
    upward
}

/// Names that only some files may know, and others do.
pub(crate) fn strays(confined: &[(&str, &[&str])]) -> Vec<String> {
    let mut strays = Vec::new();
    for file in sources() {
        for (name, homes) in confined {
            let is_at_home = homes.iter().any(|home| file.path.starts_with(home));
            if file.code.contains(name) && !is_at_home {
                strays.push(format!("{} knows {name}", file.path));
            }
        }
    }
    strays
}

/// What a code imports by `crate::`, each path in its segments.
pub(crate) fn imports(code: &str) -> Vec<Vec<String>> {
    below("crate::", code, &[])
}

/// The paths that begin with some word, with others before them.
pub(crate) fn below(word: &str, code: &str, before: &[&str]) -> Vec<Vec<String>> {
    let before: Vec<String> = before.iter().map(|&segment| segment.to_owned()).collect();
    let mut paths = Vec::new();
    for mut tree in code.split(word).skip(1) {
        read(&mut tree, &before, &mut paths);
    }
    paths.into_iter().filter(|path| !path.is_empty()).collect()
}

/// Reads a tree of paths such as `a::{self, b::C}` off the front of a code.
fn read(code: &mut &str, before: &[String], paths: &mut Vec<Vec<String>>) {
    if let Some(group) = code.strip_prefix('{') {
        *code = group.trim_start();
        while !code.is_empty() && !code.starts_with('}') {
            read(code, before, paths);
            // Whatever stands behind a path, such as another name for it.
            let end = code.find([',', '}']).unwrap_or(code.len());
            *code = code[end..].trim_start_matches(',').trim_start();
        }
        *code = code.get(1..).unwrap_or_default();
        return;
    }
    let end = code.find(|char: char| !char.is_alphanumeric() && char != '_');
    let (segment, rest) = code.split_at(end.unwrap_or(code.len()));
    *code = rest;
    let mut path = before.to_vec();
    if !segment.is_empty() && segment != "self" {
        path.push(segment.to_owned());
    }
    match rest.strip_prefix("::") {
        Some(rest) => {
            *code = rest;
            read(code, &path, paths);
        }
        None => paths.push(path),
    }
}

#[test]
fn a_grouped_import_is_seen_as_well_as_a_plain_one() {
    let code = "use crate::state::hub::Hub;\nuse crate::{\n    server::{self, http as web},\n    vocabulary::{id::Key, *},\n};\ncrate::a::b(c)";
    let imports: Vec<String> = imports(code).iter().map(|path| path.join("::")).collect();
    let seen = [
        "state::hub::Hub",
        "server",
        "server::http",
        "vocabulary::id::Key",
        "vocabulary",
        "a::b",
    ];
    assert_eq!(imports, seen);
}
