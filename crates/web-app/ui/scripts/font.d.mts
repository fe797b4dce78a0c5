export function cutFont(): Promise<string>;
