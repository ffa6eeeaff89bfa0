/** A client of etcd for what registration and discovery need: entries, leases, watches. */
import { type CallOptions, type Client, Code, ConnectError, createClient } from '@connectrpc/connect'
import { type ClientTransport, createTransport } from '../../client/node/transport.ts'
import {
  Auth,
  KV,
  Lease,
  type RangeRequest,
  type RangeResponse,
  Watch,
  type WatchCreateRequest,
  type WatchResponse,
} from '../../gen/etcd/etcdserverpb/rpc_pb.js'
import type { Clock } from '../../wire/http2/http2.ts'
import type { ResolvedEtcdOptions } from './etcd-options.ts'

/** The fields of a message that are set. */
type Init<Message> = Partial<Omit<Message, '$typeName' | '$unknown'>>

/** Finds a member that hangs, or a network that drops everything, within 15 s. etcd allows a PING each 5 s. */
const KEEPALIVE = { timeMs: 10_000, timeoutMs: 5_000 }

/** A page of long values. */
const MAX_RESPONSE_BYTES = 32 * 1024 * 1024

/** A member without a leader refuses such calls, and ends such watches, rather than answer with old data. */
const REQUIRE_LEADER = { hasleader: 'true' }

/** What etcd says of a token that has expired, or that is older than a change of its users. */
const STALE_TOKEN = /invalid auth token|revision of auth store is old|permission denied/

/** Calls the members of a cluster in turn. Errors are ConnectErrors. Must be closed. */
export class EtcdClient {
  readonly #options: ResolvedEtcdOptions
  readonly #clock: Clock
  readonly #transport: ClientTransport
  readonly #kv: Client<typeof KV>
  readonly #lease: Client<typeof Lease>
  readonly #watch: Client<typeof Watch>
  readonly #auth: Client<typeof Auth>
  /** Null: none yet, or the last one is stale. */
  #token: string | null = null

  /**
   * Connects with the first call.
   *
   * @param open creates the transport. Default: one whose calls keep the process alive
   */
  constructor(options: ResolvedEtcdOptions, clock: Clock, open = createTransport) {
    this.#options = options
    this.#clock = clock
    this.#transport = open({
      target: `static:///${options.endpoints.join()}`,
      ...(options.tls && { tls: options.tls }),
      serviceConfig: { loadBalancingConfig: [{ round_robin: {} }] },
      keepalive: KEEPALIVE,
      readMaxBytes: MAX_RESPONSE_BYTES,
      propagation: false,
    })
    this.#kv = createClient(KV, this.#transport)
    this.#lease = createClient(Lease, this.#transport)
    this.#watch = createClient(Watch, this.#transport)
    this.#auth = createClient(Auth, this.#transport)
  }

  range(request: Init<RangeRequest>, signal: AbortSignal): Promise<RangeResponse> {
    return this.#call(signal, (options) => this.#kv.range(request, options))
  }

  /** Writes an entry that expires with the lease. */
  async put(
    key: Uint8Array<ArrayBuffer>,
    value: Uint8Array<ArrayBuffer>,
    lease: bigint,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#call(signal, (options) => this.#kv.put({ key, value, lease }, options))
  }

  /** Returns the id of a new lease, and the time to live that the server chose. */
  async grant(ttlMs: number, signal: AbortSignal): Promise<{ readonly id: bigint; readonly ttlMs: number }> {
    const ttl = BigInt(Math.ceil(ttlMs / 1_000))
    const answer = await this.#call(signal, (options) => this.#lease.leaseGrant({ ttl }, options))
    if (answer.error !== '') throw new ConnectError(answer.error, Code.Unavailable)
    return { id: answer.id, ttlMs: Number(answer.ttl) * 1_000 }
  }

  /** Renews a lease. Returns its new time to live, or 0 if it has expired. */
  keepAlive(id: bigint, signal: AbortSignal): Promise<number> {
    return this.#call(signal, async (options) => {
      for await (const { ttl } of this.#lease.leaseKeepAlive(once({ id }), options)) return Number(ttl) * 1_000
      throw new ConnectError('etcd did not answer the renewal of a lease', Code.Unavailable)
    })
  }

  /** Ends a lease, which removes its entries. One that has expired is fine. */
  async revoke(id: bigint, signal: AbortSignal): Promise<void> {
    try {
      await this.#call(signal, (options) => this.#lease.leaseRevoke({ id }, options))
    } catch (error) {
      if (ConnectError.from(error).code !== Code.NotFound) throw error
    }
  }

  /** Watches a range until the signal aborts. The first response must come within the time of a request. */
  async *watch(create: Init<WatchCreateRequest>, signal: AbortSignal): AsyncGenerator<WatchResponse, void> {
    const headers = await this.#headers(signal)
    const end = new AbortController()
    const timer = this.#clock.schedule(() => end.abort(timeout('the watch')), this.#options.timeoutMs)
    const both = AbortSignal.any([signal, end.signal])
    const request = { requestUnion: { case: 'createRequest' as const, value: create } }
    try {
      for await (const response of this.#watch.watch(onceUntil(request, both), { signal: both, headers })) {
        timer.cancel()
        // Also for a stale token etcd cancels the watch, rather than fail the call.
        if (response.canceled && response.compactRevision === 0n) this.#token = null
        yield response
      }
    } catch (error) {
      this.#forgetStaleToken(error)
      throw end.signal.aborted ? end.signal.reason : error
    } finally {
      timer.cancel()
      // Also the call of a reader that leaves, and the stream of requests of a call that has failed.
      end.abort()
    }
  }

  async close(): Promise<void> {
    await this.#transport.close()
  }

  /** Calls a second time if only the token was stale. */
  async #call<T>(signal: AbortSignal, call: (options: CallOptions) => Promise<T>): Promise<T> {
    const attempt = async () => {
      const headers = await this.#headers(signal)
      return call({ headers, signal, timeoutMs: this.#options.timeoutMs })
    }
    try {
      return await attempt()
    } catch (error) {
      if (!this.#forgetStaleToken(error)) throw error
      return await attempt()
    }
  }

  async #headers(signal: AbortSignal): Promise<Record<string, string>> {
    const { username, password, timeoutMs } = this.#options
    if (username === undefined || password === undefined) return REQUIRE_LEADER
    this.#token ??= (await this.#auth.authenticate({ name: username, password }, { signal, timeoutMs })).token
    return { ...REQUIRE_LEADER, token: this.#token }
  }

  /** Whether the error is about a token that this client had. */
  #forgetStaleToken(error: unknown): boolean {
    if (this.#token === null || !STALE_TOKEN.test(ConnectError.from(error).rawMessage)) return false
    this.#token = null
    return true
  }
}

function timeout(what: string): ConnectError {
  return new ConnectError(`${what} was not answered in time`, Code.DeadlineExceeded)
}

async function* once<T>(request: T): AsyncGenerator<T, void> {
  yield request
}

/** Keeps the stream of requests open, as etcd ends a watch with it. */
async function* onceUntil<T>(request: T, signal: AbortSignal): AsyncGenerator<T, void> {
  yield request
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
