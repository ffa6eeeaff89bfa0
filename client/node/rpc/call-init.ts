/** What a call is made of. */
import type { Interceptor } from '@connectrpc/connect'
import type { CallObserver } from '../../../wire/call-observer.ts'
import type { TimerWheel } from '../../../wire/http2/http2.ts'
import type { Channel } from '../channel/channel.ts'
import type { CallAuthenticator, CredentialsSource } from '../credentials/call-authenticator.ts'
import type { CallConfigSource } from '../service-config/call-config.ts'
import type { InterceptedCall } from './intercepted-call.ts'
import type { CallSettings, ClientProtocol, MethodPlan } from './method-plan.ts'

/** What the calls of a transport work with. */
export interface TransportParts {
  readonly channel: Channel
  readonly config: CallConfigSource
  readonly authenticator: CallAuthenticator
  readonly timers: TimerWheel
  /** A number from 0 to below 1. */
  readonly random: () => number
  /** Must not throw; null: nobody observes. */
  readonly observer: CallObserver | null
  readonly protocol: ClientProtocol
  readonly settings: CallSettings
  /** The first is outermost. */
  readonly interceptors: readonly Interceptor[]
  /** The deadline of calls that set none, in milliseconds; undefined: none. */
  readonly timeoutMs: number | undefined
}

/** A call as it is asked for. */
export interface CallInit {
  readonly plan: MethodPlan
  readonly parts: TransportParts
  /** Metadata; undefined: none. */
  readonly header: Headers | undefined
  readonly signal: AbortSignal | undefined
  /** From now on, in milliseconds; undefined: no deadline but that of `within` and of the service config. */
  readonly timeoutMs: number | undefined
  /** The call of the interceptors that have made this one, with its deadline; null without interceptors. */
  readonly within: InterceptedCall | null
  /** Undefined: as the service config says. */
  readonly waitsForReady: boolean | undefined
  /** Makes the credentials of each attempt; null without credentials. */
  readonly credentials: CredentialsSource | null
}
