/** A Lua script that Redis knows by its hash. */
import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'

/** Runs a script by its hash, and sends its text only when Redis does not know it. */
export class RedisScript {
  readonly #text: string
  readonly #sha1: string

  constructor(text: string) {
    this.#text = text
    this.#sha1 = createHash('sha1').update(text).digest('hex')
  }

  /** Makes the script known, so that the runs that follow keep their order: only `SCRIPT FLUSH` makes it unknown again. */
  async load(redis: Redis): Promise<void> {
    await redis.script('LOAD', this.#text)
  }

  /** Runs the script with one key. Strings of the reply come as bytes. */
  async run(redis: Redis, key: string, args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await redis.callBuffer('EVALSHA', [this.#sha1, 1, key, ...args])
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return redis.callBuffer('EVAL', [this.#text, 1, key, ...args])
    }
  }
}
