// Whether each service takes the settings that it is deployed with: its own program reads them. It is asked for its health, and
// nobody answers. A setting that is unknown or wrong ends it with 64 instead, and is named.
//
//   RENDERED=FOLDER BINARIES=FOLDER node --test settings.test.js      RENDERED has compose.json besides the overlays

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";

const { RENDERED, BINARIES } = process.env;
const deploy = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "wattline-settings-"));
after(() => rmSync(folder, { recursive: true }));
execFileSync(join(deploy, "tls/certificates.sh"), [folder, "any", "any"], { stdio: "ignore" });

/** What stands in for the files of secrets and certificates. */
const certificates = { "tls.crt": "any.pem", "tls.key": "any.key", "ca.crt": "ca.pem" };
const contents = (name, withTls) => {
  if (name.includes("RABBITMQ__URL"))
    return withTls ? "amqps://me:hush@broker.example" : "amqp://me:hush@rabbitmq:5672/%2f";
  if (name.includes("POSTGRES_URL"))
    return `postgres://me:hush@db.example/wattline${withTls ? "?sslmode=verify-full" : ""}`;
  return "hush";
};

function health(binary, settings, words = ["health"]) {
  const withTls = "WATTLINE__TLS__CERTIFICATE" in settings;
  const env = Object.entries(settings).map(([name, value]) => {
    const certificate = certificates[value.split("/").at(-1)];
    if (certificate) return [name, join(folder, certificate)];
    if (!name.endsWith("__FILE")) return [name, value];
    const file = join(folder, name);
    writeFileSync(file, contents(name, withTls));
    return [name, file];
  });
  const { status, stderr } = spawnSync(join(BINARIES, binary), words, {
    env: Object.fromEntries(env),
    encoding: "utf8",
  });
  return { status, said: stderr };
}

/** [where, binary, settings] */
function overlay(name) {
  const documents = parseAllDocuments(readFileSync(join(RENDERED, `${name}.yaml`), "utf8")).map((one) => one.toJS());
  const pods = documents.filter(
    ({ kind, spec }) =>
      ["Deployment", "StatefulSet"].includes(kind) && spec.template.spec.containers[0].name === "service",
  );
  return pods.map(({ metadata, spec }) => {
    const { envFrom, env = [] } = spec.template.spec.containers[0];
    const { data } = documents.find(
      (one) => one.kind === "ConfigMap" && one.metadata.name === envFrom[0].configMapRef.name,
    );
    // The ordinal is the only one that is known later.
    const own = env.map((one) => [one.name, one.value ?? "0"]);
    return [name, metadata.name, { ...data, ...Object.fromEntries(own) }];
  });
}

const compose = Object.values(JSON.parse(readFileSync(join(RENDERED, "compose.json"), "utf8")).services)
  .filter(({ build }) => build?.args?.BINARY)
  .map(({ build, environment }) => {
    const said = Object.entries(environment).filter(([, value]) => value !== null);
    return ["compose", build.args.BINARY, Object.fromEntries(said)];
  });
const services = [
  ...overlay("single-node"),
  ...overlay("production"),
  ...compose.filter(([, binary]) => binary !== "agent" && binary !== "wattline-ctl"),
];
const tools = compose.filter(([, binary]) => binary === "wattline-ctl");
const hubs = compose.filter(([, binary]) => binary === "agent");

test("there are seven services in each, the operators' tool, and a street of hubs", () => {
  assert.equal(services.length, 21);
  assert.equal(tools.length, 1);
  assert.ok(hubs.length > 1);
});

for (const [where, binary, settings] of services) {
  test(`${where}: ${binary} takes its settings`, () => {
    const { status, said } = health(binary, settings);
    assert.equal(status, 1, said);
    assert.match(said, /nothing answers/);
  });
}

// It answers for itself what of its settings a command needs.
for (const [, binary, settings] of tools) {
  test("compose: the operators' tool takes its settings", () => {
    const { status, said } = health(binary, settings, ["fleet"]);
    assert.equal(status, 1, said);
    assert.match(said, /the fleet-service does not answer/);
  });
}

for (const [, binary, settings] of hubs) {
  test(`compose: hub ${settings.WATTLINE__AGENT__HUB} takes its settings`, () => {
    const { status, said } = health(binary, settings, ["--config", join(deploy, "config/hub.toml"), "check"]);
    assert.equal(status, 0, said);
  });
}

test("found: a setting that does not exist", () => {
  const [, binary, settings] = services.find(([, name]) => name === "write-service");
  const { status, said } = health(binary, { ...settings, WATTLINE__RABBITMQ__QUEUS: "8" });
  assert.equal(status, 64);
  assert.match(said, /queus/);
});
