//! The query of a request, and what is read of it in one way wherever it is asked for.

use std::ops::RangeInclusive;

use http::Uri;
use percent_encoding::percent_decode_str;

use super::http::HttpError;

/// The parameters behind the path.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    /// That of an address; one that has none has no parameters.
    pub fn of(uri: &'a Uri) -> Self {
        Self(uri.query().unwrap_or_default())
    }

    /// A parameter.
    pub fn get(self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.0.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// Sees that there is none but these, and none of them twice, as one of them would do nothing; and that all of them are text,
    /// as what is none would be read as something else.
    ///
    /// # Errors
    /// 400: there is one, or it is none.
    pub fn expect_only(self, known: &[&str]) -> Result<(), HttpError> {
        if percent_decode_str(self.0).decode_utf8().is_err() {
            return Err(HttpError::bad_request("the query is not UTF-8"));
        }
        let mut seen = Vec::new();
        for (name, _) in form_urlencoded::parse(self.0.as_bytes()) {
            if !known.contains(&&*name) {
                return Err(HttpError::unknown_parameter(&name, known));
            }
            if seen.contains(&name) {
                return Err(HttpError::repeated_parameter(&name));
            }
            seen.push(name);
        }
        Ok(())
    }

    /// A number.
    ///
    /// # Errors
    /// 400: it is none.
    pub fn number(self, name: &'static str) -> Result<Option<u64>, HttpError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let number = read_number(&text);
        number.map(Some).ok_or_else(|| HttpError::no_number(name))
    }

    /// How many of something are wanted, where it is said.
    ///
    /// # Errors
    /// 400: more or fewer than may be, or no number.
    pub fn limit(
        self,
        name: &'static str,
        bounds: RangeInclusive<usize>,
    ) -> Result<Option<usize>, HttpError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let limit = read_number(&text).and_then(|limit| usize::try_from(limit).ok());
        let limit = limit.filter(|limit| bounds.contains(limit));
        limit
            .map(Some)
            .ok_or_else(|| HttpError::bad_limit(name, &bounds))
    }
}

/// Digits alone: the library takes a sign before them too.
fn read_number(text: &str) -> Option<u64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_that_is_none_is_refused_by_one_code() {
        let limit = |text: &str| {
            let query = format!("last={text}");
            let limit = Query(&query).limit("last", 1..=10);
            limit.map_err(|error| (error.status.as_u16(), error.code))
        };
        for (text, expected) in [("1", 1), ("10", 10), ("007", 7)] {
            assert_eq!(limit(text), Ok(Some(expected)), "{text}");
        }
        for text in [
            "",
            "0",
            "11",
            "-1",
            "%2B1",
            "1.0",
            "x",
            "99999999999999999999",
        ] {
            assert_eq!(limit(text), Err((400, "bad-limit")), "{text}");
        }
        let message = Query("last=x").limit("last", 1..=10).unwrap_err().message;
        assert_eq!(message, "last must be an integer from 1 to 10");
        assert_eq!(Query("limit=1").limit("last", 1..=10), Ok(None));
    }

    #[test]
    fn what_is_no_text_is_refused() {
        let code = |query| {
            let checked = Query(query).expect_only(&["a", "b"]);
            checked.map_err(|error| (error.status.as_u16(), error.code))
        };
        for query in ["", "a=%C3%A9+t&b=%25", "a=\u{e9}"] {
            assert_eq!(code(query), Ok(()), "{query}");
        }
        for query in ["a=%FF", "a=%C3&b=%A9", "%FF=a", "a=%ED%A0%80"] {
            assert_eq!(code(query), Err((400, "bad-request")), "{query}");
        }
    }

    #[test]
    fn a_number_has_digits_alone() {
        let number = |query| {
            let number = Query(query).number("before");
            number.map_err(|error| (error.status.as_u16(), error.code))
        };
        assert_eq!(number(""), Ok(None));
        assert_eq!(number("before=0"), Ok(Some(0)));
        for bad in ["before=", "before=-1", "before=%2B1", "before=1e3"] {
            assert_eq!(number(bad), Err((400, "bad-request")), "{bad}");
        }
    }
}
