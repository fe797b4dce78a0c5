// Drives a real browser through the page. Without WATTLINE_URL it serves dist/ with the mock itself.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { camera, Checks, expect, measureBytes } from './checks.mjs';
import { checkKeys, checkMotion } from './keys.mjs';
import { checkGerman } from './language.mjs';
import { startMock } from './mock-server.mjs';
import { logIn, newPage, open } from './screen.mjs';
import { walk } from './walk.mjs';

const env = process.env;
const mock = env.WATTLINE_URL ? null : await startMock();
const LIMIT_BYTES = 120_000;

const VIEWS = [
  { name: 'phone', theme: 'light', viewport: { width: 390, height: 844 }, touch: true, thorough: true },
  { name: 'phone', theme: 'dark', viewport: { width: 390, height: 844 }, touch: true },
  { name: 'desktop', theme: 'light', viewport: { width: 1280, height: 800 }, touch: false },
  { name: 'desktop', theme: 'dark', viewport: { width: 1280, height: 800 }, touch: false, thorough: true },
];
const [PHONE, , DESKTOP] = VIEWS;

const browser = await chromium.launch({
  executablePath: env.WATTLINE_CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});

const checks = new Checks();
const run = {
  base: (env.WATTLINE_URL ?? mock.url).replace(/\/$/, ''),
  login: { email: env.WATTLINE_EMAIL ?? 'demo@example.org', password: env.WATTLINE_PASSWORD ?? 'demo' },
  axe: readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'),
  checks,
  shoot: camera(env.WATTLINE_SHOTS),
  newContext: (view, extra = {}) =>
    browser.newContext({
      viewport: view.viewport,
      colorScheme: view.theme,
      deviceScaleFactor: view.touch ? 2 : 1,
      hasTouch: view.touch,
      isMobile: view.touch,
      locale: 'en-GB',
      ...extra,
    }),
};

async function weigh() {
  const context = await run.newContext(DESKTOP);
  const page = await newPage(context);
  await page.goto(run.base);
  await logIn(page, run.login);
  for (const path of ['/', '/today']) {
    await checks.check(`first load of ${path} stays below ${LIMIT_BYTES / 1000} kB`, async () => {
      const bytes = await measureBytes(page, () => open(page, run.base + path));
      expect(bytes > 20_000 && bytes < LIMIT_BYTES, `${bytes} bytes`);
      return `${(bytes / 1000).toFixed(1)} kB on the wire`;
    });
  }
  await context.close();
}

try {
  for (const view of VIEWS) await walk(run, view);
  await checkGerman(run, PHONE);
  await checkKeys(run, DESKTOP);
  await checkMotion(run, PHONE);
  await weigh();
} finally {
  await browser.close();
  mock?.stop();
}
process.exit(checks.summary() ? 0 : 1);
