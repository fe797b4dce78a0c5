// Holds what would watch the production overlay against it, and broken copies against what must be found.
//
//   RENDERED=FOLDER node --test monitoring.test.js      FOLDER has production.yaml and monitoring.yaml, as kustomize makes them

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse, parseAllDocuments } from "yaml";
import { faultsOfMonitoring } from "./monitoring.js";
import { faultsOfTypes } from "./types.js";

const rendered = (name) =>
  parseAllDocuments(readFileSync(join(process.env.RENDERED, `${name}.yaml`), "utf8")).map((one) => one.toJS());
const rules = readdirSync(fileURLToPath(new URL("../../monitoring/rules", import.meta.url)));
const map = (name) => rendered("monitoring").find(({ metadata }) => metadata.name === name).data;
const watching = () => ({
  prometheus: parse(map("wattline-prometheus")["prometheus.yml"], { merge: true }),
  expected: parse(map("wattline-rules")["expected.yml"]),
  mounted: Object.keys(map("wattline-rules")),
  rules,
});
const job = ({ prometheus }, name) => prometheus.scrape_configs.find(({ job_name }) => job_name === name);

test("what watches production is sound, and knows it", () => {
  assert.deepEqual(faultsOfTypes(rendered("monitoring")), []);
  assert.deepEqual(faultsOfMonitoring(rendered("production"), watching()), []);
});

const broken = [
  [
    "a replica more than is expected",
    (w) => (w.expected.groups[0].rules[1].expr = "vector(3)"),
    "rollup-worker: 3 are expected, and there are 4",
  ],
  [
    "more writers than KEDA leaves",
    (w) => (w.expected.groups[0].rules[0].expr = "vector(4)"),
    "write-service: 4 are expected, and there are 2",
  ],
  [
    "a service that nobody asks",
    (w) => (job(w, "alert-worker").job_name = "alerts"),
    "alert-worker: nobody asks it for figures",
  ],
  [
    "a name that no certificate has",
    (w) => (job(w, "rabbitmq").tls_config.server_name = "broker"),
    "job rabbitmq: no certificate is for broker",
  ],
  ["plain text", (w) => delete job(w, "web-app").scheme, "job web-app: not by HTTPS"],
  ["rules that are not mounted", (w) => w.mounted.shift(), "is not mounted"],
  ["a limit that is gone", (w) => w.expected.groups[0].rules.pop(), "front_ports:limit is not in expected.yml"],
];

for (const [what, breaks, word] of broken) {
  test(`found: ${what}`, () => {
    const copy = watching();
    breaks(copy);
    const found = faultsOfMonitoring(rendered("production"), copy);
    assert.ok(
      found.some((fault) => fault.includes(word)),
      `among ${JSON.stringify(found)}`,
    );
  });
}
