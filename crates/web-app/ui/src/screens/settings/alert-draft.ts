import type { AlertSettings, LeftOn } from '../../api/types';
import { parseKey, socketKey } from '../../lib/energy';

export const MOST_WATTS = 20_000;
const MOST_ADDRESS = 500;
const USUAL = { hub: 15, socket: 60, rule: 60, watts: 20 };

/** A socket that should not be left on, as it is being typed. */
export interface RuleDraft {
  id: number;
  /** The key of the socket; empty as long as none is chosen. */
  key: string;
  watts: string;
  mins: number;
}

/** The settings of alerts as they are being typed; mutes are not among them. */
export interface AlertDraft {
  hub: boolean;
  hubMins: number;
  socket: boolean;
  socketMins: number;
  rules: RuleDraft[];
  unusual: boolean;
  budget: boolean;
  email: boolean;
  webhook: string;
  language: AlertSettings['language'];
}

let nextId = 0;

export function newRule(): RuleDraft {
  return { id: nextId++, key: '', watts: String(USUAL.watts), mins: USUAL.rule };
}

export function draftOf(alerts: AlertSettings): AlertDraft {
  return {
    hub: alerts.hub_offline_mins !== null,
    hubMins: alerts.hub_offline_mins ?? USUAL.hub,
    socket: alerts.socket_silent_mins !== null,
    socketMins: alerts.socket_silent_mins ?? USUAL.socket,
    rules: alerts.left_on.map((rule) => ({
      id: nextId++,
      key: socketKey(rule.hub, rule.socket),
      watts: String(rule.above_w),
      mins: rule.mins,
    })),
    unusual: alerts.unusual,
    budget: alerts.budget,
    email: alerts.by_email,
    webhook: alerts.webhook ?? '',
    language: alerts.language,
  };
}

/** Whole watts, with or without separators of thousands; NaN for anything else. */
export function wattsOf(text: string): number {
  const compact = text.trim();
  const grouped = /^\d{1,3}([.,\s\u00a0\u202f’']\d{3})+$/.test(compact);
  return grouped || /^\d+$/.test(compact) ? Number(compact.replaceAll(/\D/g, '')) : NaN;
}

/** What the draft means; watts that cannot be read are NaN, which the checks refuse. */
export function alertsOf(draft: AlertDraft): Omit<AlertSettings, 'mutes'> {
  return {
    hub_offline_mins: draft.hub ? draft.hubMins : null,
    socket_silent_mins: draft.socket ? draft.socketMins : null,
    left_on: draft.rules.map((rule): LeftOn => ({ ...parseKey(rule.key), above_w: wattsOf(rule.watts), mins: rule.mins })),
    unusual: draft.unusual,
    budget: draft.budget,
    by_email: draft.email,
    webhook: draft.webhook.trim() || null,
    language: draft.language,
  };
}

/** Whether both say the same. */
export function sameAlerts(a: Omit<AlertSettings, 'mutes'>, b: Omit<AlertSettings, 'mutes'>): boolean {
  return canonical(a) === canonical(b);
}

function canonical(alerts: Omit<AlertSettings, 'mutes'>): string {
  const { hub_offline_mins, socket_silent_mins, left_on, unusual, budget, by_email, webhook, language } = alerts;
  const rules = left_on.map(({ hub, socket, above_w, mins }) => [hub, socket, above_w, mins]);
  return JSON.stringify([hub_offline_mins, socket_silent_mins, rules, unusual, budget, by_email, webhook, language]);
}

export interface DraftFault {
  /** As the service would name it: `left_on[0].above_w`. */
  field: string;
  kind: 'socket' | 'twice' | 'watts' | 'webhook';
}

export function faultsOf(draft: AlertDraft): DraftFault[] {
  const faults: DraftFault[] = [];
  draft.rules.forEach(({ key, watts }, n) => {
    if (key === '') faults.push({ field: `left_on[${n}].socket`, kind: 'socket' });
    else if (draft.rules.findIndex((other) => other.key === key) < n) faults.push({ field: `left_on[${n}].socket`, kind: 'twice' });
    const meant = wattsOf(watts);
    if (!(meant >= 1 && meant <= MOST_WATTS)) faults.push({ field: `left_on[${n}].above_w`, kind: 'watts' });
  });
  const address = draft.webhook.trim();
  if (address !== '' && (!/^https?:\/\/\S+$/.test(address) || address.length > MOST_ADDRESS)) faults.push({ field: 'webhook', kind: 'webhook' });
  return faults;
}
