//! A webhook's endpoint as this machine reaches it. Requests wait for their answers on a thread of their own, so that the
//! reactor never does.

mod post;

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender, TryRecvError};
use std::thread;
use std::time::Duration;

use mio::Waker;
use thiserror::Error;
use tracing::{info, warn};

use self::post::{Post, PostError};
use super::socket::Socket;
use crate::{
    server::{
        Server,
        webhooks::{Attempt, Courier},
    },
    vocabulary::{
        time::Now,
        webhook::{Answer, WebhookSecret, WebhookSettings},
    },
};

/// What tells the endpoint what happens.
#[derive(Debug)]
pub struct Webhooks {
    courier: Courier,
    /// What the thread is to send: one thing at a time.
    attempts: SyncSender<Attempt>,
    answers: Receiver<Answer>,
}

/// Why nobody can be told anything. The operator's to mend.
#[derive(Debug, Error)]
pub enum WebhookError {
    /// The endpoint cannot even be tried.
    #[error("cannot reach the endpoint (--webhook): {0}")]
    Post(#[from] PostError),
    /// There is no thread.
    #[error("the system refused a thread for the webhook: {0}")]
    Thread(io::Error),
}

impl Webhooks {
    /// Begins to. The waker ends the reactor's wait when there is an answer.
    ///
    /// # Errors
    /// It cannot.
    pub fn start(
        settings: &WebhookSettings,
        secret: WebhookSecret,
        waker: Arc<Waker>,
        seed: u64,
    ) -> Result<Self, WebhookError> {
        let post = Post::new(settings)?;
        // Neither side ever waits for the other: there is one attempt, or its answer.
        let (attempts, to_send) = mpsc::sync_channel(1);
        let (heard, answers) = mpsc::sync_channel(1);
        thread::Builder::new()
            .name("webhook".to_owned())
            .spawn(move || work(&post, &to_send, &heard, &waker))
            .map_err(WebhookError::Thread)?;
        info!(url = %settings.url, "a webhook's endpoint is told what happens");
        if settings.url.is_exposed() {
            warn!(url = %settings.url, "what it is told can be read by anyone in between: https:// would keep it secret");
        }
        Ok(Self {
            courier: Courier::new(secret, &settings.pace, seed),
            attempts,
            answers,
        })
    }

    /// From now on all is signed with another secret.
    pub fn sign_with(&mut self, secret: WebhookSecret) {
        self.courier.sign_with(secret);
    }

    /// Takes in an answer, and tells what is to be told. To be called at the end of every turn of the server, before
    /// [Redis](super::redis::Redis) has its own.
    pub fn turn(&mut self, now: Now, server: &mut Server<Socket>) {
        let answer = match self.answers.try_recv() {
            Ok(answer) => Some(answer),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                let gone = "the thread that sends is gone".to_owned();
                Some(Answer::Failure(gone))
            }
        };
        if let Some(attempt) = self.courier.turn(now, answer.as_ref(), server) {
            // Where there is no thread any more, that is what is heard next.
            let _ = self.attempts.try_send(attempt);
        }
    }

    /// The server is to end: nothing is waited for any more before the next attempt.
    pub fn hurry(&mut self, now: Now) {
        self.courier.hurry(now);
    }

    /// When to have another [`turn`](Self::turn), if nothing happens before.
    pub fn due(&self) -> Option<Duration> {
        self.courier.due()
    }

    /// Whether all is told that was to be told by a server that is drained.
    pub fn is_done(&self, server: &Server<Socket>) -> bool {
        self.courier.is_ending() && server.are_events_told()
    }
}

/// Sends one attempt after the other, until nobody wants to know the answer.
fn work(post: &Post, attempts: &Receiver<Attempt>, answers: &SyncSender<Answer>, waker: &Waker) {
    for attempt in attempts {
        if answers.send(post.send(&attempt)).is_err() {
            return;
        }
        // One that cannot be woken is about to look by itself.
        let _ = waker.wake();
    }
}
