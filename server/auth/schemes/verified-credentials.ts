/** The principals of credentials that were verified, for a while. */
import type { Principal } from '../../rpc/context-keys.ts'

/** About 8 MB if all are the largest tokens. */
const MAX_ENTRIES = 1_000

/** Remembers only what was verified, so that invalid credentials displace none. Above the limit, the oldest entries go. */
export class VerifiedCredentials {
  readonly #entries = new Map<string, { readonly principal: Principal; readonly untilMs: number }>()

  get(key: string): Principal | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || performance.now() < entry.untilMs) return entry?.principal
    this.#entries.delete(key)
    return undefined
  }

  /** @param forMs how long; nothing is remembered for no time */
  add(key: string, principal: Principal, forMs: number): void {
    if (forMs <= 0) return
    this.#entries.delete(key)
    this.#entries.set(key, { principal, untilMs: performance.now() + forMs })
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > MAX_ENTRIES && oldest !== undefined) this.#entries.delete(oldest)
  }

  clear(): void {
    this.#entries.clear()
  }
}
