// What a first visit transfers: the page, what it names, and the code of the screen one arrives at. Each screen is
// weighed; the heaviest one decides.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { SCREENS } from './bundle.mjs';

const LIMIT_KB = 120;
const dist = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist');
const html = readFileSync(join(dist, 'index.html'), 'utf8');
const { start, screens } = JSON.parse(readFileSync(SCREENS, 'utf8'));
// Icons and the manifest are fetched by whoever installs the page, not by a visit.
const named = [...html.matchAll(/(?:src|href)="\/([^"]+)"/g)].map(([, name]) => name).filter((name) => !/\.(png|webmanifest)$/.test(name));
const first = new Set(['index.html', ...named, ...start]);

const kb = (bytes) => (bytes / 1000).toFixed(1).padStart(7);
const weigh = (name) => {
  const bytes = readFileSync(join(dist, name));
  // Fonts are compressed already.
  return name.endsWith('.woff2') ? bytes.length : gzipSync(bytes, { level: 9 }).length;
};
function table(title, names) {
  let sum = 0;
  process.stdout.write(`${title}\n`);
  for (const name of names) {
    const bytes = weigh(name);
    sum += bytes;
    process.stdout.write(`${kb(bytes)} kB  ${name}\n`);
  }
  process.stdout.write(`${kb(sum)} kB  sum\n\n`);
  return sum;
}

const begin = table('first load of Now', first);
const totals = [['Now', begin]];
for (const [screen, names] of Object.entries(screens)) {
  totals.push([screen, begin + table(`more for ${screen}`, names.filter((name) => !first.has(name)))]);
}
for (const [screen, bytes] of totals) process.stdout.write(`${kb(bytes)} kB  first load of ${screen}\n`);
const [heaviest, most] = totals.reduce((a, b) => (b[1] > a[1] ? b : a));
process.stdout.write(`\nheaviest: ${heaviest}, ${(most / 1000).toFixed(1)} kB of at most ${LIMIT_KB} kB\n`);
if (most > LIMIT_KB * 1000) process.exit(1);
