import type { en } from './en';

type Widen<T> = T extends string ? string : T extends (...args: infer A) => string ? (...args: A) => string : { [K in keyof T]: Widen<T[K]> };

/** Every catalogue has exactly these keys; one that is missing does not compile. */
export type Messages = Widen<typeof en>;
