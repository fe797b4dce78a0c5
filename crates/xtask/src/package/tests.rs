use std::process::Command;

use super::*;

#[test]
fn the_unit_is_sound_and_exposes_little() {
    if !exists("systemd-analyze") {
        eprintln!("skipped: systemd is not here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("wattline-agent.service");
    let text = std::fs::read_to_string(root().join("deploy/agent/wattline-agent.service")).unwrap();
    // The program is not installed here.
    std::fs::write(&unit, text.replace("/usr/bin/wattline-agent ", "/bin/true ")).unwrap();

    let verified = Command::new("systemd-analyze").arg("verify").arg(&unit).output().unwrap();
    let printed = String::from_utf8(verified.stderr).unwrap();
    // Before 254 systemd does not know these, and goes without.
    let newer = ["'RestartSteps'", "'RestartMaxDelaySec'"];
    let faults: Vec<&str> =
        printed.lines().filter(|line| !newer.iter().any(|key| line.contains(key))).collect();
    assert!(verified.status.success() && faults.is_empty(), "{printed}");

    // In tenths: what is 0 has no network and no devices.
    let judged = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--threshold=15", "--no-pager"])
        .arg(&unit)
        .output()
        .unwrap();
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stdout));
}

#[test]
fn a_tree_gives_the_same_bytes_whenever_it_is_packed() {
    if !exists("dpkg-deb") {
        eprintln!("skipped: dpkg is not here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let pack = |name: &str, paths: [&str; 2], secs: u64| {
        let tree = Tree::new(folder.path().join(name));
        let control = control::fields("1.0", Architecture::Arm64, &["libc6".to_owned()], 1);
        for path in paths {
            tree.add_text(path, path).unwrap();
            let file = std::fs::File::open(folder.path().join(name).join(path)).unwrap();
            let modified = std::time::UNIX_EPOCH + std::time::Duration::from_secs(secs);
            file.set_modified(modified).unwrap();
        }
        tree.add_text("DEBIAN/control", &control).unwrap();
        tree.add_checksums().unwrap();
        let deb = folder.path().join(format!("{name}.deb"));
        tree.pack(&deb, "1700000000").unwrap();
        std::fs::read(deb).unwrap()
    };
    let first = pack("first", ["usr/bin/b", "etc/a"], 1_800_000_000);
    assert_eq!(first, pack("second", ["etc/a", "usr/bin/b"], 1_800_000_123));
    assert_ne!(first, pack("third", ["etc/a", "usr/bin/c"], 1_800_000_000));
}

#[test]
fn every_maintainer_script_is_one() {
    for script in SCRIPTS {
        let path = root().join("deploy/agent").join(script);
        let checked = Command::new("sh").arg("-n").arg(&path).output().unwrap();
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    }
}
