//! What a program makes of the schema of a database: whether it goes with one that is newer than itself, and what leads from
//! one to the other.
//!
//! While a release is rolled out, and when somebody goes back to the release before, programs of the version before work on
//! the newer schema. A release has at most one migration, which is written so that they can (docs/upgrades.md).

/// How many migrations a database may be ahead.
const MAX_AHEAD: usize = 1;
/// How the names of those begin on which the version before does not work: `0012_breaking_….up.sql`.
const BREAKING: &str = "breaking ";

/// A migration that the database has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    pub version: i64,
    pub name: String,
    pub checksum: Vec<u8>,
}

/// A script that the program has.
#[derive(Clone, Copy, Debug)]
pub struct Script<'a> {
    pub version: i64,
    pub name: &'a str,
    pub checksum: &'a [u8],
    pub sql: &'a str,
    /// It leads from its version to the one before, not to it.
    pub is_way_back: bool,
}

/// What is known of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaStatus {
    /// Of the newest migration that this program has.
    pub program: i64,
    /// Of the newest one that the database has; 0 when it is empty.
    pub database: i64,
    /// What would be done to bring it up to date: versions and names.
    pub pending: Vec<(i64, String)>,
    /// What the script says that leads back from `database`. `None`: this program has no such script.
    pub way_back: Option<String>,
}

/// The versions are those of the newest migrations.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IncompatibleSchema {
    #[error(
        "the schema of the database is version {database} and this program is made for version {program}: it works with \
         one version more at most. Install a newer release"
    )]
    TooNew { database: i64, program: i64 },
    #[error(
        "the schema of the database is version {database} and this program is made for version {program}, which does not \
         work with it any more (\"{name}\"). Install a newer release, or take the schema back with wattline-ctl of that release"
    )]
    Breaking { database: i64, program: i64, name: String },
    #[error(
        "the database has migration {unknown} (\"{name}\"), of which this program, made for version {program}, \
         knows nothing: it is of another line of development"
    )]
    Foreign { unknown: i64, name: String, program: i64 },
    #[error(
        "migration {version} (\"{name}\") of the database is not the one of this program, made for version {program}: their \
         checksums differ. It is of another line of development, or somebody altered it"
    )]
    Altered { version: i64, name: String, program: i64 },
}

impl SchemaStatus {
    /// `scripts` and `applied` are in order. An error for what the program would not work with.
    pub fn of(scripts: &[Script<'_>], applied: &[Applied]) -> Result<Self, IncompatibleSchema> {
        let ups = || scripts.iter().filter(|script| !script.is_way_back);
        let known: Vec<Known<'_>> = ups().map(|script| (script.version, script.checksum)).collect();
        check(&known, applied)?;
        let database = applied.last().map_or(0, |last| last.version);
        let is_pending =
            |script: &&Script<'_>| applied.iter().all(|applied| applied.version != script.version);
        let way_back = scripts.iter().find(|script| script.is_way_back && script.version == database);
        Ok(Self {
            program: known.last().map_or(0, |&(version, _)| version),
            database,
            pending: ups()
                .filter(is_pending)
                .map(|script| (script.version, script.name.to_owned()))
                .collect(),
            way_back: way_back.map(|script| head(script.sql)),
        })
    }
}

/// The comment that a script begins with.
fn head(sql: &str) -> String {
    let lines: Vec<&str> = sql.lines().map_while(|line| line.strip_prefix("-- ")).collect();
    lines.join(" ")
}

/// Version and checksum of a migration that the program has.
type Known<'a> = (i64, &'a [u8]);

fn check(known: &[Known<'_>], applied: &[Applied]) -> Result<(), IncompatibleSchema> {
    let program = known.last().map_or(0, |&(version, _)| version);
    let database = applied.last().map_or(0, |last| last.version);
    let checksum_of = |version| known.iter().find(|known| known.0 == version).map(|&(_, checksum)| checksum);
    let unknown: Vec<&Applied> =
        applied.iter().filter(|applied| checksum_of(applied.version).is_none()).collect();
    if let Some(foreign) = unknown.iter().find(|unknown| unknown.version < program) {
        let (unknown, name) = (foreign.version, foreign.name.clone());
        return Err(IncompatibleSchema::Foreign { unknown, name, program });
    }
    if unknown.len() > MAX_AHEAD {
        return Err(IncompatibleSchema::TooNew { database, program });
    }
    let is_altered =
        |applied: &&Applied| checksum_of(applied.version).is_some_and(|known| known != applied.checksum);
    if let Some(altered) = applied.iter().find(is_altered) {
        let (version, name) = (altered.version, altered.name.clone());
        return Err(IncompatibleSchema::Altered { version, name, program });
    }
    match unknown.iter().find(|unknown| unknown.name.starts_with(BREAKING)) {
        Some(breaking) => {
            Err(IncompatibleSchema::Breaking { database, program, name: breaking.name.clone() })
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUM: &[u8] = &[7];
    const ONE_AND_TWO: &[Known<'_>] = &[(1, SUM), (2, SUM)];

    fn database(names: &[&str]) -> Vec<Applied> {
        let migration = |(version, &name): (i64, &&str)| Applied {
            version,
            name: name.to_owned(),
            checksum: SUM.to_vec(),
        };
        (1..).zip(names).map(migration).collect()
    }

    #[test]
    fn what_is_to_come_and_what_leads_back_is_told() {
        let script =
            |version, name, sql, is_way_back| Script { version, name, checksum: SUM, sql, is_way_back };
        let back = "-- One goes.\n-- Another stays.\nDROP TABLE one;\n-- Not said.\n";
        let scripts = [
            script(1, "a", "", false),
            script(2, "b", "", false),
            script(2, "b", back, true),
            script(3, "c", "", false),
        ];
        let status = SchemaStatus::of(&scripts, &database(&["a", "b"])).unwrap();
        assert_eq!((status.program, status.database, status.pending), (3, 2, vec![(3, "c".to_owned())]));
        assert_eq!(status.way_back.as_deref(), Some("One goes. Another stays."));
        let empty = SchemaStatus::of(&scripts, &[]).unwrap();
        assert_eq!((empty.database, empty.pending.len(), empty.way_back), (0, 3, None));
        assert!(SchemaStatus::of(&scripts, &database(&["a", "b", "c", "d", "e"])).is_err());
    }

    #[test]
    fn one_version_ahead_is_fine_and_so_is_any_behind() {
        for names in [&[][..], &["a"], &["a", "b"], &["a", "b", "c"]] {
            assert_eq!(check(ONE_AND_TWO, &database(names)), Ok(()), "{names:?}");
        }
    }

    #[test]
    fn two_versions_ahead_are_refused_with_both_versions() {
        let refused = check(ONE_AND_TWO, &database(&["a", "b", "c", "d"])).unwrap_err();
        assert_eq!(refused, IncompatibleSchema::TooNew { database: 4, program: 2 });
        let sentence = refused.to_string();
        assert!(sentence.contains("version 4") && sentence.contains("version 2"), "{sentence}");
    }

    #[test]
    fn what_is_marked_as_breaking_is_refused_by_the_version_before_only() {
        let names = ["a", "b", "breaking ids"];
        let refused = check(ONE_AND_TWO, &database(&names)).unwrap_err();
        assert!(refused.to_string().contains("breaking ids"), "{refused}");
        assert_eq!(check(&[(1, SUM), (2, SUM), (3, SUM)], &database(&names)), Ok(()));
        assert_eq!(check(ONE_AND_TWO, &database(&["a", "b", "unbreaking"])), Ok(()));
    }

    #[test]
    fn what_lies_between_those_that_are_known_is_foreign() {
        let refused = check(&[(1, SUM), (3, SUM)], &database(&["a", "b", "c"])).unwrap_err();
        assert_eq!(refused, IncompatibleSchema::Foreign { unknown: 2, name: "b".to_owned(), program: 3 });
    }

    #[test]
    fn what_is_not_as_the_program_has_it_is_refused() {
        let refused = check(&[(1, SUM), (2, &[8])], &database(&["a", "b", "c"])).unwrap_err();
        assert_eq!(refused, IncompatibleSchema::Altered { version: 2, name: "b".to_owned(), program: 2 });
        assert_eq!(check(&[(1, SUM), (2, SUM), (3, &[8])], &database(&["a", "b"])), Ok(()));
    }
}
