/** What the owner of a service asks of its clients (gRPC Service Config), as it is after checking. */
import type { ConfiguredPolicy } from '../contracts/load-balancer.ts'
import type { MethodConfigs } from './method-config.ts'

/** A checked service config. */
export interface ServiceConfig {
  /** What it was read from, as JSON.parse gave it: for people. */
  readonly json: unknown
  /** The policy to balance by, with its config. `pick_first` unless the config says otherwise. */
  readonly loadBalancing: ConfiguredPolicy
  readonly methods: MethodConfigs
  /** Null: retries are not throttled. */
  readonly retryThrottling: RetryThrottling | null
  /** The service whose health decides whether a connection is used (gRFC A17), `''` for the server as a whole. Null: none is asked. */
  readonly healthServiceName: string | null
  /** From 1 to 10 (gRFC A105). Default 1. */
  readonly maxConnectionsPerSubchannel: number
}

/** When to stop trying again as too much fails (gRFC A6). */
export interface RetryThrottling {
  /** Tokens at the start, and at most. Above 0, up to 1,000. */
  readonly maxTokens: number
  /** What a success adds; a failure takes 1. At least 0.001, in thousandths. */
  readonly tokenRatio: number
}
