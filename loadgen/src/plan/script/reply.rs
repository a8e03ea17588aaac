//! What is answered to what a server says: by a whole frame, or by what stands beside messages of the run in one, as some
//! servers put what they ask between what they deliver.

use memchr::memmem;

use crate::plan::script::{
    error::{ScriptError, TextError},
    grammar::Grammar,
    text::Text,
};

/// What stands between what is got and what is said.
const ARROW: &str = "=>";

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What a frame begins with, or is where nothing is carried over.
    before: Vec<u8>,
    /// What it ends with behind what is carried over.
    behind: Option<Vec<u8>>,
    /// What is said.
    pub say: Text,
}

impl Reply {
    /// As `GOT=>SAY`.
    ///
    /// # Errors
    /// The user's: it has no `=>`, or more than one `*` before that, or a text that is none.
    pub fn read(text: &str, escapes: bool) -> Result<Self, ScriptError> {
        let of = |source: TextError| ScriptError::Text {
            flag: "--reply",
            source,
        };
        let (got, say) = text.split_once(ARROW).ok_or(ScriptError::Reply)?;
        let plain = Grammar::GOT.escaping(escapes);
        let bytes = |text| plain.read_bytes(text).map_err(of);
        let (before, behind) = match got.split('*').collect::<Vec<_>>()[..] {
            [all] => (bytes(all)?, None),
            [before, behind] => (bytes(before)?, Some(bytes(behind)?)),
            _ => return Err(ScriptError::Reply),
        };
        let grammar = Grammar::ENTRY.escaping(escapes).carrying(behind.is_some());
        Ok(Self {
            before,
            behind,
            say: grammar.read(say).map_err(of)?,
        })
    }

    /// What is carried over from a frame that is to be answered.
    pub fn to_frame<'a>(&self, frame: &'a [u8]) -> Option<&'a [u8]> {
        let rest = frame.strip_prefix(&self.before[..])?;
        match &self.behind {
            Some(behind) => rest.strip_suffix(&behind[..]),
            None => rest.is_empty().then_some(rest),
        }
    }

    /// The same from a frame that holds messages of the run, the last of which ends there: from what is behind that, or,
    /// if a line is to be answered, from any line of the frame.
    pub fn to_messages<'a>(&self, frame: &'a [u8], end: usize) -> Option<&'a [u8]> {
        match &self.behind {
            None if self.before.ends_with(b"\n") => {
                let begins = |&at: &usize| at == 0 || frame[at - 1] == b'\n';
                let mut found = memmem::find_iter(frame, &self.before);
                found.find(begins).map(|at| &frame[at..at])
            }
            _ => self.to_end(frame.get(end..)?),
        }
    }

    fn to_end<'a>(&self, end: &'a [u8]) -> Option<&'a [u8]> {
        let Some(behind) = &self.behind else {
            let is_said = !self.before.is_empty() && end.ends_with(&self.before);
            return is_said.then_some(&[]);
        };
        let at = memmem::find(end, &self.before).filter(|_| !self.before.is_empty())?;
        end[at + self.before.len()..].strip_suffix(&behind[..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &str) -> Reply {
        Reply::read(text, true).unwrap()
    }

    #[test]
    fn a_whole_frame_is_answered() {
        let ping = reply("2=>3");
        assert_eq!(ping.to_frame(b"2"), Some(&b""[..]));
        assert_eq!(ping.to_frame(b"42"), None);
        assert_eq!(ping.to_frame(b"20"), None);
        let empty = reply("=>");
        assert_eq!(empty.to_frame(b""), Some(&b""[..]));
        assert_eq!(empty.to_end(b"}"), None);
    }

    #[test]
    fn what_a_star_stands_for_is_carried_over() {
        let ping = reply(r#""ping::*"=>"pong::*""#);
        assert_eq!(ping.to_frame(br#""ping::1795""#), Some(&b"1795"[..]));
        assert_eq!(ping.to_frame(br#""ping::1795"#), None);
        // What overlaps is none.
        assert_eq!(reply("aba*aba=>x").to_frame(b"aba"), None);
    }

    #[test]
    fn what_stands_behind_a_message_is_answered() {
        assert_eq!(reply("2=>3").to_messages(b"ours2", 4), Some(&b""[..]));
        assert_eq!(reply("2=>3").to_messages(b"2ours", 5), None);
        let ping = reply("ping *;=>x");
        assert_eq!(ping.to_messages(b"ours\r\nping 7;", 4), Some(&b"7"[..]));
    }

    #[test]
    fn what_stands_in_a_message_or_before_it_is_not() {
        assert_eq!(reply("2=>3").to_messages(b"our2", 4), None);
        let ping = reply("ping *;=>x");
        assert_eq!(ping.to_messages(b"ping 7;ours;", 11), None);
    }

    #[test]
    fn a_line_is_answered_wherever_it_stands_among_messages() {
        let ping = reply(r"PING\r\n=>PONG\r\n");
        let told = |frame: &[u8]| ping.to_messages(frame, frame.len()).is_some();
        assert!(told(b"MSG x 1 4\r\nours\r\nPING\r\n"));
        assert!(told(b"PING\r\nMSG x 1 4\r\nours\r\n"));
        assert!(told(b"MSG x 1 4\r\nours\r\nPING\r\nMSG x 1 4\r\nours\r\n"));
        assert!(!told(b"MSG x 1 4\r\nours\r\n"));
        assert!(!told(b"MSG x 1 8\r\noursPING\r\n"));
    }

    #[test]
    fn what_is_no_reply_is_refused() {
        for text in ["ping", "*a*=>b"] {
            let told = Reply::read(text, false).unwrap_err().to_string();
            assert!(told.contains("'ping *=>pong *'"), "{told}");
        }
        assert!(Reply::read("a=>%s", false).is_err());
    }
}
