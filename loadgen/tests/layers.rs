//! The rings of the load generator, checked: imports point downward only, and no file is too long to be read at once.

#[path = "../../tests/layers/sources.rs"]
mod sources;

use std::{collections::BTreeSet, path::Path};

use sources::{below, files, imports, sources, strays, upward_imports};

/// The rings, from the inside out: each may know itself and those before it. Clients tell their record what they see, so
/// that it is the swarm that knows the record.
const RINGS: [&str; 10] = [
    "figures", "args", "plan", "server", "record", "swarm", "outcome", "page", "report", "modes",
];

/// Names that only some files may know, because that is where their business is.
const CONFINED: [(&str, &[&str]); 9] = [
    ("clap::", &["args/"]),
    ("comfy_table::", &["report/text.rs"]),
    ("console::", &["report/live.rs"]),
    ("hdrhistogram::", &["record/distribution.rs"]),
    ("indicatif::", &["report/live.rs"]),
    ("mio::", &["swarm/"]),
    ("plotters::", &["page/"]),
    ("procfs::", &["server/"]),
    ("signal_hook::", &["swarm/interrupts.rs"]),
];

/// Lines of the longest file, its tests counted.
const LINES_MAX: usize = 400;

#[test]
fn imports_point_downward_only() {
    let upward = upward_imports(&RINGS);
    assert!(upward.is_empty(), "{upward:#?}");
}

#[test]
fn the_rooms_of_a_ring_know_each_other_one_way_only() {
    let circles = circles();
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn what_belongs_to_one_room_stays_in_it() {
    let strays = strays(&CONFINED);
    assert!(strays.is_empty(), "{strays:#?}");
}

#[test]
fn no_file_is_too_long_to_be_read_at_once() {
    let crate_ = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["src", "tests", "benches"].map(|folder| files(&crate_.join(folder)));
    let long = folders
        .iter()
        .flatten()
        .filter(|(_, text)| text.lines().count() > LINES_MAX);
    let long: Vec<_> = long.map(|(path, _)| path).collect();
    assert!(long.is_empty(), "{long:#?}");
}

/// Rooms of a ring, each a file or a folder, that know themselves through others.
fn circles() -> Vec<String> {
    let mut knows = BTreeSet::new();
    for file in sources() {
        let place: Vec<&str> = file.path.trim_end_matches(".rs").split('/').collect();
        let &[ring, room, ref deeper @ ..] = &place[..] else {
            continue;
        };
        if !RINGS.contains(&ring) || room == "mod" {
            continue;
        }
        let mut imports = imports(&file.code);
        if deeper.is_empty() {
            imports.extend(below("super::", &file.code, &[ring]));
        }
        for import in imports.iter().filter(|import| import[0] == ring) {
            if let Some(other) = import.get(1).filter(|other| *other != room) {
                let [room, other] = [room, other].map(|room| format!("{ring}::{room}"));
                knows.insert((room, other));
            }
        }
    }
    loop {
        let through = |(a, b): &(String, String)| {
            let next = knows.iter().filter(|(c, _)| c == b);
            next.map(|(_, d)| (a.clone(), d.clone()))
                .collect::<Vec<_>>()
        };
        let more: BTreeSet<_> = knows.iter().flat_map(through).collect();
        let before = knows.len();
        knows.extend(more);
        if knows.len() == before {
            break;
        }
    }
    let round = knows.iter().filter(|(a, b)| a == b);
    round.map(|(a, _)| a.clone()).collect()
}
