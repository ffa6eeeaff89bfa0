/** The config of a method's calls. */
import type { Code } from '@connectrpc/connect'

/** The configs of methods. */
export interface MethodConfigs {
  /** @param path `/package.Service/Method` */
  find(path: string): MethodConfig
}

/** The config of a method's calls. An undefined field leaves the default of the client. */
export interface MethodConfig {
  readonly waitForReady: boolean | undefined
  /** Maximum timeout of a call, in milliseconds; a shorter one of the client applies. */
  readonly timeoutMs: number | undefined
  /** Maximum size of a request message, in bytes; a lower limit of the client applies. */
  readonly maxRequestBytes: number | undefined
  /** Maximum size of a response message, in bytes; a lower limit of the client applies. */
  readonly maxResponseBytes: number | undefined
  /** Null if there is none, or a hedging policy. */
  readonly retryPolicy: RetryPolicy | null
  readonly hedgingPolicy: HedgingPolicy | null
}

/** When to retry after a failure (gRFC A6). */
export interface RetryPolicy {
  /** With the first one; from 2 to 5. */
  readonly maxAttempts: number
  /** The delay before the second attempt, in milliseconds, before jitter. Above 0. */
  readonly initialBackoffMs: number
  /** Maximum delay, in milliseconds, before jitter. Above 0. */
  readonly maxBackoffMs: number
  /** Factor by which each delay grows. Above 0. */
  readonly backoffMultiplier: number
  readonly retryableCodes: ReadonlySet<Code>
}

/** When to make several attempts in parallel (gRFC A6). */
export interface HedgingPolicy {
  /** With the first one; from 2 to 5. */
  readonly maxAttempts: number
  /** The delay between attempts, in milliseconds. Default 0: all at once. */
  readonly hedgingDelayMs: number
  /** Codes of failures that leave the other attempts running. */
  readonly nonFatalCodes: ReadonlySet<Code>
}
