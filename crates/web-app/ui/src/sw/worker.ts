// Keeps the page itself, so that it opens without a network. What the page shows is the page's own business: nothing
// under /api is ever looked at here.

declare const self: ServiceWorkerGlobalScope;
/** Filled in by the build: the files of the page, and a name that changes when one of them does. */
declare const __SHELL__: string[];
declare const __VERSION__: string;

const PREFIX = 'wattline-';
const CACHE = PREFIX + __VERSION__;
/** A network that is there and does not answer is none. */
const PATIENCE_MS = 8000;

self.addEventListener('install', (event) => event.waitUntil(fill()));

self.addEventListener('activate', (event) => event.waitUntil(Promise.all([dropOthers(), self.clients.claim()])));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin || url.pathname.startsWith('/api')) return;
  if (request.mode === 'navigate') event.respondWith(page(request));
  else if (__SHELL__.includes(url.pathname)) event.respondWith(kept(request, url.pathname));
});

async function fill(): Promise<void> {
  const cache = await caches.open(CACHE);
  // Names with a hash never change; of the others the newest is wanted.
  await cache.addAll(__SHELL__.map((path) => new Request(path, { cache: path.startsWith('/assets/') ? 'default' : 'reload' })));
}

/** Only once no page of theirs is open: a new worker waits until then. */
async function dropOthers(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)));
}

/** The newest page where the network answers, and else the one that was kept. */
async function page(request: Request): Promise<Response> {
  try {
    return await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch (error) {
    const found = await caches.match('/', { cacheName: CACHE });
    if (!found) throw error;
    return found;
  }
}

async function kept(request: Request, path: string): Promise<Response> {
  return (await caches.match(path, { cacheName: CACHE })) ?? fetch(request);
}

export {};
