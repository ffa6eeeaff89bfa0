/** The type of service configs in JSON (grpc.service_config.ServiceConfig). */

/** A service config, from a resolver or the option `serviceConfig`. All fields are optional. */
export interface GrpcServiceConfig {
  /** The load balancing policies by name, of which the first known one is used. Default: `pick_first`. */
  readonly loadBalancingConfig?: readonly LoadBalancingChoice[]
  /** The older way to select a policy; `loadBalancingConfig` takes precedence. */
  readonly loadBalancingPolicy?: string
  /** The settings of calls, by method. */
  readonly methodConfig?: readonly MethodConfigJson[]
  /** When to stop retrying because too many calls fail (gRFC A6). Default: never. */
  readonly retryThrottling?: { readonly maxTokens: number; readonly tokenRatio: number }
  /** The service whose health is checked (gRFC A17); `''` for the server as a whole. Default: no health check. */
  readonly healthCheckConfig?: { readonly serviceName?: string }
  /** Number of connections per server (gRFC A105). Default 1, maximum 10. */
  readonly connectionScaling?: { readonly maxConnectionsPerSubchannel?: number }
}

/** The config of a policy under its name, such as `{ round_robin: {} }`. */
export type LoadBalancingChoice = Readonly<Record<string, object>>

/** The settings of the methods that it names. Durations have the form `"1.5s"`. */
export interface MethodConfigJson {
  /** The methods: all of a service without `method`, all of all services without `service`, too. */
  readonly name?: readonly { readonly service?: string; readonly method?: string }[]
  /** Whether calls wait for a connection. Default: false. */
  readonly waitForReady?: boolean
  /** Maximum timeout of a call. Default: none. */
  readonly timeout?: string
  /** Maximum size of a request message, in bytes. Default: that of the transport. */
  readonly maxRequestMessageBytes?: number
  /** Maximum size of a response message, in bytes. Default: that of the transport. */
  readonly maxResponseMessageBytes?: number
  /** When to retry; excludes `hedgingPolicy`. Default: never. */
  readonly retryPolicy?: RetryPolicyJson
  /** When to make several attempts in parallel; excludes `retryPolicy`. Default: never. */
  readonly hedgingPolicy?: HedgingPolicyJson
}

/** When to retry after a failure (gRFC A6). Status codes are names, such as `UNAVAILABLE`, or numbers. */
export interface RetryPolicyJson {
  /** With the first one: from 2; more than 5 count as 5. */
  readonly maxAttempts: number
  /** The delay before the second attempt, before jitter. */
  readonly initialBackoff: string
  /** Maximum delay, before jitter. */
  readonly maxBackoff: string
  /** Factor by which each delay grows. */
  readonly backoffMultiplier: number
  readonly retryableStatusCodes: readonly (string | number)[]
}

/** When to make several attempts in parallel (gRFC A6). */
export interface HedgingPolicyJson {
  /** With the first one: from 2; more than 5 count as 5. */
  readonly maxAttempts: number
  /** The delay between attempts. Default: all at once. */
  readonly hedgingDelay?: string
  /** Codes of failures that leave the other attempts running. Default: none. */
  readonly nonFatalStatusCodes?: readonly (string | number)[]
}
