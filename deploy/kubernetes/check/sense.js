// What no schema can say: whether the documents of an overlay fit each other, and keep what docs/kubernetes.md promises.

import { nameOf } from "./types.js";

const workloads = ["Deployment", "StatefulSet"];

const labelled = (selector, labels) =>
  Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
  (selector?.matchExpressions ?? []).every(
    ({ key, operator, values }) => operator === "In" && values.includes(labels[key]),
  );

/** All that has pods: what makes them, their labels, and the ports that they listen on, by name and number. */
function pods(documents) {
  const ours = documents
    .filter(({ kind }) => workloads.includes(kind))
    .map((document) => {
      const { metadata, spec } = document.spec.template;
      const ports = spec.containers.flatMap((container) => container.ports ?? []);
      return { document, spec, labels: metadata.labels, ports };
    });
  // Its operator makes the pods and labels them with the cluster's name.
  const clusters = documents
    .filter(({ kind }) => kind === "RabbitmqCluster")
    .map((document) => ({
      document,
      labels: { "app.kubernetes.io/name": document.metadata.name },
      ports: null,
    }));
  return [...ours, ...clusters];
}

/** `documentation` is docs/kubernetes.md, which says how the secrets are made. */
export function faultsOfSense(documents, documentation) {
  const all = pods(documents);
  return [
    ...secrets(documents, documentation),
    ...all.filter(({ spec }) => spec).flatMap((pod) => [...mounted(pod, documents), ...hardened(pod)]),
    ...selected(documents, all),
    ...budgeted(documents, all),
    ...asked(documents, documentation),
    ...ways(documents, all),
    ...parts(documents),
    ...queues(documents),
  ];
}

/** None is in the tree; each that is named is made by cert-manager, or the documentation says how. */
function secrets(documents, documentation) {
  const kept = documents
    .filter(({ kind }) => kind === "Secret")
    .map((document) => `${nameOf(document)}: a secret belongs to nobody's repository`);
  const made = documents.filter(({ kind }) => kind === "Certificate").map(({ spec }) => spec.secretName);
  const named = new Set();
  for (const { spec } of documents
    .filter(({ kind }) => workloads.includes(kind))
    .map((document) => document.spec.template)) {
    for (const { secret, projected } of spec.volumes ?? []) {
      if (secret) named.add(secret.secretName);
      for (const source of projected?.sources ?? []) if (source.secret) named.add(source.secret.name);
    }
    for (const { valueFrom } of spec.containers.flatMap(({ env }) => env ?? []))
      if (valueFrom?.secretKeyRef) named.add(valueFrom.secretKeyRef.name);
  }
  for (const { spec } of documents.filter(({ kind }) => kind === "TriggerAuthentication"))
    for (const { name } of spec.secretTargetRef) named.add(name);
  for (const { spec } of documents.filter(({ kind }) => kind === "RabbitmqCluster"))
    named.add(spec.tls.secretName).add(spec.secretBackend.externalSecret.name);
  const unsaid = [...named].filter((name) => !made.includes(name) && !documentation.includes(`secret generic ${name}`));
  return [...kept, ...unsaid.map((name) => `Secret/${name}: nobody makes it, and the documentation does not say how`)];
}

function mounted({ document, spec }, documents) {
  const maps = documents.filter(({ kind }) => kind === "ConfigMap").map(({ metadata }) => metadata.name);
  const claims = (document.spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name);
  const volumes = (spec.volumes ?? []).map(({ name }) => name).concat(claims);
  return spec.containers.flatMap((container) => {
    const used = (container.volumeMounts ?? []).map(({ name }) => name);
    return [
      ...(container.envFrom ?? [])
        .filter(({ configMapRef }) => configMapRef && !maps.includes(configMapRef.name))
        .map(({ configMapRef }) => `${nameOf(document)}: there is no ConfigMap ${configMapRef.name}`),
      ...used
        .filter((name) => !volumes.includes(name))
        .map((name) => `${nameOf(document)}: there is no volume ${name}`),
      ...volumes
        .filter((name) => !used.includes(name))
        .map((name) => `${nameOf(document)}: volume ${name} is mounted nowhere`),
    ];
  });
}

function hardened({ document, spec }) {
  const faults = [];
  const want = (holds, words) => holds || faults.push(`${nameOf(document)}: ${words}`);
  want(spec.securityContext?.runAsNonRoot === true, "it may run as root");
  want(spec.securityContext?.seccompProfile?.type === "RuntimeDefault", "no seccomp profile");
  want(spec.automountServiceAccountToken === false, "it gets a token that it does not need");
  for (const container of spec.containers) {
    const { image, securityContext, resources } = container;
    want(/:[^/]+$/.test(image) && !image.endsWith(":latest"), `image ${image} names no version`);
    want(securityContext?.allowPrivilegeEscalation === false, "it may get more rights");
    want(securityContext?.capabilities?.drop?.includes("ALL"), "it keeps capabilities");
    for (const kind of ["requests", "limits"])
      for (const what of ["cpu", "memory"]) want(resources?.[kind]?.[what] !== undefined, `no ${what} in ${kind}`);
    for (const probe of ["startupProbe", "readinessProbe"]) want(container[probe], `no ${probe}`);
    for (const probe of ["startupProbe", "livenessProbe", "readinessProbe"]) {
      const port = (container[probe]?.httpGet ?? container[probe]?.tcpSocket)?.port;
      want(
        port === undefined ||
          container.ports?.some(({ name, containerPort }) => port === name || port === containerPort),
        `${probe} asks a port ${port} that is not there`,
      );
    }
    if (!image.startsWith("wattline/") || container.name !== "service") continue;
    for (const probe of ["startupProbe", "livenessProbe"])
      want(
        container[probe]?.httpGet?.path === "/health/live",
        `${probe} kills it for something else than that it does not answer`,
      );
    want(securityContext?.readOnlyRootFilesystem === true, "its root can be written to");
    want(container.livenessProbe, "no livenessProbe");
  }
  if (document.kind === "Deployment")
    want(document.spec.strategy?.rollingUpdate?.maxUnavailable === 0, "an update may take away what is there");
  return faults;
}

/** Selectors select something, and ports are there. */
function selected(documents, all) {
  const faults = [];
  for (const document of documents) {
    const { kind, spec } = document;
    const selectors = {
      Service: { matchLabels: spec?.selector },
      PodDisruptionBudget: spec?.selector,
      NetworkPolicy: spec?.podSelector,
      Deployment: spec?.selector,
      StatefulSet: spec?.selector,
    };
    if (!(kind in selectors)) continue;
    const found = all.filter(({ labels }) => labelled(selectors[kind], labels));
    if (found.length === 0) faults.push(`${nameOf(document)}: it selects nobody`);
    if (kind === "Service")
      for (const { targetPort } of spec.ports)
        for (const { ports, document: pod } of found)
          if (ports && !ports.some(({ name, containerPort }) => targetPort === name || targetPort === containerPort))
            faults.push(`${nameOf(document)}: ${nameOf(pod)} has no port ${targetPort}`);
    if (kind === "NetworkPolicy")
      for (const word of (spec.podSelector.matchExpressions ?? []).flatMap(({ key, values }) =>
        values.map((value) => ({ matchLabels: { [key]: value } })),
      ))
        if (!all.some(({ labels }) => labelled(word, labels)))
          faults.push(`${nameOf(document)}: nobody is ${Object.values(word.matchLabels)[0]}`);
  }
  return faults;
}

/** A budget for whatever there is more than one of, and not two, which would stop every eviction. */
function budgeted(documents, all) {
  const scaled = documents.filter(({ kind }) => kind === "ScaledObject").map(({ spec }) => spec.scaleTargetRef?.name);
  const budgets = documents.filter(({ kind }) => kind === "PodDisruptionBudget");
  return all.flatMap(({ document, labels }) => {
    const { length } = budgets.filter(({ spec }) => labelled(spec.selector, labels));
    if (length > 1) return [`${nameOf(document)}: ${length} budgets for disruptions`];
    const many = (document.spec.replicas ?? 1) > 1 || scaled.includes(document.metadata.name);
    return many && length === 0 ? [`${nameOf(document)}: no budget for disruptions`] : [];
  });
}

/** KEDA looks a host up from its own namespace. So each URL that a trigger is given names the host's. */
function asked(documents, documentation) {
  const secrets = documents
    .filter(({ kind }) => kind === "TriggerAuthentication")
    .flatMap(({ metadata, spec }) =>
      spec.secretTargetRef
        .filter(({ parameter }) => parameter === "host")
        .map(({ name, key }) => ({ name, key, namespace: metadata.namespace })),
    );
  const certified = documents.filter(({ kind }) => kind === "Certificate").flatMap(({ spec }) => spec.dnsNames ?? []);
  return secrets.flatMap(({ name, key, namespace }) => {
    // The last way that is described is that of production; one command may have several lines.
    const command = documentation.split(`secret generic ${name} `).at(-1).split(/[^\\]\n/)[0];
    const host = command.match(new RegExp(`--from-literal=${key}=[a-z]+://[^@\\s]*@([^:/\\s]+)`))?.[1];
    if (!host?.endsWith(`.${namespace}.svc`))
      return [`Secret/${name}: KEDA does not find ${host}, which has no .${namespace}.svc`];
    return certified.includes(host) ? [] : [`Secret/${name}: no certificate is for ${host}`];
  });
}

/** Ways whose address is in a secret, or in RabbitMQ's own configuration. */
const unwritten = [
  ["write-service", "rabbitmq", [5671, 5672]],
  ["fleet-service", "rabbitmq", [5671, 5672]],
  ["read-service", "rabbitmq", [5671, 5672]],
  ["rabbitmq", "auth-service", [9406]],
  ...["auth-service", "read-service", "rollup-worker", "alert-worker"].map((name) => [name, "postgres", [5432]]),
];

/** Whoever is told an address in this overlay may go there, and is let in there. */
function ways(documents, all) {
  const policies = documents.filter(({ kind }) => kind === "NetworkPolicy").map(({ spec }) => spec);
  const has = (ports, port) => !ports || ports.some((one) => one.port === port);
  const peer = (peers, pod) =>
    !peers ||
    peers.some(
      ({ podSelector, namespaceSelector }) => podSelector && !namespaceSelector && labelled(podSelector, pod.labels),
    );
  const passes = (rules, from, way, pod, port) =>
    rules.some(
      (policy) =>
        labelled(policy.podSelector, from.labels) &&
        (policy[way] ?? []).some((rule) => has(rule.ports, port) && peer(rule[way === "egress" ? "to" : "from"], pod)),
    );
  const faults = [];
  const named = (name) => all.filter(({ labels }) => labels["app.kubernetes.io/name"] === name);
  const both = (pod, name, port) => {
    for (const other of named(name)) {
      if (!passes(policies, pod, "egress", other, port))
        faults.push(`${nameOf(pod.document)}: no policy lets it go to ${name}:${port}`);
      if (!passes(policies, other, "ingress", pod, port))
        faults.push(`${nameOf(pod.document)}: ${name}:${port} does not let it in`);
    }
  };
  const withTls = documents.some(({ kind }) => kind === "Certificate");
  for (const [from, to, ports] of unwritten)
    for (const pod of named(from)) both(pod, to, withTls ? ports[0] : ports.at(-1));
  for (const pod of all.filter(({ spec }) => spec)) {
    const maps = pod.spec.containers
      .flatMap(({ envFrom }) => envFrom ?? [])
      .map(({ configMapRef }) => configMapRef?.name);
    const values = documents
      .filter(({ kind, metadata }) => kind === "ConfigMap" && maps.includes(metadata.name))
      .flatMap(({ data }) => Object.values(data));
    for (const [, host, number] of values.join("\n").matchAll(/:\/\/([a-z0-9-]+):(\d+)/g)) {
      const service = documents.find(({ kind, metadata }) => kind === "Service" && metadata.name === host);
      const name =
        service?.metadata.name ??
        all.find(({ document }) => document.kind === "RabbitmqCluster" && document.metadata.name === host)?.document
          .metadata.name;
      if (!name) {
        faults.push(`${nameOf(pod.document)}: it is told of ${host}, and there is no such service`);
        continue;
      }
      both(pod, name, Number(number));
    }
  }
  return faults;
}

/** A worker for each part, and no more. */
function parts(documents) {
  return documents
    .filter(({ kind, metadata }) => kind === "StatefulSet" && metadata.name === "rollup-worker")
    .flatMap((document) => {
      const told = document.spec.template.spec.containers[0].env.find(
        ({ name }) => name === "WATTLINE__ROLLUP__PARTS",
      )?.value;
      return told === String(document.spec.replicas)
        ? []
        : [`${nameOf(document)}: ${document.spec.replicas} replicas for ${told} parts`];
    });
}

/** A trigger for each queue. Without a number there are four of them (`rabbitmq.queues`). */
function queues(documents) {
  const told =
    documents.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith("write-service"))?.data
      .WATTLINE__RABBITMQ__QUEUES ?? "4";
  const expected = Array.from({ length: Number(told) }, (_, shard) => `telemetry.${shard}`).join(" ");
  return documents
    .filter(({ kind }) => kind === "ScaledObject")
    .flatMap((document) => {
      const watched = document.spec.triggers.map(({ metadata }) => metadata.queueName).join(" ");
      return watched === expected ? [] : [`${nameOf(document)}: it watches ${watched}, and there are ${expected}`];
    });
}
