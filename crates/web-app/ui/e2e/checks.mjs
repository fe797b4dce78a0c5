import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ready } from './screen.mjs';

/** Counts checks and prints one line for each. */
export class Checks {
  passed = 0;
  failed = 0;

  async check(name, body) {
    try {
      const note = await body();
      this.passed++;
      process.stdout.write(`ok ${this.passed + this.failed} ${name}${note ? ` (${note})` : ''}\n`);
      return true;
    } catch (error) {
      this.failed++;
      const why = String(error?.message ?? error).split('\n').slice(0, 6).join(' | ');
      process.stdout.write(`not ok ${this.passed + this.failed} ${name}: ${why}\n`);
      return false;
    }
  }

  summary() {
    process.stdout.write(`${this.passed} passed, ${this.failed} failed\n`);
    return this.failed === 0;
  }
}

export function expect(condition, message) {
  if (!condition) throw new Error(message);
}

export function camera(folder) {
  if (!folder) return async () => undefined;
  mkdirSync(folder, { recursive: true });
  return async (page, screen, view, { whole = false } = {}) => {
    const size = page.viewportSize();
    await page.evaluate(() => scrollTo(0, 0));
    if (whole) {
      // A window as tall as the page: in a picture put together from parts the tab bar would lie in the middle.
      const height = await page.evaluate(() => document.documentElement.scrollHeight);
      await page.setViewportSize({ width: size.width, height: Math.max(size.height, height) });
    }
    await ready(page);
    await page.screenshot({ path: join(folder, `${screen}-${view.name}-${view.theme}.png`) });
    if (whole) await page.setViewportSize(size);
  };
}

/** Records what must never happen: violations of the policy, errors, requests to another origin. */
export function watch(page, origin) {
  const seen = { csp: [], errors: [], foreign: [] };
  page.on('console', (message) => {
    const text = message.text();
    if (/Content Security Policy/i.test(text)) seen.csp.push(text);
    // A refused log-in is part of the run, and the browser reports it by itself.
    else if (message.type() === 'error' && !/status of 401/.test(text)) seen.errors.push(text);
  });
  page.on('pageerror', (error) => seen.errors.push(error.message));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && url.protocol.startsWith('http')) seen.foreign.push(request.url());
  });
  return seen;
}

/** Bytes on the wire of everything the page loads without the API's answers. */
export async function measureBytes(page, action) {
  const client = await page.context().newCDPSession(page);
  const urls = new Map();
  let bytes = 0;
  client.on('Network.responseReceived', ({ requestId, response }) => urls.set(requestId, response.url));
  client.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const url = urls.get(requestId);
    if (url && !new URL(url).pathname.startsWith('/api/')) bytes += encodedDataLength;
  });
  await client.send('Network.enable');
  await client.send('Network.setCacheDisabled', { cacheDisabled: true });
  await action();
  await client.detach();
  return bytes;
}

/** How many different colours a canvas shows: a chart that was not drawn has one. */
export function canvasColors(page) {
  return page.evaluate(() => {
    const canvas = document.querySelector('[data-testid="chart"] canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const colors = new Map();
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] < 250) continue;
      const color = (data[i] << 16) | (data[i + 1] << 8) | data[i + 2];
      colors.set(color, (colors.get(color) ?? 0) + 1);
    }
    return [...colors.values()].filter((count) => count > 40).length;
  });
}
