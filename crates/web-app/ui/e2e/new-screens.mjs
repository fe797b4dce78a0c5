// Every screen of accounts, people and hubs: in both languages, without a violation, and nothing wider than 320 px.
import { examine } from './axe.mjs';
import { expect } from './checks.mjs';
import { address, invitation, newcomer, PASSWORD, resident } from './persons.mjs';
import { CONNECTED, OUTCOMES } from './providers.mjs';
import { logIn, newPage, open, ready, test } from './screen.mjs';

const submit = (page) => page.locator('main button[type=submit]').first().click();
const fill = async (page, fields) => {
  for (const [field, value] of Object.entries(fields)) await page.locator(field).fill(value);
};

const OUTSIDE = [
  ['log-in', '/'],
  [
    'log-in-code',
    '/',
    async (page) => {
      await fill(page, { '#email': 'careful@example.org', '#password': 'demo' });
      await submit(page);
      await page.locator('#code').waitFor();
    },
  ],
  ['sign-up', '/sign-up'],
  ['sign-up-errors', '/sign-up', (page) => submit(page)],
  [
    'mails',
    '/sign-up',
    async (page) => {
      await fill(page, { '#name': 'Ada', '#email': address('ada') });
      await submit(page);
      await page.locator(test('mails')).waitFor();
    },
  ],
  ['welcome', '/welcome#abc'],
  ['bad-link', '/invitation#expired', (page) => page.locator(test('bad-link')).waitFor()],
  ['forgotten', '/forgotten'],
  ['new-password', '/new-password#abc'],
  ['confirm', '/confirm#abc'],
  ['invitation-new', async (run) => invitation(run, { email: address('bob'), until: new Date(Date.now() + 20 * 864e5).toISOString() })],
  ['invitation-known', async (run) => invitation(run, { email: 'plain@example.org', role: 'member' })],
];

const HOME = [
  ['people', '/settings/people'],
  [
    'invite',
    '/settings/people',
    async (page) => {
      await page.locator('section .head button').first().click();
      await page.locator('input[name=invite-role][value=guest]').check({ force: true });
    },
  ],
  ['member', '/settings/people', (page) => page.locator(`${test('members')} li`).nth(1).locator('button').click()],
  [
    'remove-member',
    '/settings/people',
    async (page) => {
      await page.locator(`${test('members')} li`).nth(1).locator('button').click();
      await page.locator(`${test('members')} .remove button`).click();
    },
  ],
  ['you', '/settings/you'],
  ['hubs', '/settings/hubs', (page) => page.locator(`${test('hubs')} .head button`).click()],
  ['give-up', '/settings/hubs', (page) => page.locator(`${test('hubs')} li button`).first().click()],
  ['invitation-other', async (run) => invitation(run, { email: address('bob') })],
];

/** For somebody new: these change what is looked at. */
const OWN = [
  ['own-home', '/'],
  ['own-hubs', '/settings/hubs'],
  [
    'two-step',
    '/settings/you',
    async (page) => {
      const part = page.locator(test('two-step'));
      await part.locator('button').click();
      await page.locator('#factor-password').fill(PASSWORD);
      await part.locator('button[type=submit]').click();
      await part.locator('svg[role=img]').waitFor();
    },
  ],
  [
    'recovery-codes',
    null,
    async (page) => {
      await page.locator('#first-code').fill('123 456');
      await page.locator(`${test('two-step')} button[type=submit]`).click();
      await page.locator(test('recovery-codes')).waitFor();
    },
  ],
  [
    'password-and-address',
    '/settings/you',
    async (page) => {
      // Each button goes away with what it opens.
      for (let i = 0; i < 3; i++) await page.locator(`${test('you')} .line button`).first().click();
      await page.locator('#off-code').waitFor();
    },
  ],
];

export async function look(run, view, locale, places, who) {
  const { base, shoot, checks, axe } = run;
  const lang = locale.slice(0, 2);
  const context = await run.newContext(view, { bypassCSP: true, reducedMotion: 'reduce', locale });
  const page = await newPage(context);
  if (who) {
    await page.goto(base);
    await logIn(page, who);
  }
  for (const [name, path, prepare] of places) {
    await checks.check(`${view.name} ${view.theme} ${lang}: axe finds nothing on ${name}, and it fits`, async () => {
      const address = typeof path === 'function' ? await path(run) : path === null ? null : base + path;
      if (address !== null) {
        // Behind the same address another secret is no new page.
        await page.goto('about:blank');
        await open(page, address);
      }
      await prepare?.(page);
      await ready(page);
      await shoot(page, `${name}-${lang}`, view, { whole: true });
      await examine(page, axe);
      const size = page.viewportSize();
      await page.setViewportSize({ width: 320, height: 640 });
      await ready(page);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      await page.setViewportSize(size);
      expect(width <= 320, `${width} px wide`);
    });
  }
  await context.close();
}

export async function visitNewScreens(run, view) {
  for (const locale of ['en-GB', 'de-DE']) {
    await look(run, view, locale, [...OUTSIDE, ...OUTCOMES], null);
    await look(run, view, locale, [['new-home', '/'], ['account-alone', '/settings/you']], await newcomer(run));
    await look(run, view, locale, [...HOME, ...CONNECTED], run.login);
    await look(run, view, locale, OWN, await resident(run));
  }
}
