// Drives a real browser through the page. Without WATTLINE_URL it serves dist/ with the mock itself.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { checkAccount } from './account.mjs';
import { checkData } from './data.mjs';
import { visitAlerts } from './alerts.mjs';
import { camera, Checks, expect, measureBytes } from './checks.mjs';
import { visitCosts } from './costs.mjs';
import { checkFault } from './fault.mjs';
import { walkHistory } from './history.mjs';
import { checkHousehold } from './household.mjs';
import { checkKeys, checkMotion } from './keys.mjs';
import { checkGerman } from './language.mjs';
import { startMock } from './mock-server.mjs';
import { visitNewScreens } from './new-screens.mjs';
import { checkHomes, checkStillness, checkWall, visitMainScreens } from './main-screens.mjs';
import { checkOffline } from './offline.mjs';
import { checkOutside } from './outside.mjs';
import { checkPairing } from './pairing.mjs';
import { checkProviders } from './providers.mjs';
import { logIn, newPage, open } from './screen.mjs';
import { visitSettings } from './settings.mjs';
import { visitSockets } from './sockets.mjs';
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
  /** Whether the simulated home is behind the page, with all that is known of it. */
  mock: mock !== null,
  shoot: camera(env.WATTLINE_SHOTS),
  newContext: (view, extra = {}) =>
    browser.newContext({
      viewport: view.viewport,
      colorScheme: view.theme,
      deviceScaleFactor: view.touch ? 2 : 1,
      hasTouch: view.touch,
      isMobile: view.touch,
      locale: 'en-GB',
      // Only where it is the matter: a page served from its worker says nothing of the server.
      serviceWorkers: 'block',
      ...extra,
    }),
};

async function weigh() {
  const context = await run.newContext(DESKTOP);
  const page = await newPage(context);
  await page.goto(run.base);
  await logIn(page, run.login);
  for (const path of ['/', '/history', '/sockets', '/costs', '/alerts', '/settings', '/settings/people', '/settings/you']) {
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
  // Its months and comparisons are those of the mock's home.
  if (mock) for (const view of VIEWS) await walkHistory(run, view);
  for (const view of VIEWS) {
    await visitSockets(run, view);
    await visitCosts(run, view);
    await visitAlerts(run, view);
    await visitSettings(run, view);
  }
  if (mock) {
    // They take letters that are shown, and people who are made for them.
    for (const view of VIEWS) await visitNewScreens(run, view);
    for (const view of VIEWS) await visitMainScreens(run, view);
    await checkHomes(run, DESKTOP);
    for (const view of VIEWS.filter((one) => one.thorough)) {
      await checkOutside(run, view);
      await checkProviders(run, view);
      await checkAccount(run, view);
      await checkData(run, view);
      await checkHousehold(run, view);
      await checkPairing(run, view);
    }
  }
  for (const view of VIEWS.filter((one) => one.thorough)) await checkFault(run, view);
  for (const view of [PHONE, DESKTOP]) await checkStillness(run, view);
  await checkWall(run, DESKTOP);
  await checkOffline(run, PHONE);
  await checkGerman(run, PHONE);
  await checkKeys(run, DESKTOP);
  await checkMotion(run, PHONE);
  await weigh();
} finally {
  await browser.close();
  mock?.stop();
}
process.exit(checks.summary() ? 0 : 1);
