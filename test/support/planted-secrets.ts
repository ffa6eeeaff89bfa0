/**
 * Secrets that tests plant, and the scan that looks for them in everything that tests collect of a server or program: log lines, output,
 * responses, metrics and exports. A secret that turns up fails the test, unless the test takes it by `takeFoundSecrets`.
 */

const MARKER = 'planted-secret-'

/** The marker in plain text and in hexadecimal, and what base64 always has of it at each of the three places it may begin. */
const FORMS = [MARKER, Buffer.from(MARKER).toString('hex'), ...[0, 1, 2].map(base64Core)]

/** A planted secret that was found. */
export interface FoundSecret {
  /** What it was found in: `log`, `body of a response`. */
  readonly source: string
  /** The place that it was planted for: `cookie`. `encoded` for a secret in base64 or hexadecimal. */
  readonly secret: string
  /** Some of the text around it. */
  readonly excerpt: string
}

const found: FoundSecret[] = []

/** Returns the secret for a place: `planted-secret-cookie`. */
export function plantedSecret(place: string): string {
  return MARKER + place
}

/** Scans a text or the bytes of a message for planted secrets, and keeps what it finds for the end of the test. */
export function scanForSecrets(source: string, content: string | Uint8Array): void {
  const text = typeof content === 'string' ? content : Buffer.from(content).toString('latin1')
  for (const form of FORMS) {
    for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1)) {
      found.push({ source, secret: placeAt(text, at), excerpt: text.slice(Math.max(0, at - 120), at + 80) })
    }
  }
}

/** Returns what was found since the last call, and forgets it: for secrets that belong where they are. */
export function takeFoundSecrets(): readonly FoundSecret[] {
  return found.splice(0)
}

/** @throws Error that shows every planted secret that was found since the last call */
export function assertNoSecrets(): void {
  const shown = takeFoundSecrets().map(({ source, excerpt }) => `${source}: ${excerpt}`)
  if (shown.length > 0) throw new Error(`planted secrets were found:\n${shown.join('\n')}`)
}

function placeAt(text: string, at: number): string {
  const [, place = 'encoded'] = /^planted-secret-([a-z0-9-]+)/.exec(text.slice(at, at + 80)) ?? []
  return place
}

/** Leaves out the characters that depend on the bytes before and after. */
function base64Core(offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), Buffer.from(MARKER)])
    .toString('base64')
    .replaceAll('=', '')
  return text.slice(Math.ceil((offset * 8) / 6), -1)
}
