// What the build knows of its own files: which of them each screen needs, and which the worker keeps.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ui = join(dirname(fileURLToPath(import.meta.url)), '..');
export const SCREENS = join(ui, 'node_modules', '.wattline', 'screens.json');
const PUBLIC = ['theme.js', 'favicon.svg', 'manifest.webmanifest'];
export const WORKER = 'sw.js';

/** A chunk with everything it imports at once, styles included. */
function withImports(bundle, name, found = new Set()) {
  const chunk = bundle[name];
  if (!chunk || found.has(name)) return found;
  found.add(name);
  for (const css of chunk.viteMetadata?.importedCss ?? []) found.add(css);
  for (const next of chunk.imports ?? []) withImports(bundle, next, found);
  return found;
}

/** Writes down for `npm run size` what the start and each screen need. */
export function noteScreens(bundle) {
  const chunks = Object.values(bundle).filter((one) => one.type === 'chunk');
  const entry = chunks.find((one) => one.isEntry && one.fileName !== WORKER);
  const needs = (chunk) => [...withImports(bundle, chunk.fileName)];
  const screens = chunks
    .filter((one) => entry.dynamicImports.includes(one.fileName) && one.facadeModuleId?.includes('/src/screens/'))
    .map((one) => [one.name === 'StackedDay' ? 'Now with its chart' : one.name, needs(one)]);
  // A part of a screen that comes when it is opened, at an address of its own.
  for (const [screen, names] of [...screens]) {
    const own = chunks.find((one) => names[0] === one.fileName);
    for (const part of chunks.filter((one) => own?.dynamicImports.includes(one.fileName) && one.facadeModuleId?.includes('/src/screens/'))) {
      screens.push([`${screen}, ${part.name}`, [...new Set([...names, ...needs(part)])]]);
    }
  }
  mkdirSync(dirname(SCREENS), { recursive: true });
  writeFileSync(SCREENS, JSON.stringify({ start: needs(entry), screens: Object.fromEntries(screens) }, null, 2));
}

/** Tells the worker the files of the page, and a version that is another one when any of them is. */
export function fillWorker(bundle, html) {
  const assets = Object.keys(bundle).filter((name) => name.startsWith('assets/')).sort();
  const shell = ['/', ...[...PUBLIC, ...assets].map((name) => `/${name}`)];
  const hash = createHash('sha256').update(html).update(assets.join());
  for (const name of PUBLIC) hash.update(readFileSync(join(ui, 'public', name)));
  const worker = bundle[WORKER];
  worker.code = worker.code
    .replaceAll('__SHELL__', JSON.stringify(shell))
    .replaceAll('__VERSION__', JSON.stringify(hash.digest('hex').slice(0, 12)));
}
