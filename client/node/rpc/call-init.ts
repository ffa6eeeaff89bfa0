/** What a call is made of. */
import type { TimerWheel } from '../../../wire/http2/http2.ts'
import type { Channel } from '../channel/channel.ts'
import type { CallAuthenticator, CredentialsSource } from '../credentials/call-authenticator.ts'
import type { CallConfigSource } from '../service-config/call-config.ts'
import type { CallObserver } from './call-observer.ts'
import type { CallPlan } from './call-plan.ts'
import type { InterceptedCall } from './intercepted-call.ts'

/** What the calls of a transport work with. */
export interface CallParts {
  readonly channel: Channel
  readonly config: CallConfigSource
  readonly authenticator: CallAuthenticator
  readonly timers: TimerWheel
  /** A number from 0 to below 1. */
  readonly random: () => number
  /** Null: nobody listens. */
  readonly observer: CallObserver | null
}

/** A call as it is asked for. */
export interface CallInit {
  readonly plan: CallPlan
  readonly parts: CallParts
  /** Metadata; undefined: none. */
  readonly header: Headers | undefined
  readonly signal: AbortSignal | undefined
  /** From now on, in milliseconds; undefined: no deadline but that of `within` and of the service config. */
  readonly timeoutMs: number | undefined
  /** The call of the interceptors that have made this one, with its deadline; null: there are none. */
  readonly within: InterceptedCall | null
  /** Undefined: as the service config says. */
  readonly waitsForReady: boolean | undefined
  /** Makes what each attempt proves itself with; null: nothing, or whoever makes the attempts sees to it. */
  readonly credentials: CredentialsSource | null
}
