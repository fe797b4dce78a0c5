// The link that a hub shows: its code is filled in, outlasts the log-in, and is sent by nobody but the person.
import { examine } from './axe.mjs';
import { expect } from './checks.mjs';
import { resident } from './persons.mjs';
import { stranger } from './outside.mjs';
import { logIn, open, ready, test } from './screen.mjs';

const LINK = '/settings/hubs?code=abcd-efgh';

export async function checkPairing(run, view) {
  const { base } = run;
  const check = (name, body) => run.checks.check(`${view.name} ${view.theme}: a hub’s link: ${name}`, () => stranger(run, view, body));
  const bare = (page) => expect(page.url() === `${base}/settings/hubs`, `the address is ${page.url()}`);
  const filled = async (page) => {
    await page.locator('#hub-code-note').filter({ hasText: 'From the link you opened.' }).waitFor();
    expect((await page.locator('#hub-code').inputValue()) === 'ABCD-EFGH', await page.locator('#hub-code').inputValue());
    bare(page);
  };

  await check('fills in the code after the log-in; the person adds the hub', async (page) => {
    const who = await resident(run);
    const sent = [];
    page.on('request', (request) => request.url().includes('/pairings') && sent.push(request.method()));
    await open(page, base + LINK);
    bare(page);
    await logIn(page, who);
    await filled(page);
    expect(sent.length === 0, 'the code was sent by itself');
    await examine(page, run.axe);
    await run.shoot(page, 'pairing-link', view, { whole: true });
    await page.getByRole('button', { name: 'Add this hub' }).click();
    await page.getByRole('status').filter({ hasText: '“Hub” is added.' }).waitFor();
    await page.reload();
    await ready(page);
    expect((await page.locator('#hub-code').count()) === 0, 'the form came back');
  });
  await check('survives a log-in that leads elsewhere', async (page) => {
    await open(page, base + LINK);
    await page.goto(base);
    await logIn(page, await resident(run));
    await filled(page);
  });
  await check('is let go with its form', async (page) => {
    await open(page, base + LINK);
    await logIn(page, run.login);
    await filled(page);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Add a hub' }).click();
    expect((await page.locator('#hub-code').inputValue()) === '', 'it is still there');
  });
  await check('says nothing where its code is none', async (page) => {
    await open(page, `${base}/settings/hubs?code=ABCD-EFG1`);
    bare(page);
    await logIn(page, await resident(run));
    await page.locator('#hub-code').waitFor();
    expect((await page.locator('#hub-code').inputValue()) === '', 'it was filled in');
  });
  await check('tells a member whose turn it is', async (page) => {
    await open(page, base + LINK);
    await logIn(page, { email: 'member@example.org', password: 'x' });
    await page.locator(test('hubs')).getByText('Only an owner of this home can do that.').waitFor();
    expect((await page.locator('#hub-code').count()) === 0, 'a member sees the form');
  });
}
