/** A Lua script that Redis knows by its hash. */
import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'

/** Runs a script on one connection by its hash, in the order of the calls. Sends its text only when Redis does not know it. */
export class RedisScript {
  readonly #text: string
  readonly #sha1: string
  /** How many runs wait for their reply. */
  #open = 0
  /** Set once Redis has refused the hash; resolves when all open runs are done. Later runs would overtake those that are sent again. */
  #repeated: PromiseWithResolvers<void> | undefined

  constructor(text: string) {
    this.#text = text
    this.#sha1 = createHash('sha1').update(text).digest('hex')
  }

  /** Makes the script known. Only `SCRIPT FLUSH` makes it unknown again. */
  async load(redis: Redis): Promise<void> {
    await redis.script('LOAD', this.#text)
  }

  /** Runs the script with one key. Strings of the reply come as bytes. */
  async run(redis: Redis, key: string, args: readonly (string | number)[]): Promise<unknown> {
    while (this.#repeated !== undefined) await this.#repeated.promise
    this.#open += 1
    try {
      return await redis.callBuffer('EVALSHA', [this.#sha1, 1, key, ...args])
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      this.#repeated ??= Promise.withResolvers()
      return await redis.callBuffer('EVAL', [this.#text, 1, key, ...args])
    } finally {
      this.#open -= 1
      if (this.#open === 0) this.#resume()
    }
  }

  #resume(): void {
    this.#repeated?.resolve()
    this.#repeated = undefined
  }
}
