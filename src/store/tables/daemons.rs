//! SQL of the daemons that share a database, and of the hosts that each of them may ask. Only in PostgreSQL: a file has one
//! daemon. I/O: the database.

use std::collections::HashMap;
use std::time::Duration;

use super::super::claimer::Claimer;
use super::super::daemons::{DaemonDescription, LivingDaemon, MAX_SILENCE, Sharing, UnpolledHosts};
use super::super::database::Database;
use super::super::error::Error;
use super::super::handle::Store;
use super::super::jobs::Durability;
use super::super::sql::{Result, params};
use super::super::values::{from_json, lossy_text, to_json};
use super::config_edits::config_in_force;

/// When a host that another daemon has is asked for again.
pub(super) const RETRY_HOST_MILLIS: i64 = 1000;

impl Store {
    /// Says that this daemon is there; takes from those that have been silent for too long what they hold. Returns who
    /// shares the store, this one among them.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn say_alive(&self, description: DaemonDescription) -> Result<Sharing, Error> {
        let Some(own) = self.daemon_id() else { return Ok(Sharing::default()) };
        self.command_with(Durability::Relaxed, move |c| {
            let DaemonDescription { name, process, address, config, sources, unpolled } = &description;
            let unpolled = match unpolled {
                UnpolledHosts::These(hosts) => Some(to_json(hosts)?),
                UnpolledHosts::All => None,
            };
            c.prepare_cached(
                "INSERT INTO daemon (id, name, process, address, config, sources, unpolled, started, seen)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, clock_millis(), clock_millis())
                 ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, config = excluded.config,
                                                sources = excluded.sources, unpolled = excluded.unpolled",
            )?
            .execute(params![&*own, name, process, address, config, *sources as i64, unpolled])?;
            c.prepare_cached("UPDATE config_edit SET held = clock_millis() WHERE digest = ?1")?
                .execute([config])?;
            let silent: Vec<String> = c
                .prepare_cached("SELECT id FROM daemon WHERE seen < clock_millis() - ?1")?
                .query_map([MAX_SILENCE.as_millis() as i64], |row| row.get(0))?
                .collect::<Result<_>>()?;
            silent.iter().try_for_each(|daemon| end_daemon(c, daemon))?;
            sharing(c)
        })
        .await
    }

    /// Who shares the store: those that have said so in the last seconds.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn sharing(&self) -> Result<Sharing, Error> {
        if self.daemon_id().is_none() {
            return Ok(Sharing::default());
        }
        let mut sharing = self.query(sharing).await?;
        sharing.daemons.retain(|daemon| daemon.silent < MAX_SILENCE);
        Ok(sharing)
    }

    /// How many hosts each daemon has for itself, by its id.
    ///
    /// # Errors
    /// The store cannot read.
    pub async fn hosts_by_daemon(&self) -> Result<HashMap<String, usize>, Error> {
        if self.daemon_id().is_none() {
            return Ok(HashMap::new());
        }
        self.query(|c| {
            c.prepare_cached("SELECT daemon, count(*) FROM host_lease WHERE daemon <> '' GROUP BY daemon")?
                .query_map((), |row| {
                    Ok((lossy_text(row, 0)?.unwrap_or_default(), row.get::<i64>(1)? as usize))
                })?
                .collect()
        })
        .await
    }

    /// Hands over what this daemon holds, and is no longer one of several.
    ///
    /// # Errors
    /// The store cannot write; then the others take it when this daemon has been silent for a while.
    pub async fn leave(&self) -> Result<(), Error> {
        let Some(own) = self.daemon_id() else { return Ok(()) };
        self.command(move |c| end_daemon(c, &own)).await
    }

    /// Ends daemons, by their ids: what they hold is free.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn end_daemons(&self, daemons: Vec<String>) -> Result<(), Error> {
        self.command(move |c| daemons.iter().try_for_each(|daemon| end_daemon(c, daemon))).await
    }

    /// Lets other daemons ask these hosts, at which this daemon has no poll in flight. Their answers may have come just now, so their gaps count from here.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn release_hosts(&self, hosts: Vec<String>) -> Result<(), Error> {
        let Some(own) = self.daemon_id() else { return Ok(()) };
        self.command(move |c| {
            let mut release = c.prepare_cached(
                "UPDATE host_lease SET daemon = '', since = clock_millis() WHERE host = ?1 AND daemon = ?2",
            )?;
            hosts.iter().try_for_each(|host| release.execute(params![host, &*own]).map(drop))?;
            // Of polls that could not be committed.
            c.execute(
                "UPDATE source SET claimed_until = NULL WHERE claimed_by = ?1 AND claimed_until IS NOT NULL
                   AND host IN (SELECT host FROM host_lease WHERE daemon = '')",
                [&*own],
            )
            .map(drop)
        })
        .await
    }
}

fn sharing(c: &Database<'_>) -> Result<Sharing> {
    let daemons = c
        .prepare_cached(
            "SELECT id, name, address, config, clock_millis() - seen, sources, unpolled, process FROM daemon ORDER BY id",
        )?
        .query_map((), |row| {
            let text = |column| lossy_text(row, column).map(Option::unwrap_or_default);
            let unpolled = lossy_text(row, 6)?.and_then(|hosts| from_json(&hosts).ok());
            Ok(LivingDaemon {
                id: text(0)?,
                description: DaemonDescription {
                    name: text(1)?,
                    process: text(7)?,
                    address: text(2)?,
                    config: text(3)?,
                    sources: row.get::<i64>(5)? as usize,
                    unpolled: unpolled.map_or(UnpolledHosts::All, UnpolledHosts::These),
                },
                silent: Duration::from_millis(u64::try_from(row.get::<i64>(4)?).unwrap_or_default()),
            })
        })?
        .collect::<Result<_>>()?;
    Ok(Sharing { daemons, config: config_in_force(c)? })
}

/// Ends a daemon: its hosts are free, and polls and articles that it may still be at are not committed. It may have sent
/// requests until now, so the gaps of its hosts count from here.
fn end_daemon(c: &Database<'_>, daemon: &str) -> Result<()> {
    for statement in [
        "UPDATE source SET claimed_until = NULL WHERE claimed_by = ?1 AND claimed_until IS NOT NULL",
        "UPDATE article SET claimed_until = NULL WHERE claimed_by = ?1 AND claimed_until IS NOT NULL",
        "UPDATE host_lease SET daemon = '', since = clock_millis() WHERE daemon = ?1",
        "DELETE FROM daemon_status WHERE daemon = ?1",
        "DELETE FROM daemon WHERE id = ?1",
    ] {
        c.execute(statement, [daemon])?;
    }
    Ok(())
}

/// Who may ask a host.
struct HostLease {
    is_own_living: bool,
    holder: Option<String>,
    is_holder_living: bool,
    /// Milliseconds since the last holder left it.
    idle: Option<i64>,
}

/// Takes a host for a request, or says in how many milliseconds it may be free. Another daemon that lives keeps it; after
/// one that has left it, the gap since then is kept.
pub(super) fn take_host(
    c: &Database<'_>,
    claimer: &Claimer,
    host: &str,
    learnt_gap: Option<Duration>,
) -> Result<Option<i64>> {
    let Some(own) = claimer.sharing_daemon() else { return Ok(None) };
    let lease: HostLease = c
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM daemon WHERE id = ?2), host_lease.daemon,
                    EXISTS (SELECT 1 FROM daemon WHERE id = host_lease.daemon), clock_millis() - host_lease.since
             FROM (SELECT 1) AS one LEFT JOIN host_lease ON host_lease.host = ?1",
        )?
        .query_row(params![host, own], |row| {
            Ok(HostLease {
                is_own_living: row.get(0)?,
                holder: row.get(1)?,
                is_holder_living: row.get(2)?,
                idle: row.get(3)?,
            })
        })?;
    // If this daemon was silent for too long, it says soon that it is there again.
    if !lease.is_own_living {
        return Ok(Some(RETRY_HOST_MILLIS));
    }
    if let (Some(holder), Some(idle)) = (lease.holder, lease.idle) {
        if holder == own {
            return Ok(None);
        }
        if lease.is_holder_living {
            return Ok(Some(RETRY_HOST_MILLIS));
        }
        let gap = i64::try_from(claimer.gap(host, learnt_gap).as_millis()).unwrap_or(i64::MAX);
        if idle < gap {
            return Ok(Some(gap - idle));
        }
    }
    c.prepare_cached(
        "INSERT INTO host_lease (host, daemon, since) VALUES (?1, ?2, clock_millis())
         ON CONFLICT (host) DO UPDATE SET daemon = excluded.daemon, since = excluded.since",
    )?
    .execute([host, own])?;
    Ok(None)
}
