//! Which of several configs is in force: the latest edit. Pure.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::time::Duration;

use super::model::{StoredOutput, StoredSource};

/// After no daemon has had the config in force for so long, the latest edit of those that run takes its place.
pub(super) const MAX_ABANDONED: Duration = Duration::from_secs(300);

/// Files that say that they are older say nothing: some tools write them all with one time (2001-01-01).
const FIRST_CREDIBLE: i64 = 978_307_200_000;

/// The config of a daemon that shares a store.
#[derive(Clone, Debug)]
pub struct ConfigEdit {
    /// Hash of what has to be the same in all configs, without secrets.
    pub digest: String,
    /// The same of each source, by name.
    pub sources: HashMap<String, String>,
    /// When its files were written last, in milliseconds since 1970.
    pub written: Option<i64>,
    /// Why it was read.
    pub reading: ConfigReading,
}

/// Why a config was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigReading {
    /// The process starts: nobody saw when it was edited.
    AtStart,
    /// It was edited while the process ran.
    Edited,
    /// It says the same as before; its files may have been written again.
    Unchanged,
}

/// What a config is among those of all daemons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigStanding {
    /// It is in force.
    InForce,
    /// It is in force though a later edit was, which no daemon has any more.
    Restored,
    /// Another one is.
    Differs,
}

/// What became of a config in the store.
#[derive(Clone, Debug)]
pub struct SyncedConfig {
    /// Whether it is in force. If it differs, nothing was written.
    pub standing: ConfigStanding,
    /// Its sources, in their order.
    pub sources: Vec<StoredSource>,
    /// Its outputs, in their order.
    pub outputs: Vec<StoredOutput>,
}

/// A config that the store knows.
#[derive(Clone, Debug)]
pub(super) struct KnownConfig {
    pub(super) digest: String,
    pub(super) edited: i64,
    pub(super) held: i64,
    pub(super) in_force: bool,
    /// Whether a living daemon, other than the one that asks, has it.
    pub(super) is_living: bool,
}

/// When a config was edited, and whether it is in force from now on. `lives_alone`: no other daemon lives.
pub(super) fn judge(
    edit: &ConfigEdit,
    known: &[KnownConfig],
    lives_alone: bool,
    now: i64,
) -> (i64, ConfigStanding) {
    let stored = known.iter().find(|config| config.digest == edit.digest).map(|config| config.edited);
    let in_force = known.iter().find(|config| config.in_force);
    let is_in_force = in_force.is_some_and(|config| config.digest == edit.digest);
    // A time to come is that of a wrong clock: it would win for ever.
    let written = edit.written.filter(|written| (FIRST_CREDIBLE..=now).contains(written));
    let edited = match in_force.filter(|_| edit.reading == ConfigReading::Edited && !is_in_force) {
        // What is put back may have the time of long ago, and is the latest edit all the same.
        Some(config) => written.filter(|at| *at > config.edited).unwrap_or(now.max(config.edited + 1)),
        None => written.max(stored).unwrap_or(now),
    };
    // Of two edits at one time, all daemons take the same.
    let compare = |config: &KnownConfig| (config.edited, &config.digest).cmp(&(edited, &edit.digest));
    let is_later =
        |config: &&KnownConfig| config.digest != edit.digest && compare(config) == Ordering::Greater;
    let later: Vec<&KnownConfig> = known.iter().filter(is_later).collect();
    let takes_force = in_force.is_none_or(|config| {
        is_in_force
            || compare(config) == Ordering::Less
            || (lives_alone && edit.reading == ConfigReading::AtStart)
            || (now.saturating_sub(config.held) > MAX_ABANDONED.as_millis() as i64
                && !later.iter().any(|config| config.is_living))
    });
    let standing = match takes_force {
        false => ConfigStanding::Differs,
        true if later.is_empty() => ConfigStanding::InForce,
        true => ConfigStanding::Restored,
    };
    (edited, standing)
}

#[cfg(test)]
mod tests {
    use super::ConfigReading::{AtStart, Edited, Unchanged};
    use super::ConfigStanding::{Differs, InForce, Restored};
    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    fn edit(digest: &str, written: i64, reading: ConfigReading) -> ConfigEdit {
        ConfigEdit { digest: digest.into(), sources: HashMap::new(), written: Some(NOW + written), reading }
    }

    /// A config that was edited so long ago, in milliseconds.
    fn known(digest: &str, edited: i64, in_force: bool) -> KnownConfig {
        KnownConfig { digest: digest.into(), edited: NOW + edited, held: NOW, in_force, is_living: true }
    }

    #[test]
    fn the_latest_edit_is_in_force() {
        let both = [known("old", -900, false), known("new", -500, true)];
        for (edit, edited, standing) in [
            (edit("a", -300, AtStart), -300, InForce),
            (edit("a", -700, AtStart), -700, Differs),
            // Of one time: the greater digest, in whatever order they come.
            (edit("z", -500, AtStart), -500, InForce),
            (edit("a", -500, AtStart), -500, Differs),
            // An edit that is seen is the latest, whatever its files say.
            (edit("a", -700, Edited), 0, InForce),
            (edit("a", 999, Edited), 0, InForce),
            (edit("a", -300, Edited), -300, InForce),
            (edit("old", -900, Edited), 0, InForce),
            // What the others have got: the same edit.
            (edit("new", -100, Edited), -100, InForce),
            (edit("new", -700, AtStart), -500, InForce),
            // A file that is as old as it was.
            (edit("old", -900, AtStart), -900, Differs),
            (edit("old", -900, Unchanged), -900, Differs),
            // It was written again, on purpose.
            (edit("old", -100, Unchanged), -100, InForce),
            // The clock that wrote it was wrong, now or always.
            (edit("old", 999, AtStart), -900, Differs),
            (edit("old", -NOW, AtStart), -900, Differs),
            (edit("a", 999, AtStart), 0, InForce),
            (edit("a", 1 - NOW, AtStart), 0, InForce),
        ] {
            assert_eq!(judge(&edit, &both, false, NOW), (NOW + edited, standing), "{edit:?}");
        }
        assert_eq!(judge(&edit("a", -5, AtStart), &[], false, NOW), (NOW - 5, InForce));
    }

    #[test]
    fn two_that_restart_with_their_files_take_no_turns() {
        let (old, new) = (edit("old", -900, AtStart), edit("new", -500, AtStart));
        let mut configs: Vec<KnownConfig> = Vec::new();
        for (edit, standing) in
            [&old, &new, &old, &new, &old].into_iter().zip([InForce, InForce, Differs, InForce, Differs])
        {
            let (edited, found) = judge(edit, &configs, false, NOW);
            assert_eq!(found, standing, "{edit:?}");
            configs.retain(|config| config.digest != edit.digest);
            let in_force = found != Differs;
            configs.iter_mut().for_each(|config| config.in_force &= !in_force);
            configs.push(known(&edit.digest, edited - NOW, in_force));
        }
    }

    #[test]
    fn what_nobody_has_any_more_gives_way_to_the_latest_that_runs() {
        let lost = |seconds: i64| KnownConfig {
            held: NOW - seconds * 1000,
            is_living: false,
            ..known("new", -500, true)
        };
        let (old, older) = (known("old", -900, false), known("older", -950, false));
        let judge = |edit: ConfigEdit, seconds, lives_alone| {
            judge(&edit, &[lost(seconds), old.clone(), older.clone()], lives_alone, NOW).1
        };
        assert_eq!(judge(edit("old", -900, Unchanged), 299, false), Differs);
        assert_eq!(judge(edit("old", -900, Unchanged), 301, false), Restored);
        assert_eq!(judge(edit("older", -950, Unchanged), 301, false), Differs, "a later one runs");
        // One that lives alone later is not one that is started alone.
        assert_eq!(judge(edit("old", -900, Unchanged), 20, true), Differs);
        assert_eq!(judge(edit("old", -900, AtStart), 20, true), Restored);
        assert_eq!(judge(edit("old", -900, AtStart), 20, false), Differs);
    }

    #[test]
    fn a_restored_config_stays_so_until_it_is_written_again() {
        let configs = [known("new", -500, false), known("old", -900, true)];
        for (edit, edited, standing) in [
            (edit("old", -900, AtStart), -900, Restored),
            (edit("old", -900, Unchanged), -900, Restored),
            (edit("old", -100, Unchanged), -100, InForce),
            (edit("new", -500, AtStart), -500, InForce),
        ] {
            assert_eq!(judge(&edit, &configs, false, NOW), (NOW + edited, standing), "{edit:?}");
        }
    }
}
