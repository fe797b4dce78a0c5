// The six main screens: of three homes, in both languages, at every width, and that nothing on them jumps.
import { expect } from './checks.mjs';
import { look } from './new-screens.mjs';
import { logIn, newPage, open, ready, test, text } from './screen.mjs';

const SCREENS = [
  ['now', '/'],
  ['history', '/history'],
  ['sockets', '/sockets'],
  ['costs', '/costs'],
  ['alerts', '/alerts'],
  ['settings', '/settings'],
];
const HOMES = [
  { home: 'large', email: 'large@example.org' },
  { home: 'empty', email: 'empty@example.org' },
];
/** Half of what people begin to notice, and less. */
const MOST_SHIFT = 0.02;
const LIVE_MS = 10_000;

const as = (email) => ({ email, password: 'demo' });
const called = (home) => SCREENS.map(([name, path]) => [`${home}-${name}`, path]);

export async function visitMainScreens(run, view) {
  for (const locale of ['en-GB', 'de-DE']) {
    await look(run, view, locale, called('main'), run.login);
    if (view.thorough) for (const { home, email } of HOMES) await look(run, view, locale, called(home), as(email));
  }
}

/** What moved though nobody touched anything, as the browser itself adds it up. */
async function watchShifts(page) {
  await page.addInitScript(() => {
    globalThis.shifted = { sum: 0, by: [] };
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        globalThis.shifted.sum += entry.value;
        const named = entry.sources.map(({ node }) => node?.parentElement?.outerHTML.slice(0, 80) ?? '');
        globalThis.shifted.by.push(`${entry.value.toFixed(4)} ${named.join(' ')}`);
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
}

async function still(page) {
  const { sum, by } = await page.evaluate(() => globalThis.shifted);
  expect(sum < MOST_SHIFT, `${sum.toFixed(3)}: ${by.slice(0, 3).join('; ')}`);
  return sum.toFixed(3);
}

export async function checkStillness(run, view) {
  const check = (name, body) => run.checks.check(`${view.name} ${view.theme}: ${name}`, body);
  const context = await run.newContext(view);
  const page = await newPage(context);
  await watchShifts(page);
  await page.goto(run.base);
  await logIn(page, run.login);
  for (const [name, path] of SCREENS) {
    await check(`nothing jumps while ${name} loads`, async () => {
      await open(page, run.base + path);
      return still(page);
    });
  }
  await check('nothing jumps in ten seconds of live ticks', async () => {
    await open(page, `${run.base}/`);
    await page.evaluate(() => (globalThis.shifted = { sum: 0, by: [] }));
    await page.evaluate((time) => new Promise((resolve) => setTimeout(resolve, time)), LIVE_MS);
    return still(page);
  });
  await context.close();
}

/** A wall of a screen: all of it is used sensibly, and nothing runs out of it. */
export async function checkWall(run, view) {
  const context = await run.newContext({ ...view, viewport: { width: 3840, height: 2160 } });
  const page = await newPage(context);
  await page.goto(run.base);
  await logIn(page, run.login);
  for (const [name, path] of SCREENS) {
    await run.checks.check(`3840 px: ${name} fits, and its lines stay readable`, async () => {
      await open(page, run.base + path);
      const { width, widest } = await page.evaluate(() => ({
        width: document.documentElement.scrollWidth,
        widest: Math.max(
          ...[...document.querySelectorAll('main p:not(.hidden)')].map((one) => {
            const words = document.createRange();
            words.selectNodeContents(one);
            return words.getBoundingClientRect().width;
          }),
        ),
      }));
      await run.shoot(page, `wall-${name}`, view);
      expect(width <= 3840, `${width} px wide`);
      expect(widest <= 1600, `a paragraph is ${widest} px wide`);
      return `widest paragraph ${Math.round(widest)} px`;
    });
  }
  await context.close();
}

/** What is said only of some homes. */
export async function checkHomes(run, view) {
  const visit = async (email, work) => {
    const context = await run.newContext(view);
    const page = await newPage(context);
    await page.goto(run.base);
    await logIn(page, as(email));
    await work(page);
    await context.close();
  };
  await visit('empty@example.org', async (page) => {
    for (const path of ['/', '/sockets']) {
      await run.checks.check(`without a hub ${path} leads to where one is added`, async () => {
        await open(page, run.base + path);
        await page.locator('main .notice a[href="/settings/hubs"]').waitFor();
      });
    }
  });
  await visit('large@example.org', async (page) => {
    await run.checks.check('the bill of a month says what was fed in', async () => {
      await open(page, `${run.base}/costs`);
      await page.locator(test('fed-in')).first().waitFor();
      const said = await text(page, 'fed-in-now');
      expect(/^\d[\d,.]*\s*kWh fed in$/.test(said), `“${said}”`);
      return said;
    });
  });
  await visit(run.login.email, async (page) => {
    await run.checks.check('one socket is compared with its own other period', async () => {
      await open(page, `${run.base}/history/month?compare=previous`);
      const ofHome = await text(page, 'comparison');
      await page.locator('tbody button', { hasText: 'Refrigerator' }).first().click();
      await page.locator(test('socket-total')).waitFor();
      await page.locator(test('comparison')).waitFor();
      await ready(page);
      const ofSocket = await text(page, 'comparison');
      expect(ofSocket !== '' && ofSocket !== ofHome, `“${ofSocket}”`);
      await run.shoot(page, 'socket-compared', view);
      return ofSocket.replaceAll(/\s+/g, ' ');
    });
  });
}
