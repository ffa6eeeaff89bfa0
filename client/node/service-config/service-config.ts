/** What the owner of a service asks of its clients (gRPC Service Config), as it is after checking. */
import type { Code } from '@connectrpc/connect'
import type { LoadBalancerPolicy } from '../channel/load-balancer.ts'

/** A checked service config. */
export interface ServiceConfig {
  /** The policy to balance by, with its config. `pick_first` unless the config says otherwise. */
  readonly loadBalancing: LoadBalancingChoice
  readonly methods: MethodConfigs
  /** Null: retries are not throttled. */
  readonly retryThrottling: RetryThrottling | null
  /** The service whose health decides whether a connection is used (gRFC A17), `''` for the server as a whole. Null: none is asked. */
  readonly healthServiceName: string | null
  /** From 1 to 10 (gRFC A105). Default 1. */
  readonly maxConnectionsPerSubchannel: number
}

/** A policy and what its `parseConfig` returned. */
export interface LoadBalancingChoice {
  readonly policy: LoadBalancerPolicy
  readonly config: unknown
}

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

/** When to stop trying again as too much fails (gRFC A6). */
export interface RetryThrottling {
  /** Tokens at the start, and at most. Above 0, up to 1,000. */
  readonly maxTokens: number
  /** What a success adds; a failure takes 1. At least 0.001, in thousandths. */
  readonly tokenRatio: number
}
