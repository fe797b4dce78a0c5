// What every run needs to know of the page: how to log in, and when a screen has finished loading.

/** No check waits for a time; this only ends a run in which a condition never comes. */
export const DEADLINE_MS = Number(process.env.WATTLINE_DEADLINE_MS ?? 90_000);

export const test = (id) => `[data-testid="${id}"]`;
export const text = async (page, id) => (await page.locator(test(id)).textContent())?.trim() ?? '';
export const plain = (words) => words.replaceAll(/[\u00a0\u202f]/g, ' ');

export async function newPage(context) {
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE_MS);
  page.setDefaultNavigationTimeout(DEADLINE_MS);
  return page;
}

/** Everything asked for has arrived and is drawn, the font is there, and nothing moves any more. */
export async function ready(page) {
  await page.waitForFunction(() => {
    const shown = document.querySelector('#email, main .card, main .notice');
    const busy = document.querySelector('[aria-busy="true"], .skeleton');
    const blank = [...document.querySelectorAll('[data-testid="chart"]')].some((chart) => !chart.querySelector('canvas'));
    const moving = document.getAnimations().some((animation) => animation.playState === 'running');
    const still = shown && !busy && !blank && !moving && document.fonts.status === 'loaded';
    // Numbers glide from frame to frame: the same words in twelve frames in a row have arrived.
    const words = still ? document.body.innerText : null;
    const seen = globalThis.wattlineSeen;
    const frames = words !== null && seen?.words === words ? seen.frames + 1 : 0;
    globalThis.wattlineSeen = { words, frames };
    return frames >= 12;
  });
}

export async function logIn(page, { email, password }) {
  await page.locator('#email').fill(email);
  await page.locator('#password').fill(password);
  await page.locator('button[type=submit]').click();
  await page.locator('#email').waitFor({ state: 'detached' });
  await ready(page);
}

export async function open(page, address) {
  await page.goto(address);
  await ready(page);
}

/** Waits until a text is another one than before, and returns it. */
export async function changed(page, id, before) {
  const handle = await page.waitForFunction(
    ([selector, old]) => {
      const now = document.querySelector(selector)?.textContent?.trim();
      return now !== undefined && now !== old ? now || ' ' : null;
    },
    [test(id), before],
  );
  return handle.jsonValue();
}

/** Every tab of the bar is inside of it, holds its word in one line, and is large enough for a thumb. */
export async function barFits(page) {
  const tabs = await page.locator('nav.tabs a').evaluateAll((all) =>
    all.map((tab) => {
      const words = document.createRange();
      words.selectNodeContents([...tab.querySelector('span').childNodes].find((node) => node.textContent.trim() !== ''));
      const [box, its] = [tab.getBoundingClientRect(), words.getBoundingClientRect()];
      const fits = box.left <= its.left + 0.5 && its.right <= box.right + 0.5 && words.getClientRects().length === 1;
      return { name: words.toString().trim(), left: box.left, right: box.right, fits: fits && box.width >= 44 && box.height >= 44 };
    }),
  );
  const { width } = page.viewportSize();
  const apart = tabs.every((tab, i) => tab.left >= (tabs[i - 1]?.right ?? 0) - 0.5 && tab.right <= width);
  if (tabs.length !== 6 || !apart || tabs.some((tab) => !tab.fits)) throw new Error(JSON.stringify(tabs));
}
