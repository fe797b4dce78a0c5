// axe needs its own script on the page, which the policy rightly refuses: hence a context that ignores it.
import { expect } from './checks.mjs';
import { newPage, open } from './screen.mjs';

export async function examine(page, axe) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  expect(
    found.violations.length === 0,
    found.violations.map((v) => `${v.id} at ${v.nodes.map((n) => n.target).join(', ')}: ${v.nodes[0]?.failureSummary}`).join(' || '),
  );
}

/** Opens each of the places, does what belongs to it, and lets axe look at it. */
export async function examineAll(run, view, check, storageState, places) {
  const context = await run.newContext(view, { bypassCSP: true, reducedMotion: 'reduce', storageState });
  const page = await newPage(context);
  for (const [name, path, prepare] of places) {
    await check(`axe finds nothing on ${name}`, async () => {
      await open(page, run.base + path);
      await prepare?.(page);
      await examine(page, run.axe);
    });
  }
  await context.close();
}

export async function fitsIn320(page, base, paths) {
  const size = page.viewportSize();
  await page.setViewportSize({ width: 320, height: 640 });
  for (const path of paths) {
    await open(page, base + path);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width <= 320, `${path} is ${width} px wide`);
  }
  await page.setViewportSize(size);
}

export function clean(seen, allowed = /(?!)/) {
  const errors = seen.errors.filter((text) => !allowed.test(text));
  expect(seen.csp.length === 0, seen.csp.join('; '));
  expect(seen.foreign.length === 0, seen.foreign.join('; '));
  expect(errors.length === 0, errors.join('; '));
}
