// Whether documents are what Kubernetes, KEDA and cert-manager take. Their types are written down for TypeScript, from the
// schemas that they publish; a document is an object literal, and with those the compiler is strict: unknown fields, wrong
// types, what is missing and words that are not in a list are all faults. Nothing of those packages is run, so it does not matter
// that they want a newer Node.

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const folder = dirname(fileURLToPath(import.meta.url));
const packages = ["kubernetes-models", "@kubernetes-models/keda", "@kubernetes-models/cert-manager"];

// No package has types of these: only what is said of them elsewhere is checked.
export const unknown = ["rabbitmq.com/v1beta1 RabbitmqCluster"];

export const nameOf = (document) => `${document.kind}/${document.metadata?.name}`;

/** One sentence for each fault. */
export function faultsOfTypes(documents) {
  const faults = [];
  const typed = documents.flatMap((document) => {
    const { apiVersion, kind } = document;
    const from = packages
      .map((name) => `${name}/${apiVersion}/${kind}`)
      .find((path) => existsSync(join(folder, "node_modules", `${path}.d.ts`)));
    // The types remember what Kubernetes has given up since.
    if (from?.startsWith("kubernetes-models/") && /alpha|beta/.test(apiVersion))
      faults.push(`${nameOf(document)}: ${apiVersion} is not for good`);
    if (from) return [{ document, from }];
    if (!unknown.includes(`${apiVersion} ${kind}`))
      faults.push(`${nameOf(document)}: nobody knows ${apiVersion} ${kind}`);
    return [];
  });
  return faults.concat(compiled(typed));
}

// What does not change is read once.
const read = new Map();

function compiled(typed) {
  const file = join(folder, "documents.ts");
  const lines = typed.map(
    ({ document, from }, n) =>
      `export const d${n}: import(${JSON.stringify(from)}).I${document.kind} = ${JSON.stringify(document)};`,
  );
  const options = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ES2022,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, ...rest) => {
    if (name === file) return ts.createSourceFile(name, lines.join("\n"), options.target);
    if (!read.has(name)) read.set(name, getSourceFile(name, ...rest));
    return read.get(name);
  };
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const words = ts.flattenDiagnosticMessageText(diagnostic.messageText, " ").replaceAll(/\s+/g, " ");
    if (diagnostic.file?.fileName !== file) return words;
    const { line, character } = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start);
    // Where in the document it is: the text from there on.
    return `${nameOf(typed[line].document)}: at ${lines[line].slice(character, character + 40)}…: ${words}`;
  });
}
