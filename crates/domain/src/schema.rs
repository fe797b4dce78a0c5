//! Whether a program goes with the schema of a database that is newer than itself.
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

/// Version and checksum of a migration that the program has.
pub type Known<'a> = (i64, &'a [u8]);

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

/// `known` and `applied` are in order. An error for what the program would not work with.
pub fn check(known: &[Known<'_>], applied: &[Applied]) -> Result<(), IncompatibleSchema> {
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
