// Whether what watches the production overlay knows it: a job for each service, by a name that its certificate has, and as many
// replicas expected as there are.

const made = ["Deployment", "StatefulSet", "RabbitmqCluster"];

/** `prometheus` and `expected` are the files of deploy/monitoring/kubernetes, `rules` the names of all that are mounted. */
export function faultsOfMonitoring(documents, { prometheus, expected, mounted, rules }) {
  return [
    ...replicas(documents, expected),
    ...jobs(documents, prometheus),
    ...rules.filter((name) => !mounted.includes(name)).map((name) => `rules/${name} is not mounted`),
    ...limits(expected),
  ];
}

/** How many of each are always there: of what scales by itself the smallest number. */
function replicas(documents, expected) {
  const least = Object.fromEntries(
    documents
      .filter(({ kind }) => kind === "ScaledObject")
      .map(({ spec }) => [spec.scaleTargetRef.name, spec.minReplicaCount]),
  );
  const said = Object.fromEntries(
    expected.groups
      .flatMap(({ rules }) => rules)
      .filter(({ record }) => record === "wattline:replicas:expected")
      .map(({ labels, expr }) => [labels.job, Number(expr.match(/^vector\((\d+)\)$/)?.[1])]),
  );
  return documents
    .filter(({ kind }) => made.includes(kind))
    .flatMap(({ metadata: { name }, spec }) => {
      const there = least[name] ?? spec.replicas ?? 1;
      return said[name] === there ? [] : [`${name}: ${said[name]} are expected, and there are ${there}`];
    });
}

function jobs(documents, prometheus) {
  const names = documents.filter(({ kind }) => kind === "Certificate").flatMap(({ spec }) => spec.dnsNames ?? []);
  const found = prometheus.scrape_configs.filter(({ kubernetes_sd_configs: pods }) => pods);
  return [
    ...documents
      .filter(({ kind, metadata }) => made.includes(kind) && !found.some((job) => job.job_name === metadata.name))
      .map(({ metadata }) => `${metadata.name}: nobody asks it for figures`),
    ...found
      .filter(({ tls_config: tls }) => !names.includes(tls?.server_name))
      .map(({ job_name: name, tls_config: tls }) => `job ${name}: no certificate is for ${tls?.server_name}`),
    ...found.filter(({ scheme }) => scheme !== "https").map(({ job_name: name }) => `job ${name}: not by HTTPS`),
  ];
}

/** What the rules compare with has to be there, or they say nothing. */
function limits(expected) {
  const records = expected.groups.flatMap(({ rules }) => rules).map(({ record }) => record);
  return ["queue_containers", "dead_letters", "store_disk_bytes", "front_ports"]
    .map((name) => `wattline:${name}:limit`)
    .filter((name) => !records.includes(name))
    .map((name) => `${name} is not in expected.yml`);
}
