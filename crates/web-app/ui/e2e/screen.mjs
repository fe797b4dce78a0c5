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
    const shown = document.querySelector('#email, main section.card, main .notice');
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
