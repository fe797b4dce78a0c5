// The page without a mouse, and without motion for those who asked for none.
import { expect } from './checks.mjs';
import { logIn, newPage, open, ready, test } from './screen.mjs';

/** What has the focus, in words, and whether one can see that. */
function focused(page) {
  return page.evaluate(() => {
    const at = document.activeElement;
    if (!at || at === document.body) return null;
    const ring = (pseudo) => {
      const style = getComputedStyle(at, pseudo);
      return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
    };
    const around = at.closest('label');
    const visible = ring() || ring('::after') || (around && getComputedStyle(around).outlineStyle !== 'none');
    const name = at.getAttribute('aria-label') ?? at.textContent;
    return { name: name.trim().replaceAll(/\s+/g, ' ').slice(0, 40), visible: Boolean(visible) };
  });
}

async function tabThrough(page, stops) {
  const found = [];
  for (let i = 0; i < stops; i++) {
    await page.keyboard.press('Tab');
    const at = await focused(page);
    if (!at) break;
    found.push(at);
  }
  const unseen = found.filter((at) => !at.visible).map((at) => at.name);
  expect(unseen.length === 0, `no visible focus on ${unseen.join(', ')}`);
  return found.map((at) => at.name);
}

export async function checkKeys(run, view) {
  const check = (name, body) => run.checks.check(`keyboard: ${name}`, body);
  const context = await run.newContext(view);
  const page = await newPage(context);
  await page.goto(run.base);
  await logIn(page, run.login);
  await check('Now is walked in reading order, and the focus is seen', async () => {
    await open(page, run.base);
    const names = await tabThrough(page, 10);
    const order = ['Skip to content', 'Wattline', 'Now', 'History', 'Sockets', 'Costs', 'Alerts', 'Settings', 'Account of'];
    const places = order.reduce((at, name) => names.findIndex((n, i) => i > at && n.includes(name)), -1);
    expect(places >= order.length - 1, names.join(' | '));
    return `${names.length} stops`;
  });
  await check('History is walked in reading order, and the focus is seen', async () => {
    await open(page, `${run.base}/history`);
    const names = await tabThrough(page, 26);
    const order = ['Account of', 'Day', 'Range', 'Previous day', 'Go to a date', 'Compare with', 'Energy of', run.mock ? 'Desktop PC' : 'kWh'];
    const places = order.map((part) => names.findIndex((name) => name.includes(part)));
    expect(places.every((at, i) => at >= 0 && (i === 0 || at > places[i - 1])), names.join(' | '));
  });
  await check('a table row is chosen and let go by Enter and Space', async () => {
    const row = page.locator('tbody button').nth(1);
    await row.focus();
    await page.keyboard.press('Enter');
    await page.locator(test('runs')).waitFor();
    expect((await row.getAttribute('aria-pressed')) === 'true', 'not pressed');
    await row.focus();
    await page.keyboard.press('Space');
    await page.locator(test('day-total')).waitFor();
    expect((await row.getAttribute('aria-pressed')) === 'false', 'still pressed');
  });
  await check('the figures of a row belong to its button', async () => {
    await page.locator('tbody tr').nth(2).locator('td').first().click({ force: true });
    await page.locator(test('runs')).waitFor();
    await ready(page);
  });
  await check('Escape closes the menu first, then the single socket', async () => {
    const avatar = page.getByRole('button', { name: /Account of/ });
    await avatar.click();
    await page.locator('#account-panel').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('#account-panel').waitFor({ state: 'hidden' });
    expect(page.url().includes('socket='), 'the socket was closed as well');
    expect(((await focused(page))?.name ?? '').includes('Account of'), 'the focus is not back on its button');
    await page.keyboard.press('Escape');
    await page.locator(test('day-total')).waitFor();
  });
  if (run.mock) await checkEditor(run, page, check);
  await context.close();
}

/** A tariff without a mouse: open, go through every field in order, choose a weekday, leave. */
async function checkEditor(run, page, check) {
  await check('the tariff editor is walked in reading order, and gives the focus back', async () => {
    await open(page, `${run.base}/costs`);
    const button = page.getByRole('button', { name: /^Edit City power day/ });
    await button.focus();
    await page.keyboard.press('Enter');
    await page.locator('#tariff-name').waitFor();
    expect((await page.evaluate(() => document.activeElement?.id)) === 'tariff-name', 'the first field has no focus');
    const order = [];
    for (let i = 0; i < 24; i++) {
      await page.keyboard.press('Tab');
      order.push(await page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent?.trim() || ''));
    }
    const at = (part) => order.findIndex((name) => name.includes(part));
    expect(at('tariff-from') >= 0 && at('-name') > at('tariff-from') && at('-price') > at('-name') && at('Mon') > at('-to'), order.join(' | '));
    const monday = page.locator('form fieldset').first().getByRole('button', { name: 'Mon', exact: true });
    await monday.focus();
    await page.keyboard.press('Space');
    expect((await monday.getAttribute('aria-pressed')) === 'false', 'Monday is still chosen');
    await page.getByText(/^No price holds on Monday at 22:00/).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('#tariff-name').waitFor({ state: 'detached' });
    expect(await page.evaluate(() => document.activeElement !== document.body), 'the focus is lost');
  });
}

export async function checkMotion(run, view) {
  const context = await run.newContext(view, { reducedMotion: 'reduce' });
  const page = await newPage(context);
  await run.checks.check('reduced motion: nothing moves', async () => {
    await page.goto(run.base);
    await logIn(page, run.login);
    for (const path of ['/', '/history', '/sockets', '/costs', '/alerts', '/settings', '/settings/people', '/settings/you']) {
      await open(page, run.base + path);
      const moving = await page.evaluate(() =>
        [...document.querySelectorAll('*')]
          .filter((element) => {
            const style = getComputedStyle(element);
            const takesTime = style.transitionDuration.split(', ').some((time) => parseFloat(time) > 0);
            return takesTime || style.animationName !== 'none';
          })
          .map((element) => element.className || element.tagName),
      );
      expect(moving.length === 0, `${path}: ${moving.slice(0, 5).join(', ')}`);
    }
  });
  await context.close();
}
