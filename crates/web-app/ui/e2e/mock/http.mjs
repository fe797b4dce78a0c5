// Answers: JSON, problems, and the files of dist/ under the same policy as the real server's.
import { createReadStream, existsSync } from 'node:fs';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGzip, gzipSync } from 'node:zlib';

const DIST = process.env.WATTLINE_DIST ?? join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'dist');
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};
const PACKED = new Set(['.woff2', '.png']);

export function json(request, response, status, body, headers = {}) {
  const type = status >= 400 ? 'application/problem+json' : 'application/json';
  const text = body === undefined ? '' : JSON.stringify(status >= 400 ? { type: 'about:blank', status, ...body } : body);
  const gzip = text.length > 1000 && /gzip/.test(request.headers['accept-encoding'] ?? '');
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', ...(gzip && { 'content-encoding': 'gzip' }), ...headers });
  response.end(gzip ? gzipSync(text) : text);
}

export const problem = (title, detail) => ({ title, detail });

export async function body(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return JSON.parse(text || '{}');
}

export function file(request, response, url) {
  const asked = normalize(join(DIST, decodeURIComponent(url.pathname)));
  const there = asked.startsWith(DIST) && extname(asked) && existsSync(asked);
  if (!there && url.pathname.startsWith('/assets/')) return json(request, response, 404, problem('Not found', 'There is no such file.'));
  const found = there ? asked : join(DIST, 'index.html');
  const type = TYPES[extname(found)] ?? 'application/octet-stream';
  const gzip = !PACKED.has(extname(found)) && /gzip/.test(request.headers['accept-encoding'] ?? '');
  const isPart = url.pathname.startsWith('/assets/');
  response.writeHead(200, {
    'content-type': type,
    // Parts obey the policy of their page.
    ...(!isPart && { 'content-security-policy': CSP }),
    'x-content-type-options': 'nosniff',
    'cache-control': isPart ? 'public, max-age=31536000, immutable' : 'no-cache',
    ...(gzip && { 'content-encoding': 'gzip' }),
  });
  const stream = createReadStream(found);
  (gzip ? stream.pipe(createGzip()) : stream).pipe(response);
}
