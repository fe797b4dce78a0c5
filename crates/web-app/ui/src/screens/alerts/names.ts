import type { Alert, AlertKind, Household } from '../../api/types';
import { m } from '../../i18n/alerts';
import { subjectKey } from '../../lib/alerts';
import { labelOf } from '../../lib/labels';
import type { IconName } from '../../ui/icons';

type Subject = Pick<Alert, 'hub' | 'socket'>;

/** What it is about: a socket, a hub, or the whole home. */
export function subjectName(household: Household, { hub, socket }: Subject): string {
  if (hub === null) return m.alerts.home;
  const key = subjectKey({ hub, socket });
  if (key !== null) return labelOf(household, key)?.name ?? m.app.unnamedSocket(String(socket));
  return household.hubs.find((one) => one.id === hub)?.name || m.alerts.unknownHub;
}

export function roomOf(household: Household, subject: Subject): string | null {
  const key = subjectKey(subject);
  return key === null ? null : labelOf(household, key)?.room || null;
}

const ICONS: Partial<Record<AlertKind, IconName>> = { hub_offline: 'hub', budget: 'costs' };

/** Its picture: an icon of the page, or else what stands at the socket. */
export function pictureOf(household: Household, alert: Pick<Alert, 'kind' | 'hub' | 'socket'>): { name: IconName } | { kind: string } {
  const name = ICONS[alert.kind];
  if (name !== undefined) return { name };
  const key = subjectKey(alert);
  return { kind: (key === null ? null : labelOf(household, key)?.icon) ?? 'plug' };
}
