//! The journal's script, `src/server/redis/journal.lua`, by a table of cases: `cases.txt`. The fake Redis of the simulation is
//! held to it here, and a real one by `tests/nodes/run`.

#[path = "../redis/mod.rs"]
mod redis;

mod faults;
mod subject;
mod table;

use redis::Settings;
use subject::{Answer, Fake, Real, Subject};
use table::{Case, Kind, Names, Step};

const TABLE: &str = include_str!("cases.txt");
const SOURCE: &str = include_str!("../../src/server/redis/journal.lua");
const JOURNAL: &str = "{hubbub}:journal";
const NODES: &str = "{hubbub}:nodes";

/// A case that is under way.
struct Run<'a> {
    subject: &'a mut dyn Subject,
    digest: &'a str,
    names: Names,
    answer: Answer,
}

#[test]
fn a_fake_redis_runs_the_script_by_the_table() {
    run(&mut Fake::new(synced()));
}

/// `tests/nodes/run` has one started for it.
#[test]
#[ignore = "it needs a Redis, which it empties"]
fn a_real_redis_runs_the_script_by_the_table() {
    run(&mut Real::named());
}

/// Set up so that it keeps all.
fn synced() -> Settings {
    Settings {
        password: None,
        is_written: true,
        is_synced: true,
        is_reticent: false,
    }
}

fn run(subject: &mut dyn Subject) {
    subject.ask(&["HELLO", "3"]);
    let Answer::Text(digest) = subject.ask(&["SCRIPT", "LOAD", SOURCE]) else {
        panic!("the script cannot be loaded");
    };
    for Case { name, steps } in table::read(TABLE) {
        subject.ask(&["FLUSHALL"]);
        let mut run = Run {
            subject: &mut *subject,
            digest: &digest,
            names: Names::default(),
            answer: Answer::Nil,
        };
        for step in &steps {
            if let Err(came) = run.take(step) {
                panic!(
                    "{name}: line {} expects something else than {came}",
                    step.line
                );
            }
        }
    }
}

impl Run<'_> {
    /// Takes a step, or says what came in place of what is expected.
    fn take(&mut self, step: &Step) -> Result<(), String> {
        let words = &step.words;
        match step.kind {
            Kind::Ask => {
                let filled: Vec<_> = words.iter().map(|word| self.names.fill(word)).collect();
                let mut command = vec!["EVALSHA", self.digest, "2", JOURNAL, NODES];
                command.extend(filled.iter().map(|word| &**word));
                self.answer = self.subject.ask(&command);
                Ok(())
            }
            Kind::Answer => match &self.answer {
                Answer::List(_) => {
                    let answer = std::mem::replace(&mut self.answer, Answer::Nil);
                    self.compare(words, &answer.texts())
                }
                other => Err(format!("{other:?}")),
            },
            Kind::Error => match &self.answer {
                Answer::Error(error) if error.starts_with(&words[0]) => Ok(()),
                other => Err(format!("{other:?}")),
            },
            Kind::Command => {
                let filled: Vec<_> = words.iter().map(|word| self.names.fill(word)).collect();
                let keyed = filled.iter().map(|word| match word.as_str() {
                    "journal" => JOURNAL,
                    "nodes" => NODES,
                    word => word,
                });
                self.subject.ask(&keyed.collect::<Vec<_>>());
                Ok(())
            }
            Kind::Wait => {
                self.subject.wait(words[0].parse().unwrap(), NODES);
                Ok(())
            }
            Kind::Ids => {
                let ids: Vec<_> = self.entries().into_iter().map(|(id, _)| id).collect();
                self.compare(words, &ids)
            }
            Kind::Entry => {
                let id = self.names.fill(&words[0]);
                let entry = self.entries().into_iter().find(|entry| entry.0 == id);
                let (_, fields) = entry.ok_or("no such entry")?;
                let expected = ["h", &words[1], "b", &words[2]].map(str::to_owned);
                self.compare(&expected, &fields)
            }
            Kind::Nodes => {
                let held = self.subject.ask(&["HGETALL", NODES]).texts();
                let mut names: Vec<_> = held.into_iter().step_by(2).collect();
                names.sort();
                self.compare(words, &names)
            }
        }
    }

    /// The journal's entries, by id.
    fn entries(&mut self) -> Vec<(String, Vec<String>)> {
        let Answer::List(entries) = self.subject.ask(&["XRANGE", JOURNAL, "-", "+"]) else {
            panic!("the journal has entries");
        };
        let entry = |entry| match entry {
            Answer::List(mut parts) => {
                let fields = parts.pop().unwrap().texts();
                let Some(Answer::Text(id)) = parts.pop() else {
                    panic!("an entry has an id");
                };
                (id, fields)
            }
            other => panic!("{other:?} is no entry"),
        };
        entries.into_iter().map(entry).collect()
    }

    fn compare(&mut self, expected: &[String], came: &[String]) -> Result<(), String> {
        let mut pairs = expected.iter().zip(came);
        let fits = expected.len() == came.len()
            && pairs.all(|(expected, came)| self.names.fits(expected, came));
        fits.then_some(()).ok_or(format!("{came:?}"))
    }
}
