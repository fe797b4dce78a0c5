export function drawIcon(size: number, options?: { full?: boolean }): Buffer;
