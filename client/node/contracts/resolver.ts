/** The contracts between a channel and the resolver of its target. */
import type { ConnectError } from '@connectrpc/connect'
import type { Clock } from '../../../wire/http2/http2.ts'
import type { Attributes, Endpoint } from './endpoint.ts'

/** Creates resolvers for one scheme, by which it is looked up in an explicit list. */
export interface ResolverFactory {
  /** The scheme of its targets, without the colon and in lower case: `dns`. */
  readonly scheme: string
  /**
   * Returns the `:authority` of requests to this target, unless the channel sets another.
   *
   * @throws RangeError for an invalid target
   */
  defaultAuthority(target: Target): string
  /**
   * Whether a server's certificate must match the host of its address, rather than the authority. Only for addresses that the application has
   * written itself, as looked-up ones could be anyone's. The `hostname` of an endpoint and the options of the channel take precedence.
   * Default: false.
   */
  verifiesAddressHost?(target: Target): boolean
  /**
   * Creates a resolver, which starts with `start`.
   *
   * @throws RangeError for an invalid target
   */
  create(target: Target, context: ResolverContext): Resolver
}

/** The parts of `scheme://authority/endpoint`, not decoded (gRPC Name Resolution). */
export interface Target {
  /** In lower case. */
  readonly scheme: string
  /** The part between `//` and the next `/`; empty if there is none. */
  readonly authority: string
  /** Whether there is a `//`, which distinguishes `unix:///run/app.sock` from `unix:run/app.sock`. */
  readonly hasAuthority: boolean
  /** The rest, without its leading slash after an authority or `//`. */
  readonly endpoint: string
}

/** The functions that a channel offers to a resolver. */
export interface ResolverContext {
  /** The clock and timers that a resolver must use. */
  readonly clock: Clock
  /** Returns a number from 0 to below 1. */
  readonly random: () => number
  /** Whether the channel uses service configs; if not, the resolver need not look one up. */
  readonly usesServiceConfig: boolean
  /** Receives results, at any time from `start` to `close`, but not from within a method of the resolver. */
  readonly listener: ResolverListener
}

/** Resolves one target. Created when a channel leaves IDLE, closed when it is IDLE again or closed. */
export interface Resolver {
  /** Starts resolving. Called once, first. */
  start(): void
  /** Requests another lookup, for example after a lost connection. May be called often; the resolver limits the rate. */
  resolveNow(): void
  /** Ends everything. The listener is not called any more. */
  close(): void
}

/** Receives the results of a resolver. */
export interface ResolverListener {
  /** Takes a result. Returns null, or why it is unusable; the resolver then behaves as after a failed lookup. */
  onResult(result: ResolverResult): ConnectError | null
}

/** The result of a lookup. */
export interface ResolverResult {
  /** All endpoints, or an error, after which the previous ones stay valid. */
  readonly endpoints: readonly Endpoint[] | ConnectError
  /** The service config as unvalidated JSON, or an error. Absent if the target has none. */
  readonly serviceConfig?: ServiceConfigJson | ConnectError
  /** The attributes of all endpoints. */
  readonly attributes?: Attributes
}

/** A service config as received. */
export interface ServiceConfigJson {
  /** The value that JSON.parse returned. */
  readonly json: unknown
}
