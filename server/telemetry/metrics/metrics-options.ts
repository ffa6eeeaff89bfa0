/** The options of metrics. */
import type { OptionKinds, OptionShape } from '../../../wire/options/check-options.ts'
import type { PromClientRegistry } from './exposition.ts'
import type { AuthorizeReader } from './metrics-access.ts'

/** Sets of names under which calls are measured. */
export type MetricNames = 'rpc' | 'grpc' | 'grpc-retries'

/** What is measured, wherever it goes. */
export interface MeasuredOptions {
  /**
   * The names of the metrics of calls: `rpc`, OpenTelemetry's conventions; `grpc`, gRPC's own (gRFC A66); `grpc-retries`, gRPC's experimental
   * ones for retries of clients (A96). Default: `rpc` and `grpc`.
   */
  readonly names?: readonly MetricNames[]
  /** CPU, memory, and the delay of the event loop. Default: true. */
  readonly processMetrics?: boolean
  /**
   * Labels gRPC's metrics of outgoing calls with their `callLabel` (gRFC A108): the allowed values, or how many different ones are allowed;
   * all others become `other`. Default: no such label.
   */
  readonly callLabels?: number | readonly string[]
}

/** Options of `metrics`. */
export interface MetricsOptions extends MeasuredOptions {
  /** The path of the page. Default: `/metrics`. */
  readonly path?: string
  /** A port for the page alone, without TLS; 0 for a free one. Default: none, the page is on the port of the server. */
  readonly port?: number
  /** The address of that port. Default: `127.0.0.1`. */
  readonly host?: string
  /**
   * Who may read the page. What it throws refuses the request. Default: on the port of the server, callers on this machine that no proxy
   * speaks for; on a port of its own, all.
   */
  readonly authorize?: AuthorizeReader
  /** A file with a token, which readers must send as `Authorization: Bearer`. Read again on SIGHUP. Default: none. */
  readonly tokenFile?: string
  /** Registries of prom-client whose metrics are on the page too. Default: prom-client's `register`. */
  readonly registries?: readonly PromClientRegistry[]
}

/** The names and kinds of the options of what is measured. */
export const MEASURED_SHAPE: OptionShape & { readonly kinds: OptionKinds<MeasuredOptions> } = {
  kinds: {
    names: ['array'],
    processMetrics: ['boolean'],
    callLabels: ['number', 'array'],
  },
}

/** The names and kinds of the options of `metrics`. */
export const METRICS_SHAPE: OptionShape = {
  kinds: {
    ...MEASURED_SHAPE.kinds,
    path: ['string'],
    port: ['number'],
    host: ['string'],
    authorize: ['function'],
    tokenFile: ['string'],
    registries: ['array'],
  } satisfies OptionKinds<MetricsOptions>,
}

/** The path of the page by default. */
export const DEFAULT_METRICS_PATH = '/metrics'

/** The sets of names. */
const NAMES: readonly MetricNames[] = ['rpc', 'grpc', 'grpc-retries']

/** Returns a phrase for each option of what is measured that is not valid. */
export function measuredFaults({ names = [], callLabels = [] }: MeasuredOptions): string[] {
  const unknown = names.filter((name) => !NAMES.includes(name))
  return [
    ...unknown.map((name) => `names has "${name}": it can have ${NAMES.join(', ')}`),
    ...(typeof callLabels === 'number' && !isWhole(callLabels, 1_000)
      ? [`callLabels is ${callLabels}: it must be a whole number from 0 to 1000, or a list`]
      : []),
  ]
}

/** Returns a phrase for each option of the page that is not valid. */
export function pageFaults({ path = DEFAULT_METRICS_PATH, port = 0, host }: MetricsOptions): string[] {
  return [
    ...(/^\/[\w./~-]*$/.test(path) ? [] : [`path is "${path}": it must begin with / and have no parameters`]),
    ...(isWhole(port, 65_535) ? [] : [`port is ${port}: it must be a whole number from 0 to 65535`]),
    ...(host === '' ? ['host is empty'] : []),
  ]
}

function isWhole(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= most
}
