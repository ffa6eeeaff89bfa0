/** Topics in Redis. */
import { randomUUID } from 'node:crypto'
import type { TopicBroker, TopicBrokerLimits, TopicBrokerListener, TopicRange } from '../broker/topic-broker.ts'
import { brokerUnavailableError, TopicError } from '../topic-error.ts'
import type { TopicMessage } from '../topic-hub.ts'
import { randomEpoch } from '../topic-log.ts'
import { parseRedisAddress } from './redis-address.ts'
import { toTopicError } from './redis-faults.ts'
import { RedisLink, type RedisTimes } from './redis-link.ts'
import { parseAppended, parsePublished, parseRange } from './redis-messages.ts'
import { RedisScript } from './redis-script.ts'
import { readServerInfo } from './redis-server-info.ts'
import { SeenPlaces } from './seen-places.ts'
import { APPEND, COMPARE, ENTER, FOLLOW, LEAD, PULSE, READ, RESIGN, UNFOLLOW } from './topic-scripts.ts'

/** Where the topics are, and how many. */
export interface RedisTopicBrokerOptions {
  /** `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, or `rediss://` for TLS. */
  readonly url: string
  readonly limits: TopicBrokerLimits
  /** The prefix of all keys and channels, in braces, so that several hubs can share a Redis. Default `portico`. */
  readonly name?: string
  readonly times?: Partial<RedisTimes>
}

const DEFAULT_TIMES: RedisTimes = { replyTimeoutMs: 3_000, pulseMs: 1_000, deadAfterMs: 15_000 }
/** The most topics in one command, so that none blocks Redis for long. */
const CHUNK = 500

/**
 * Creates a broker that keeps topics in Redis 7, each operation in one step of Lua. Connects when it is started.
 *
 * @throws RangeError for an invalid URL
 */
export function createRedisTopicBroker(options: RedisTopicBrokerOptions): TopicBroker {
  return new RedisTopicBroker(options)
}

const createScripts = () => ({
  append: new RedisScript(APPEND),
  read: new RedisScript(READ),
  follow: new RedisScript(FOLLOW),
  unfollow: new RedisScript(UNFOLLOW),
  pulse: new RedisScript(PULSE),
  enter: new RedisScript(ENTER),
  compare: new RedisScript(COMPARE),
  lead: new RedisScript(LEAD),
  resign: new RedisScript(RESIGN),
})

type ScriptName = keyof ReturnType<typeof createScripts>

class RedisTopicBroker implements TopicBroker {
  readonly #prefix: string
  readonly #limits: readonly number[]
  readonly #deadAfterMs: number
  readonly #link: RedisLink
  readonly #scripts = createScripts()
  readonly #followed = new Set<string>()
  readonly #seen = new SeenPlaces()
  readonly #epochs = `${randomEpoch()}.`
  #epochCount = 0
  /** Names this process until the next connection. Marks under the former name may be out of date, and are void then. */
  #process = randomUUID()
  readonly #leader = randomUUID()
  #listener: TopicBrokerListener | undefined

  constructor({ url, limits, name = 'portico', times }: RedisTopicBrokerOptions) {
    const complete = { ...DEFAULT_TIMES, ...times }
    const address = parseRedisAddress(url)
    // All databases share the channels: without the number in the prefix, each would receive the messages of the others.
    this.#prefix = address.options.db === 0 ? `{${name}}:` : `{${name}}:${address.options.db}:`
    this.#limits = [limits.maxTopicMessages, limits.maxTopicBytes, limits.maxTotalBytes, limits.maxTopics]
    this.#deadAfterMs = complete.deadAfterMs
    this.#link = new RedisLink(address, complete, {
      prepare: () => this.#prepare(),
      pulse: () => this.#pulse(),
      onMessage: (channel, payload) => this.#onMessage(channel, payload),
      onAvailable: (isAvailable) => this.#listener?.onAvailable(isAvailable),
    })
  }

  get isAvailable(): boolean {
    return this.#link.isAvailable
  }

  start(listener: TopicBrokerListener): Promise<void> {
    this.#listener = listener
    return this.#link.start()
  }

  async append(topic: string, data: string, dataBytes: number): Promise<TopicMessage> {
    const reply = await this.#run('append', topic, data, this.#newEpoch(), ...this.#limits)
    if (reply === null) {
      throw new TopicError('limit_reached', 'all room for topics is taken by topics that have subscribers')
    }
    const message = parseAppended({ topic, data, dataBytes }, reply)
    this.#seen.note(message)
    return message
  }

  async read(topic: string, afterSequence: bigint): Promise<TopicRange> {
    // Lua counts in doubles. No topic has a number above 2^53, so larger ones may be cut down to that.
    const after = Math.min(Number(afterSequence), Number.MAX_SAFE_INTEGER)
    return parseRange(topic, await this.#run('read', topic, after, this.#newEpoch()))
  }

  async follow(topic: string): Promise<void> {
    if (!this.#link.isAvailable) throw brokerUnavailableError()
    this.#followed.add(topic)
    try {
      await this.#announce([topic])
    } catch (error) {
      this.unfollow(topic)
      throw toTopicError(error)
    }
  }

  unfollow(topic: string): void {
    if (!this.#followed.delete(topic) || !this.#link.isAvailable) return
    // If one of them fails, the connection is lost, and the subscription and the name of the process with it.
    this.#link.subscriber.sunsubscribe(this.#channel(topic)).catch(() => {})
    this.#run('unfollow', this.#process, topic).catch(() => {})
  }

  async lead(topic: string, ttlMs: number): Promise<boolean> {
    return (await this.#run('lead', topic, this.#leader, ttlMs)) === 1
  }

  resign(topic: string): void {
    this.#run('resign', topic, this.#leader).catch(() => {})
  }

  async close(): Promise<void> {
    const topics = [...this.#followed]
    this.#followed.clear()
    await Promise.all(chunks(topics).map((chunk) => this.#run('unfollow', this.#process, ...chunk))).catch(() => {})
    await this.#link.close()
  }

  async #prepare(): Promise<void> {
    const { commands } = this.#link
    const former = this.#process
    this.#process = randomUUID()
    const info = await readServerInfo(commands)
    await Promise.all(Object.values(this.#scripts).map((script) => script.load(commands)))
    if (info.run !== '') await this.#send('enter', info.run, info.keepsAll ? 1 : 0)
    for (const places of chunks([...this.#seen.asArguments()])) {
      await this.#send('compare', this.#newEpoch(), ...places.flat())
    }
    // This also shows whether the user may subscribe and publish.
    await this.#link.subscriber.ssubscribe(`${this.#prefix}pulse`)
    await this.#send('pulse', this.#process, this.#deadAfterMs)
    await this.#announceAll()
    await this.#send('pulse', this.#process, this.#deadAfterMs, former)
  }

  async #pulse(): Promise<void> {
    const [isKnown] = await Promise.all([
      this.#send('pulse', this.#process, this.#deadAfterMs),
      this.#link.subscriber.ping(),
    ])
    if (isKnown !== 1) await this.#announceAll()
  }

  async #announceAll(): Promise<void> {
    for (const topics of chunks([...this.#followed])) await this.#announce(topics)
  }

  /** Subscribes to topics, and marks them as followed. */
  async #announce(topics: readonly string[]): Promise<void> {
    await Promise.all([
      this.#link.subscriber.ssubscribe(...topics.map((topic) => this.#channel(topic))),
      this.#send('follow', this.#process, ...topics),
    ])
  }

  #onMessage(channel: Buffer, payload: Buffer): void {
    const topic = channel.toString('latin1', this.#channel('').length)
    if (!this.#followed.has(topic)) return
    const message = parsePublished(topic, payload)
    if (message === null) return
    this.#seen.note(message)
    this.#listener?.onMessage(message)
  }

  async #run(script: ScriptName, ...args: readonly (string | number)[]): Promise<unknown> {
    if (!this.#link.isAvailable) throw brokerUnavailableError()
    this.#link.gather()
    try {
      return await this.#send(script, ...args)
    } catch (error) {
      throw toTopicError(error)
    }
  }

  #send(script: ScriptName, ...args: readonly (string | number)[]): Promise<unknown> {
    return this.#scripts[script].run(this.#link.commands, `${this.#prefix}hub`, [this.#prefix, ...args])
  }

  #channel(topic: string): string {
    return `${this.#prefix}live:${topic}`
  }

  /** An epoch that no topic has had, in case the script begins one. */
  #newEpoch(): string {
    this.#epochCount += 1
    return this.#epochs + this.#epochCount.toString(36)
  }
}

function chunks<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / CHUNK) }, (_, index) =>
    items.slice(index * CHUNK, (index + 1) * CHUNK),
  )
}
