//! The configuration that comes about: what the file has stays as it is, and what is new is added to its end.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;

/// For the agent's user and its group: it may hold a password.
const MODE: u32 = 0o640;

/// Text as TOML has it.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// One entry of `[[agent.sensors]]`; `meter` is the line that names the meter.
pub(super) fn entry(socket: u8, name: &str, room: &str, meter: &str) -> String {
    let room = if room.is_empty() { String::new() } else { format!("room = {}\n", quoted(room)) };
    format!("[[agent.sensors]]\nsocket = {socket}\nname = {}\n{room}{meter}\n", quoted(name))
}

/// What is wrong with an entry.
pub(super) fn faults_of(entry: &str) -> Vec<String> {
    let parsed = entry.parse::<toml::Table>().map_err(|error| error.message().to_owned());
    let config = parsed.and_then(|table| {
        let agent = table.get("agent").cloned().unwrap_or(toml::Value::Table(toml::Table::new()));
        agent.try_into::<agent::Config>().map_err(|error| error.message().to_owned())
    });
    match config {
        Ok(config) => {
            let mut faults = Vec::new();
            meters::config::validate(&config.sensors, &config.mqtt, &mut faults);
            faults.extend(meters::config::misplaced(&config.sensors).into_iter().map(|(_, why)| why));
            faults
        }
        Err(fault) => vec![fault],
    }
}

/// A file that is added to.
pub(super) struct Draft {
    path: PathBuf,
    before: String,
    table: toml::Table,
    /// What `before` has by now that the file has not.
    inserted: Vec<String>,
    added: Vec<String>,
}

impl Draft {
    /// Begins with what the file has; a file that is not there has nothing.
    pub(super) fn of(path: &Path) -> anyhow::Result<Self> {
        let before = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
        };
        let table = before
            .parse()
            .with_context(|| format!("{} is not TOML; mend it or move it away", path.display()))?;
        Ok(Self { path: path.to_owned(), before, table, inserted: Vec::new(), added: Vec::new() })
    }

    /// Whether the file has a section or key, such as `rabbitmq.url`.
    pub(super) fn has(&self, key: &str) -> bool {
        let mut names = key.split('.');
        let first = names.next().and_then(|name| self.table.get(name));
        names.fold(first, |at, name| at?.get(name)).is_some()
    }

    /// Adds text that is whole by itself.
    pub(super) fn add(&mut self, text: String) {
        self.added.push(text);
    }

    /// Sets a key of a section, which the file may have already.
    pub(super) fn set(&mut self, section: &str, key: &str, value: &str) {
        let (head, line) = (format!("[{section}]"), format!("{key} = {}\n", quoted(value)));
        let mut lines: Vec<&str> = self.before.split_inclusive('\n').collect();
        match lines.iter().position(|own| own.trim() == head) {
            Some(at) if lines[at].ends_with('\n') => {
                lines.insert(at + 1, &line);
                self.before = lines.concat();
                self.inserted.push(format!("{head}\n{line}"));
            }
            _ => self.added.push(format!("{head}\n{line}")),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.added.is_empty() && self.inserted.is_empty()
    }

    /// What is new.
    pub(super) fn news(&self) -> String {
        self.inserted.iter().chain(&self.added).cloned().collect::<Vec<_>>().join("\n")
    }

    /// Writes it all beside the file.
    pub(super) fn write_beside(&self) -> anyhow::Result<PathBuf> {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".new");
        let path = PathBuf::from(name);
        let gap = if self.before.is_empty() || self.before.ends_with("\n\n") { "" } else { "\n" };
        let write = || {
            let mut file = File::options().write(true).create(true).truncate(true).mode(MODE).open(&path)?;
            write!(file, "{}{gap}{}", self.before, self.added.join("\n"))?;
            if let Ok(before) = fs::metadata(&self.path) {
                file.set_permissions(fs::Permissions::from_mode(before.permissions().mode()))?;
                std::os::unix::fs::fchown(&file, Some(owner(&before).0), Some(owner(&before).1))?;
            }
            file.sync_all()
        };
        write().with_context(|| format!("writing {}", path.display()))?;
        Ok(path)
    }

    /// The draft takes the file's place.
    pub(super) fn adopt(&self, draft: &Path) -> anyhow::Result<()> {
        fs::rename(draft, &self.path).with_context(|| format!("writing {}", self.path.display()))
    }
}

fn owner(about: &fs::Metadata) -> (u32, u32) {
    use std::os::unix::fs::MetadataExt;
    (about.uid(), about.gid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_file_has_stays_and_what_is_new_comes_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.toml");
        fs::write(&path, "# mine\n[rabbitmq]\nurl = \"amqp://localhost\"\n").unwrap();
        let mut draft = Draft::of(&path).unwrap();
        assert!(draft.has("rabbitmq.url") && draft.has("rabbitmq") && !draft.has("rabbitmq.queues"));
        assert!(!draft.has("agent.sensors") && draft.is_empty());
        draft.add(entry(3, "A \"lamp\"", "Hall", "s0 = { pin = 4, impulses_per_kwh = 800.0 }"));
        draft.adopt(&draft.write_beside().unwrap()).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# mine\n"), "{text}");
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(table["agent"]["sensors"][0]["name"].as_str(), Some("A \"lamp\""));
        assert!(!path.with_extension("toml.new").exists());
    }

    #[test]
    fn a_pin_that_is_not_there_is_asked_for_again() {
        let faults = faults_of(&entry(0, "Lamp", "", "s0 = { pin = 42, impulses_per_kwh = 800.0 }"));
        assert_eq!(faults, ["there is no GPIO 42 here; pins go by their BCM numbers, 0 to 27"]);
    }

    #[test]
    fn a_section_that_is_there_gets_the_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.toml");
        fs::write(&path, "[rabbitmq]\n# where to\n\n[tls]\n").unwrap();
        let mut draft = Draft::of(&path).unwrap();
        draft.set("rabbitmq", "url", "amqps://broker.example");
        draft.set("pairing", "auth_url", "https://wattline.example");
        assert!(draft.news().contains("[rabbitmq]\nurl = "), "{}", draft.news());
        draft.adopt(&draft.write_beside().unwrap()).unwrap();
        let table: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap();
        assert_eq!(table["rabbitmq"]["url"].as_str(), Some("amqps://broker.example"));
        assert_eq!(table["pairing"]["auth_url"].as_str(), Some("https://wattline.example"));
    }

    #[test]
    fn a_file_that_is_not_toml_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.toml");
        fs::write(&path, "[agent\n").unwrap();
        assert!(Draft::of(&path).is_err());
    }
}
