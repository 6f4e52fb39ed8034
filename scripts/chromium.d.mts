/** The path of a Chromium that runs on this machine, or undefined where there is none. */
export function findChromium(): Promise<string | undefined>

/** Finds one or installs one; rejects with the one command that a person can run. */
export function ensureChromium(): Promise<string>
