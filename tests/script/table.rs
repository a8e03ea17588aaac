//! The table of cases: how it is read, and how what is expected is held against what comes.

use std::collections::BTreeMap;

/// A case: its name, and its steps.
#[derive(Debug, Default)]
pub struct Case {
    pub name: String,
    pub steps: Vec<Step>,
}

/// A line of a case.
#[derive(Debug)]
pub struct Step {
    /// Where it stands.
    pub line: usize,
    pub kind: Kind,
    pub words: Vec<String>,
}

/// What a line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Ask,
    Answer,
    Error,
    Command,
    Wait,
    Ids,
    Entry,
    Nodes,
}

/// Numbers that were met, by name.
#[derive(Debug, Default)]
pub struct Names(BTreeMap<String, u64>);

impl Kind {
    const ALL: [(&'static str, Self); 8] = [
        (">", Self::Ask),
        ("<", Self::Answer),
        ("!", Self::Error),
        ("redis", Self::Command),
        ("wait", Self::Wait),
        ("ids", Self::Ids),
        ("entry", Self::Entry),
        ("nodes", Self::Nodes),
    ];
}

/// All cases of a table.
pub fn read(table: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for (line, text) in (1..).zip(table.lines()) {
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
        let Some((_, kind)) = Kind::ALL.into_iter().find(|(word, _)| *word == first) else {
            let name = text.to_owned();
            let steps = Vec::new();
            cases.push(Case { name, steps });
            continue;
        };
        let words = match kind {
            Kind::Error => vec![rest.to_owned()],
            _ => words(rest),
        };
        let case = cases.last_mut().expect("a case has a name");
        case.steps.push(Step { line, kind, words });
    }
    cases
}

/// The words of a line, without their quotes.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('\'') {
            Some(quoted) => quoted.split_once('\'').expect("a quote ends"),
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        let word = match word
            .split_once('*')
            .map(|(one, count)| (one, count.parse()))
        {
            Some((one, Ok(count))) => one.repeat(count),
            _ => word.to_owned(),
        };
        words.push(word);
        rest = after.trim_start();
    }
    words
}

impl Names {
    /// A word that is said, with the numbers in it.
    pub fn fill(&self, word: &str) -> String {
        let mut said = String::new();
        let mut rest = word;
        while let Some((before, named)) = rest.split_once('$') {
            let (name, after) = split_name(named);
            said += before;
            said += &self.0[name].to_string();
            rest = after;
        }
        said + rest
    }

    /// Whether a word that came is the one expected. Notes the numbers that are named for the first time.
    pub fn fits(&mut self, expected: &str, came: &str) -> bool {
        let mut came = came;
        let mut rest = expected;
        while let Some((before, named)) = rest.split_once('$') {
            let (name, after) = split_name(named);
            let Some(behind) = came.strip_prefix(before) else {
                return false;
            };
            let digits = behind.len()
                - behind
                    .trim_start_matches(|c: char| c.is_ascii_digit())
                    .len();
            let Ok(number) = behind[..digits].parse() else {
                return false;
            };
            came = &behind[digits..];
            rest = after;
            if let Some(bounded) = after.strip_prefix('>') {
                let (bound, after) = split_name(bounded);
                rest = after;
                if number <= self.0[bound] {
                    return false;
                }
            }
            if *self.0.entry(name.to_owned()).or_insert(number) != number {
                return false;
            }
        }
        rest == came
    }
}

fn split_name(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric());
    text.split_at(end.unwrap_or(text.len()))
}

#[test]
fn a_word_fits_by_the_numbers_that_it_names() {
    let mut names = Names::default();
    assert!(names.fits("$e-1", "7-1"));
    assert!(names.fits("$e-2 $f>e", "7-2 8"));
    assert_eq!(names.fill("$e-*$f"), "7-*8");
    assert!(!names.fits("$e-1", "8-1"));
    assert!(!names.fits("$g>f", "8"));
    assert!(!names.fits("$e-1", "7-12"));
    assert!(!names.fits("$e", "x"));
}

#[test]
fn a_table_has_cases_of_steps_of_words() {
    let cases = read("# ...\nOne\n> a 'b c' '' 'x*3'\n! X y\n\nTwo\nids\n");
    assert_eq!(cases.len(), 2);
    assert_eq!(cases[0].steps[0].words, ["a", "b c", "", "xxx"]);
    assert_eq!(cases[0].steps[1].words, ["X y"]);
    assert_eq!(cases[1].steps[0].kind, Kind::Ids);
}
