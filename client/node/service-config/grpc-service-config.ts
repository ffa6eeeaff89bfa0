/** The service config as its owners write it (grpc.service_config.ServiceConfig in JSON). */

/** What a service's owner asks of its clients; resolvers and the option `serviceConfig` bring it. Each field may be left out. */
export interface GrpcServiceConfig {
  /** The policies to balance by, each under its name: the first one that the client knows is used. Default: `pick_first`. */
  readonly loadBalancingConfig?: readonly LoadBalancingChoice[]
  /** The older way to name a policy; `loadBalancingConfig` goes before it. */
  readonly loadBalancingPolicy?: string
  /** What holds for calls, by their methods. */
  readonly methodConfig?: readonly MethodConfigJson[]
  /** When to stop trying again as too much fails (gRFC A6). Default: never. */
  readonly retryThrottling?: { readonly maxTokens: number; readonly tokenRatio: number }
  /** The service whose health decides whether a server is used (gRFC A17); `''`: the server as a whole. Default: none is asked. */
  readonly healthCheckConfig?: { readonly serviceName?: string }
  /** How many connections a server gets (gRFC A105). Default 1, at most 10. */
  readonly connectionScaling?: { readonly maxConnectionsPerSubchannel?: number }
}

/** A policy's config under the policy's name, as `{ round_robin: {} }`. */
export type LoadBalancingChoice = Readonly<Record<string, object>>

/** What holds for the calls of the methods that it names. Durations are written as `"1.5s"`. */
export interface MethodConfigJson {
  /** The methods: those of a service where `method` is left out, all where `service` is left out too. */
  readonly name?: readonly { readonly service?: string; readonly method?: string }[]
  /** Whether calls wait where no server can be reached. Default: false. */
  readonly waitForReady?: boolean
  /** The most time that a call gets. Default: no limit. */
  readonly timeout?: string
  /** The longest request message, in bytes. Default: that of the transport. */
  readonly maxRequestMessageBytes?: number
  /** The longest response message, in bytes. Default: that of the transport. */
  readonly maxResponseMessageBytes?: number
  /** When to try again; not beside `hedgingPolicy`. Default: never. */
  readonly retryPolicy?: RetryPolicyJson
  /** When to make several attempts at once; not beside `retryPolicy`. Default: never. */
  readonly hedgingPolicy?: HedgingPolicyJson
}

/** When to try again after a failure (gRFC A6). Status codes are names, as `UNAVAILABLE`, or numbers. */
export interface RetryPolicyJson {
  /** With the first one: from 2; more than 5 count as 5. */
  readonly maxAttempts: number
  /** The wait before the second attempt, before jitter. */
  readonly initialBackoff: string
  /** The longest wait, before jitter. */
  readonly maxBackoff: string
  /** Each wait is the one before times this. */
  readonly backoffMultiplier: number
  readonly retryableStatusCodes: readonly (string | number)[]
}

/** When to make several attempts at once (gRFC A6). */
export interface HedgingPolicyJson {
  /** With the first one: from 2; more than 5 count as 5. */
  readonly maxAttempts: number
  /** The time from one attempt to the next. Default: all at once. */
  readonly hedgingDelay?: string
  /** Failures with these leave the other attempts running. Default: none do. */
  readonly nonFatalStatusCodes?: readonly (string | number)[]
}
