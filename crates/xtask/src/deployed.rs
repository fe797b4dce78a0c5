//! Whether what is deployed is sound: compose files, the configuration of the monitoring and of the brokers' front, and the documents
//! for Kubernetes. Nothing is started, and no docker and no cluster is needed: each is read by the program that it is for, out of
//! Debian 13, or by this one's `haproxy`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::left_out::LeftOut;
use crate::next_apt::{self, NextApt};
use crate::run::{binaries, cargo, program, read, root, run, step};
use crate::{debian, page};

/// Programs of one file that need a C library only, which any Debian from 12 on has.
const PACKAGES: [&str; 4] = ["docker-compose", "kustomize", "prometheus-alertmanager", "promtool"];
const COMPOSE: &str = "usr/libexec/docker/cli-plugins/docker-compose";
/// What is watched, and what watches it.
const COMPOSE_FILES: [&str; 2] = ["docker-compose.yml", "deploy/monitoring/compose.yml"];
const FRONT: &str = "deploy/haproxy/haproxy.cfg";
const MONITORING: &str = "deploy/monitoring";
/// On one machine, and in a cluster.
const PROMETHEUS: [&str; 2] = ["prometheus.yml", "kubernetes/prometheus.yml"];
const OVERLAYS: &str = "deploy/kubernetes/overlays";

/// Where the programs are.
struct Tools {
    root: PathBuf,
}

impl Tools {
    /// 50 MB, unless they are there. Where they cannot be had, notes why and gives `None`.
    fn fetch(left_out: &mut LeftOut) -> anyhow::Result<Option<Self>> {
        match fetch() {
            Ok(root) => Ok(Some(Self { root })),
            Err(reason) => {
                left_out.note("compose files, monitoring's configuration, Kubernetes, settings", &reason)?;
                Ok(None)
            }
        }
    }

    fn program(&self, name: &str) -> Command {
        program(self.root.join(name))
    }

    /// Docker's own program reads them, which holds them against the schema of the Compose specification.
    fn compose_files(&self) -> anyhow::Result<()> {
        let rendered = rendered_folder()?;
        let [watched, monitoring] = COMPOSE_FILES.map(|file| root().join(file));
        self.compose(&monitoring)?;
        fs::write(rendered.join("compose.json"), self.compose(&watched)?)?;
        Ok(())
    }

    fn compose(&self, file: &Path) -> anyhow::Result<String> {
        // As in a clone: without an .env.
        let words = ["--env-file", "/dev/null", "--profile", "*", "config", "--format", "json"];
        read(self.program(COMPOSE).arg("--file").arg(file).args(words))
    }

    /// Prometheus' and Alertmanager's own programs read it. Rules and dashboards have a step of their own.
    fn monitoring(&self) -> anyhow::Result<()> {
        let folder = root().join(MONITORING);
        for file in PROMETHEUS {
            self.promtool("config", &folder.join(file))?;
        }
        // The rest of the rules has a step of its own, with the system's promtool.
        self.promtool("rules", &folder.join("kubernetes/expected.yml"))?;
        run(self.program("usr/bin/amtool").arg("check-config").arg(folder.join("alertmanager.yml")))
    }

    /// Renders the overlays as they would be applied, and holds them against the types that Kubernetes and its extensions
    /// publish, and against one another. The tests break copies of them as well, and want that to be found.
    fn kubernetes(&self) -> anyhow::Result<()> {
        let rendered = rendered_folder()?;
        let mut count = 0;
        for overlay in fs::read_dir(root().join(OVERLAYS))? {
            let overlay = overlay?.path();
            let name = overlay.file_name().context("an overlay without a name")?;
            let documents = self.rendered(&overlay)?;
            fs::write(rendered.join(name).with_extension("yaml"), documents)?;
            count += 1;
        }
        ensure!(count > 0, "there is nothing in {OVERLAYS}");
        fs::write(rendered.join("monitoring.yaml"), self.rendered(&root().join(MONITORING))?)?;
        node("check.test.js")?;
        node("monitoring.test.js")
    }

    fn promtool(&self, what: &str, file: &Path) -> anyhow::Result<()> {
        run(self.program("usr/bin/promtool").args(["check", what]).arg(file))
    }

    fn rendered(&self, overlay: &Path) -> anyhow::Result<String> {
        read(self.program("usr/bin/kustomize").arg("build").arg(overlay))
    }
}

/// `haproxy` itself reads it. It warns of the names of brokers, which are examples.
fn front(file: &Path) -> anyhow::Result<String> {
    read(program("/usr/sbin/haproxy").args(["-c", "-q", "-f"]).arg(file))
}

/// All that needs no binaries of ours; gives whether it could be done.
pub(crate) fn check(left_out: &mut LeftOut) -> anyhow::Result<bool> {
    step("front of the brokers: configuration", || {
        debian::install_haproxy()?;
        front(&root().join(FRONT)).map(drop)
    })?;
    let Some(tools) = step("tools for what is deployed", || Tools::fetch(left_out))? else {
        return Ok(false);
    };
    step("compose files", || tools.compose_files())?;
    step("monitoring: configuration", || tools.monitoring())?;
    step("Kubernetes: what would be applied", || tools.kubernetes())?;
    Ok(true)
}

/// Every service reads the settings that it is deployed with. After the steps above, and with the binaries built.
pub(crate) fn settings() -> anyhow::Result<()> {
    step("settings of what is deployed", || node("settings.test.js"))
}

/// Without the rest of the tests.
pub(crate) fn check_all() -> anyhow::Result<()> {
    let mut left_out = LeftOut::new();
    if check(&mut left_out)? {
        run(cargo().args(["build", "--workspace", "--bins", "--locked"]))?;
        settings()?;
    }
    left_out.summarise();
    Ok(())
}

/// What checks the documents for Kubernetes has packages of its own.
pub(crate) fn check_folder() -> PathBuf {
    root().join("deploy/kubernetes/check")
}

fn node(tests: &str) -> anyhow::Result<()> {
    let check = check_folder();
    page::install_in(&check)?;
    run(program("node")
        .current_dir(check)
        .args(["--test", "--test-reporter=spec", tests])
        .env("RENDERED", rendered_folder()?)
        .env("BINARIES", binaries()))
}

/// Where what would be deployed is, as its own programs understand it.
fn rendered_folder() -> anyhow::Result<PathBuf> {
    let folder = root().join("target/deployed");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn fetch() -> anyhow::Result<PathBuf> {
    let folder = root().join("target/deploy-tools");
    let (tools, mark) = (folder.join("root"), folder.join("complete"));
    let wanted = PACKAGES.join(" ");
    if fs::read_to_string(&mark).is_ok_and(|text| text == wanted) {
        return Ok(tools);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let apt = folder.canonicalize()?.join("apt");
    let mut arguments = vec!["download"];
    arguments.extend(PACKAGES);
    NextApt::prepare(&apt)?.get(&arguments)?;
    let count = next_apt::unpack(&apt.join("cache/archives"), &tools, |_| true)?;
    ensure!(count == PACKAGES.len(), "apt has fetched {count} of {} packages", PACKAGES.len());
    fs::remove_dir_all(&apt)?;
    fs::write(mark, wanted)?;
    Ok(tools)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which are there only where the step before has fetched them.
    fn tools() -> Option<Tools> {
        let root = root().join("target/deploy-tools/root");
        root.exists().then_some(Tools { root })
    }

    #[test]
    fn a_compose_file_with_a_wrong_field_is_refused() {
        let Some(tools) = tools() else { return };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("compose.yml");
        let text = fs::read_to_string(root().join("deploy/monitoring/compose.yml")).unwrap();
        fs::write(&file, &text).unwrap();
        tools.compose(&file).unwrap();
        let broken = text.replacen("healthcheck:", "healthchek:", 1);
        assert_ne!(broken, text);
        fs::write(&file, broken).unwrap();
        assert!(tools.compose(&file).is_err());
    }

    #[test]
    fn a_prometheus_with_a_role_that_kubernetes_has_not_is_refused() {
        let Some(tools) = tools() else { return };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("prometheus.yml");
        let text = fs::read_to_string(root().join(MONITORING).join(PROMETHEUS[1])).unwrap();
        for (sound, broken) in [("role: pod", "role: pods"), ("action: keepequal", "action: keepequals")] {
            fs::write(&file, &text).unwrap();
            tools.promtool("config", &file).unwrap();
            let broken = text.replacen(sound, broken, 1);
            assert_ne!(broken, text);
            fs::write(&file, broken).unwrap();
            assert!(tools.promtool("config", &file).is_err());
        }
    }

    #[test]
    fn a_front_with_a_wrong_word_or_without_its_backend_is_refused() {
        if !Path::new("/usr/sbin/haproxy").exists() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("haproxy.cfg");
        let text = fs::read_to_string(root().join(FRONT)).unwrap();
        for (sound, broken) in [("slowstart", "slowly"), ("backend brokers-mqtts", "backend brokers")] {
            fs::write(&file, &text).unwrap();
            front(&file).unwrap();
            let broken = text.replacen(sound, broken, 1);
            assert_ne!(broken, text);
            fs::write(&file, broken).unwrap();
            assert!(front(&file).is_err());
        }
    }

    #[test]
    fn a_patch_of_something_that_is_not_there_is_not_rendered() {
        let Some(tools) = tools() else { return };
        let folder = tempfile::tempdir().unwrap();
        let document = "apiVersion: v1\nkind: Service\nmetadata: { name: one }\n";
        fs::write(folder.path().join("one.yaml"), document).unwrap();
        fs::write(folder.path().join("two.yaml"), document.replace("one", "two")).unwrap();
        let kustomization = folder.path().join("kustomization.yaml");
        fs::write(&kustomization, "resources: [one.yaml]\n").unwrap();
        assert!(tools.rendered(folder.path()).unwrap().contains("name: one"));
        fs::write(&kustomization, "resources: [one.yaml]\npatches: [{ path: two.yaml }]\n").unwrap();
        assert!(tools.rendered(folder.path()).is_err());
    }
}
