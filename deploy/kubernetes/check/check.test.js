// Holds rendered overlays against what they must be, and broken copies of them against what must be found.
//
//   RENDERED=FOLDER node --test check.test.js      FOLDER has single-node.yaml and production.yaml, as kustomize makes them

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import { faultsOfSense } from "./sense.js";
import { faultsOfTypes } from "./types.js";

const documentation = readFileSync(fileURLToPath(new URL("../../../docs/kubernetes.md", import.meta.url)), "utf8");
const rendered = (overlay) =>
  parseAllDocuments(readFileSync(join(process.env.RENDERED, `${overlay}.yaml`), "utf8")).map((document) =>
    document.toJS(),
  );
const faults = (documents, text = documentation) => [...faultsOfTypes(documents), ...faultsOfSense(documents, text)];

for (const overlay of ["single-node", "production"]) {
  test(`${overlay} is sound`, () => {
    const documents = rendered(overlay);
    assert.ok(documents.length > 30, `only ${documents.length} documents`);
    assert.deepEqual(faults(documents), []);
  });
}

test("the operators' tool of docs/ctl.md is told of services that are there", () => {
  const text = readFileSync(fileURLToPath(new URL("../../../docs/ctl.md", import.meta.url)), "utf8");
  const pod = parseAllDocuments(text.match(/```yaml\n(.*?)```/s)[1])
    .map((document) => document.toJS())
    .find(({ kind }) => kind === "Pod");
  const told = pod.spec.containers[0].env.map(({ value }) => value).join("\n");
  const addresses = [...told.matchAll(/:\/\/([a-z-]+):(\d+)/g)].map(([, host, port]) => `${host}:${port}`);
  assert.ok(addresses.length > 4, told);
  const there = rendered("single-node")
    .filter(({ kind }) => kind === "Service")
    .flatMap(({ metadata, spec }) => spec.ports.map(({ port }) => `${metadata.name}:${port}`));
  assert.deepEqual(
    addresses.filter((address) => !there.includes(address)),
    [],
  );
});

const of = (documents, kind, name) =>
  documents.find((document) => document.kind === kind && document.metadata.name.startsWith(name));
const container = (documents, kind, name) => of(documents, kind, name).spec.template.spec.containers[0];

/** [what is broken, how, a word of what is said of it]. Where it is the documentation, the second gives a broken one. */
const broken = [
  [
    "a field that does not exist",
    (d) => {
      container(d, "Deployment", "write-service").readynessProbe = {};
    },
    "readynessProbe",
  ],
  [
    "a word where a number belongs",
    (d) => {
      of(d, "Deployment", "read-service").spec.replicas = "two";
    },
    "not assignable",
  ],
  [
    "a word that is not in the list",
    (d) => {
      of(d, "Certificate", "read-service").spec.privateKey.algorithm = "DSA";
    },
    "DSA",
  ],
  [
    "what is missing",
    (d) => {
      delete of(d, "ScaledObject", "write-service").spec.scaleTargetRef;
    },
    "scaleTargetRef",
  ],
  [
    "a kind that nobody knows",
    (d) => {
      of(d, "Deployment", "web-app").kind = "Deploiment";
    },
    "Deploiment",
  ],
  [
    "an old version of a kind",
    (d) => {
      of(d, "PodDisruptionBudget", "web-app").apiVersion = "policy/v1beta1";
    },
    "policy/v1beta1",
  ],
  [
    "a service that selects nobody",
    (d) => {
      of(d, "Service", "read-service").spec.selector = { app: "read" };
    },
    "selects nobody",
  ],
  [
    "a service's port that is not there",
    (d) => {
      of(d, "Service", "read-service").spec.ports[0].targetPort = "apy";
    },
    "has no port apy",
  ],
  [
    "a probe of another port",
    (d) => {
      container(d, "Deployment", "web-app").livenessProbe.httpGet.port = "health";
    },
    "livenessProbe asks a port",
  ],
  [
    "a way that is closed",
    (d) => {
      of(d, "NetworkPolicy", "web-app").spec.egress.pop();
    },
    "no policy lets it go to read-service:9402",
  ],
  [
    "a door that is closed",
    (d) => {
      of(d, "NetworkPolicy", "auth-service").spec.ingress.shift();
    },
    "auth-service:9403 does not let it in",
  ],
  [
    "a way to the broker that is closed",
    (d) => {
      of(d, "NetworkPolicy", "to-rabbitmq").spec.egress[0].ports[0].port = 5672;
    },
    "no policy lets it go to rabbitmq:5671",
  ],
  [
    "an address that leads nowhere",
    (d) => {
      of(d, "ConfigMap", "web-app").data.WATTLINE__UPSTREAM__READ_URL = "https://reed-service:9402";
    },
    "told of reed-service",
  ],
  [
    "a configuration that is gone",
    (d) => {
      d.splice(d.indexOf(of(d, "ConfigMap", "write-service")), 1);
    },
    "there is no ConfigMap",
  ],
  [
    "a secret in the tree",
    (d) => {
      d.push({ apiVersion: "v1", kind: "Secret", metadata: { name: "hush" } });
    },
    "Secret/hush",
  ],
  [
    "a secret that nobody makes",
    (d) => {
      of(d, "Deployment", "write-service").spec.template.spec.volumes.at(-1).secret.secretName = "other";
    },
    "Secret/other",
  ],
  [
    "a root that can be written to",
    (d) => {
      delete container(d, "Deployment", "web-app").securityContext.readOnlyRootFilesystem;
    },
    "its root can be written to",
  ],
  [
    "no limit",
    (d) => {
      delete container(d, "Deployment", "web-app").resources.limits.memory;
    },
    "no memory in limits",
  ],
  [
    "workers without a part",
    (d) => {
      of(d, "StatefulSet", "rollup-worker").spec.replicas = 5;
    },
    "5 replicas for 4 parts",
  ],
  [
    "a queue that nobody watches",
    (d) => {
      of(d, "ScaledObject", "write-service").spec.triggers.pop();
    },
    "it watches",
  ],
  [
    "a broker that KEDA does not find",
    () => documentation.replace("@rabbitmq.wattline.svc:5671", "@rabbitmq:5671"),
    "KEDA does not find rabbitmq,",
  ],
  [
    "a broker whose certificate is for other names",
    (d) => {
      const { spec } = of(d, "Certificate", "rabbitmq");
      spec.dnsNames = spec.dnsNames.filter((name) => name !== "rabbitmq.wattline.svc");
    },
    "no certificate is for rabbitmq.wattline.svc",
  ],
  [
    "a cluster that may be taken apart",
    (d) => {
      d.splice(d.indexOf(of(d, "PodDisruptionBudget", "rabbitmq")), 1);
    },
    "RabbitmqCluster/rabbitmq: no budget",
  ],
  [
    "writers that may all go at once",
    (d) => {
      d.splice(d.indexOf(of(d, "PodDisruptionBudget", "write-service")), 1);
    },
    "Deployment/write-service: no budget",
  ],
  [
    "two budgets for one",
    (d) => {
      of(d, "PodDisruptionBudget", "read-service").spec.selector = of(d, "PodDisruptionBudget", "web-app").spec.selector;
    },
    "Deployment/web-app: 2 budgets",
  ],
  [
    "a start that is killed while the store is away",
    (d) => {
      container(d, "Deployment", "write-service").startupProbe.httpGet.path = "/health/started";
    },
    "startupProbe kills it",
  ],
];

for (const [what, breaks, word] of broken) {
  test(`found: ${what}`, () => {
    const documents = rendered("production");
    const text = breaks(documents);
    const found = faults(documents, text);
    assert.ok(
      found.some((fault) => fault.includes(word)),
      `among ${JSON.stringify(found)}`,
    );
  });
}
