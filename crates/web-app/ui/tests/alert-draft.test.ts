import { describe, expect, it } from 'vitest';
import type { AlertSettings } from '../src/api/types';
import { alertsOf, draftOf, faultsOf, newRule, sameAlerts, wattsOf } from '../src/screens/settings/alert-draft';

const settings: AlertSettings = {
  hub_offline_mins: 15,
  socket_silent_mins: null,
  left_on: [{ hub: 'h', socket: 3, above_w: 50, mins: 60 }],
  unusual: true,
  budget: false,
  mutes: [{ kind: null, hub: null, socket: null, until: null }],
  by_email: true,
  webhook: 'https://example.org/hook',
  language: 'de',
};

describe('the settings of alerts as they are typed', () => {
  it('mean the same as before when nothing was typed', () => {
    expect({ ...alertsOf(draftOf(settings)), mutes: settings.mutes }).toEqual(settings);
    expect(sameAlerts(alertsOf(draftOf(settings)), settings)).toBe(true);
  });
  it('keep minutes at hand while a kind is off', () => {
    const draft = draftOf(settings);
    expect(draft.socketMins).toBe(60);
    draft.socket = true;
    draft.hub = false;
    draft.webhook = '  ';
    expect(alertsOf(draft)).toMatchObject({ hub_offline_mins: null, socket_silent_mins: 60, webhook: null });
    expect(sameAlerts(alertsOf(draft), settings)).toBe(false);
  });
  it('read watts with and without thousands', () => {
    expect(['50', '1,500', '1.500', '12 000', '1.5', '', '-5', 'lots'].map(wattsOf)).toEqual([50, 1500, 1500, 12_000, NaN, NaN, NaN, NaN]);
  });
  it('name a fault by the field that the service would name', () => {
    const faults = (change: (draft: ReturnType<typeof draftOf>) => void): string[] => {
      const draft = draftOf(settings);
      change(draft);
      return faultsOf(draft).map(({ field, kind }) => `${field} ${kind}`);
    };
    expect(faults(() => undefined)).toEqual([]);
    expect(faults((draft) => draft.rules.push(newRule()))).toEqual(['left_on[1].socket socket']);
    expect(faults((draft) => draft.rules.push({ ...newRule(), key: 'h:3' }))).toEqual(['left_on[1].socket twice']);
    expect(faults((draft) => draft.rules.push({ ...newRule(), key: 'h:4', watts: '20,001' }))).toEqual(['left_on[1].above_w watts']);
    expect(faults((draft) => (draft.webhook = 'ftp://example.org'))).toEqual(['webhook webhook']);
    expect(faults((draft) => (draft.webhook = `https://${'a'.repeat(500)}`))).toEqual(['webhook webhook']);
  });
});
