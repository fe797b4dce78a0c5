import type { HubState } from '../api/types';

/** Since when a hub has been offline, by its id; only those of which that was said. */
export type OfflineHubs = Readonly<Record<string, number>>;

/** A hub that has left and one that nobody has heard of are not told apart by silence: only what is said counts. */
export function applyHubState(offline: OfflineHubs, { hub, at, online }: HubState): OfflineHubs {
  if (!online) return { ...offline, [hub]: offline[hub] ?? at };
  return withoutHub(offline, hub);
}

/** What is measured now shows that its hub is back. */
export function withoutHub(offline: OfflineHubs, hub: string): OfflineHubs {
  if (!(hub in offline)) return offline;
  return Object.fromEntries(Object.entries(offline).filter(([id]) => id !== hub));
}
