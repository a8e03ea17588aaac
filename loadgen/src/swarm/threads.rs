//! Work that is divided among threads which wait for each other: whichever way one of them ends, nobody waits for it.

use std::{
    mem, panic,
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::Duration,
};

/// Gives each item to a thread of its own, and takes what they send until all have ended; what they came to, in order.
///
/// A thread owns its item and its sender, so that both are gone when it ends. Where one fails, be it by an error or a
/// panic, `failed` is called in it, to tell the others not to go on; a panic then goes on here.
pub fn divided<Item: Send, Sent: Send, Done: Send, Error: Send>(
    items: Vec<Item>,
    part: impl Fn(Item, Sender<Sent>) -> Result<Done, Error> + Sync,
    failed: impl Fn() + Sync,
    tick: Duration,
    mut attend: impl FnMut(Option<Sent>),
) -> Vec<Result<Done, Error>> {
    let (sender, sent) = mpsc::channel();
    let (part, failed) = (&part, &failed);
    thread::scope(|scope| {
        let threads = items.into_iter().map(|item| {
            let sender = sender.clone();
            scope.spawn(move || {
                let alarm = Alarm(failed);
                let end = part(item, sender);
                if end.is_ok() {
                    mem::forget(alarm);
                }
                end
            })
        });
        let threads: Vec<_> = threads.collect();
        drop(sender);
        let alarm = Alarm(failed);
        loop {
            match sent.recv_timeout(tick) {
                Ok(item) => attend(Some(item)),
                Err(RecvTimeoutError::Timeout) => attend(None),
                Err(RecvTimeoutError::Disconnected) => break attend(None),
            }
        }
        mem::forget(alarm);
        let ends = threads.into_iter().map(thread::ScopedJoinHandle::join);
        ends.map(|end| end.unwrap_or_else(|panic| panic::resume_unwind(panic)))
            .collect()
    })
}

/// Sounds when it is dropped, and so on every way out but the good one.
struct Alarm<'a, Failed: Fn()>(&'a Failed);

impl<Failed: Fn()> Drop for Alarm<'_, Failed> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        panic::{AssertUnwindSafe, catch_unwind},
        sync::{
            Barrier,
            atomic::{AtomicBool, Ordering},
        },
    };

    use super::*;

    const TICK: Duration = Duration::from_millis(10);

    /// Has three threads wait for each other, of which the second does something else; whether all came to an end, and
    /// how.
    fn with_one_that(
        goes_wrong: impl Fn(&Sender<u32>) -> Result<(), &'static str> + Sync,
    ) -> thread::Result<Vec<Result<(), &'static str>>> {
        let (begun, over) = (Barrier::new(3), AtomicBool::new(false));
        let part = |item, sender: Sender<u32>| {
            begun.wait();
            if item == 1 {
                return goes_wrong(&sender);
            }
            while !over.load(Ordering::SeqCst) {
                thread::yield_now();
            }
            Err("told to end")
        };
        catch_unwind(AssertUnwindSafe(|| {
            let failed = || over.store(true, Ordering::SeqCst);
            divided(vec![0, 1, 2], part, failed, TICK, |_| {})
        }))
    }

    #[test]
    fn all_that_is_sent_is_attended_to() {
        let mut sum = 0;
        let part = |item: u32, sender: Sender<u32>| {
            (0..100).try_for_each(|_| sender.send(item).map_err(drop))?;
            Ok::<_, ()>(item * 2)
        };
        let done = divided(
            vec![1, 2, 3],
            part,
            || {},
            TICK,
            |sent| {
                sum += sent.unwrap_or(0);
            },
        );
        assert_eq!((done, sum), (vec![Ok(2), Ok(4), Ok(6)], 600));
    }

    #[test]
    fn one_that_fails_takes_the_others_along() {
        let ends = with_one_that(|_| Err("no descriptors")).unwrap();
        let told = Err("told to end");
        assert_eq!(ends, [told, Err("no descriptors"), told]);
    }

    #[test]
    fn one_that_panics_takes_the_others_along_and_is_not_hidden() {
        let panic = with_one_that(|_| panic::resume_unwind(Box::new(7_u8))).unwrap_err();
        assert_eq!(panic.downcast_ref(), Some(&7_u8));
    }

    #[test]
    fn who_attends_and_panics_takes_all_along() {
        let over = AtomicBool::new(false);
        let part = |_, sender: Sender<()>| {
            sender.send(()).map_err(drop)?;
            while !over.load(Ordering::SeqCst) {
                thread::yield_now();
            }
            Ok::<_, ()>(())
        };
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let failed = || over.store(true, Ordering::SeqCst);
            divided(vec![0, 1], part, failed, TICK, |_| {
                panic::resume_unwind(Box::new(7_u8));
            })
        }));
        assert!(panicked.is_err());
    }
}
