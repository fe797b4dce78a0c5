// Takes the pictures of the README. Without WATTLINE_URL they show the mock's home; `cargo xtask demo` has a real one.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { startMock } from './mock-server.mjs';
import { logIn, newPage, open, ready } from './screen.mjs';

const env = process.env;
const folder = env.WATTLINE_PICTURES ?? join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..', 'docs', 'images');
const lastMonth = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() - 1, 1)).toISOString().slice(0, 10);

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const DESKTOP = { viewport: { width: 1280, height: 860 } };

/** Name, place, and what differs from an English phone in the light palette. */
const PICTURES = [
  ['now-phone-light', '/'],
  ['history-phone-light', `/history/month/${lastMonth}`],
  ['costs-phone-light', '/costs'],
  ['sockets-phone-dark', '/sockets', { colorScheme: 'dark' }],
  ['alerts-phone-light', '/alerts'],
  ['settings-phone-light', '/settings/alerts'],
  ['hub-phone-dark', '/settings/hubs?code=ABCD-EFGH', { colorScheme: 'dark' }],
  ['costs-phone-de-light', '/costs', { locale: 'de-DE' }],
  ['history-desktop-dark', `/history/month/${lastMonth}?compare=previous`, { ...DESKTOP, colorScheme: 'dark' }],
];

/** Lossless pictures of a page with two pixels for each would be three times as large. */
async function picture(page, path) {
  const client = await page.context().newCDPSession(page);
  const { data } = await client.send('Page.captureScreenshot', { format: 'webp', quality: 86 });
  writeFileSync(path, Buffer.from(data, 'base64'));
}

const mock = env.WATTLINE_URL ? null : await startMock();
const base = (env.WATTLINE_URL ?? mock.url).replace(/\/$/, '');
const login = { email: env.WATTLINE_EMAIL ?? 'demo@example.org', password: env.WATTLINE_PASSWORD ?? 'demo' };
const browser = await chromium.launch({ executablePath: env.WATTLINE_CHROMIUM ?? '/usr/bin/chromium', args: ['--headless', '--no-sandbox', '--disable-gpu'] });
mkdirSync(folder, { recursive: true });
try {
  for (const [name, place, extra = {}] of PICTURES) {
    const screen = 'viewport' in extra ? {} : PHONE;
    const context = await browser.newContext({ locale: 'en-GB', serviceWorkers: 'block', ...screen, ...extra });
    const page = await newPage(context);
    await open(page, base);
    await logIn(page, login);
    await open(page, base + place);
    // A focus ring and a pointer's hover are of the moment.
    await page.evaluate(() => document.activeElement?.blur());
    await ready(page);
    await picture(page, join(folder, `${name}.webp`));
    await context.close();
  }
} finally {
  await browser.close();
  mock?.stop();
}
