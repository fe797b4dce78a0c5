import { ApiError, closeSession, currentSession, NetworkError, openSession, whenUnauthorised } from '../api/client';
import type { HouseholdRef, Session } from '../api/types';
import { forgetKept, keep, recall as recallKept } from './kept';

type Status = 'checking' | 'in' | 'out' | 'failed';

const KEY = 'wattline.household';
const KEPT = 'session';

class SessionState {
  status = $state<Status>('checking');
  session = $state.raw<Session | null>(null);
  /** Why it is not known whether somebody is logged in. */
  failure = $state.raw<unknown>(null);
  #chosen = $state<string | null>(recall());

  /** The household on screen: the one chosen last, else the first. */
  household: HouseholdRef | null = $derived.by(() => {
    const all = this.session?.households ?? [];
    return all.find((h) => h.id === this.#chosen) ?? all[0] ?? null;
  });

  /** Members and owners may change the home; guests look. */
  mayEdit = $derived((this.household?.role ?? 'guest') !== 'guest');
  isOwner = $derived(this.household?.role === 'owner');

  /** Whether somebody was logged in when the page was last here. */
  get known(): boolean {
    return recallKept<Session>(KEPT) !== null;
  }

  constructor() {
    whenUnauthorised(() => this.expire());
  }

  async check(): Promise<void> {
    this.status = 'checking';
    try {
      this.#enter(await currentSession());
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return this.expire();
      const kept = error instanceof NetworkError ? recallKept<Session>(KEPT) : null;
      if (kept) {
        this.session = kept.value;
        this.status = 'in';
      } else {
        this.failure = error;
        this.status = 'failed';
      }
    }
  }

  /** Asks whether the session still stands, without disturbing what is on screen. */
  async probe(): Promise<void> {
    try {
      this.#enter(await currentSession());
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) this.expire();
    }
  }

  /** With the code of the app, or a recovery code, where the server asked for one. */
  async logIn(email: string, password: string, code?: string): Promise<void> {
    this.#enter(await openSession(email, password, code));
  }

  async logOut(): Promise<void> {
    try {
      await closeSession();
    } catch (error) {
      // An ended session is what was asked for; anything else must be seen.
      if (!(error instanceof ApiError && error.status === 401)) throw error;
    }
    this.expire();
  }

  /** Shows the log-in in place: the address stays, so that logging in leads back to it. */
  expire(): void {
    forgetKept();
    this.session = null;
    this.status = 'out';
  }

  choose(household: string): void {
    this.#chosen = household;
    try {
      localStorage.setItem(KEY, household);
    } catch {
      // Without storage the choice lasts as long as the page.
    }
  }

  #enter(session: Session): void {
    this.session = session;
    this.status = 'in';
    keep(KEPT, session);
  }
}

function recall(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export const session = new SessionState();
