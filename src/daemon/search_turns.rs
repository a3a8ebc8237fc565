//! Who may search next: one search at a time, each client in its turn. Pure, but that it waits.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::serve::SearchClient;

/// The most searches that wait.
const MAX_WAITING: usize = 64;

/// The turns of all clients. One that has searched goes behind the others, so that all who type at once get an answer soon,
/// however much one of them asks for.
#[derive(Clone, Default)]
pub(super) struct Turns(Arc<Mutex<Queue>>);

#[derive(Default)]
struct Queue {
    running: Option<RunningSearch>,
    /// The clients that wait, the next one first, and what each waits for, in the order in which it came. None is empty.
    lines: VecDeque<(SearchClient, VecDeque<Start>)>,
    /// Who goes on when nobody waits.
    idle: Option<Start>,
}

/// Tells one that waits that it has its turn; dropped, that it is replaced.
type Start = oneshot::Sender<Result<Turn, NoTurn>>;

struct RunningSearch {
    /// `None`: nobody waits for it.
    client: Option<SearchClient>,
    is_unwanted: Arc<AtomicBool>,
}

/// The right to search, until it is dropped.
pub(super) struct Turn {
    turns: Turns,
    is_unwanted: Arc<AtomicBool>,
}

/// Why there is no turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoTurn {
    /// Too many wait.
    Busy,
    /// The same page of a browser wants something else by now.
    Replaced,
}

impl Turn {
    /// Tells at any time whether the search should end: the page wants something else, or somebody waits for what nobody
    /// waits for.
    pub(super) fn is_unwanted(&self) -> impl Fn() -> bool + Send + Sync + 'static {
        let is_unwanted = Arc::clone(&self.is_unwanted);
        move || is_unwanted.load(Ordering::Relaxed)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.pass_on();
    }
}

impl Turns {
    /// Waits for the turn of a client. What the same page of a browser wanted before is wanted no more; a client that does
    /// not say which page it is may be several, of which none takes the turn of another.
    pub(super) async fn turn(&self, client: &SearchClient) -> Result<Turn, NoTurn> {
        let (start, started) = oneshot::channel();
        {
            let mut queue = self.lock();
            if client.is_one_page() {
                queue.lines.retain(|(other, _)| other != client);
            }
            let running = queue.running.as_ref();
            if let Some(running) = running.filter(|running| running.is_unwanted_for(client)) {
                running.is_unwanted.store(true, Ordering::Relaxed);
            }
            queue.lines.retain_mut(|(_, line)| {
                line.retain(|start| !start.is_closed());
                !line.is_empty()
            });
            if !queue.has_place_for(client) {
                return Err(NoTurn::Busy);
            }
            match queue.lines.iter_mut().find(|(other, _)| other == client) {
                Some((_, line)) => line.push_back(start),
                None => queue.lines.push_back((client.clone(), [start].into())),
            }
        }
        self.start_next();
        started.await.unwrap_or(Err(NoTurn::Replaced))
    }

    /// Waits until nobody else does; `None` if another one waits for that too.
    pub(super) async fn idle_turn(&self) -> Option<Turn> {
        let (start, started) = oneshot::channel();
        self.lock().idle = Some(start);
        self.start_next();
        started.await.ok()?.ok()
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pass_on(&self) {
        self.lock().running = None;
        self.start_next();
    }

    /// Gives the turn to the next one, if nobody has it.
    fn start_next(&self) {
        let mut queue = self.lock();
        if queue.running.is_some() {
            return;
        }
        let Some((client, start)) = queue.take_next() else { return };
        let is_unwanted = Arc::<AtomicBool>::default();
        queue.running = Some(RunningSearch { client, is_unwanted: Arc::clone(&is_unwanted) });
        drop(queue);
        // A client that has hung up gives it back: dropped unread, the turn passes on.
        drop(start.send(Ok(Turn { turns: self.clone(), is_unwanted })));
    }
}

impl Queue {
    /// The next one, and its client. That one goes behind the others.
    fn take_next(&mut self) -> Option<(Option<SearchClient>, Start)> {
        let Some((client, mut line)) = self.lines.pop_front() else {
            return self.idle.take().map(|start| (None, start));
        };
        let start = line.pop_front()?;
        if !line.is_empty() {
            self.lines.push_back((client.clone(), line));
        }
        Some((Some(client), start))
    }

    /// Whether one more may wait. If too many do, the last one of the longest line gives way to a client that has fewer.
    fn has_place_for(&mut self, client: &SearchClient) -> bool {
        if self.lines.iter().map(|(_, line)| line.len()).sum::<usize>() < MAX_WAITING {
            return true;
        }
        let own = self.lines.iter().find(|(other, _)| other == client).map_or(0, |(_, line)| line.len());
        let longest = self.lines.iter_mut().map(|(_, line)| line).max_by_key(|line| line.len());
        let last = longest.filter(|line| line.len() > own + 1).and_then(VecDeque::pop_back);
        // It may have hung up.
        last.map(|last| drop(last.send(Err(NoTurn::Busy)))).is_some()
    }
}

impl RunningSearch {
    fn is_unwanted_for(&self, client: &SearchClient) -> bool {
        self.client.as_ref().is_none_or(|running| running == client && client.is_one_page())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "the tests have several clients")]

    use std::sync::mpsc;

    use super::*;

    fn page(name: &str) -> SearchClient {
        SearchClient::of_page(name)
    }

    fn program() -> SearchClient {
        SearchClient::default()
    }

    /// What waits, by name, as it gets its turn or is refused.
    struct Waiting {
        turns: Turns,
        sender: mpsc::Sender<(&'static str, Result<Turn, NoTurn>)>,
        receiver: mpsc::Receiver<(&'static str, Result<Turn, NoTurn>)>,
    }

    impl Waiting {
        fn new() -> Waiting {
            let (sender, receiver) = mpsc::channel();
            Waiting { turns: Turns::default(), sender, receiver }
        }

        async fn start(&self, name: &'static str, client: SearchClient) -> tokio::task::JoinHandle<()> {
            let (turns, sender) = (self.turns.clone(), self.sender.clone());
            let task = tokio::spawn(async move { sender.send((name, turns.turn(&client).await)).unwrap() });
            settle().await;
            task
        }

        /// The names in the order in which they get their turns; `!` and `x`: those that are replaced and refused.
        async fn order(&self) -> Vec<String> {
            let mut order = Vec::new();
            loop {
                settle().await;
                let Ok((name, turn)) = self.receiver.try_recv() else { return order };
                let sign = match turn {
                    Ok(_) => "",
                    Err(NoTurn::Replaced) => "!",
                    Err(NoTurn::Busy) => "x",
                };
                order.push(format!("{sign}{name}"));
            }
        }
    }

    async fn settle() {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn clients_take_turns_and_a_page_waits_for_its_last_wish_alone() {
        let waiting = Waiting::new();
        let now = waiting.turns.turn(&page("a")).await.unwrap();
        for (name, client) in [
            ("p1", program()),
            ("p2", program()),
            ("p3", program()),
            ("b1", page("b")),
            ("b2", page("b")),
            ("c1", page("c")),
        ] {
            waiting.start(name, client).await;
        }
        assert!(!now.is_unwanted()());
        assert_eq!(waiting.order().await, ["!b1"]);
        let is_unwanted = now.is_unwanted();
        waiting.start("a2", page("a")).await;
        assert!(is_unwanted(), "its page wants something else");
        drop(now);
        assert_eq!(waiting.order().await, ["p1", "b2", "c1", "a2", "p2", "p3"]);
    }

    #[tokio::test]
    async fn who_hangs_up_is_passed_over_and_nobody_waits_for_the_idle() {
        let waiting = Waiting::new();
        let now = waiting.turns.turn(&program()).await.unwrap();
        waiting.start("p1", program()).await.abort();
        waiting.start("b1", page("b")).await;
        let turns = waiting.turns.clone();
        let idle = tokio::spawn(async move { turns.idle_turn().await });
        drop(now);
        assert_eq!(waiting.order().await, ["b1"]);
        let idle = idle.await.unwrap().unwrap();
        assert!(!idle.is_unwanted()());
        waiting.start("p2", program()).await;
        assert!(idle.is_unwanted()());
        drop(idle);
        assert_eq!(waiting.order().await, ["p2"]);
        assert!(waiting.turns.turn(&program()).await.is_ok());
    }

    #[tokio::test]
    async fn one_client_cannot_take_all_places() {
        let waiting = Waiting::new();
        let now = waiting.turns.turn(&program()).await.unwrap();
        for _ in 0..MAX_WAITING {
            waiting.start("p", program()).await;
        }
        waiting.start("late", program()).await;
        waiting.start("b", page("b")).await;
        assert_eq!(waiting.order().await, ["xlate", "xp"]);
        drop(now);
        let order = waiting.order().await;
        assert_eq!(order.len(), MAX_WAITING);
        assert!(order.contains(&"b".to_owned()));
        assert_eq!(order.iter().position(|name| name == "b"), Some(1));
    }
}
