// What a first visit transfers: the page, what it names, and the code of the Today screen, which is the heaviest start.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const LIMIT_KB = 120;
const dist = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist');
const html = readFileSync(join(dist, 'index.html'), 'utf8');
const named = [...html.matchAll(/(?:src|href)="\/([^"]+)"/g)].map((match) => match[1]);
const first = new Set(['index.html', ...named]);
const later = readdirSync(join(dist, 'assets')).map((name) => `assets/${name}`).filter((name) => !first.has(name));

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

const start = table('first load of Now', first);
const rest = table('loaded with Today', later);
const total = (start + rest) / 1000;
process.stdout.write(`first load of Today: ${total.toFixed(1)} kB of at most ${LIMIT_KB} kB\n`);
if (total > LIMIT_KB) process.exit(1);
