/** A validated service config (gRPC Service Config). */
import type { ConfiguredPolicy } from '../contracts/load-balancer.ts'
import type { MethodConfigs } from './method-config.ts'

/** A validated service config. */
export interface ServiceConfig {
  /** The source, as parsed by JSON.parse, for display. */
  readonly json: unknown
  /** The load balancing policy with its config. Default: `pick_first`. */
  readonly loadBalancing: ConfiguredPolicy
  readonly methods: MethodConfigs
  /** Null for no throttling. */
  readonly retryThrottling: RetryThrottling | null
  /** The service whose health is checked (gRFC A17), `''` for the server as a whole. Null for no health check. */
  readonly healthServiceName: string | null
  /** From 1 to 10 (gRFC A105). Default 1. */
  readonly maxConnectionsPerSubchannel: number
}

/** When to stop retrying because too many calls fail (gRFC A6). */
export interface RetryThrottling {
  /** Initial and maximum number of tokens. Above 0, up to 1,000. */
  readonly maxTokens: number
  /** Tokens that a success adds; a failure takes 1. At least 0.001, in thousandths. */
  readonly tokenRatio: number
}
