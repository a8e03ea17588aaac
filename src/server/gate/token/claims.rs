//! What a token says, and what must be true of it (RFC 7519, section 4.1).

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::server::http::HttpError;
use crate::vocabulary::{
    api::ApiRights,
    config::TOKEN_LEEWAY,
    id::CONNECTION,
    name::{is_name, name_rule},
    pass::{Pass, Patterns, Rights},
};

/// What is read of a token. One that has something of another type cannot be read.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    exp: Option<f64>,
    nbf: Option<f64>,
    aud: Option<Audience>,
    iss: Option<String>,
    sub: Option<String>,
    name: Option<String>,
    channels: Option<Vec<String>>,
    publish: Option<Vec<String>>,
    /// Sessions are nothing to it, so whatever else it may be spoils none.
    api: Option<Value>,
}

/// For whom a token is.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// For whom and from whom tokens must be.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) audience: Option<String>,
    pub(super) issuer: Option<String>,
}

impl Claims {
    /// Who someone is and what they may do, and until when, since the Unix epoch.
    ///
    /// # Errors
    /// 401, with what is wrong. Nothing of the token is repeated.
    pub(super) fn judge(
        self,
        expected: &Expected,
        now: Duration,
    ) -> Result<(Pass, Duration), HttpError> {
        self.check_parties(expected)?;
        let expires_at = moment("exp", self.exp.ok_or_else(|| missing("exp"))?)?;
        if now >= expires_at {
            return Err(HttpError::token("token-expired", "the token has expired"));
        }
        if let Some(nbf) = self.nbf
            && moment("nbf", nbf)? > now + TOKEN_LEEWAY
        {
            let message = "the token is not valid yet";
            return Err(HttpError::token("token-not-yet-valid", message));
        }
        for (claim, text) in [("sub", &self.sub), ("name", &self.name)] {
            if text.as_ref().is_some_and(|text| !is_name(text)) {
                let message = format!("the token's {claim:?} must have {}", name_rule());
                return Err(HttpError::token("token-invalid", message));
            }
        }
        if self
            .sub
            .as_ref()
            .is_some_and(|sub| sub.starts_with(CONNECTION))
        {
            let message = format!("the token's \"sub\" must not begin with {CONNECTION:?}");
            return Err(HttpError::token("token-invalid", message));
        }
        let patterns = |names: &Option<Vec<String>>| match names {
            Some(names) => Patterns::only(names.iter().map(String::as_str)),
            None => Patterns::default(),
        };
        let pass = Pass {
            rights: Rights::new(patterns(&self.channels), patterns(&self.publish)),
            api: api_rights(self.api.as_ref()),
            id: self.sub.map(String::into_boxed_str),
            name: self.name.map(String::into_boxed_str),
        };
        Ok((pass, expires_at))
    }

    /// Whether it is for whom, and from whom, tokens must be.
    fn check_parties(&self, expected: &Expected) -> Result<(), HttpError> {
        if let Some(audience) = &expected.audience {
            let is_ours = match self.aud.as_ref().ok_or_else(|| missing("aud"))? {
                Audience::One(name) => name == audience,
                Audience::Many(names) => names.contains(audience),
            };
            if !is_ours {
                let message = "the token is not for this server";
                return Err(HttpError::token("token-audience", message));
            }
        }
        if let Some(issuer) = &expected.issuer
            && self.iss.as_ref().ok_or_else(|| missing("iss"))? != issuer
        {
            let message = "the token is not from the issuer of this server";
            return Err(HttpError::token("token-issuer", message));
        }
        Ok(())
    }
}

/// What a token says of the door for programs; what is no list of texts says nothing.
fn api_rights(claim: Option<&Value>) -> ApiRights {
    let claims = claim.and_then(Value::as_array).into_iter().flatten();
    ApiRights::of(claims.filter_map(Value::as_str))
}

/// A time in seconds since the Unix epoch.
fn moment(claim: &str, seconds: f64) -> Result<Duration, HttpError> {
    Duration::try_from_secs_f64(seconds).map_err(|_| {
        let message = format!("the token's {claim:?} is no time");
        HttpError::token("token-invalid", message)
    })
}

fn missing(claim: &str) -> HttpError {
    HttpError::token("token-invalid", format!("the token lacks {claim:?}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::vocabulary::api::Right;

    const NOW_SECONDS: u64 = 1_800_000_000;
    const NOW: Duration = Duration::from_secs(NOW_SECONDS);

    /// A good token's claims, with one more, or another one.
    fn with(claim: &str, value: impl Into<Value>) -> Value {
        let mut claims = json!({ "exp": NOW_SECONDS + 60 });
        claims[claim] = value.into();
        claims
    }

    fn judge(
        claims: &Value,
        audience: Option<&str>,
        issuer: Option<&str>,
    ) -> Result<(Pass, Duration), &'static str> {
        let claims: Claims = serde_json::from_value(claims.clone()).map_err(|_| "unreadable")?;
        let expected = Expected {
            audience: audience.map(str::to_owned),
            issuer: issuer.map(str::to_owned),
        };
        claims.judge(&expected, NOW).map_err(|error| error.code)
    }

    /// What is wrong with claims of anyone for anyone; nothing if they are good.
    fn fault(claims: &Value) -> &'static str {
        judge(claims, None, None).err().unwrap_or_default()
    }

    #[test]
    fn a_token_says_who_someone_is_what_they_may_do_and_until_when() {
        let claims = json!({
            "exp": NOW_SECONDS + 60, "nbf": NOW_SECONDS, "sub": "ada-1", "name": "Ada",
            "channels": ["tea", "room-*"], "publish": ["tea"], "more": {"of": "this"},
        });
        let (pass, expires_at) = judge(&claims, None, None).unwrap();
        assert_eq!(expires_at, NOW + Duration::from_mins(1));
        assert_eq!(pass.id.as_deref(), Some("ada-1"));
        assert_eq!(pass.name.as_deref(), Some("Ada"));
        assert!(pass.rights.may_publish("tea") && pass.rights.may_join("room-1"));
        assert!(!pass.rights.may_publish("room-1") && !pass.rights.may_join("cake"));
    }

    #[test]
    fn a_token_that_says_nothing_allows_everything_until_it_expires() {
        let (pass, _) = judge(&json!({ "exp": NOW_SECONDS + 60 }), None, None).unwrap();
        assert_eq!(pass, Pass::default());
    }

    #[test]
    fn what_a_token_allows_at_the_door_for_programs_is_a_list_and_spoils_nothing_else() {
        let rights = |api: Value| judge(&with("api", api), None, None).unwrap().0.api;
        let some = rights(json!(["publish:room-*", "read", "fly", 7]));
        assert!(some.may_publish("room-1") && !some.may_publish("tea") && !some.may_whisper());
        assert!(some.include(Right::Publish) && some.include(Right::Read));
        assert!(!some.include(Right::Close) && !some.include(Right::Drain));
        assert!(rights(json!(["publish:*"])).may_whisper());
        for nothing in [
            json!([]),
            json!("read"),
            json!({"read": true}),
            Value::Null,
            json!(7),
        ] {
            assert_eq!(rights(nothing), ApiRights::default());
        }
    }

    #[test]
    fn a_token_is_good_from_its_beginning_to_its_end() {
        let leeway = TOKEN_LEEWAY.as_secs();
        for (claims, code) in [
            (json!({}), "token-invalid"),
            (with("exp", Value::Null), "token-invalid"),
            (with("exp", NOW_SECONDS), "token-expired"),
            (with("exp", 0), "token-expired"),
            (with("exp", -1), "token-invalid"),
            (with("exp", NOW.as_secs_f64() + 0.5), ""),
            (with("exp", 1e12), ""),
            (with("exp", 1e300), "token-invalid"),
            (with("exp", "soon"), "unreadable"),
            (with("nbf", NOW_SECONDS + leeway), ""),
            (with("nbf", NOW_SECONDS + leeway + 1), "token-not-yet-valid"),
            (with("nbf", -1), "token-invalid"),
            (with("nbf", "soon"), "unreadable"),
        ] {
            assert_eq!(fault(&claims), code, "{claims}");
        }
    }

    #[test]
    fn an_audience_that_is_wanted_is_there_and_ours() {
        for (audience, code) in [
            (json!("here"), ""),
            (json!(["there", "here"]), ""),
            (json!("there"), "token-audience"),
            (json!(["there"]), "token-audience"),
            (json!([]), "token-audience"),
            (json!(""), "token-audience"),
            (Value::Null, "token-invalid"),
            (json!(7), "unreadable"),
            (json!(true), "unreadable"),
            (json!({"here": "here"}), "unreadable"),
            (json!(["here", 7]), "unreadable"),
        ] {
            let claims = with("aud", audience);
            let read = judge(&claims, Some("here"), None);
            assert_eq!(read.err().unwrap_or_default(), code, "{claims}");
        }
        let nobodys = json!({ "exp": NOW_SECONDS + 60 });
        let read = judge(&nobodys, Some("here"), None);
        assert_eq!(read.unwrap_err(), "token-invalid");
        assert_eq!(fault(&with("aud", "there")), "");
        assert_eq!(fault(&with("aud", 7)), "unreadable");
    }

    #[test]
    fn an_issuer_that_is_wanted_is_there_and_ours() {
        for (issuer, code) in [
            (json!("us"), ""),
            (json!("them"), "token-issuer"),
            (Value::Null, "token-invalid"),
            (json!(["us"]), "unreadable"),
            (json!(7), "unreadable"),
        ] {
            let claims = with("iss", issuer);
            let read = judge(&claims, None, Some("us"));
            assert_eq!(read.err().unwrap_or_default(), code, "{claims}");
        }
        let nobodys = json!({ "exp": NOW_SECONDS + 60 });
        let read = judge(&nobodys, None, Some("us"));
        assert_eq!(read.unwrap_err(), "token-invalid");
        assert_eq!(fault(&with("iss", "them")), "");
    }

    #[test]
    fn names_and_ids_are_what_names_may_be() {
        for claim in ["sub", "name"] {
            for text in ["", " ", "a\nb", &"x".repeat(65)] {
                assert_eq!(fault(&with(claim, text)), "token-invalid");
            }
            assert_eq!(fault(&with(claim, 7)), "unreadable");
            assert_eq!(fault(&with(claim, json!(["ada"]))), "unreadable");
        }
    }

    #[test]
    fn nobody_has_the_id_of_a_connection() {
        for sub in ["connection:", "connection:1.1", "connection:x"] {
            assert_eq!(fault(&with("sub", sub)), "token-invalid", "{sub}");
            assert_eq!(fault(&with("name", sub)), "", "{sub}");
        }
        for sub in ["connection", "Connection:1.1", "a connection:1.1"] {
            assert_eq!(fault(&with("sub", sub)), "", "{sub}");
        }
    }

    #[test]
    fn channels_are_lists_of_names() {
        for claim in ["channels", "publish"] {
            assert_eq!(fault(&with(claim, json!(["tea"]))), "");
            assert_eq!(fault(&with(claim, "tea")), "unreadable");
            assert_eq!(fault(&with(claim, json!(["tea", 7]))), "unreadable");
        }
    }
}
