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
    const names = await tabThrough(page, 9);
    const order = ['Skip to content', 'Wattline', 'Now', 'Today', 'Account of', 'Today'];
    const places = order.reduce((at, name) => names.findIndex((n, i) => i > at && n.includes(name)), -1);
    expect(places >= order.length - 1, names.join(' | '));
    return `${names.length} stops`;
  });
  await check('Today is walked in reading order, and the focus is seen', async () => {
    await open(page, `${run.base}/today`);
    const names = await tabThrough(page, 18);
    const at = (part) => names.findIndex((name) => name.includes(part));
    expect(at('Previous day') > at('Account of') && at('Energy of') > at('Previous day'), names.join(' | '));
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
  await context.close();
}

export async function checkMotion(run, view) {
  const context = await run.newContext(view, { reducedMotion: 'reduce' });
  const page = await newPage(context);
  await run.checks.check('reduced motion: nothing moves', async () => {
    await page.goto(run.base);
    await logIn(page, run.login);
    for (const path of ['/', '/today']) {
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
