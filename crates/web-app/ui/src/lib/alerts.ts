import type { Alert, Mute } from '../api/types';
import { dayOf, type Day } from './days';
import { socketKey } from './energy';
import { historyRoute, type Route } from './route';

export type AlertSubject = Pick<Alert, 'kind' | 'hub' | 'socket'>;

/** The key of the socket it is about; null when it is about a hub or the whole home. */
export function subjectKey({ hub, socket }: Pick<Alert, 'hub' | 'socket'>): string | null {
  return hub === null || socket === null ? null : socketKey(hub, socket);
}

export interface AlertDay {
  day: Day;
  alerts: Alert[];
}

/** Those that are over, by the day on which they ended, the last first. */
export function endedByDay(alerts: readonly Alert[], zone: string): AlertDay[] {
  const ended = alerts.flatMap((alert) => (alert.ended === null ? [] : [{ alert, ended: alert.ended }]));
  ended.sort((a, b) => b.ended - a.ended);
  const days: AlertDay[] = [];
  for (const one of ended) {
    const day = dayOf(one.ended, zone);
    const last = days.at(-1);
    if (last?.day === day) last.alerts.push(one.alert);
    else days.push({ day, alerts: [one.alert] });
  }
  return days;
}

/** The first few alerts of those days, however they are spread. */
export function firstOf(days: readonly AlertDay[], most: number): AlertDay[] {
  const shown: AlertDay[] = [];
  let left = most;
  for (const { day, alerts } of days) {
    if (left <= 0) break;
    shown.push({ day, alerts: alerts.slice(0, left) });
    left -= alerts.length;
  }
  return shown;
}

/** A mute without an end lasts longest. */
const lastsUntil = (mute: Mute): number => mute.until ?? Infinity;

/** Whether it still mutes anything. */
export function holds(mute: Mute, now: number): boolean {
  return now < lastsUntil(mute);
}

/** Of all that mute this, the one that lasts longest; what a mute leaves out stands for all. */
export function muteOf(mutes: readonly Mute[], subject: AlertSubject, now: number): Mute | null {
  const fits = (mute: Mute): boolean =>
    holds(mute, now) &&
    (mute.kind === null || mute.kind === subject.kind) &&
    (mute.hub === null || mute.hub === subject.hub) &&
    (mute.socket === null || mute.socket === subject.socket);
  return mutes.filter(fits).reduce<Mute | null>((best, one) => (best && lastsUntil(best) >= lastsUntil(one) ? best : one), null);
}

/** Whether they mute the same, be it for another time. */
export function sameMute(a: Omit<Mute, 'until'>, b: Omit<Mute, 'until'>): boolean {
  return a.kind === b.kind && a.hub === b.hub && a.socket === b.socket;
}

/** With one more. It takes the place of one for the same, and what is over is dropped, so that the list stays short. */
export function withMute(mutes: readonly Mute[], { kind, hub, socket }: AlertSubject, until: number | null, now: number): Mute[] {
  const fresh: Mute = { kind, hub, socket, until };
  return [...mutes.filter((one) => holds(one, now) && !sameMute(one, fresh)), fresh];
}

/** Where more is to be seen of what it tells. */
export function alertRoute(alert: Pick<Alert, 'kind' | 'hub' | 'socket' | 'began'>, zone: string): Route | null {
  const socket = subjectKey(alert);
  switch (alert.kind) {
    case 'left_on':
    case 'unusual':
      return historyRoute({ at: dayOf(alert.began, zone), socket });
    case 'budget':
      return { screen: 'costs' };
    case 'socket_silent':
      return { screen: 'sockets', socket };
    case 'hub_offline':
      return null;
  }
}
