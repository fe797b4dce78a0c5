// Serves dist/ under the strict Content-Security-Policy and plays the API with a simulated home. A tool for
// development and for the browser tests; nothing of it is shipped.
import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGzip, gzipSync } from 'node:zlib';
import { hubs, joules, sockets, TICK_S, ZONE } from './mock-home.mjs';

const DIST = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist');
const CSP =
  "default-src 'self'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
const BUCKETS = { tick: TICK_S, '15m': 900, '1h': 3600, '1d': 86_400 };
const people = {
  'demo@example.org': { name: 'Robin Demo', id: 'h-demo', household: 'Home' },
  'empty@example.org': { name: 'Kim Neu', id: 'h-empty', household: 'New flat' },
  'silent@example.org': { name: 'Alex Still', id: 'h-silent', household: 'Cabin' },
};
const cache = new Map();

const reference = (email) => ({ id: people[email].id, name: people[email].household, zone: ZONE, role: 'owner' });
const sessionOf = (email) => ({
  person: { id: `p-${email}`, email, name: people[email].name },
  households: [reference(email)],
  expires_at: new Date(Date.now() + 864e5).toISOString(),
});

function usage(id, query) {
  const step = BUCKETS[query.get('bucket')];
  const from = Math.floor(Date.parse(query.get('from')) / 1000 / step) * step;
  const to = Math.ceil(Date.parse(query.get('to')) / 1000 / step) * step;
  const now = Math.floor(Date.now() / 1000 / TICK_S) * TICK_S;
  const [hub, number] = [query.get('hub'), query.get('socket')];
  const key = `${id} ${from} ${to} ${step} ${hub} ${number}`;
  if (to <= now && cache.has(key)) return cache.get(key);
  const starts = [];
  for (let t = from; t < to; t += step) starts.push(t);
  const total = { energy_j: starts.map(() => null), coverage: starts.map(() => 0), total_j: 0, total_coverage: 0 };
  const rows = [];
  const past = Math.max(1, (Math.min(now, to) - from) / TICK_S);
  const asked = sockets.filter((s) => (hub === null || s.hub === hub) && (number === null || s.number === Number(number)));
  for (const socket of id === 'h-demo' ? asked : []) {
    const row = { hub: socket.hub, socket: socket.number, energy_j: [], coverage: [], total_j: 0, total_coverage: 0, peak_w: null };
    let measured = 0;
    for (const start of starts) {
      let sum = null;
      let count = 0;
      for (let t = start; t < Math.min(start + step, now); t += TICK_S) {
        const j = joules(socket, t);
        if (j === null) continue;
        sum = (sum ?? 0) + j;
        count++;
        row.peak_w = Math.max(row.peak_w ?? 0, j / TICK_S);
      }
      measured += count;
      row.energy_j.push(sum);
      // Of what has already happened of the bucket, like the real one.
      row.coverage.push(count === 0 ? 0 : (count * TICK_S) / Math.min(step, now - start));
      row.total_j += sum ?? 0;
    }
    row.total_coverage = measured / past;
    if (measured > 0) rows.push(row);
  }
  for (const row of rows) {
    row.energy_j.forEach((j, i) => {
      if (j !== null) total.energy_j[i] = (total.energy_j[i] ?? 0) + j;
      total.coverage[i] += row.coverage[i] / rows.length;
    });
    total.total_j += row.total_j;
    total.total_coverage += row.total_coverage / rows.length;
  }
  const iso = (t) => new Date(t * 1000).toISOString();
  const answer = { household: id, zone: ZONE, bucket: query.get('bucket'), from: iso(from), to: iso(to), starts, sockets: rows, total };
  cache.set(key, answer);
  return answer;
}

function live(id, request, response) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(': hello\n\n');
  let sent = 0;
  const send = () => {
    const at = Math.floor(Date.now() / 1000 / TICK_S) * TICK_S - TICK_S;
    if (at === sent || id !== 'h-demo') return;
    sent = at;
    for (const hub of hubs) {
      const energy = sockets.filter((s) => s.hub === hub.id).map((s) => [s.number, joules(s, at)]);
      const energy_j = Object.fromEntries(energy.filter(([, j]) => j !== null));
      response.write(`event: tick\ndata: ${JSON.stringify({ hub: hub.id, at, tick_s: TICK_S, energy_j })}\n\n`);
    }
  };
  const timer = setInterval(send, 1000);
  const alive = setInterval(() => response.write(': alive\n\n'), 15_000);
  send();
  request.on('close', () => {
    clearInterval(timer);
    clearInterval(alive);
  });
}

function json(request, response, status, body, headers = {}) {
  const type = status >= 400 ? 'application/problem+json' : 'application/json';
  const text = body === undefined ? '' : JSON.stringify(body);
  const gzip = text.length > 1000 && /gzip/.test(request.headers['accept-encoding'] ?? '');
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', ...(gzip && { 'content-encoding': 'gzip' }), ...headers });
  response.end(gzip ? gzipSync(text) : text);
}

const problem = (status, title, detail) => ({ type: 'about:blank', title, status, detail });

async function body(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return JSON.parse(text || '{}');
}

async function api(request, response, url) {
  const email = decodeURIComponent(/session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '');
  if (url.pathname === '/api/session') {
    if (request.method === 'POST') {
      const { email: given, password } = await body(request);
      if (!people[given] || password === 'wrong') return json(request, response, 401, problem(401, 'Unauthorized', 'Wrong e-mail or password.'));
      const cookie = `session=${encodeURIComponent(given)}; Path=/; HttpOnly; SameSite=Lax`;
      return json(request, response, 201, sessionOf(given), { 'set-cookie': cookie });
    }
    if (request.method === 'DELETE') {
      response.writeHead(204, { 'set-cookie': 'session=; Path=/; Max-Age=0' });
      return response.end();
    }
  }
  if (!people[email]) return json(request, response, 401, problem(401, 'Unauthorized', 'Log in first.'));
  if (url.pathname === '/api/session') return json(request, response, 200, sessionOf(email));
  const [, id, rest] = /^\/api\/households\/([^/]+)(\/.*)?$/.exec(url.pathname) ?? [];
  if (id !== people[email].id) return json(request, response, 404, problem(404, 'Not found', 'No such household.'));
  if (!rest) return json(request, response, 200, { ...reference(email), hubs: id === 'h-empty' ? [] : hubs });
  if (rest === '/usage') return json(request, response, 200, usage(id, url.searchParams));
  if (rest === '/live') return live(id, request, response);
  return json(request, response, 404, problem(404, 'Not found', 'No such path.'));
}

function file(request, response, url) {
  const asked = normalize(join(DIST, decodeURIComponent(url.pathname)));
  const found = asked.startsWith(DIST) && extname(asked) && existsSync(asked) ? asked : join(DIST, 'index.html');
  const type = TYPES[extname(found)] ?? 'application/octet-stream';
  const gzip = extname(found) !== '.woff2' && /gzip/.test(request.headers['accept-encoding'] ?? '');
  response.writeHead(200, {
    'content-type': type,
    'content-security-policy': CSP,
    'x-content-type-options': 'nosniff',
    'cache-control': url.pathname.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    ...(gzip && { 'content-encoding': 'gzip' }),
  });
  const stream = createReadStream(found);
  (gzip ? stream.pipe(createGzip()) : stream).pipe(response);
}

export function startMock(port = 0) {
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost');
    if (!url.pathname.startsWith('/api')) return file(request, response, url);
    api(request, response, url).catch((error) => json(request, response, 500, problem(500, 'Error', String(error))));
  });
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => {
      const stop = () => {
        server.closeAllConnections();
        server.close();
      };
      resolve({ url: `http://127.0.0.1:${server.address().port}`, stop });
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await startMock(Number(process.env.PORT ?? 8080));
  process.stdout.write(`mock at ${url}, log in as ${Object.keys(people).join(', ')} with any password but "wrong"\n`);
}
