// Drives a real browser through the page. Without WATTLINE_URL it serves dist/ with the mock itself.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { camera, canvasColors, Checks, expect, measureBytes, watch } from './checks.mjs';
import { startMock } from './mock-server.mjs';

const env = process.env;
const mock = env.WATTLINE_URL ? null : await startMock();
const base = (env.WATTLINE_URL ?? mock.url).replace(/\/$/, '');
const email = env.WATTLINE_EMAIL ?? 'demo@example.org';
const password = env.WATTLINE_PASSWORD ?? 'demo';
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const LIMIT_BYTES = 120_000;

const VIEWS = [
  { name: 'phone', theme: 'light', viewport: { width: 390, height: 844 }, touch: true, thorough: true },
  { name: 'phone', theme: 'dark', viewport: { width: 390, height: 844 }, touch: true },
  { name: 'desktop', theme: 'light', viewport: { width: 1280, height: 800 }, touch: false },
  { name: 'desktop', theme: 'dark', viewport: { width: 1280, height: 800 }, touch: false, thorough: true },
];

const checks = new Checks();
const shoot = camera(env.WATTLINE_SHOTS);
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

function newContext(view, extra = {}) {
  return browser.newContext({
    viewport: view.viewport,
    colorScheme: view.theme,
    hasTouch: view.touch,
    isMobile: view.touch,
    locale: 'en-GB',
    ...extra,
  });
}

const test = (id) => `[data-testid="${id}"]`;
const text = async (page, id) => (await page.locator(test(id)).textContent())?.trim() ?? '';

async function logIn(page) {
  await page.locator('#email').fill(email);
  await page.locator('#password').fill(password);
  await page.locator('button[type=submit]').click();
  await page.locator(test('home-watts')).or(page.locator('h1')).first().waitFor();
}

async function dayShown(page) {
  await page.locator(`${test('chart')} canvas`).waitFor();
  await page.locator('tbody tr').first().waitFor();
}

/** The sentence about runs of the socket that is shown alone. */
async function runsShown(page) {
  await page.locator(`${test('runs')}[data-runs]`).waitFor();
  return Number(await page.locator(test('runs')).getAttribute('data-runs'));
}

async function walk(view) {
  const title = `${view.name} ${view.theme}:`;
  const check = (name, body) => checks.check(`${title} ${name}`, body);
  const context = await newContext(view);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const seen = watch(page, new URL(base).origin);

  await check('shows the log-in', async () => {
    await page.goto(base);
    await page.locator('#email').waitFor();
    await shoot(page, 'login', view);
  });
  if (view.thorough) {
    await check('a wrong password gets one clear sentence', async () => {
      await page.locator('#email').fill(email);
      await page.locator('#password').fill('wrong');
      await page.locator('button[type=submit]').click();
      const alert = page.getByRole('alert').filter({ hasText: /\w/ });
      await alert.waitFor();
      const sentence = await alert.textContent();
      expect(sentence.trim() === 'Wrong e-mail or password.', `said “${sentence}”`);
      await shoot(page, 'login-error', view);
    });
  }
  await check('logs in and shows the whole home in watts', async () => {
    await logIn(page);
    await page.waitForFunction(() => /\d/.test(document.querySelector('[data-testid="home-watts"]')?.textContent ?? ''), null, {
      timeout: 30_000,
    });
    await page.locator('section li a').first().waitFor();
    expect(/ W · Wattline$/.test((await page.title()).replaceAll('\u00a0', ' ')), `title “${await page.title()}”`);
    await shoot(page, 'now', view, true);
    return await text(page, 'home-watts');
  });
  if (view.thorough) {
    await check('the number changes by itself', async () => {
      const before = await text(page, 'home-watts');
      await page.waitForFunction(
        (old) => document.querySelector('[data-testid="home-watts"]')?.textContent?.trim() !== old,
        before,
        { timeout: 30_000 },
      );
      return `${before} → ${await text(page, 'home-watts')}`;
    });
  }
  await check('opens Today with a drawn chart and a table', async () => {
    await page.getByRole('link', { name: 'Today', exact: true }).locator('visible=true').click();
    await dayShown(page);
    expect(new URL(page.url()).pathname === '/today', page.url());
    const colors = await canvasColors(page);
    expect(colors >= 3, `only ${colors} colours on the canvas`);
    expect(/measured/.test(await text(page, 'coverage')), 'no coverage beside the total');
    await shoot(page, 'today', view);
    return `${await text(page, 'day-total')}, ${colors} colours`;
  });
  await check('arrow keys move the readout, and it is spoken', async () => {
    await page.locator(test('chart')).focus();
    await page.keyboard.press('Home');
    const first = await text(page, 'readout');
    await page.keyboard.press('ArrowRight');
    const second = await text(page, 'readout');
    expect(first !== second && /\d/.test(second), `“${first}” then “${second}”`);
    expect((await text(page, 'spoken')).length > 10, 'nothing in the live region');
    await page.keyboard.press('Escape');
  });
  if (view.touch) {
    await check('a tap on the chart moves the readout', async () => {
      const before = await text(page, 'readout');
      await page.locator(test('chart')).scrollIntoViewIfNeeded();
      const box = await page.locator(test('chart')).boundingBox();
      await page.touchscreen.tap(box.x + box.width * 0.2, box.y + box.height / 2);
      const after = await text(page, 'readout');
      expect(before !== after, `still “${after}”`);
    });
  }
  const fridge = page.locator('tbody button', { hasText: /refrigerator|fridge/i }).first();
  let runsToday = 0;
  await check('the refrigerator alone shows its cycles', async () => {
    await fridge.click();
    runsToday = await runsShown(page);
    await page.locator(`${test('chart')} canvas`).waitFor();
    expect(page.url().includes('socket='), page.url());
    await shoot(page, 'socket', view);
    return await text(page, 'runs');
  });
  await check('Back shows all sockets again', async () => {
    await page.goBack();
    await page.locator(test('day-total')).waitFor();
    await page.goForward();
    await page.locator(test('runs')).waitFor();
  });
  await check('the previous day is reached by its button', async () => {
    const heading = await page.locator('h1').textContent();
    await page.getByRole('button', { name: 'Previous day' }).click();
    await page.waitForFunction((old) => document.querySelector('h1')?.textContent !== old, heading);
    expect(/\/today\/\d{4}-\d\d-\d\d/.test(page.url()), page.url());
    const empty = page.getByText('Nothing was measured on this day').or(page.getByText('was not measured on this day'));
    await page.locator(`${test('runs')}[data-runs]`).or(empty).first().waitFor();
    const shown = (await empty.count()) === 0;
    const runs = shown ? await runsShown(page) : 0;
    expect(Math.max(runs, runsToday) >= 3, `${runs} cycles yesterday, ${runsToday} today`);
    return shown ? await text(page, 'runs') : 'an empty day, and it says so';
  });
  const place = page.url();
  await check('a reload keeps the place', async () => {
    await page.reload();
    await page.locator('h1').filter({ hasText: 'Yesterday' }).waitFor();
    expect(page.url() === place, page.url());
    await shoot(page, 'yesterday-socket', view);
  });
  await check('nothing scrolls sideways at 320 px', async () => {
    const size = page.viewportSize();
    await page.setViewportSize({ width: 320, height: 640 });
    for (const path of ['/', '/today', new URL(place).pathname + new URL(place).search]) {
      await page.goto(base + path);
      await page.locator('section.card').first().waitFor();
      if (path !== '/') await page.locator(`${test('chart')} canvas`).or(page.getByRole('heading', { level: 2 })).first().waitFor();
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width <= 320, `${path} is ${width} px wide`);
    }
    await page.setViewportSize(size);
  });
  await checkAxe(view, check, await context.storageState(), place);
  if (view.thorough) {
    await check('a lost session asks for the log-in and leads back to the place', async () => {
      await page.goto(place);
      await page.locator(`${test('runs')}[data-runs]`).or(page.locator('h2')).first().waitFor();
      await page.locator('tbody tr, .notice').first().waitFor();
      await context.clearCookies();
      await page.getByRole('button', { name: 'Previous day' }).click();
      await page.locator('#email').waitFor();
      const lost = page.url();
      await logIn(page);
      expect(page.url() === lost && lost.includes('/today/'), `${lost}, then ${page.url()}`);
    });
  }
  await check('logs out', async () => {
    await page.getByRole('button', { name: /Account of/ }).click();
    await shoot(page, 'menu', view);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.locator('#email').waitFor();
    await page.goto(base);
    await page.locator('#email').waitFor();
  });
  await check('keeps to the policy, to its origin, and free of errors', () => {
    expect(seen.csp.length === 0, seen.csp.join('; '));
    expect(seen.foreign.length === 0, seen.foreign.join('; '));
    expect(seen.errors.length === 0, seen.errors.join('; '));
  });
  await context.close();
}

/** axe needs its own script on the page, which the policy rightly refuses: hence a context that ignores it. */
async function checkAxe(view, check, storageState, place) {
  const context = await newContext(view, { bypassCSP: true, reducedMotion: 'reduce', storageState });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const run = async () => {
    await page.evaluate(axe);
    const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
    expect(
      found.violations.length === 0,
      found.violations.map((v) => `${v.id} at ${v.nodes.map((n) => n.target).join(', ')}: ${v.nodes[0]?.failureSummary}`).join(' || '),
    );
  };
  await check('axe finds nothing on Now', async () => {
    await page.goto(base);
    await page.locator('section li a').first().waitFor();
    for (const summary of await page.locator('summary').all()) await summary.click();
    await run();
  });
  await check('axe finds nothing on Today', async () => {
    await page.goto(`${base}/today`);
    await dayShown(page);
    await page.locator(test('chart')).focus();
    await page.keyboard.press('Home');
    await run();
  });
  await check('axe finds nothing on one socket, with the menu open', async () => {
    await page.goto(place);
    await page.locator('tbody tr, h2').first().waitFor();
    await page.getByRole('button', { name: /Account of/ }).click();
    await run();
  });
  await context.clearCookies();
  await check('axe finds nothing on the log-in', async () => {
    await page.goto(base);
    await page.locator('#email').waitFor();
    await page.locator('button[type=submit]').click();
    await run();
  });
  await context.close();
}

async function weigh() {
  const context = await newContext(VIEWS[2]);
  const page = await context.newPage();
  await page.goto(base);
  await logIn(page);
  await page.locator('section li a').first().waitFor();
  for (const path of ['/', '/today']) {
    await checks.check(`first load of ${path} stays below ${LIMIT_BYTES / 1000} kB`, async () => {
      const bytes = await measureBytes(page, async () => {
        await page.goto(base + path);
        await (path === '/' ? page.locator('section li a').first().waitFor() : dayShown(page));
      });
      expect(bytes > 20_000 && bytes < LIMIT_BYTES, `${bytes} bytes`);
      return `${(bytes / 1000).toFixed(1)} kB on the wire`;
    });
  }
  await context.close();
}

try {
  for (const view of VIEWS) await walk(view);
  await weigh();
} finally {
  await browser.close();
  mock?.stop();
}
process.exit(checks.summary() ? 0 : 1);
