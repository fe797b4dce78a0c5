// Who is in a home, its hubs, and what was done there.
import { expect } from './checks.mjs';
import { stranger } from './outside.mjs';
import { address, invitation, newcomer, PASSWORD, resident } from './persons.mjs';
import { logIn, open, plain, test } from './screen.mjs';

export async function checkHousehold(run, view) {
  const { base } = run;
  const check = (name, path, make, body) =>
    run.checks.check(`${view.name} ${view.theme}: household: ${name}`, () =>
      stranger(run, view, async (page) => {
        const who = await make(run);
        await open(page, base);
        await logIn(page, who);
        await open(page, base + path);
        return body(page, who);
      }),
    );
  const done = (page, words) => page.getByRole('status').filter({ hasText: words }).waitFor();
  const demo = () => run.login;

  await check('a guest is invited for a time, and the invitation withdrawn', '/settings/people', resident, async (page) => {
    await page.getByRole('button', { name: 'Invite somebody' }).click();
    expect((await page.evaluate(() => document.activeElement.id)) === 'invite-email', 'the focus is elsewhere');
    await page.getByRole('button', { name: 'Send the invitation' }).click();
    await page.locator('#invite-email-note').filter({ hasText: 'complete e-mail address' }).waitFor();
    await page.locator('#invite-email').fill('often@example.org');
    await page.getByRole('button', { name: 'Send the invitation' }).click();
    await page.getByRole('alert').filter({ hasText: 'Please wait 3 minutes' }).waitFor();
    const email = address('gus');
    await page.locator('#invite-email').fill(email);
    await page.locator('input[name=invite-role][value=guest]').check({ force: true });
    await page.locator('#invite-until').fill('2020-01-01');
    await page.getByRole('button', { name: 'Send the invitation' }).click();
    await page.locator('#invite-until-note').filter({ hasText: 'within the next 730 days' }).waitFor();
    const day = new Date(Date.now() + 20 * 864e5).toISOString().slice(0, 10);
    await page.locator('#invite-until').fill(day);
    await page.getByRole('button', { name: 'Send the invitation' }).click();
    await done(page, `The invitation to ${email} is on its way.`);
    const row = page.locator(`${test('invitations')} li`, { hasText: email });
    const words = plain(await row.textContent());
    expect(words.includes('Guest') && words.includes(`until ${Number(day.slice(8))} `), words);
    await page.locator(test('audit')).filter({ hasText: `invited ${email} as a guest.` }).waitFor();
    await page.getByRole('button', { name: `Withdraw the invitation to ${email}` }).click();
    await page.getByRole('button', { name: 'Withdraw it' }).click();
    await done(page, `The invitation to ${email} is withdrawn.`);
    await row.waitFor({ state: 'detached' });
  });
  await check('a home needs an owner, is handed over, and left', '/settings/people', resident, async (page, who) => {
    await page.getByRole('button', { name: 'Leave this home' }).click();
    await page.getByRole('button', { name: 'Leave it' }).click();
    await page.getByRole('alert').filter({ hasText: 'A home needs an owner.' }).waitFor();
    const heir = await newcomer(run, 'Hera Heir');
    const link = await invitation(run, { email: heir.email, role: 'member', by: who.email });
    await stranger(run, view, async (its) => {
      await open(its, link);
      await its.locator('#password').fill(PASSWORD);
      await its.getByRole('button', { name: 'Log in and join' }).click();
      await its.locator('header .name', { hasText: 'Lake house' }).waitFor();
      await open(its, `${base}/settings/people`);
      expect((await its.locator(`${test('members')} button`).count()) === 0, 'a member may change members');
      expect((await its.locator(test('audit')).count()) === 0, 'a member sees what was done');
    });
    await open(page, `${base}/settings/people`);
    await page.getByRole('button', { name: 'Change the role of Hera Heir' }).click();
    await page.locator('input[name=member-role][value=owner]').check({ force: true });
    await page.getByText('To hand the home over').waitFor();
    await page.getByRole('form', { name: 'Change the role of Hera Heir' }).getByRole('button', { name: 'Save' }).click();
    await done(page, 'The role of Hera Heir is changed.');
    await page.locator(test('audit')).filter({ hasText: 'made Hera Heir an owner.' }).waitFor();
    await page.getByRole('button', { name: 'Leave this home' }).click();
    await page.getByRole('button', { name: 'Leave it' }).click();
    await page.locator('#home-name').waitFor();
  });
  await check('a member is removed', '/settings/people', resident, async (page, who) => {
    const other = await newcomer(run, 'Otto Out');
    const link = await invitation(run, { email: other.email, by: who.email });
    await stranger(run, view, async (its) => {
      await open(its, link);
      await its.locator('#password').fill(PASSWORD);
      await its.getByRole('button', { name: 'Log in and join' }).click();
      await its.locator('header .name', { hasText: 'Lake house' }).waitFor();
    });
    await open(page, `${base}/settings/people`);
    await page.getByRole('button', { name: 'Change the role of Otto Out' }).click();
    await page.getByRole('button', { name: 'Remove Otto Out' }).click();
    await page.getByRole('button', { name: 'Remove from the home' }).click();
    await done(page, 'Otto Out is not in this home any more.');
    expect((await page.locator(`${test('members')} li`).count()) === 1, 'still there');
  });
  await check('what was done is read page by page, back to the beginning', '/settings/people', demo, async (page) => {
    const list = page.locator(test('audit'));
    await list.locator('li').first().waitFor();
    const more = page.getByRole('button', { name: 'Show earlier' });
    let pages = 0;
    while ((await more.count()) > 0) {
      const before = await list.locator('li').count();
      await more.click();
      await page.waitForFunction(([s, n]) => document.querySelectorAll(`${s} li`).length > n, [test('audit'), before]);
      pages++;
    }
    const words = plain(await list.innerText());
    for (const one of ['Robin Demo created the home “Home”.', 'Somebody who has left changed names', 'Wattline changed the settings.', 'Jo Member joined as a member.']) {
      expect(words.includes(one), `“${one}” is missing`);
    }
    return `${await list.locator('li').count()} entries in ${pages + 1} steps`;
  });
  await check('a hub is added by its code, and given up', '/settings/hubs', resident, async (page) => {
    const code = page.locator('#hub-code');
    const add = page.getByRole('button', { name: 'Add this hub' });
    await code.click();
    await page.keyboard.type('abc');
    await add.click();
    await page.locator('#hub-code-note').filter({ hasText: 'Enter all eight letters.' }).waitFor();
    await code.fill('');
    await page.keyboard.type('qrstuvwx');
    expect((await code.inputValue()) === 'QRST-UVWX', await code.inputValue());
    await page.keyboard.press('Tab');
    expect((await page.evaluate(() => document.activeElement.id)) === 'hub-name', 'the name is not next');
    await page.locator('#hub-name').fill('Cellar');
    await add.click();
    await page.locator('#hub-code-note').filter({ hasText: 'No hub is waiting with this code.' }).waitFor();
    await code.fill('zzzz zzzz');
    await add.click();
    await page.getByRole('alert').filter({ hasText: 'Please wait 3 minutes' }).waitFor();
    expect((await page.locator('#hub-name').inputValue()) === 'Cellar', 'what was typed is gone');
    await code.fill(' abcd efgh ');
    expect((await code.inputValue()) === 'ABCD-EFGH', await code.inputValue());
    await add.click();
    await done(page, '“Cellar” is added.');
    await page.getByRole('button', { name: 'Give up Cellar' }).click();
    await page.getByText('stays in the history of this home').waitFor();
    await page.getByRole('button', { name: 'Give it up' }).click();
    await done(page, '“Cellar” was given up.');
    await code.waitFor();
  });
  await check('a guest sees nobody else, and may leave', '/settings/people', () => ({ email: 'guest@example.org', password: 'x' }), async (page) => {
    await page.getByText(/^You are a guest here until \d/).waitFor();
    expect((await page.locator(test('members')).count()) === 0, 'the others are listed');
    await page.getByRole('button', { name: 'Leave this home' }).click();
    await page.getByText('You lose access to “Home” at once.').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Leave this home' }).waitFor();
  });
  await check('only an owner adds hubs', '/settings/hubs', () => ({ email: 'member@example.org', password: 'x' }), async (page) => {
    await page.locator(`${test('hubs')} li`).first().waitFor();
    expect((await page.locator(`${test('hubs')} button`).count()) === 0, 'a member may');
  });
}
