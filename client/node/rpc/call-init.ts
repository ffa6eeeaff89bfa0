/** The inputs of a call. */
import type { Interceptor } from '@connectrpc/connect'
import type { CallObserver } from '../../../wire/call-observer.ts'
import type { TimerWheel } from '../../../wire/http2/http2.ts'
import type { Channel } from '../channel/channel.ts'
import type { CallAuthenticator, CredentialsSource } from '../credentials/call-authenticator.ts'
import type { CallConfigSource } from '../service-config/call-config.ts'
import type { InterceptedCall } from './intercepted-call.ts'
import type { CallSettings, ClientProtocol, MethodPlan } from './method-plan.ts'

/** What the calls of a transport share. */
export interface TransportParts {
  readonly channel: Channel
  readonly config: CallConfigSource
  readonly authenticator: CallAuthenticator
  readonly timers: TimerWheel
  /** Returns a number from 0 to below 1. */
  readonly random: () => number
  /** Must not throw; null without observers. */
  readonly observer: CallObserver | null
  readonly protocol: ClientProtocol
  readonly settings: CallSettings
  /** The first is outermost. */
  readonly interceptors: readonly Interceptor[]
  /** The timeout of calls that set none, in milliseconds; undefined for none. */
  readonly timeoutMs: number | undefined
}

/** A requested call. */
export interface CallInit {
  readonly plan: MethodPlan
  readonly parts: TransportParts
  /** The metadata; undefined for none. */
  readonly header: Headers | undefined
  readonly signal: AbortSignal | undefined
  /** The timeout in milliseconds; undefined to use only those of `within` and of the service config. */
  readonly timeoutMs: number | undefined
  /** The call around the interceptors, with its deadline; null without interceptors. */
  readonly within: InterceptedCall | null
  /** Undefined to use the service config. */
  readonly waitsForReady: boolean | undefined
  /** The label of the call in metrics; undefined for none, and without observers. */
  readonly label: string | undefined
  /** Creates the credentials of each attempt; null without credentials. */
  readonly credentials: CredentialsSource | null
}
