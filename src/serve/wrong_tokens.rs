//! Slows down those who try tokens. Pure; in memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::admission::Client;

/// So many mistakes are free.
const FREE: u32 = 3;
/// The delay of the answer after them; it doubles each time.
const FIRST_DELAY: Duration = Duration::from_millis(50);
/// The longest delay.
const MAX_DELAY: Duration = Duration::from_millis(500);
/// The most answers that are delayed at a time.
const MAX_DELAYED: usize = 32;
/// The most clients that are remembered.
const MAX_CLIENTS: usize = 1024;

/// How many wrong tokens each client has sent. It decides how long they wait for the answer; who has the right one never
/// waits, whatever came from the same address before.
#[derive(Debug, Default)]
pub(super) struct WrongTokens {
    counts: Mutex<HashMap<Client, u32>>,
    delayed: AtomicUsize,
}

/// A place among those whose answer is delayed.
pub(super) struct Delay<'a> {
    /// For how long.
    pub(super) time: Duration,
    delayed: &'a AtomicUsize,
}

impl Drop for Delay<'_> {
    fn drop(&mut self) {
        self.delayed.fetch_sub(1, Ordering::Relaxed);
    }
}

impl WrongTokens {
    /// Counts a wrong token: how many this client has sent, and the delay of the answer; `None` if too many wait.
    pub(super) fn count(&self, client: Client) -> (u32, Option<Delay<'_>>) {
        let count = {
            let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            if counts.len() >= MAX_CLIENTS && !counts.contains_key(&client) {
                counts.clear();
            }
            let count = counts.entry(client).or_default();
            *count = count.saturating_add(1);
            *count
        };
        let doublings = count.saturating_sub(FREE + 1).min(16);
        let time =
            if count <= FREE { Duration::ZERO } else { (FIRST_DELAY * (1 << doublings)).min(MAX_DELAY) };
        let delay = Delay { time, delayed: &self.delayed };
        // Dropping it gives the place back.
        let has_place = self.delayed.fetch_add(1, Ordering::Relaxed) < MAX_DELAYED;
        (count, has_place.then_some(delay))
    }

    /// A client has shown that it knows the token.
    pub(super) fn clear(&self, client: Client) {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).remove(&client);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remote(number: u32) -> Client {
        Client::Remote(std::net::Ipv4Addr::from_bits(number).into())
    }

    #[test]
    fn the_answer_to_wrong_tokens_of_a_client_comes_ever_later_up_to_a_bound() {
        let wrong = WrongTokens::default();
        let wait = |client| wrong.count(client).1.expect("a place").time.as_millis();
        let waits: Vec<_> = (0..9).map(|_| wait(remote(1))).collect();
        assert_eq!(waits, [0, 0, 0, 50, 100, 200, 400, 500, 500]);
        assert_eq!(wait(remote(2)), 0);
        wrong.clear(remote(1));
        assert_eq!(wrong.count(remote(1)).0, 1);
    }

    #[test]
    fn clients_and_waiting_answers_are_bounded() {
        let wrong = WrongTokens::default();
        let waiting: Vec<_> =
            (0..MAX_DELAYED).map(|_| wrong.count(Client::Local).1.expect("a place")).collect();
        assert!(wrong.count(Client::Local).1.is_none());
        drop(waiting);
        assert!(wrong.count(Client::Local).1.is_some(), "all places are free again");
        (0..5000).for_each(|number| drop(wrong.count(remote(number))));
        assert!(wrong.counts.lock().expect("no panic").len() <= MAX_CLIENTS);
    }
}
