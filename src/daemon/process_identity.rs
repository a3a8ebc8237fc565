//! Which process this is, so that its successor on the same machine can tell that it has ended. Reads /proc.
#![allow(clippy::disallowed_methods, reason = "reads /proc")]

use std::fs;
use std::os::unix::fs::MetadataExt;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

/// This process among all of all machines: host name, boot, PID namespace, number, and when it started. Empty where the
/// system does not tell.
pub(super) fn own_process() -> String {
    own_machine()
        .zip(start_time(std::process::id()))
        .map_or_else(String::new, |(machine, started)| format!("{machine} {} {started}", std::process::id()))
}

/// Whether a process has certainly ended: it had its number where this process has its own, and there is none now, or a
/// later one. Another machine, also a container, is another place, whatever its name: nothing is known of it.
pub(super) fn has_ended(process: &str) -> bool {
    let Some(machine) = own_machine() else { return false };
    let Some(rest) = process.strip_prefix(&format!("{machine} ")) else { return false };
    let Some((number, started)) = rest.split_once(' ') else { return false };
    let Ok(number) = number.parse::<u32>() else { return false };
    let Some(pid) = i32::try_from(number).ok().and_then(Pid::from_raw) else { return false };
    match test_kill_process(pid) {
        Err(Errno::SRCH) => true,
        // What cannot be read may be it: /proc can hide the processes of others.
        _ => start_time(number).is_some_and(|now| now != started),
    }
}

/// Where process numbers mean the same: a namespace of one boot of one machine. While it has a process, no other one has
/// its inode.
fn own_machine() -> Option<String> {
    // Else this is the /proc of another namespace.
    let own = fs::read_link("/proc/self").ok()?;
    if own.to_str()? != std::process::id().to_string() {
        return None;
    }
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs::metadata("/proc/self/ns/pid").ok()?.ino();
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Some(format!("{name} {} {namespace}", boot.trim()))
}

/// When a process started, in ticks since the boot. One that has ended, and waits for its parent to note it, has no start.
fn start_time(process: u32) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field is the name in brackets, which may have any character.
    let (_, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    match fields.next()? {
        "Z" | "X" => Some(String::new()),
        _ => fields.nth(18).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn only_a_process_of_this_place_that_is_gone_has_ended() {
        let own = own_process();
        assert!(!own.is_empty() && !has_ended(&own), "{own}");
        let machine = own_machine().expect("/proc");
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().expect("a process");
        let started = start_time(child.id()).expect("it runs");
        let process = format!("{machine} {} {started}", child.id());
        assert!(!has_ended(&process), "{process}");
        // Its number is that of a later one.
        assert!(has_ended(&format!("{machine} {} 1{started}", child.id())));
        // It has ended before its parent asks for its result, too.
        drop(child.stdin.take());
        while !has_ended(&process) {
            std::thread::yield_now();
        }
        child.wait().expect("it ends");
        assert!(has_ended(&process), "{process}");
        for other in [
            process.replacen('-', "f", 1),
            process.replacen(' ', "x ", 1),
            format!("{machine}1 {} {started}", child.id()),
            format!("{machine} -5 {started}"),
            format!("{machine} 0 {started}"),
            machine,
            String::new(),
        ] {
            assert!(!has_ended(&other), "{other}");
        }
    }
}
