/** What a service config says about the calls of a method. */
import type { Code } from '@connectrpc/connect'

/** What is said about methods. */
export interface MethodConfigs {
  /** @param path `/package.Service/Method` */
  find(path: string): MethodConfig
}

/** What holds for calls of a method. A field that is undefined leaves the matter to the client. */
export interface MethodConfig {
  readonly waitForReady: boolean | undefined
  /** The most time that a call gets, in milliseconds; the client's own timeout holds if it is shorter. */
  readonly timeoutMs: number | undefined
  /** The longest request message, in bytes; the client's own limit holds if it is lower. */
  readonly maxRequestBytes: number | undefined
  /** The longest response message, in bytes; the client's own limit holds if it is lower. */
  readonly maxResponseBytes: number | undefined
  /** Null where there is none, or where there is a hedging policy. */
  readonly retryPolicy: RetryPolicy | null
  readonly hedgingPolicy: HedgingPolicy | null
}

/** When to try again after a failure (gRFC A6). */
export interface RetryPolicy {
  /** With the first one; from 2 to 5. */
  readonly maxAttempts: number
  /** The wait before the second attempt, in milliseconds, before jitter. Above 0. */
  readonly initialBackoffMs: number
  /** The longest wait, in milliseconds, before jitter. Above 0. */
  readonly maxBackoffMs: number
  /** Each wait is the one before times this. Above 0. */
  readonly backoffMultiplier: number
  readonly retryableCodes: ReadonlySet<Code>
}

/** When to make several attempts at once (gRFC A6). */
export interface HedgingPolicy {
  /** With the first one; from 2 to 5. */
  readonly maxAttempts: number
  /** The time from one attempt to the next, in milliseconds. 0 (the default): all at once. */
  readonly hedgingDelayMs: number
  /** Failures with these leave the other attempts running. */
  readonly nonFatalCodes: ReadonlySet<Code>
}
