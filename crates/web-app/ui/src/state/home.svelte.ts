import { untrack } from 'svelte';
import { ApiError, fetchHousehold, fetchSettings, fetchToday, fetchUsage, putHub, putSettings } from '../api/client';
import { pairHub, releaseHub } from '../api/people';
import { openLive, type LinkState } from '../api/live';
import type { HomeSettings, Household, Hub, HubLabels, Tick, TodayFigures, Usage } from '../api/types';
import { dayOf, dayRange, type Day } from '../lib/days';
import { parseKey } from '../lib/energy';
import { applyTick, emptyLive, seed, type LiveState } from '../lib/live';
import { applyHubState, withoutHub, type OfflineHubs } from '../lib/offline';
import { mergeReadings } from '../lib/successions';
import { HomeAlerts } from './alerts.svelte';
import { clock } from './clock.svelte';
import { network } from './network.svelte';
import { Loaded } from './loaded.svelte';
import { Overtaken } from './overtaken';
import { session } from './session.svelte';

const LAST_HOUR_S = 3600;
const CACHED_DAYS = 10;
const RETRY_MS = 15_000;

/** Everything about the household on screen; made anew when another one is chosen. */
export class Home {
  readonly id: string;
  readonly zone: string;
  household = new Loaded<Household>();
  settings = new Loaded<HomeSettings>();
  figures = new Loaded<TodayFigures>();
  recent = new Loaded<Usage>();
  readonly alerts: HomeAlerts;
  /** Grows when labels, prices or successions changed: whoever shows a sum asks for it again. */
  edits = $state(0);
  link = $state<LinkState>('connecting');
  live = $state.raw<LiveState>(emptyLive);
  /** Hubs that left, and since when. */
  offline = $state.raw<OfflineHubs>({});
  /** Readings as the history has them: merged sockets are one. */
  readings = $derived(mergeReadings(this.live.readings, this.settings.value?.successions ?? []));
  currency = $derived(this.settings.value?.currency ?? null);
  /** Since when nothing new was heard, where the page shows what it kept. */
  asOf = $derived(this.household.asOf === null ? null : (this.recent.asOf ?? this.household.asOf));
  connected = $derived(network.online && this.link === 'open');
  #lostAt = $state(clock.read());
  /** What counts as now: while the stream is away nothing is known, so time stands still and nobody falls silent. */
  now = $derived(this.connected ? clock.now : this.#lostAt);
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- a cache that is asked, never watched
  #days = new Map<Day, Usage>();
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- the same
  #ticks = new Map<string, { usage: Usage; whole: boolean }>();
  #waiting: Tick[] = [];
  #close: (() => void) | null = null;
  #wasOpen = false;
  #stopWatching: (() => void) | null = null;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(id: string, zone: string) {
    this.id = id;
    this.zone = zone;
    this.alerts = new HomeAlerts(id);
  }

  start(): void {
    this.reload();
    this.alerts.start();
    this.#connect();
    this.#stopWatching = $effect.root(() => {
      $effect(() => {
        if (!this.connected) this.#lostAt = untrack(() => clock.now);
      });
      let offline = false;
      $effect(() => {
        // A stream that slept through a lost network may never notice; a fresh one is certain.
        if (network.online && offline) {
          untrack(() => {
            this.#connect();
            this.reload();
          });
        }
        offline = !network.online;
      });
    });
  }

  #connect(): void {
    this.#close?.();
    this.#close = openLive(this.id, {
      onTick: (tick) => this.#take(tick),
      onHub: (state) => (this.offline = applyHubState(this.offline, state)),
      onState: (state) => {
        // What happened while the stream was away is fetched, not guessed.
        if (state === 'open' && this.household.asOf !== null) this.reload();
        else if (state === 'open' && this.#wasOpen && this.link !== 'open') void this.#reseed();
        if (state === 'open') this.#wasOpen = true;
        this.link = state;
      },
      onRefused: () => void session.probe(),
    });
  }

  stop(): void {
    this.#close?.();
    this.#close = null;
    this.alerts.stop();
    this.#stopWatching?.();
    clearTimeout(this.#again);
    for (const one of [this.household, this.settings, this.figures, this.recent]) one.stop();
  }

  reload(): void {
    void this.household.load((signal) => fetchHousehold(this.id, signal), `household ${this.id}`);
    void this.loadSettings();
    void this.alerts.load();
    void this.#reseed();
  }

  loadSettings(): Promise<void> {
    // Under a name of its own: what was kept before there were alerts says nothing of them.
    return this.settings.load((signal) => fetchSettings(this.id, signal), `settings with alerts ${this.id}`);
  }

  loadFigures(): Promise<void> {
    return this.figures.load((signal) => fetchToday(this.id, signal), `today ${this.id}`);
  }

  /** Stores changed settings. [`Overtaken`] when somebody else was quicker. */
  async saveSettings(change: (settings: HomeSettings) => HomeSettings): Promise<void> {
    const before = this.settings.value ?? (await fetchSettings(this.id));
    try {
      this.settings.reset(await putSettings(this.id, change(before)));
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 409)) throw error;
      await this.loadSettings();
      throw new Overtaken();
    }
    this.#edited();
    const { name, zone } = this.settings.value ?? before;
    if (name !== before.name || zone !== before.zone) await session.probe();
  }

  /** Stores changed labels. They have no revision: the newest are fetched first, so that only the change is new. */
  async saveHub(hub: string, change: (labels: HubLabels) => HubLabels): Promise<void> {
    const fresh = await fetchHousehold(this.id);
    const found = fresh.hubs.find((one) => one.id === hub);
    if (!found) throw new Overtaken();
    await putHub(this.id, hub, change({ name: found.name, sockets: found.sockets }));
    await this.household.load((signal) => fetchHousehold(this.id, signal), `household ${this.id}`);
    this.#edited();
  }

  /** Takes a hub in that shows this code. */
  async pairHub(code: string, name: string): Promise<Hub> {
    const hub = await pairHub(this.id, code, name);
    await this.#hubsChanged();
    return hub;
  }

  /** Lets a hub go; what it has measured stays. */
  async releaseHub(hub: string): Promise<void> {
    await releaseHub(this.id, hub);
    await this.#hubsChanged();
  }

  async #hubsChanged(): Promise<void> {
    await this.household.load((signal) => fetchHousehold(this.id, signal), `household ${this.id}`);
    this.#edited();
    void this.#reseed();
  }

  #edited(): void {
    this.#days.clear();
    this.#ticks.clear();
    this.edits++;
  }

  async day(day: Day, signal: AbortSignal): Promise<Usage> {
    const { from, to } = dayRange(day, this.zone);
    const usage = await fetchUsage(this.id, { from, to, bucket: '15m' }, signal);
    keep(this.#days, day, usage, CACHED_DAYS);
    return usage;
  }

  cachedDay(day: Day): Usage | null {
    return this.#days.get(day) ?? null;
  }

  /** All ticks of one socket's day; those of a past day are asked for once. */
  async ticks(day: Day, key: string, unfinished: boolean, signal: AbortSignal): Promise<Usage> {
    const kept = this.#ticks.get(`${day} ${key}`);
    if (kept?.whole) return kept.usage;
    const usage = await fetchUsage(this.id, { ...dayRange(day, this.zone), bucket: 'tick', only: parseKey(key) }, signal);
    keep(this.#ticks, `${day} ${key}`, { usage, whole: !unfinished }, CACHED_DAYS);
    return usage;
  }

  cachedTicks(day: Day, key: string): Usage | null {
    return this.#ticks.get(`${day} ${key}`)?.usage ?? null;
  }

  today(now: number): Day {
    return dayOf(now, this.zone);
  }

  async #reseed(): Promise<void> {
    const now = Math.floor(clock.read());
    const query = { from: now - LAST_HOUR_S, to: now, bucket: 'tick' } as const;
    await this.recent.load((signal) => fetchUsage(this.id, query, signal), `recent ${this.id}`);
    const usage = this.recent.value;
    // What was kept is shown as it was then.
    if (this.recent.asOf !== null) this.#lostAt = this.recent.asOf;
    if (usage) {
      let state = seed(usage, Math.floor(this.recent.asOf ?? now));
      for (const tick of this.#waiting) state = applyTick(state, tick);
      this.live = state;
    }
    this.#waiting = [];
    clearTimeout(this.#again);
    if (!this.recent.failure || !this.#close) return;
    // Who shows what was kept asks for everything again.
    this.#again = setTimeout(() => (this.household.asOf === null ? void this.#reseed() : this.reload()), RETRY_MS);
  }

  #take(tick: Tick): void {
    if (this.recent.loading) this.#waiting.push(tick);
    this.live = applyTick(this.live, tick);
    this.offline = withoutHub(this.offline, tick.hub);
  }
}

/** Keeps the newest, up to a number of them. */
function keep<K, V>(cache: Map<K, V>, key: K, value: V, most: number): void {
  cache.delete(key);
  cache.set(key, value);
  const oldest = cache.keys().next().value;
  if (cache.size > most && oldest !== undefined) cache.delete(oldest);
}

class CurrentHome {
  value = $state.raw<Home | null>(null);

  open(id: string, zone: string): () => void {
    const home = new Home(id, zone);
    this.value = home;
    home.start();
    return () => {
      home.stop();
      this.value = null;
    };
  }
}

export const current = new CurrentHome();
