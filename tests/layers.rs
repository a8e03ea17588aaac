//! The rings of the design, checked: imports point downward only, and what belongs to one ring stays in it.

use std::fs;
use std::path::{Path, PathBuf};

/// The rings, from the inside out: each may know itself and those before it.
const RINGS: [&str; 4] = ["vocabulary", "state", "server", "system"];

/// Names that only some files may know, because that is where their business is.
const CONFINED: [(&str, &[&str]); 6] = [
    ("mio::", &["system/"]),
    ("signal_hook", &["system/"]),
    ("socket2::", &["system/listener/"]),
    (
        "tungstenite::",
        &["server/websocket/", "system/client/", "system/opening/"],
    ),
    ("Instant::now", &["system/clock.rs"]),
    ("SystemTime::now", &["system/clock.rs"]),
];

#[test]
fn imports_point_downward_only() {
    let mut violations = Vec::new();
    for file in sources() {
        let Some(ring) = RINGS
            .iter()
            .position(|ring| file.path.starts_with(&format!("{ring}/")))
        else {
            continue;
        };
        for import in imports(&file.code) {
            let above = RINGS[ring + 1..].contains(&import.as_str());
            let known = RINGS.contains(&import.as_str());
            if above || !known {
                violations.push(format!("{} imports crate::{import}", file.path));
            }
        }
    }
    assert!(violations.is_empty(), "{violations:#?}");
}

#[test]
fn what_belongs_to_one_room_stays_in_it() {
    let mut violations = Vec::new();
    for file in sources() {
        for (name, rooms) in CONFINED {
            let is_at_home = rooms.iter().any(|room| file.path.starts_with(room));
            if file.code.contains(name) && !is_at_home {
                violations.push(format!("{} knows {name}", file.path));
            }
        }
    }
    assert!(violations.is_empty(), "{violations:#?}");
}

#[test]
fn the_binary_only_parses_runs_and_exits() {
    let main = fs::read_to_string(root().join("main.rs")).unwrap();
    assert!(main.lines().count() < 60);
}

#[test]
fn a_grouped_import_is_seen_as_well_as_a_plain_one() {
    let code = "use crate::state::hub::Hub;\nuse crate::{\n    server::{self, http},\n    vocabulary::id::Key,\n};";
    assert_eq!(imports(code), ["state", "server", "vocabulary"]);
}

/// A source file without its tests, which may look anywhere.
struct Source {
    path: String,
    code: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources() -> Vec<Source> {
    let mut sources = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap_or_default();
                sources.push(Source {
                    path: path.strip_prefix(root()).unwrap().display().to_string(),
                    code: code.to_owned(),
                });
            }
        }
    }
    assert!(sources.len() > 20, "the sources were found");
    sources
}

/// The first segment of every path below `crate::`.
fn imports(code: &str) -> Vec<String> {
    code.split("crate::")
        .skip(1)
        .flat_map(first_segments)
        .collect()
}

fn first_segments(path: &str) -> Vec<String> {
    let Some(group) = path.strip_prefix('{') else {
        return vec![identifier(path)];
    };
    let mut depth = 0;
    let mut item = String::new();
    let mut segments = Vec::new();
    for char in group.chars() {
        match char {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => segments.push(identifier(item.split_off(0).trim_start())),
            _ if depth == 0 => item.push(char),
            _ => {}
        }
    }
    segments.push(identifier(item.trim_start()));
    segments.retain(|segment| !segment.is_empty());
    segments
}

fn identifier(path: &str) -> String {
    path.chars()
        .take_while(|char| char.is_alphanumeric() || *char == '_')
        .collect()
}
