//! `hubbub publish` and `hubbub stats`: the door for programs, from outside. A server is asked at its [`url`], over a
//! `wire` of ours, since TLS and unix sockets are to be as everywhere else.

pub mod error;
mod out;
pub mod publish;
pub mod stats;
mod table;
pub mod url;
mod wire;

use std::thread;
use std::time::Duration;

use http::{
    HeaderValue, Request, Response, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use serde::Deserialize;
use ureq::{Agent, Body, SendBody, middleware::MiddlewareNext};

use self::{
    error::AskError,
    url::ApiUrl,
    wire::{Names, Wire},
};
use crate::{
    state::backoff::Backoff,
    system::{
        agent::manners,
        tls::client::{Tls, Trust},
    },
};

/// The variable that holds a key or a token. It is no flag: lists of processes show those.
pub const KEY_VARIABLE: &str = "HUBBUB_KEY";

/// How long an answer may take, from the first attempt to connect to its last byte.
pub const ANSWER_WAIT: Duration = Duration::from_secs(15);
/// How often the same is asked for, if no answer comes.
pub const ATTEMPTS_MAX: u32 = 5;
/// How long the wait is at most after one that failed.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// How long it is at most after several.
pub const LONGEST_WAIT: Duration = Duration::from_secs(4);
/// Bytes of an answer: what comes of 1,000 items, each of which was bad.
const ANSWER_BYTES_MAX: u64 = 4 << 20;

/// A server that can be asked.
#[derive(Debug)]
pub struct Api {
    url: ApiUrl,
    agent: Agent,
}

/// What a server says where it does nothing of what was asked.
#[derive(Deserialize)]
struct Refusal {
    error: RefusalWords,
}

#[derive(Deserialize)]
struct RefusalWords {
    code: String,
    message: String,
}

impl Api {
    /// The server at this URL, if it is one that is trusted. It is not looked for yet.
    ///
    /// # Errors
    /// Nobody can be trusted, or nobody has to be.
    pub fn new(
        url: ApiUrl,
        trust: &Trust,
        authorization: Option<HeaderValue>,
    ) -> Result<Self, AskError> {
        let tls = match trust {
            trust if url.is_tls() => Some(Tls::trusting(trust)?),
            Trust::System => None,
            Trust::Authorities(_) | Trust::Anyone => return Err(AskError::TrustWithoutTls),
        };
        let show_key = move |mut request: Request<SendBody>, next: MiddlewareNext| {
            let headers = request.headers_mut();
            headers.extend(authorization.clone().map(|key| (AUTHORIZATION, key)));
            next.handle(request)
        };
        let config = manners(ANSWER_WAIT).middleware(show_key).build();
        let wire = Wire::new(url.place().clone(), tls);
        Ok(Self {
            agent: Agent::with_parts(config, wire, Names::default()),
            url,
        })
    }

    /// What it answers to `GET`.
    ///
    /// # Errors
    /// It refuses, or nothing comes.
    pub fn get(&self, path: &str) -> Result<String, AskError> {
        self.insist(|| self.agent.get(self.url.with_path(path)).call())
    }

    /// What it answers to `POST` with JSON, which is perhaps posted more than once: it must say itself by what it is known.
    ///
    /// # Errors
    /// It refuses, or nothing comes.
    pub fn post(&self, path: &str, json: &str) -> Result<String, AskError> {
        self.insist(|| {
            let request = self.agent.post(self.url.with_path(path));
            request.header(CONTENT_TYPE, "application/json").send(json)
        })
    }

    /// Asks until there is an answer, or it makes no sense to.
    fn insist(
        &self,
        ask: impl Fn() -> Result<Response<Body>, ureq::Error>,
    ) -> Result<String, AskError> {
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        let mut attempts = 1;
        loop {
            let answer = ask()
                .and_then(|mut response| {
                    let said = response.body_mut().with_config();
                    let said = said.limit(ANSWER_BYTES_MAX).read_to_string()?;
                    Ok((response.status(), said))
                })
                .map_err(|failure| AskError::of(failure, self.url.place()))
                .and_then(|(status, said)| self.understand(status, said));
            match answer {
                // A server that was there a moment ago may be about to be back.
                Err(error) if attempts < ATTEMPTS_MAX && error.may_pass(attempts > 1) => {
                    thread::sleep(backoff.wait(fastrand::f64()));
                    attempts += 1;
                }
                answer => return answer,
            }
        }
    }

    fn understand(&self, status: StatusCode, said: String) -> Result<String, AskError> {
        if status == StatusCode::OK {
            return Ok(said);
        }
        match serde_json::from_str(&said) {
            Ok(Refusal { error }) => Err(AskError::Refused {
                place: self.url.place().clone(),
                status,
                code: error.code,
                message: error.message,
            }),
            Err(_) => Err(self.stranger()),
        }
    }

    /// It answers what no server would.
    fn stranger(&self) -> AskError {
        let place = self.url.place().clone();
        AskError::Stranger { place }
    }
}
