//! Where a reply ends in a sequence of bytes, and which of them are refused before they are whole.
//!
//! The library goes over a reply from its beginning again with whatever arrives of it, into lists within lists without a
//! bound, and knows kinds that Redis never sends. So it is only shown replies that are whole, and of few levels.

use arrayvec::ArrayVec;

use super::RespError;
use crate::vocabulary::config::{
    REDIS_LINE_BYTES_MAX, REDIS_REPLY_BYTES_MAX, REDIS_REPLY_ELEMENTS_MAX, REDIS_REPLY_LEVELS_MAX,
};

const LINE_END: &[u8] = b"\r\n";
/// What replies begin with. Attributes, and replies without a length, are not among what Redis sends us.
const KINDS: &[u8] = b"+-:_,#($!=*~>%";

/// How far a reply has come.
#[derive(Debug, Default)]
pub(super) struct Boundary {
    /// Where the next line begins that tells how to go on, which may be ahead of what has arrived.
    at: usize,
    /// Elements that each list within which it stands still lacks, from the outermost inward.
    missing: ArrayVec<usize, REDIS_REPLY_LEVELS_MAX>,
    /// Elements of all lists so far.
    elements: usize,
}

impl Boundary {
    /// Where the reply ends that `input` begins with, once that has arrived. The next time the same begins it, with more
    /// behind.
    pub(super) fn find(&mut self, input: &[u8]) -> Result<Option<usize>, RespError> {
        loop {
            if self.at > REDIS_REPLY_BYTES_MAX {
                return Err(RespError::TooLarge);
            }
            let Some((before, after)) = input.split_at_checked(self.at) else {
                return Ok(None);
            };
            if self.at > 0 && !before.ends_with(LINE_END) {
                let text = "a text is longer than it says".to_owned();
                return Err(RespError::Garbled(text));
            }
            if self.at > 0 && self.missing.is_empty() {
                return Ok(Some(self.at));
            }
            let [kind, rest @ ..] = after else {
                return Ok(None);
            };
            if !KINDS.contains(kind) {
                let kind = kind.escape_ascii();
                return Err(RespError::Garbled(format!("it begins with {kind}")));
            }
            let Some(line) = line(rest)? else {
                return Ok(None);
            };
            self.at += 1 + line.len() + LINE_END.len();
            match kind {
                b'$' | b'!' | b'=' => {
                    self.at += length(line)? + LINE_END.len();
                    self.end_element();
                }
                b'*' | b'~' | b'>' => self.begin_list(length(line)?)?,
                b'%' => self.begin_list(2 * length(line)?)?,
                _ => self.end_element(),
            }
        }
    }

    fn begin_list(&mut self, elements: usize) -> Result<(), RespError> {
        self.elements += elements;
        if self.elements > REDIS_REPLY_ELEMENTS_MAX {
            return Err(RespError::TooLarge);
        }
        let pushed = self.missing.try_push(elements);
        pushed.map_err(|_| RespError::TooDeep)?;
        self.end_lists();
        Ok(())
    }

    fn end_element(&mut self) {
        if let Some(missing) = self.missing.last_mut() {
            *missing -= 1;
        }
        self.end_lists();
    }

    /// Those that lack nothing any more are elements themselves.
    fn end_lists(&mut self) {
        while self.missing.last() == Some(&0) {
            self.missing.pop();
            if let Some(missing) = self.missing.last_mut() {
                *missing -= 1;
            }
        }
    }
}

/// The first line, without its end, once that has arrived.
fn line(input: &[u8]) -> Result<Option<&[u8]>, RespError> {
    let within = &input[..input.len().min(REDIS_LINE_BYTES_MAX)];
    let mut pairs = within.windows(LINE_END.len());
    match pairs.position(|pair| pair == LINE_END) {
        Some(end) => Ok(Some(&within[..end])),
        None if within.len() < REDIS_LINE_BYTES_MAX => Ok(None),
        None => Err(RespError::TooLarge),
    }
}

/// What a line says of how much follows it.
fn length(line: &[u8]) -> Result<usize, RespError> {
    let length = str::from_utf8(line).ok().and_then(|text| text.parse().ok());
    match length {
        Some(length) if length <= REDIS_REPLY_BYTES_MAX => Ok(length),
        Some(_) => Err(RespError::TooLarge),
        None => {
            let line = line.escape_ascii();
            Err(RespError::Garbled(format!("{line} is no length")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(input: &[u8]) -> Result<Option<usize>, RespError> {
        Boundary::default().find(input)
    }

    #[test]
    fn a_reply_ends_with_all_that_it_announces() {
        assert_eq!(find(b""), Ok(None));
        assert_eq!(find(b"+OK\r\n+more"), Ok(Some(5)));
        assert_eq!(find(b"$3\r\na\r\n"), Ok(None));
        assert_eq!(find(b"$3\r\na\r\n\r\n:"), Ok(Some(9)));
        assert_eq!(find(b"*2\r\n*0\r\n"), Ok(None));
        assert_eq!(find(b"*2\r\n*1\r\n:1\r\n:2\r\n"), Ok(Some(16)));
        assert_eq!(find(b"%1\r\n+a\r\n"), Ok(None));
        assert_eq!(find(b"*0\r\n:"), Ok(Some(4)));
    }

    #[test]
    fn what_is_too_large_is_refused_as_soon_as_it_is_announced() {
        assert_eq!(find(b"$67108800\r\n"), Ok(None));
        assert_eq!(find(b"$67108865\r\n"), Err(RespError::TooLarge));
        let two = b"*2\r\n$40000000\r\n".as_slice();
        let mut boundary = Boundary::default();
        assert_eq!(boundary.find(two), Ok(None));
        let mut more = two.to_vec();
        more.resize(two.len() + 40_000_000, b'x');
        more.extend(b"\r\n$40000000\r\n");
        assert_eq!(boundary.find(&more), Err(RespError::TooLarge));
        assert_eq!(find(b"*65536\r\n"), Ok(None));
        assert_eq!(find(b"%32769\r\n"), Err(RespError::TooLarge));
        assert_eq!(find(b"*2\r\n*65535\r\n"), Err(RespError::TooLarge));
    }

    #[test]
    fn a_line_without_an_end_is_not_waited_for() {
        let mut line = vec![b'-'; REDIS_LINE_BYTES_MAX];
        assert_eq!(find(&line), Ok(None));
        line.push(b'-');
        assert_eq!(find(&line), Err(RespError::TooLarge));
    }

    #[test]
    fn lists_within_lists_have_a_bound() {
        let nested = |levels| [b"*1\r\n".repeat(levels), b":1\r\n".to_vec()].concat();
        let most = nested(REDIS_REPLY_LEVELS_MAX);
        assert_eq!(find(&most), Ok(Some(most.len())));
        let beyond = nested(REDIS_REPLY_LEVELS_MAX + 1);
        assert_eq!(find(&beyond), Err(RespError::TooDeep));
    }
}
