//! Pages are made on several threads and taken in their order, so that a long document needs all cores and no more memory
//! than the pages that are being made.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

/// Threads of one conversion. Each holds a page in colour.
const MOST_THREADS: usize = 4;

/// Makes `count` things with `make`, of which each thread has its own from `maker`, and gives them to `take` in their
/// order until it breaks.
///
/// # Panics
/// When `make` does.
pub(crate) fn in_order<T: Send, F: FnMut(usize) -> T>(
    count: usize,
    maker: impl Fn() -> F + Sync,
    mut take: impl FnMut(T) -> ControlFlow<()>,
) {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS).min(count);
    let (next, ended) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let (made, results) = sync_channel(threads);
        for _ in 0..threads {
            let (made, next, ended, maker) = (made.clone(), &next, &ended, &maker);
            scope.spawn(move || {
                let mut make = maker();
                while !ended.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count || made.send((index, make(index))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(made);
        let mut early = BTreeMap::new();
        let mut due = 0;
        while let Ok((index, thing)) = results.recv() {
            early.insert(index, thing);
            while let Some(thing) = early.remove(&due) {
                due += 1;
                if take(thing).is_break() {
                    ended.store(true, Ordering::Relaxed);
                    return;
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_taken_in_their_order_until_it_is_enough() {
        let mut taken = Vec::new();
        in_order(
            50,
            || |index| index * 2,
            |thing| {
                taken.push(thing);
                if taken.len() == 20 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        );
        assert_eq!(taken, (0..20).map(|index| index * 2).collect::<Vec<_>>());
    }
}
