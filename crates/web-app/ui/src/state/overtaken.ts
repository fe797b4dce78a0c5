/** Somebody else changed the same thing first; what they made of it is loaded. */
export class Overtaken extends Error {}
