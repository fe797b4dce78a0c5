import { describe, expect, it } from 'vitest';
import { m as alerts } from '../src/i18n/alerts';
import { m as costs } from '../src/i18n/costs';
import { tariffRefusal, tariffStray } from '../src/screens/costs/refusal';
import { alertRefusal, alertStray } from '../src/screens/settings/alert-refusal';

const { refused, refusedIn, notAccepted } = costs.app;

describe('a field of a tariff that the service refused', () => {
  const { faults } = costs.costs;
  it('is named with its rule where there is only one', () => {
    expect(tariffRefusal('name')).toBe(faults.name);
    expect(tariffRefusal('bands[3].name')).toBe(faults.name);
    expect(tariffRefusal('bands[0].price_n')).toBe(faults.price);
    expect(tariffRefusal('feed_in_n')).toBe(faults.price);
    expect(tariffRefusal('standing_n')).toBe(faults.standing);
    expect(tariffRefusal('bands[11].days')).toBe(faults.noDays);
  });
  it('is only called refused where it may break several rules', () => {
    for (const field of ['valid_from', 'bands[0].from', 'bands[0].to', 'bands[0].colour']) expect(tariffRefusal(field), field).toBe(refused);
  });
  it('is called by what it is about where the form has no field for it', () => {
    expect(tariffStray('tariffs[1].bands', 'tariffs[1]')).toBe(refusedIn(costs.costs.prices));
    expect(tariffStray('tariffs[1].standing_per', 'tariffs[1]')).toBe(refusedIn(costs.costs.standingPer));
    expect(tariffStray('tariffs[0].name', 'tariffs[1]')).toBe(refusedIn(costs.costs.tariffs));
    expect(tariffStray('alerts.webhook', 'tariffs[1]')).toBe(notAccepted);
  });
});

describe('a field of the alerts that the service refused', () => {
  const words = alerts.alerts.settings;
  it('is named with its rule where there is only one', () => {
    expect(alertRefusal('webhook')).toBe(words.faults.webhook);
    expect(alertRefusal('left_on[2].hub')).toBe(words.faults.socket);
    expect(alertRefusal('left_on[2].socket')).toBe(words.faults.twice);
    expect(alertRefusal('left_on[2].above_w')).toContain('20');
    expect(alertRefusal('left_on[2].mins')).toBe(refused);
    expect(alertRefusal('hub_offline_mins')).toBe(refused);
  });
  it('is called by what it is about where the form has no field for it', () => {
    expect(alertStray('alerts.left_on')).toBe(refusedIn(words.leftOn));
    expect(alertStray('alerts.mutes[3].hub')).toBe(refusedIn(words.mutes));
    expect(alertStray('alerts.language')).toBe(refusedIn(words.language));
    expect(alertStray('alerts.constructor')).toBe(notAccepted);
    expect(alertStray('name')).toBe(notAccepted);
  });
});
