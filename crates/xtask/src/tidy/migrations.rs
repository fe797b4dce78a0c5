//! Schemas go forward and one version back: what each new migration has to bring. docs/upgrades.md has the rules.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context as _;

use crate::run::root;

/// Where they are, and the newest one of the last release: raise it when a release is made. Those up to it are as they are,
/// since what is applied is known by its checksum.
const FOLDERS: [(&str, u32); 3] = [
    ("crates/postgres/migrations", 9),
    ("crates/sqlite/migrations/accounts", 9),
    ("crates/sqlite/migrations/measurements", 2),
];
const NO_WAY_BACK: &str = "-- No way back: ";
const VERSION_BEFORE: &str = "-- The version before works: ";
const BREAKING: &str = "breaking_";
/// What the version before may still use, or does not know that it has to fill.
const CONTRACTS: [&str; 6] = ["DROP ", "RENAME ", "SET NOT NULL", "ADD CONSTRAINT", " TYPE ", "UNIQUE INDEX"];

pub(super) fn check(faults: &mut Vec<String>) -> anyhow::Result<()> {
    for (folder, released) in FOLDERS {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(root().join(folder)).with_context(|| folder.to_owned())? {
            let path = entry?.path();
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            files.insert(name(&path), text);
        }
        check_files(&files, released, &mut |fault| faults.push(format!("{folder}: {fault}")));
    }
    Ok(())
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn check_files(files: &BTreeMap<String, String>, released: u32, fault: &mut dyn FnMut(String)) {
    let ups: Vec<(&String, &String)> =
        files.iter().filter(|(name, _)| !name.ends_with(".down.sql")).collect();
    let newest = u32::try_from(ups.len()).unwrap_or(u32::MAX);
    for (number, (name, text)) in (1..).zip(ups) {
        let (version, what) = name.split_once('_').unwrap_or(("", ""));
        if version != format!("{number:04}") {
            fault(format!("{name}: {number:04} is missing or there twice"));
        }
        let stem = name.trim_end_matches(".sql").trim_end_matches(".up");
        let has_way_back = files.contains_key(&format!("{stem}.down.sql"));
        let says = |what: &str| text.lines().any(|line| line.starts_with(what) && line.len() > what.len());
        if (number > released || number == newest) && !has_way_back && !says(NO_WAY_BACK) {
            fault(format!(
                "{name}: no {stem}.down.sql, and no line \"{NO_WAY_BACK}…\" that says why there is none"
            ));
        }
        if number <= released {
            continue;
        }
        let statements: String =
            text.lines().filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join(" ");
        let statements = statements.to_uppercase();
        let contract = CONTRACTS.iter().find(|contract| statements.contains(**contract));
        if let Some(contract) = contract.filter(|_| !what.starts_with(BREAKING) && !says(VERSION_BEFORE)) {
            fault(format!(
                "{name}: {contract:?} may be too much for the version before: say \"{VERSION_BEFORE}…\", or call it \
                 {version}_{BREAKING}…"
            ));
        }
    }
    if newest > released + 1 {
        fault(format!("a release has one migration at most: what comes after {released:04} is one file"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(files: &[(&str, &str)]) -> Vec<String> {
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let mut faults = Vec::new();
        check_files(&files, 1, &mut |fault| faults.push(fault));
        faults
    }

    const OLD: (&str, &str) = ("0001_first.sql", "CREATE TABLE a (b int);\nDROP TABLE c;");

    #[test]
    fn a_new_migration_needs_its_way_back_or_a_reason() {
        let add = "ALTER TABLE a ADD COLUMN d int;";
        assert!(faults(&[OLD, ("0002_more.up.sql", add)])[0].contains("no 0002_more.down.sql"));
        assert!(faults(&[OLD, ("0002_more.up.sql", &format!("{NO_WAY_BACK}\n{add}"))]).len() == 1);
        for sound in [
            &[OLD, ("0002_more.up.sql", add), ("0002_more.down.sql", "ALTER TABLE a DROP COLUMN d;")][..],
            &[OLD, ("0002_more.sql", "-- No way back: the keys are gone.\nCREATE TABLE e (f int);")],
        ] {
            assert_eq!(faults(sound), Vec::<String>::new());
        }
    }

    #[test]
    fn what_the_version_before_may_still_use_is_not_taken_without_a_word() {
        let back = ("0002_less.down.sql", "SELECT 1;");
        let drops = "alter table a drop column b;";
        assert!(faults(&[OLD, ("0002_less.up.sql", drops), back])[0].contains("the version before"));
        let said = format!("{VERSION_BEFORE}it has not used it since 0.3.\n{drops}");
        assert_eq!(faults(&[OLD, ("0002_less.up.sql", &said), back]), Vec::<String>::new());
        let breaking =
            [OLD, ("0002_breaking_less.up.sql", drops), ("0002_breaking_less.down.sql", "SELECT 1;")];
        assert_eq!(faults(&breaking), Vec::<String>::new());
    }

    #[test]
    fn a_release_has_one_and_none_is_left_out() {
        let two =
            ["0002_b.up.sql", "0002_b.down.sql", "0003_c.up.sql", "0003_c.down.sql"].map(|name| (name, ""));
        assert!(faults(&[&[OLD][..], &two].concat())[0].contains("one migration at most"));
        assert!(faults(&[OLD, two[2], two[3]])[0].contains("0002 is missing"));
    }
}
