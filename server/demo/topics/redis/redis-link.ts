/** The connections to Redis: one for commands, one for what it publishes. */
import { Redis } from 'ioredis'
import { TopicError } from '../topic-error.ts'
import type { RedisAddress } from './redis-address.ts'
import { RedisConnector } from './redis-connector.ts'
import { isDemoted, refusalOf } from './redis-faults.ts'

/** How long things take, in milliseconds. */
export interface RedisTimes {
  /** The longest wait for a reply. Then all that waits fails, and the connection is opened again. Default 3,000. */
  readonly replyTimeoutMs: number
  /** The pause between two pulses. Default 1,000. */
  readonly pulseMs: number
  /** A process counts as dead when it has sent no pulse for so long. Default 15,000. */
  readonly deadAfterMs: number
}

/** What the owner of a link does with it. */
export interface RedisLinkOwner {
  /** Makes new connections ready for use. If it rejects, they are opened again. */
  prepare(): Promise<void>
  /** Records that the process is alive, and checks that Redis answers. If it rejects, the connections are opened again. */
  pulse(): Promise<void>
  onMessage(channel: Buffer, payload: Buffer): void
  onAvailable(isAvailable: boolean): void
}

const FIRST_RETRY_MS = 50
const MAX_RETRY_MS = 2_000
const CLOSE_PATIENCE_MS = 100

/**
 * Keeps both connections open, and retries with backoff until it is closed. The link is available while both are open and prepared;
 * otherwise commands fail at once. ioredis must not repeat commands or subscriptions: an append would be stored twice, and the rejection
 * of a subscription would have no handler.
 */
export class RedisLink {
  readonly commands: Redis
  readonly subscriber: Redis
  readonly #times: RedisTimes
  readonly #owner: RedisLinkOwner
  readonly #label: string
  readonly #started = Promise.withResolvers<void>()
  #isAvailable = false
  #isClosed = false
  /** Counts connections. Results that began under another number are ignored. */
  #generation = 0
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  #corked: Redis['stream'] | undefined
  readonly #uncork = () => {
    this.#corked?.uncork()
    this.#corked = undefined
  }

  constructor(address: RedisAddress, times: RedisTimes, owner: RedisLinkOwner) {
    this.#times = times
    this.#owner = owner
    this.#label = address.label
    this.commands = this.#connection(address)
    this.subscriber = this.#connection(address)
    this.subscriber.on('smessageBuffer', (channel: Buffer, payload: Buffer) => owner.onMessage(channel, payload))
  }

  get isAvailable(): boolean {
    return this.#isAvailable
  }

  /**
   * Resolves when the link is available for the first time. Rejects if Redis refuses, or when it is closed before. It tries again after a
   * refusal too, until it is closed.
   */
  start(): Promise<void> {
    for (const connection of this.#connections) connection.connect().catch(() => {})
    return this.#started.promise
  }

  /** Sends the commands of this turn of the event loop in one write. Called before each command. */
  gather(): void {
    if (this.#corked !== undefined || !this.#isAvailable) return
    this.#corked = this.commands.stream
    this.#corked.cork()
    process.nextTick(this.#uncork)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cut()
    this.#started.promise.catch(() => {})
    this.#started.reject(new TopicError('closed', 'the topic hub has been closed'))
    await Promise.all(this.#connections.map(end))
  }

  get #connections(): readonly Redis[] {
    return [this.commands, this.subscriber]
  }

  #connection({ options }: RedisAddress): Redis {
    const connection = new Redis({
      ...options,
      Connector: RedisConnector,
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      maxRetriesPerRequest: 0,
      // prepare() finds a server that loads its data, and needs no permission for INFO.
      enableReadyCheck: false,
      disableClientInfo: true,
      connectionName: 'portico-hub',
      // One timer for all commands in flight: a timer for each would take a quarter of the time of an append.
      socketTimeout: this.#times.replyTimeoutMs,
      connectTimeout: this.#times.replyTimeoutMs,
      disconnectTimeout: CLOSE_PATIENCE_MS,
      retryStrategy: (attempt) => retryDelayMs(Math.max(attempt, this.#failures)),
      reconnectOnError: isDemoted,
    })
    connection.on('ready', () => this.#onReady())
    connection.on('close', () => this.#cut())
    connection.on('error', (error: Error) => this.#refuseStart(error))
    return connection
  }

  #onReady(): void {
    if (this.#isClosed || this.#connections.some(({ status }) => status !== 'ready')) return
    const generation = ++this.#generation
    this.#owner.prepare().then(
      () => this.#open(generation),
      (error) => this.#reopen(generation, error),
    )
  }

  #open(generation: number): void {
    if (generation !== this.#generation) return
    this.#failures = 0
    this.#isAvailable = true
    this.#schedulePulse(generation)
    this.#started.resolve()
    this.#owner.onAvailable(true)
  }

  #schedulePulse(generation: number): void {
    this.#timer = setTimeout(() => {
      this.#owner.pulse().then(
        () => generation === this.#generation && this.#schedulePulse(generation),
        (error) => this.#reopen(generation, error),
      )
    }, this.#times.pulseMs)
    this.#timer.unref()
  }

  #reopen(generation: number, error: unknown): void {
    if (generation !== this.#generation) return
    this.#failures += 1
    this.#cut()
    this.#refuseStart(error)
    // In another state ioredis is about to connect, and would not try again after a disconnect.
    const open = this.#connections.filter(({ status }) => status === 'ready' || status === 'connect')
    for (const connection of open) connection.disconnect(true)
  }

  #cut(): void {
    this.#generation += 1
    clearTimeout(this.#timer)
    if (!this.#isAvailable) return
    this.#isAvailable = false
    if (!this.#isClosed) this.#owner.onAvailable(false)
  }

  /** Has no effect once the link has started. It then keeps trying: a password or permission may be restored. */
  #refuseStart(error: unknown): void {
    const refusal = refusalOf(error)
    if (refusal !== undefined) this.#started.reject(new Error(`--hub ${this.#label}: ${refusal}`))
  }
}

async function end(connection: Redis): Promise<void> {
  const stream: Redis['stream'] | undefined = connection.stream
  connection.disconnect()
  if (stream === undefined || stream.destroyed) return
  await new Promise((resolve) => stream.once('close', resolve))
}

/** Grows by half with each attempt, less a random part of up to a half, so that processes do not all reconnect at once. */
function retryDelayMs(attempt: number): number {
  const longest = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 1.5 ** Math.min(attempt, 20))
  return Math.round(longest * (1 - Math.random() / 2))
}
