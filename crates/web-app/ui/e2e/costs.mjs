// The Costs screen: bills, budget, and the tariff editor.
import { clean, examineAll, fitsIn320 } from './axe.mjs';
import { expect, watch } from './checks.mjs';
import { logIn, newPage, open, plain, ready, test, text } from './screen.mjs';

export async function visitCosts(run, view) {
  const { base, shoot } = run;
  const check = (name, body) => run.checks.check(`${view.name} ${view.theme}: Costs: ${name}`, body);
  const context = await run.newContext(view);
  const page = await newPage(context);
  const seen = watch(page, new URL(base).origin);
  await page.goto(base);
  await logIn(page, run.login);
  await check('show the bills month by month', async () => {
    await page.getByRole('link', { name: 'Costs', exact: true }).locator('visible=true').first().click();
    await page.locator(`${test('bills')} li`).first().waitFor();
    await ready(page);
    const bills = page.locator(`${test('bills')} li`);
    const first = plain(await bills.first().innerText());
    expect(/measured/.test(first) && /running/.test(first), `“${first}”`);
    await shoot(page, 'costs', view, { whole: true });
    return `${await bills.count()} months`;
  });
  await check('nothing scrolls sideways at 320 px', () => fitsIn320(page, base, ['/costs']));
  const edit = async (its) => {
    const button = its.getByRole('button', { name: /^(Edit |Add your tariff)/ }).first();
    if ((await button.count()) > 0) await button.click();
  };
  await examineAll(run, view, check, await context.storageState(), [
    ['the costs', '/costs'],
    ['the tariff editor', '/costs', edit],
  ]);
  if (run.mock) await figures(page, base, check);
  if (run.mock && view.thorough) {
    await budget(page, base, check);
    await tariffs(run, view, page, check);
    await first(run, view, check);
  }
  await check('keep to the policy, to their origin, and free of errors', () => clean(seen, /status of (409|422)/));
  await context.close();
}

async function figures(page, base, check) {
  await check('add up: the sockets, the standing charge and the month', async () => {
    await open(page, `${base}/costs`);
    const answer = await page.evaluate(async () => {
      const { households } = await (await fetch('/api/session')).json();
      return (await fetch(`/api/households/${households[0].id}/bills?months=13`)).json();
    });
    const month = answer.months.at(-1);
    const sum = answer.sockets.reduce((all, one) => all + one.cost_n, 0);
    expect(sum === month.energy_cost_n && sum + month.standing_n === month.total_n, `${sum} of ${month.energy_cost_n}`);
    expect(/^€\d+\.\d\d$/.test(await text(page, 'month-cost')), await text(page, 'month-cost'));
    expect(/^€\d+\.\d\d/.test(await text(page, 'forecast')), await text(page, 'forecast'));
    return `${await text(page, 'month-cost')} so far, then ${plain(await text(page, 'forecast'))}`;
  });
}

async function budget(page, base, check) {
  await check('the budget is typed with a comma or a point, and kept', async () => {
    await open(page, `${base}/costs`);
    for (const [typed, shown] of [['120,5', '€120.50'], ['145', '€145.00']]) {
      await page.getByRole('button', { name: 'Change the budget' }).click();
      await page.locator('#budget').fill('lots');
      await page.locator('#budget-note').filter({ hasText: 'Enter an amount' }).waitFor();
      await page.locator('#budget').fill(typed);
      await page.locator('form button[type=submit]').click();
      await page.locator('#budget').waitFor({ state: 'detached' });
      await page.locator(test('budget')).filter({ hasText: shown }).waitFor();
    }
  });
}

async function tariffs(run, view, page, check) {
  const { base } = run;
  const fault = page.locator('form .fault').first();
  const startEditing = async () => {
    await open(page, `${base}/costs`);
    await page.getByRole('button', { name: /^Edit City power day and night/ }).click();
    await page.locator('#tariff-name').waitFor();
    await ready(page);
  };
  const band = (n) => page.locator('form fieldset').nth(n);
  await check('a hole and an overlap are named at once, with the clock', async () => {
    await startEditing();
    await band(0).locator('input[type=time]').first().fill('22:15');
    await fault.filter({ hasText: /^No price holds on \w+ at 22:00\.$/ }).waitFor();
    await run.shoot(page, 'tariff-hole', view, { whole: true });
    await band(0).locator('input[type=time]').first().fill('21:45');
    await fault.filter({ hasText: /at 21:45 is in “Night” and in “Evening peak”/ }).waitFor();
    const said = await fault.innerText();
    await page.locator('form button[type=submit]').click();
    await page.getByRole('alert').filter({ hasText: 'does not fit' }).waitFor();
    return said;
  });
  await check('a time off the quarter hours and an unreadable price are named at their field', async () => {
    await startEditing();
    await band(0).locator('input[type=time]').first().fill('22:10');
    await band(0).getByText('Only whole quarter hours').waitFor();
    await band(1).locator('input[inputmode=decimal]').fill('cheap');
    await band(1).getByText('Enter a price such as').waitFor();
  });
  await check('what the server refuses is shown at the field it names', async () => {
    await startEditing();
    await page.locator('#tariff-name').fill('Please refuse me');
    await page.locator('form button[type=submit]').click();
    await page.locator('#tariff-name-note').filter({ hasText: 'at most 80 characters' }).waitFor();
  });
  await check('an old price is changed, and past costs follow', async () => {
    await open(page, `${base}/costs`);
    const all = page.getByRole('button', { name: /^All \d+ months/ });
    if ((await all.count()) > 0) await all.click();
    const old = page.locator(`${test('bills')} li`).filter({ hasText: 'March' }).locator('.total');
    const before = await old.innerText();
    const changePrice = async (price) => {
      await page.getByRole('button', { name: /^Edit City power basic/ }).click();
      await page.getByText(/Past costs follow: everything since 1 Jan \d{4}/).waitFor();
      await band(0).locator('input[inputmode=decimal]').fill(price);
      await page.locator('form button[type=submit]').click();
      await page.getByRole('status').filter({ hasText: 'The tariff was saved' }).waitFor();
    };
    await changePrice('67,8');
    await page.waitForFunction(([was]) => [...document.querySelectorAll('[data-testid=bills] li')].some((li) => li.textContent.includes('March') && !li.textContent.includes(was)), [before]);
    const doubled = await old.innerText();
    await changePrice('33.9');
    await page.waitForFunction(([was]) => [...document.querySelectorAll('[data-testid=bills] li')].some((li) => li.textContent.includes('March') && li.textContent.includes(was)), [before]);
    expect(Number(doubled.slice(1)) > 1.7 * Number(before.slice(1)), `${before}, then ${doubled}`);
    return `March: ${before}, then ${doubled}, then ${await old.innerText()}`;
  });
  await check('a tariff is added from its day on, and deleted after asking', async () => {
    await open(page, `${base}/costs`);
    await page.getByRole('button', { name: 'Add a tariff' }).click();
    await page.locator('#tariff-name').fill('City power next');
    await page.locator('form button[type=submit]').click();
    await page.locator('article', { hasText: 'City power next' }).waitFor();
    await page.getByRole('button', { name: 'Delete City power next' }).click();
    await page.getByRole('button', { name: 'Keep it' }).click();
    await page.getByRole('button', { name: 'Delete City power next' }).click();
    await page.getByRole('button', { name: 'Delete it' }).click();
    await page.locator('article', { hasText: 'City power next' }).waitFor({ state: 'detached' });
    expect((await page.locator('article').count()) === 2, 'not two tariffs');
  });
}

/** The first tariff of a home without one; taken away again, so that the next run finds the same home. */
async function first(run, view, check) {
  await check('a home without a tariff is told what to do, and has costs a moment later', async () => {
    const context = await run.newContext(view);
    const page = await newPage(context);
    await page.goto(run.base);
    await logIn(page, { email: 'plain@example.org', password: 'x' });
    await open(page, `${run.base}/costs`);
    await run.shoot(page, 'costs-empty', view, { whole: true });
    await page.getByRole('button', { name: 'Add your tariff' }).click();
    await page.locator('#tariff-name').waitFor();
    await page.locator('form button[type=submit]').click();
    await page.getByRole('alert').filter({ hasText: 'Something is missing' }).waitFor();
    await page.locator('#tariff-name').fill('Basic');
    await page.locator('form fieldset input[inputmode=decimal]').fill('31.5');
    await page.locator('form button[type=submit]').click();
    await page.locator(test('month-cost')).filter({ hasText: '€' }).waitFor();
    const cost = await text(page, 'month-cost');
    await page.getByRole('button', { name: 'Delete Basic' }).click();
    await page.getByRole('button', { name: 'Delete it' }).click();
    await page.getByText('No tariff yet').waitFor();
    await context.close();
    return cost;
  });
}
