// Serves dist/ under the strict Content-Security-Policy and plays the API with a simulated home. A tool for
// development and for the browser tests; nothing of it is shipped.
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { accountRequest, begin, isEnded, logIn } from './mock/account.mjs';
import { alertRequest } from './mock/alerts.mjs';
import { archiveRequest, dataRequest, householdDeletion } from './mock/data.mjs';
import { body, file, json, problem } from './mock/http.mjs';
import { bills, duration, exported, sockets, today } from './mock/insight.mjs';
import { letterRequest } from './mock/letters.mjs';
import { live } from './mock/live.mjs';
import { membersRequest } from './mock/members.mjs';
import { emailOf, people, reference, roleIn, sessionOf, tokenRequest } from './mock/people.mjs';
import { identityRequest, providerRequest } from './mock/providers.mjs';
import { hubsOf, putHub, putSettings, settingsOf } from './mock/settings.mjs';
import { usage } from './mock/usage.mjs';

const cookieOf = (id) => `session=${id}; Path=/; HttpOnly; SameSite=Lax`;
const unauthorised = problem('Unauthorized', 'Log in first.');

async function session(request, response, email) {
  if (request.method === 'POST') {
    const wish = await body(request);
    const refused = logIn(wish);
    if (refused) return json(request, response, ...refused);
    const { id } = people[wish.email];
    begin(id);
    return json(request, response, 201, sessionOf(wish.email), { 'set-cookie': cookieOf(id) });
  }
  if (request.method === 'DELETE') {
    response.writeHead(204, { 'set-cookie': 'session=; Path=/; Max-Age=0' });
    return response.end();
  }
  if (!email) return json(request, response, 401, unauthorised);
  return json(request, response, 200, sessionOf(email));
}

async function household(request, response, { id, rest, email, query }) {
  const say = ([status, answer, headers]) => json(request, response, status, answer, headers);
  const role = roleIn(email, id);
  const hub = /^\/hubs\/([^/]+)$/.exec(rest ?? '')?.[1];
  const alert = /^\/alerts(\/.*)?$/.exec(rest ?? '');
  if (rest === '/deletion') return say(householdDeletion(id, email, request.method, request.method === 'POST' ? await body(request) : undefined));
  if (alert) return say(alertRequest(id, role, request.method, alert[1] ?? ''));
  if (/^\/(members|invitations|audit|pairings)/.test(rest ?? '') || (hub && request.method === 'DELETE')) {
    const wish = ['POST', 'PUT'].includes(request.method) ? await body(request) : undefined;
    const answer = membersRequest({ id, rest, me: email, method: request.method, wish, origin: originOf(request), query });
    return say(answer ?? [404, problem('Not found', 'No such path.')]);
  }
  if (request.method === 'PUT') {
    if (rest === '/settings') return say(putSettings(id, role, await body(request)));
    if (hub) return say(putHub(id, role, hub, await body(request)));
    return json(request, response, 405, problem('Method not allowed', 'This cannot be done at this address.'));
  }
  switch (rest) {
    case undefined:
      return say([200, { ...reference(email, id), hubs: hubsOf(id) }]);
    case '/usage':
      return say(usage(id, query));
    case '/sockets':
      return say([200, sockets(id)]);
    case '/bills':
      return say([200, bills(id, query)]);
    case '/duration':
      return say([200, duration(id, query)]);
    case '/today':
      return say([200, today(id)]);
    case '/settings':
      return say([200, settingsOf(id)]);
    case '/live':
      return live(id, request, response);
    case '/export': {
      const { refusal, type, text } = exported(id, query);
      if (refusal) return say(refusal);
      const name = `wattline.${query.get('format') ?? 'csv'}`;
      response.writeHead(200, { 'content-type': type, 'content-disposition': `attachment; filename="${name}"` });
      return response.end(text);
    }
    default:
      return json(request, response, 404, problem('Not found', 'No such path.'));
  }
}

const originOf = (request) => `http://${request.headers.host}`;

async function provider(request, response, path) {
  const wish = request.method === 'POST' ? await body(request) : undefined;
  const asked = { path, method: request.method, wish, origin: originOf(request) };
  const [status, answer, who] = providerRequest(asked) ?? [404, problem('Not found', 'No such path.')];
  if (who) begin(people[who].id);
  return json(request, response, status, answer, who ? { 'set-cookie': cookieOf(people[who].id) } : undefined);
}

async function api(request, response, url) {
  const id = /session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
  const email = id && !isEnded(id) ? emailOf(id) : undefined;
  if (url.pathname === '/api/session') return session(request, response, email);
  if (request.method === 'POST') {
    const wish = /^\/api\/(people|confirmations|password-resets|new-passwords|invitations\/\w+)$/.test(url.pathname) ? await body(request) : null;
    const answer = wish && letterRequest(url.pathname, email, originOf(request), wish);
    if (answer) return json(request, response, ...answer);
  }
  if (/^\/api\/(providers|second-steps)/.test(url.pathname)) return provider(request, response, url.pathname);
  if (!email) return json(request, response, 401, unauthorised);
  if (url.pathname === '/api/people/current/archive' && request.method === 'GET') return archiveRequest(email, url.searchParams.get('id'), response);
  const token = /^\/api\/tokens(?:\/([^/]+))?$/.exec(url.pathname);
  const account = /^\/api\/(people\/|sessions|households$)/.test(url.pathname);
  const wish = (token || account) && ['POST', 'PUT'].includes(request.method) ? await body(request) : undefined;
  if (token) return json(request, response, ...tokenRequest(email, request.method, token[1], wish));
  if (account) {
    const asked = { path: url.pathname, method: request.method, me: email, wish, agent: request.headers['user-agent'] ?? '', origin: originOf(request) };
    return json(request, response, ...(dataRequest(asked) ?? identityRequest(asked) ?? accountRequest(asked) ?? [404, problem('Not found', 'No such path.')]));
  }
  const [, home, rest] = /^\/api\/households\/([^/]+)(\/.*)?$/.exec(url.pathname) ?? [];
  if (roleIn(email, home) === undefined) return json(request, response, 404, problem('Not found', 'No such household.'));
  return household(request, response, { id: home, rest, email, query: url.searchParams });
}

export function startMock(port = 0) {
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost');
    if (!url.pathname.startsWith('/api')) return file(request, response, url);
    api(request, response, url).catch((error) => json(request, response, 500, problem('Error', String(error?.stack ?? error))));
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
