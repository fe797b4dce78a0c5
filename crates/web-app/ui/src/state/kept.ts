/** The last known answers, for when the server cannot be reached. They are a person's own: logging out forgets them. */
const PREFIX = 'wattline.kept.';

export interface Kept<T> {
  /** Unix seconds. */
  at: number;
  value: T;
}

export function keep(key: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify({ at: Date.now() / 1000, value }));
  } catch {
    // Full or forbidden: the page then has nothing to show without the server, as before.
    remove(key);
  }
}

export function recall<T>(key: string): Kept<T> | null {
  try {
    const kept = JSON.parse(localStorage.getItem(PREFIX + key) ?? 'null') as Partial<Kept<T>> | null;
    return kept && typeof kept.at === 'number' && kept.value !== undefined ? (kept as Kept<T>) : null;
  } catch {
    return null;
  }
}

export function forgetKept(): void {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
  } catch {
    // Without storage nothing was kept.
  }
}

function remove(key: string): void {
  try {
    localStorage.removeItem(PREFIX + key);
  } catch {
    // Nothing can be removed where nothing can be stored.
  }
}
