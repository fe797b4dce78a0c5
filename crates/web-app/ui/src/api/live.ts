import { livePath } from './client';
import type { HubState, Tick } from './types';

export type LinkState = 'connecting' | 'open' | 'reconnecting';

interface Handlers {
  onTick: (tick: Tick) => void;
  onHub: (state: HubState) => void;
  onState: (state: LinkState) => void;
  /** The stream was refused, for example because the session ended. */
  onRefused: () => void;
}

const RETRY_MS = [1000, 2000, 5000, 10_000];
const PLANNED_MS = 250;
const SETTLED_MS = 5000;

/** The household's live stream; reconnects until it is closed. Returns the function that closes it. */
export function openLive(household: string, { onTick, onHub, onState, onRefused }: Handlers): () => void {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tries = 0;
  let openedAt = 0;
  let closed = false;

  const retry = (): void => {
    source?.close();
    source = null;
    if (closed) return;
    onState('reconnecting');
    timer = setTimeout(open, RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]);
  };

  function open(): void {
    source = new EventSource(livePath(household));
    source.onopen = () => {
      tries = 0;
      openedAt = Date.now();
      onState('open');
    };
    source.addEventListener('tick', (event: MessageEvent<string>) => {
      const tick = parseTick(event.data);
      if (tick) onTick(tick);
    });
    source.addEventListener('hub', (event: MessageEvent<string>) => {
      const state = parseHubState(event.data);
      if (state) onHub(state);
    });
    source.addEventListener('end', () => {
      // A planned end (the stream's own time is up) is followed at once, unless the server ends every stream it opens.
      if (Date.now() - openedAt < SETTLED_MS) return retry();
      source?.close();
      timer = setTimeout(open, PLANNED_MS);
    });
    source.onerror = () => {
      // A closed source was refused (401, 503) and does not try again by itself.
      if (source?.readyState === EventSource.CLOSED) {
        onRefused();
        retry();
      } else if (!closed) {
        onState('reconnecting');
      }
    };
  }

  onState('connecting');
  open();
  return () => {
    closed = true;
    clearTimeout(timer);
    source?.close();
  };
}

export function parseTick(text: string): Tick | null {
  try {
    const tick = JSON.parse(text) as Partial<Tick>;
    const { hub, at, tick_s, energy_j } = tick;
    if (typeof hub !== 'string' || typeof at !== 'number' || typeof tick_s !== 'number' || tick_s <= 0) return null;
    if (typeof energy_j !== 'object' || energy_j === null) return null;
    return { hub, at, tick_s, energy_j };
  } catch {
    return null;
  }
}

export function parseHubState(text: string): HubState | null {
  try {
    const { hub, at, online } = JSON.parse(text) as Partial<HubState>;
    if (typeof hub !== 'string' || typeof at !== 'number' || typeof online !== 'boolean') return null;
    return { hub, at, online };
  } catch {
    return null;
  }
}
