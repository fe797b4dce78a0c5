// What a household wants to be told, and the faults that the real service would name.
import { named } from './home.mjs';

export const ALERTS = {
  hub_offline_mins: 15,
  socket_silent_mins: 60,
  left_on: [],
  unusual: true,
  budget: true,
  mutes: [],
  by_email: false,
  webhook: null,
  language: 'en',
};

const socketOf = (name) => ({ hub: named(name).hub, socket: named(name).number });

export const demoAlerts = () => ({
  ...ALERTS,
  left_on: [
    { ...socketOf('Coffee maker'), above_w: 50, mins: 60 },
    { ...socketOf('Hair dryer'), above_w: 100, mins: 30 },
  ],
  mutes: [{ kind: 'unusual', ...socketOf('Game console'), until: null }],
  by_email: true,
});

const within = (value, least, most) => Number.isInteger(value) && value >= least && value <= most;

/** The first fault, as its field and a sentence; null when there is none. */
export function alertFault(alerts) {
  const { hub_offline_mins: hub, socket_silent_mins: socket, left_on: rules, mutes, webhook, language } = alerts;
  if (hub !== null && !within(hub, 5, 1440)) return ['alerts.hub_offline_mins', 'It is 5 to 1440 minutes.'];
  if (socket !== null && !within(socket, 15, 1440)) return ['alerts.socket_silent_mins', 'It is 15 to 1440 minutes.'];
  for (const [n, rule] of rules.entries()) {
    const path = `alerts.left_on[${n}]`;
    if (!within(rule.above_w, 1, 20_000)) return [`${path}.above_w`, 'It is 1 to 20000 W.'];
    if (!within(rule.mins, 15, 1440) || rule.mins % 15 !== 0) return [`${path}.mins`, 'It is 15 to 1440 minutes, in whole quarter hours.'];
    const same = (other) => other.hub === rule.hub && other.socket === rule.socket;
    if (rules.slice(0, n).some(same)) return [`${path}.socket`, 'This socket is there twice.'];
    // Watts that only the mock refuses, to see where a fault of the server is shown.
    if (rule.above_w === 1234) return [`${path}.mins`, 'The server does not like this time.'];
  }
  const loose = mutes.findIndex((mute) => mute.socket !== null && mute.hub === null);
  if (loose >= 0) return [`alerts.mutes[${loose}].hub`, 'A socket is one of a hub.'];
  if (webhook !== null && (!/^https?:\/\/\S*$/.test(webhook) || webhook.length > 500)) {
    return ['alerts.webhook', 'It is an address that starts with https://, up to 500 characters.'];
  }
  // The same for an address.
  if (webhook?.includes('refuse-me')) return ['alerts.webhook', 'The server does not like this address.'];
  if (!['en', 'de'].includes(language)) return ['alerts.language', 'It is en or de.'];
  return null;
}
